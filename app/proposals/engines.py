"""Building the matcher's engine for a release, and keeping built indexes between runs."""

import hashlib
import json
import os
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from threading import Lock

from sqlalchemy import Engine as DatabaseEngine
from sqlmodel import col, select

from app.models import LoincRelease, LoincTerm
from app.platform.database import reading
from app.platform.open_transactions import forbid_open_transaction
from loinc_data.release import content_hash, open_source, read_terms
from loinc_data.tables import STARTER_VERSION, load_starter_terms, load_tables, load_usage, with_usage
from matcher import Engine, Term
from matcher.engine import ENGINE_VERSION
from matcher.index import FORMAT, TermIndex, dump_index, load_index

_engines: dict[str, Engine] = {}
_lock = Lock()


@lru_cache(maxsize=1)
def _usage_hash() -> str:
    content = json.dumps(sorted(load_usage().items())).encode()
    return hashlib.sha256(content).hexdigest()[:12]


def _cached_index(key: str, terms: Iterable[Term], cache_dir: Path) -> TermIndex:
    """The index under this key, from the cache when it is there and of this format."""
    file = cache_dir / f"index-{FORMAT}-{key}-{_usage_hash()}.zip"
    if file.is_file():
        index = load_index(file.read_bytes())
        if index is not None:
            return index
    index = TermIndex.build(terms)
    try:
        cache_dir.mkdir(parents=True, exist_ok=True)
        temporary = file.with_suffix(f".{os.getpid()}.tmp")
        temporary.write_bytes(dump_index(index))
        temporary.replace(file)
    except OSError:
        # A cache that cannot be written costs time, nothing else.
        return index
    return index


def engine_of_starter(cache_dir: Path) -> Engine:
    """The engine over the starter terminology alone."""
    terms = load_starter_terms()
    return Engine(_cached_index(f"{STARTER_VERSION}-{len(terms)}", terms, cache_dir), load_tables())


def engine_of_release_file(path: Path, cache_dir: Path) -> Engine:
    """The engine over an official release on disk (zip or folder); raises ReleaseError."""
    key = content_hash(path)[:24]

    def terms() -> Iterable[Term]:
        with open_source(path) as source:
            yield from with_usage(read_terms(source))

    return Engine(_cached_index(key, terms(), cache_dir), load_tables())


def _term(row: LoincTerm) -> Term:
    return Term(
        loinc_num=row.loinc_num,
        component=row.component,
        property=row.property,
        time_aspct=row.time_aspct,
        system=row.system,
        scale_typ=row.scale_typ,
        method_typ=row.method_typ,
        class_name=row.class_name,
        status=row.status,
        order_obs=row.order_obs,
        long_common_name=row.long_common_name,
        short_name=row.short_name,
        units=row.example_ucum_units,
        rank=row.common_test_rank,
        usage=row.fr_usage,
        french_name=row.official_french_name,
    )


def engine_of_release(database: DatabaseEngine, release: LoincRelease, cache_dir: Path) -> Engine:
    """The engine over a loaded release; built once a process, from the cache on disk when possible.

    Its terms are read in a reading transaction of its own, and it is built with none open: that takes seconds.
    """
    key = f"db-{release.kind}-{release.content_hash[:16] or release.version}-{release.term_count}"
    with _lock:
        engine = _engines.get(key)
        if engine is None:
            forbid_open_transaction("build an engine")
            terms = _stored_terms(database, release)
            engine = _engines[key] = Engine(_cached_index(key, terms, cache_dir), load_tables())
    return engine


def _stored_terms(database: DatabaseEngine, release: LoincRelease) -> Iterable[Term]:
    """The laboratory terms of a release; nothing is read before the first one is asked for."""
    with reading(database) as session:
        # An official release also holds clinical terms and surveys; class type 1 is the laboratory.
        of_release = select(LoincTerm).where(LoincTerm.release_id == release.id, LoincTerm.class_type == 1)
        terms = [_term(row) for row in session.exec(of_release.order_by(col(LoincTerm.id)))]
    yield from with_usage(terms)


def engine_version() -> str:
    """The version of engine and material that a run records."""
    return f"{ENGINE_VERSION}+{STARTER_VERSION}+{_usage_hash()}"
