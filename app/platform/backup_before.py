"""The copy of a database that is kept before its tables change: written, verified, and only then relied upon."""

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine, inspect, text

from app.console.system_errors import database_reason, system_reason
from app.errors import WorkbenchError

FOLDER = "sauvegardes"
PEOPLE_AND_DATA = ("user_account", "laboratory", "catalogue", "audit_event")
"""A database without a row in any of these holds nothing that could be lost."""
WITHOUT = "transcodeur migrate --sans-sauvegarde"


def holds_something(engine: Engine) -> bool:
    """Whether there is anything to lose."""
    present = set(inspect(engine).get_table_names())
    with engine.execution_options(sqlite_begin="DEFERRED").connect() as connection:
        return any(
            connection.execute(text(f"SELECT 1 FROM {table} LIMIT 1")).first() is not None
            for table in PEOPLE_AND_DATA
            if table in present
        )


def keep(engine: Engine, folder: Path, revision: str) -> Path:
    """Write a verified copy of the database in this folder; its path. Raises WorkbenchError when it cannot."""
    is_embedded = engine.dialect.name == "sqlite"
    name = f"avant-migration-{revision}-{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}.{'sqlite3' if is_embedded else 'dump'}"
    target = folder / name
    unfinished = folder / f".{name}.partiel"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            if is_embedded:
                _copy_file(Path(str(engine.url.database)), unfinished)
            else:
                _dump(engine, unfinished)
            _to_disk(unfinished)
            unfinished.rename(target)
            _to_disk(folder)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        raise _refusal(target, system_reason(error)) from error
    except sqlite3.Error as error:
        raise _refusal(target, database_reason(error)) from error
    return target


def _refusal(target: Path, reason: str) -> WorkbenchError:
    return WorkbenchError(
        f"La base n'a pas été migrée : la sauvegarde préalable « {target} » n'a pu être faite ({reason}). "
        f"Réglez cela et recommencez, ou sauvegardez la base autrement puis lancez : {WITHOUT}."
    )


def _copy_file(source: Path, target: Path) -> None:
    target.touch(mode=0o600)
    with (
        closing(sqlite3.connect(source, isolation_level=None, timeout=15)) as writer,
        closing(sqlite3.connect(source)) as origin,
        closing(sqlite3.connect(target)) as copy,
    ):
        # Nobody writes while the copy is made and compared.
        writer.execute("BEGIN IMMEDIATE")
        origin.backup(copy)
        verdict = copy.execute("PRAGMA integrity_check(1)").fetchone()[0]
        if verdict != "ok" or _counts(copy) != _counts(origin):
            raise _refusal(target, "la copie n'est pas fidèle, la base est peut-être abîmée : voyez transcodeur doctor")
        writer.execute("ROLLBACK")


def _counts(connection: sqlite3.Connection) -> dict[str, int]:
    """Rows of each table, but for those that the full-text index keeps for itself."""
    names = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY name"
    ).fetchall()
    return {name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for (name,) in names}


def _dump(engine: Engine, target: Path) -> None:
    program, reader = shutil.which("pg_dump"), shutil.which("pg_restore")
    if program is None or reader is None:
        raise _refusal(target, "pg_dump et pg_restore, du paquet postgresql-client, ne sont pas sur cette machine")
    url = engine.url
    options = {"--host": url.host, "--port": url.port, "--username": url.username, "--dbname": url.database}
    arguments = [f"{name}={value}" for name, value in options.items() if value]
    environment = os.environ | ({"PGPASSWORD": str(url.password)} if url.password else {})
    target.touch(mode=0o600)
    _run([program, "--format=custom", f"--file={target}", *arguments], environment, target)
    listed = _run([reader, "--list", str(target)], environment, target)
    missing = [name for name in inspect(engine).get_table_names() if f" TABLE DATA public {name} " not in listed]
    if missing:
        raise _refusal(target, f"il y manque {', '.join(missing)}")


def _run(command: list[str], environment: dict[str, str], target: Path) -> str:
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode != 0:
        raise _refusal(target, f"{Path(command[0]).name} répond « {' '.join(done.stderr.split())[:300]} »")
    return done.stdout


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
