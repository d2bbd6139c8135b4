"""The matcher's engine for a release: of this process, of the disk, or built."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import Engine as DatabaseEngine

from app.models import LoincRelease
from app.platform.database import reading
from app.platform.open_transactions import forbid_open_transaction
from app.proposals.engine_cache import EngineCache
from app.proposals.engine_files import kept_engine, material_hash
from app.terminology.terms_hash import is_known, known_hash, stored_values
from loinc_data.release import main_table_hash, open_source, read_terms
from loinc_data.tables import STARTER_VERSION, load_starter_terms, load_tables, with_usage
from matcher import Engine, Term
from matcher.engine import ENGINE_VERSION
from matcher.index import TermIndex

_engines = EngineCache()


def _built(terms: Iterable[Term]) -> Engine:
    return Engine(TermIndex.build(terms), load_tables())


def engine_of_starter(cache_dir: Path) -> Engine:
    """The engine over the starter terminology alone."""
    # The starter terms are material of ours: its hash is theirs too.
    return kept_engine(cache_dir, STARTER_VERSION, lambda: _built(load_starter_terms()))


def engine_of_release_file(path: Path, cache_dir: Path) -> Engine:
    """The engine over an official release on disk (zip or folder); raises ReleaseError."""

    def build() -> Engine:
        with open_source(path) as source:
            return _built(with_usage(read_terms(source)))

    return kept_engine(cache_dir, main_table_hash(path), build)


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
        return kept_engine(cache_dir, terms_hash, lambda: _built(_stored_terms(database, release_id)))

    _engines.most = most
    return _engines.get(f"{terms_hash}-{material_hash()}", build)


def _stored_terms(database: DatabaseEngine, release_id: int) -> Iterator[Term]:
    """The laboratory terms of a release; nothing is read before the first one is asked for."""
    with reading(database) as session:
        yield from with_usage(_term(values) for values in stored_values(session, release_id))


def engine_version() -> str:
    """The version of engine and material that a run records."""
    return f"{ENGINE_VERSION}+{STARTER_VERSION}+{material_hash()}"
