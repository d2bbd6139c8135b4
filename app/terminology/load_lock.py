"""Knowing whether the load of a release is still alive: it holds a lock that ends with its process, however it ends.

So a release found unfinished whose lock nobody holds was left by a load that was killed.
"""

import fcntl
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, func, select

_SUBJECT = "load of a release: "


@contextmanager
def alive(engine: Engine, attempt: str) -> Iterator[None]:
    """Show that this attempt to load a release is alive, for as long as the block lasts."""
    if engine.dialect.name == "sqlite":
        path = _lock_file(engine, attempt)
        with path.open("wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            try:
                yield
            finally:
                # The name of an attempt is its own: nobody else will wait for this file.
                path.unlink(missing_ok=True)
        return
    # A connection of its own, outside any transaction: the lock goes with it.
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(select(func.pg_advisory_lock(_key(attempt))))
        try:
            yield
        finally:
            connection.execute(select(func.pg_advisory_unlock(_key(attempt))))


def is_alive(engine: Engine, attempt: str) -> bool:
    """Whether this attempt is still at work, in whichever process."""
    if engine.dialect.name == "sqlite":
        try:
            with _lock_file(engine, attempt).open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        return False
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if not connection.scalar(select(func.pg_try_advisory_lock(_key(attempt)))):
            return True
        connection.execute(select(func.pg_advisory_unlock(_key(attempt))))
        return False


def forget(engine: Engine, attempt: str) -> None:
    """Remove what a killed attempt left of its lock."""
    if engine.dialect.name == "sqlite":
        _lock_file(engine, attempt).unlink(missing_ok=True)


def _lock_file(engine: Engine, attempt: str) -> Path:
    return Path(f"{engine.url.database}-chargement-{hashlib.sha256(attempt.encode()).hexdigest()[:16]}.verrou")


def _key(attempt: str) -> Any:
    return func.hashtextextended(f"{_SUBJECT}{attempt}", 0)
