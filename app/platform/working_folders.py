"""Folders in which a whole laboratory, or the evidence of a catalogue, is written before it is handed on.

A process that is killed leaves its folder behind, with names and decisions in it. Each is held by a lock that ends with
its process; what nobody holds is removed by whoever comes next.
"""

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

PREFIX = "transcodeur-travail-"
YOUNG_SECONDS = 10
"""A folder is made, then locked: a younger one may be between the two."""
LOOK_EVERY_SECONDS = 60
_looked = [float("-inf")]


@contextmanager
def working_folder(what: str) -> Iterator[Path]:
    """An empty folder that is removed at the end; by the next to come where the process is killed.

    `what` is in its name, for whoever finds it.
    """
    remove_abandoned()
    with TemporaryDirectory(prefix=f"{PREFIX}{what}-") as name:
        held = os.open(name, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(held, fcntl.LOCK_EX)
            yield Path(name)
        finally:
            os.close(held)


def remove_abandoned() -> int:
    """Remove the folders that no process holds any more; how many there were."""
    return sum(_removed(path) for path in Path(gettempdir()).glob(f"{PREFIX}*"))


def look_now_and_then() -> int:
    """The same, once a minute at most: for workers that have nothing else to do."""
    now = time.monotonic()
    if now - _looked[0] < LOOK_EVERY_SECONDS:
        return 0
    _looked[0] = now
    return remove_abandoned()


def _removed(path: Path) -> bool:
    try:
        held = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        # Another's, gone already, or no folder.
        return False
    try:
        told = os.fstat(held)
        if told.st_uid != os.geteuid() or time.time() - told.st_mtime < YOUNG_SECONDS:
            return False
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(path, ignore_errors=True)
    except BlockingIOError:
        return False
    finally:
        os.close(held)
    return not path.exists()
