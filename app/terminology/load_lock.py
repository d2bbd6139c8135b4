"""One release is loaded at a time in an installation; a lock that ends with its process, however it ends.

So whoever holds it knows that any other release found unfinished was left by a load that was killed.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, text

from app.errors import ConflictError

IN_PROGRESS = "Une autre version de LOINC est en cours de chargement ; recommencez quand il sera fini."
SERVER_KEY = 0x4C4F494E
"""The advisory lock of a database server: LOIN."""


@contextmanager
def alone_loading(engine: Engine) -> Iterator[None]:
    """Load alone for as long as the block lasts; raises ConflictError at once when another load is under way."""
    if engine.dialect.name == "sqlite":
        with _file_locked(Path(f"{engine.url.database}-chargement.verrou")):
            yield
        return
    # A connection of its own, outside any transaction: the lock goes with it.
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if not connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": SERVER_KEY}):
            raise ConflictError(IN_PROGRESS)
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": SERVER_KEY})


@contextmanager
def _file_locked(path: Path) -> Iterator[None]:
    with path.open("wb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ConflictError(IN_PROGRESS) from error
        yield
