"""Whether an installation is at work: its web server and worker say so, a restoration must be alone.

A lock on a file of the data folder, that the system releases with the process, however it ends.
"""

import fcntl
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from app.errors import ConflictError

LOCK_FILE = "service.verrou"
SERVER_FILE = "serveur.verrou"


@contextmanager
def _locked(data_dir: Path, mode: int, refusal: str) -> Iterator[None]:
    with (data_dir / LOCK_FILE).open("wb") as file:
        try:
            fcntl.flock(file, mode | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ConflictError(refusal) from error
        yield


def in_service(data_dir: Path) -> AbstractContextManager[None]:
    """Say, for as long as the block lasts, that this process works on the installation."""
    return _locked(data_dir, fcntl.LOCK_SH, "Une restauration de cette installation est en cours ; recommencez après.")


def alone(data_dir: Path) -> AbstractContextManager[None]:
    """Keep every server and worker away for as long as the block lasts; raises ConflictError when one is at work."""
    return _locked(data_dir, fcntl.LOCK_EX, "L'application est en service ; arrêtez `serve` et `worker`.")


@contextmanager
def only_server(data_dir: Path) -> Iterator[bool]:
    """Whether no other web server of this machine works on the data folder, for as long as the block lasts."""
    with (data_dir / SERVER_FILE).open("wb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
