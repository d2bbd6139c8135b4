"""Backup and restoration of a database on a server, without any program of that server.

A backup is a file of the embedded kind, whichever database it comes from: it is checked in the same way, opens
anywhere, and goes back into either. So a server's database is restored without the version of `pg_dump` that wrote
it, and an embedded installation moves to a server by a backup and a restoration.
"""

import os
import sqlite3
import tempfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Engine

from app.errors import ConflictError, WorkbenchError
from app.platform import chain
from app.platform.database import for_reading, make_engine
from app.platform.in_use import alone
from app.platform.installation import make_data_dir
from app.platform.migrations import current_revision, head_revision, upgrade
from app.settings import Settings
from app.terminology.search_index import SEARCH_TABLE
from app.upkeep import transfer
from app.upkeep.embedded import check_whole, read_only

NOT_MIGRATED = "La base n'est pas à la version de cette application ; lancez d'abord : transcodeur migrate."
NOT_EMPTY = (
    "La base « {} » n'est pas vide. Sur un serveur, une sauvegarde se restaure dans une base neuve : créez-la "
    "(createdb), puis donnez son adresse par TRANSCODEUR_DATABASE_URL."
)
IN_USE = "Un programme travaille sur la base ; arrêtez `serve` et `worker`, puis recommencez."


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put into a server's database."""

    shown: str
    """Its address, without the password."""
    rows: int
    revision: str


def backup_server(settings: Settings, target: Path) -> int:
    """Write one state of the server's database into a new file, while it is in use; returns its size in bytes.

    Raises WorkbenchError when the database is not at the latest migration, or when the copy is not whole.
    """
    engine = make_engine(settings.resolved_database_url)
    try:
        if current_revision(engine) != head_revision():
            raise WorkbenchError(NOT_MIGRATED)
        target.touch(mode=0o600)
        try:
            _write_file(engine, target)
            check_whole(target, str(target))
        except BaseException:
            target.unlink(missing_ok=True)
            raise
    finally:
        engine.dispose()
    with target.open("rb") as file:
        os.fsync(file.fileno())
    return target.stat().st_size


def _write_file(engine: Engine, target: Path) -> None:
    with tempfile.TemporaryDirectory(prefix=".transcodeur-", dir=target.parent) as folder:
        draft = Path(folder) / "copie.sqlite3"
        file = make_engine(f"sqlite:///{draft}")
        upgrade(file)
        try:
            with for_reading(engine).connect() as source, chain.copying(file).begin() as copy:
                copied = transfer.copy_rows(source, copy)
                copy.exec_driver_sql(f"INSERT INTO {SEARCH_TABLE}({SEARCH_TABLE}) VALUES ('rebuild')")
                _refuse_incomplete(transfer.count_rows(source), copied, transfer.count_rows(copy))
        finally:
            file.dispose()
        # One file, without the journal beside it.
        with closing(sqlite3.connect(draft)) as origin, closing(sqlite3.connect(target)) as copy_file:
            origin.backup(copy_file)


def _refuse_incomplete(expected: dict[str, int], copied: dict[str, int], found: dict[str, int]) -> None:
    wrong = sorted(table for table, count in expected.items() if not count == copied[table] == found[table])
    if wrong:
        raise WorkbenchError(f"La copie est incomplète ({', '.join(wrong)}) et n'a pas été gardée.")


def restore_server(settings: Settings, backup: Path, named: str) -> Restored:
    """Put a backup into the empty database of a server, all of it or nothing.

    Raises InvalidInputError for a backup that cannot be taken, ConflictError when the database holds rows already or
    is at work. A backup of an earlier version is brought to this one on the way.
    """
    revision = check_whole(backup, named)
    engine = make_engine(settings.resolved_database_url)
    shown = engine.url.render_as_string(hide_password=True)
    make_data_dir(settings)
    try:
        with alone(settings.data_dir), tempfile.TemporaryDirectory(prefix="transcodeur-") as folder:
            with for_reading(engine).connect() as connection:
                _refuse_in_use(connection)
                _refuse_rows(connection, shown)
            draft = Path(folder) / "reprise.sqlite3"
            with read_only(backup) as origin, closing(sqlite3.connect(draft)) as copy:
                origin.backup(copy)
            file = make_engine(f"sqlite:///{draft}")
            try:
                upgrade(file)
                upgrade(engine)
                with for_reading(file).connect() as source, chain.copying(engine).begin() as target:
                    copied = transfer.copy_rows(source, target)
                    transfer.advance_sequences(target)
                    _refuse_incomplete(transfer.count_rows(source), copied, transfer.count_rows(target))
            finally:
                file.dispose()
    finally:
        engine.dispose()
    return Restored(shown, sum(copied.values()), revision)


def _refuse_in_use(connection: Connection) -> None:
    others = connection.exec_driver_sql(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
        "AND application_name = 'transcodeur' AND pid <> pg_backend_pid()"
    ).scalar_one()
    if others:
        raise ConflictError(IN_USE)


def _refuse_rows(connection: Connection, shown: str) -> None:
    known = set(
        connection.exec_driver_sql("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()").scalars()
    )
    ours = {table.name for table in transfer.tables()}
    held = known - ours - {"alembic_version"}
    for table in sorted(known & ours):
        if connection.exec_driver_sql(f'SELECT 1 FROM "{table}" LIMIT 1').first() is not None:
            held.add(table)
    if held:
        raise ConflictError(NOT_EMPTY.format(shown))
