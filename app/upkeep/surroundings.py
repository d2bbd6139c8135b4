"""What is looked at around the database: folder, disk, versions. Every check reads, none writes."""

import os
import platform
import shutil
import sqlite3
import stat
from importlib.metadata import version
from pathlib import Path

from app.text import format_number
from app.upkeep.health import Check

REDIS_SECONDS = 3
MOST_NAMED = 5
SPARE_BYTES = 200_000_000
"""What must stay free beyond the room of two more copies of the database: a backup, and a restoration."""


def folder(data_dir: Path) -> Check:
    """Whether the data folder is its owner's alone, and can be written."""
    if not data_dir.is_dir():
        return Check("dossier de données", False, f"« {data_dir} » n'existe pas ; transcodeur migrate le crée")
    mode = stat.S_IMODE(data_dir.stat().st_mode)
    if mode & 0o077:
        return Check("dossier de données", False, f"« {data_dir} » est ouvert à d'autres ({mode:03o}) ; chmod 700")
    if not os.access(data_dir, os.W_OK | os.X_OK):
        return Check("dossier de données", False, f"« {data_dir} » ne peut être écrit par ce compte")
    return Check("dossier de données", True, f"« {data_dir} » n'est lisible que de son propriétaire")


def files(data_dir: Path) -> Check:
    """Whether everything in the data folder is its owner's alone: database, copies, queue, spools, caches."""
    name = "fichiers de données"
    opened = sorted(path for path in data_dir.rglob("*") if _is_open(path))
    if not opened:
        return Check(name, True, "aucun n'est ouvert à d'autres")
    named = ", ".join(f"« {path.relative_to(data_dir)} »" for path in opened[:MOST_NAMED])
    others = f" et {format_number(len(opened) - MOST_NAMED)} autres" if len(opened) > MOST_NAMED else ""
    return Check(name, False, f"ouverts à d'autres : {named}{others} ; chmod -R go= « {data_dir} »")


def _is_open(path: Path) -> bool:
    try:
        return not path.is_symlink() and bool(path.stat().st_mode & 0o077)
    except OSError:
        # It went away meanwhile, or its folder is closed to this account too.
        return False


def disk(data_dir: Path, database: Path | None) -> Check:
    """Whether the disk has room for two more copies of the database."""
    size = database.stat().st_size if database is not None and database.is_file() else 0
    free = shutil.disk_usage(data_dir).free
    needed = 2 * size + SPARE_BYTES
    said = f"{_megabytes(free)} libres, {_megabytes(needed)} souhaitables"
    return Check("place sur le disque", free >= needed, said)


def _megabytes(count: int) -> str:
    return f"{format_number(count / 1_000_000)} Mo"


def redis(url: str) -> Check:
    """Whether the messenger of hints answers. Without it work still begins, some seconds later."""
    try:
        from redis import Redis, RedisError
    except ImportError:
        return Check("messager Redis", False, "il manque ce qu'il faut : pip install 'transcodeur[redis]'")
    try:
        with Redis.from_url(url, socket_connect_timeout=REDIS_SECONDS, socket_timeout=REDIS_SECONDS) as client:
            client.ping()
    except (RedisError, OSError, ValueError) as error:
        said = f"il ne répond pas ({type(error).__name__}) ; les travaux attendent quelques secondes de plus"
        return Check("messager Redis", False, said)
    return Check("messager Redis", True, "il répond")


def versions() -> Check:
    """What runs, for a question to whoever helps."""
    return Check(
        "versions",
        True,
        f"transcodeur {version('transcodeur')}, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}",
    )
