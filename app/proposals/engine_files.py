"""Built engines kept on the disk between runs: each under what it was built from, and never believed when altered."""

import hashlib
import time
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from uuid import uuid4

import structlog

import matcher
from loinc_data.tables import material_files
from matcher import Engine
from matcher.compiled.engine_file import dump_engine, load_engine

KEPT_FILES = 4
"""Engines kept on the disk, the most recently used: a release each."""
ABANDONED_AFTER = 3600
"""Seconds after which a file that is still being written was left by a process that died."""
_OURS = ("engine-*.bin", "index-*.zip")
"""What is kept, and what earlier versions kept."""

log = structlog.get_logger(__name__)


def _hash_of(files: list[Path]) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{file.name} {file.stat().st_size} ".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


@lru_cache(maxsize=1)
def material_hash() -> str:
    """Of everything of ours that an engine is built from beside the terms: starter terms, lexicons, tables."""
    return _hash_of(material_files())[:12]


@lru_cache(maxsize=1)
def _code_hash() -> str:
    """Of the matcher itself: what it compiles depends on every rule of reading, and no number counts those."""
    return _hash_of(sorted(Path(matcher.__file__).parent.rglob("*.py")))[:12]


def kept_engine(cache_dir: Path, terms_key: str, build: Callable[[], Engine]) -> Engine:
    """The engine over the terms of this key: read from the disk, else built and left there for the next process.

    A folder that cannot be read or written costs time, and is logged; nothing else.
    """
    key = f"{terms_key}-{material_hash()}-{_code_hash()}"
    file = cache_dir / f"engine-{key}.bin"
    engine = _read(file, key)
    if engine is not None:
        return engine
    content = dump_engine(build(), key)
    _write(file, content)
    # Also the process that built it works with what the others read.
    engine = load_engine(content, key)
    assert engine is not None
    return engine


def _read(file: Path, key: str) -> Engine | None:
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        log.warning("engine.file_not_read", file=file.name, error=type(error).__qualname__)
        return None
    engine = load_engine(content, key)
    if engine is None:
        log.warning("engine.file_damaged", file=file.name)
    else:
        with suppress(OSError):
            file.touch()
    return engine


def _write(file: Path, content: bytes) -> None:
    """Put the file there whole or not at all: another process may be writing or reading the same one."""
    temporary = file.with_suffix(f".{uuid4().hex}.tmp")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(content)
        temporary.replace(file)
    except OSError as error:
        log.warning("engine.file_not_written", file=file.name, error=type(error).__qualname__)
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        return
    with suppress(OSError):
        _forget_old(file.parent)


def _forget_old(cache_dir: Path) -> None:
    kept = sorted(
        (file for pattern in _OURS for file in cache_dir.glob(pattern)),
        key=lambda file: file.stat().st_mtime,
        reverse=True,
    )
    oldest = time.time() - ABANDONED_AFTER
    left = (file for file in cache_dir.glob("engine-*.tmp") if file.stat().st_mtime < oldest)
    for file in [*kept[KEPT_FILES:], *left]:
        file.unlink(missing_ok=True)
