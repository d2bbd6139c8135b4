"""The file of the embedded database, looked at without touching it."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic.script import ScriptDirectory
from sqlalchemy.engine import make_url

from app.console.system_errors import database_reason
from app.errors import InvalidInputError, WorkbenchError
from app.platform.migrations import alembic_config, head_revision
from app.settings import Settings

SQLITE_FILE = b"SQLite format 3\0"
"""How every database of SQLite begins."""


def embedded_file(settings: Settings) -> Path | None:
    """The file of the embedded database; None when the database is on a server."""
    url = make_url(settings.resolved_database_url)
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None


def read_only_address(path: Path) -> str:
    """The address under which SQLite reads this file and writes nothing, not even beside it.

    A log of writes beside the file means that a program works on it, or stopped half-way: it has to be read too.
    """
    has_log = path.with_name(f"{path.name}-wal").exists()
    return f"{path.resolve().as_uri()}?mode=ro{'' if has_log else '&immutable=1'}"


@contextmanager
def read_only(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that cannot write."""
    connection = sqlite3.connect(read_only_address(path), uri=True)
    try:
        yield connection
    finally:
        connection.close()


def check_whole(path: Path, named: str) -> str:
    """The migration of a database file that is whole and of this application.

    Raises OSError when it cannot be read, InvalidInputError when it is damaged, foreign, or of a later version.
    """
    with path.open("rb") as file:
        beginning = file.read(len(SQLITE_FILE))
    if beginning.startswith(b"PGDMP"):
        raise InvalidInputError(
            f"« {named} » est une copie faite par pg_dump : elle se remet avec pg_restore (docs/guide/exploitation.md)."
        )
    if beginning != SQLITE_FILE:
        raise InvalidInputError(f"« {named} » n'est pas une base SQLite : ce n'est pas une sauvegarde de l'atelier.")
    try:
        with read_only(path) as connection:
            verdict = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
            orphans = connection.execute("PRAGMA foreign_key_check").fetchone()
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            rows = connection.execute("SELECT version_num FROM alembic_version").fetchall() if _ours(tables) else []
    except sqlite3.DatabaseError as error:
        raise InvalidInputError(f"« {named} » : {database_reason(error)}.") from error
    if verdict != "ok" or orphans is not None:
        raise InvalidInputError(f"« {named} » est abîmé : rien n'en a été repris.")
    if len(rows) != 1:
        raise InvalidInputError(f"« {named} » n'est pas une base de l'atelier de transcodage.")
    revision = str(rows[0][0])
    known = {script.revision for script in ScriptDirectory.from_config(alembic_config()).walk_revisions()}
    if revision not in known:
        raise InvalidInputError(
            f"« {named} » vient d'une version plus récente de l'application (migration {revision}, "
            f"celle-ci va jusqu'à {head_revision()}). Installez cette version."
        )
    return revision


def _ours(tables: set[str]) -> bool:
    return {"alembic_version", "loinc_release", "audit_event"} <= tables


def needs_embedded(settings: Settings) -> Path:
    """The file of the embedded database; raises WorkbenchError when the database is on a server."""
    path = embedded_file(settings)
    if path is None:
        raise WorkbenchError("Cette base n'est pas embarquée : restaurez-la avec les outils de son serveur.")
    return path
