"""Putting a backup back in the place of the embedded database."""

import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from app.errors import ConflictError, InvalidInputError
from app.platform.in_use import alone
from app.platform.installation import make_data_dir
from app.settings import Settings
from app.upkeep.embedded import check_whole, needs_embedded, read_only

COMPANIONS = ("", "-wal", "-shm")
"""What SQLite keeps beside a database; it belongs to it and moves with it."""
IN_USE = "Un programme travaille sur la base ; arrêtez-le, puis recommencez."


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored."""

    path: Path
    size: int
    """Bytes."""
    revision: str
    kept: Path | None
    """Where the database that was in the place is kept."""


def restore(settings: Settings, backup: Path, *, named: str = "", replace: bool = False) -> Restored:
    """Put a copy of this backup in the place of the embedded database, and keep the database that was there.

    Nothing changes unless the copy is whole, checked and written to the disk. Raises InvalidInputError for a backup
    that cannot be taken, ConflictError when the place is taken (without `replace`) or at work.
    """
    target = needs_embedded(settings)
    named = named or str(backup)
    if target.exists() and backup.exists() and backup.samefile(target):
        raise InvalidInputError("Cette sauvegarde est la base elle-même.")
    check_whole(backup, named)
    if _exists(target) and not replace:
        raise ConflictError(
            f"La base « {target} » existe déjà. Pour la remplacer (elle sera gardée à côté) : --remplacer."
        )
    make_data_dir(settings)
    with alone(settings.data_dir):
        _refuse_in_use(target)
        incoming = target.with_name(f"{target.name}.restauration")
        try:
            _copy(backup, incoming)
            revision = check_whole(incoming, named)
            kept = _set_aside(target)
            try:
                incoming.replace(target)
            except OSError:
                _move(kept, target)
                raise
        finally:
            _remove(incoming)
        _sync_folder(target.parent)
    return Restored(target, target.stat().st_size, revision, kept)


def _exists(path: Path) -> bool:
    return any(path.with_name(path.name + ending).exists() for ending in COMPANIONS)


def _refuse_in_use(path: Path) -> None:
    """Raise ConflictError when a connection is open on this database. A file that is no database is in nobody's use."""
    if not path.is_file():
        return
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as connection:
        try:
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("ROLLBACK")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorname.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
                raise ConflictError(IN_USE) from error
        except sqlite3.DatabaseError:
            # Damaged: a good reason to restore.
            return


def _copy(source: Path, target: Path) -> None:
    _remove(target)
    target.touch(mode=0o600)
    with read_only(source) as origin, closing(sqlite3.connect(target)) as copy:
        origin.backup(copy)
    with target.open("rb") as file:
        os.fsync(file.fileno())


def _set_aside(path: Path) -> Path | None:
    """Give the database another name; the name, or None when there was none."""
    if not _exists(path):
        return None
    moment = datetime.now().astimezone().strftime("%Y%m%d-%H%M%S-%f")
    kept = path.with_name(f"{path.stem}-avant-restauration-{moment}{path.suffix}")
    _move(path, kept)
    return kept


def _move(origin: Path | None, target: Path) -> None:
    for ending in COMPANIONS if origin else ():
        assert origin is not None
        file = origin.with_name(origin.name + ending)
        if file.exists():
            file.rename(target.with_name(target.name + ending))


def _remove(path: Path) -> None:
    for ending in COMPANIONS:
        path.with_name(path.name + ending).unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """Have the new names on the disk before saying that they are."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
