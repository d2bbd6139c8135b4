"""Building the matcher's engine for a release, and keeping built indexes between runs."""

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import Engine as DatabaseEngine

from app.models import LoincRelease
from app.platform.database import reading
from app.platform.open_transactions import forbid_open_transaction
from app.proposals.engine_cache import EngineCache
from app.terminology.terms_hash import is_known, known_hash, stored_values
from loinc_data.release import content_hash, open_source, read_terms
from loinc_data.tables import STARTER_VERSION, load_starter_terms, load_tables, material_files, with_usage
from matcher import Engine, Term
from matcher.engine import ENGINE_VERSION
from matcher.index import TermIndex
from matcher.index_file import FORMAT, dump_index, load_index

KEPT_FILES = 4
"""Indexes kept on the disk, the most recently used: a release each."""

_engines = EngineCache()


@lru_cache(maxsize=1)
def _material_hash() -> str:
    """Of everything of ours that an engine is built from beside the terms: starter terms, lexicons, tables."""
    digest = hashlib.sha256()
    for file in material_files():
        digest.update(f"{file.name} {file.stat().st_size} ".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def _cached_index(key: str, terms: Iterable[Term], cache_dir: Path) -> TermIndex:
    """The index under this key, from the cache when it is there and of this format."""
    file = cache_dir / f"index-{FORMAT}-{key}-{_material_hash()}.zip"
    if file.is_file():
        index = load_index(file.read_bytes())
        if index is not None:
            with suppress(OSError):
                os.utime(file)
            return index
    index = TermIndex.build(terms)
    try:
        cache_dir.mkdir(parents=True, exist_ok=True)
        temporary = file.with_suffix(f".{os.getpid()}.tmp")
        temporary.write_bytes(dump_index(index))
        temporary.replace(file)
        _forget_old(cache_dir)
    except OSError:
        # A cache that cannot be written costs time, nothing else.
        return index
    return index


def _forget_old(cache_dir: Path) -> None:
    kept = sorted(cache_dir.glob("index-*.zip"), key=lambda file: file.stat().st_mtime, reverse=True)
    for file in kept[KEPT_FILES:]:
        file.unlink(missing_ok=True)


def engine_of_starter(cache_dir: Path) -> Engine:
    """The engine over the starter terminology alone."""
    terms = load_starter_terms()
    digest = hashlib.sha256(repr(terms).encode()).hexdigest()
    return Engine(_cached_index(f"{STARTER_VERSION}-{digest[:24]}", terms, cache_dir), load_tables())


def engine_of_release_file(path: Path, cache_dir: Path) -> Engine:
    """The engine over an official release on disk (zip or folder); raises ReleaseError."""
    key = content_hash(path)[:24]

    def terms() -> Iterable[Term]:
        with open_source(path) as source:
            yield from with_usage(read_terms(source))

    return Engine(_cached_index(key, terms(), cache_dir), load_tables())


def _term(values: tuple[Any, ...]) -> Term:
    """The term of these values of `app.terminology.terms_hash.FIELDS`."""
    return replace(Term(*values[:-1]), french_name=values[-1])


def engine_of_release(database: DatabaseEngine, release: LoincRelease, cache_dir: Path, most: int = 1) -> Engine:
    """The engine over a loaded release; built once a process, from the cache on disk when possible.

    Its terms are read in a reading transaction of its own, and it is built with none open: that takes seconds. It is
    known by what it was built from, so that an edited term makes another engine, here and in the other processes.
    `most` is how many engines the process keeps.
    """
    assert release.id is not None
    release_id = release.id
    terms_hash = release.terms_hash
    if not is_known(terms_hash):
        forbid_open_transaction("hash the terms of a release")
        terms_hash = known_hash(database, release_id)

    def build() -> Engine:
        forbid_open_transaction("build an engine")
        terms = _stored_terms(database, release_id)
        return Engine(_cached_index(terms_hash, terms, cache_dir), load_tables())

    _engines.most = most
    return _engines.get(f"{terms_hash}-{_material_hash()}", build)


def _stored_terms(database: DatabaseEngine, release_id: int) -> Iterator[Term]:
    """The laboratory terms of a release; nothing is read before the first one is asked for."""
    with reading(database) as session:
        yield from with_usage(_term(values) for values in stored_values(session, release_id))


def engine_version() -> str:
    """The version of engine and material that a run records."""
    return f"{ENGINE_VERSION}+{STARTER_VERSION}+{_material_hash()}"
