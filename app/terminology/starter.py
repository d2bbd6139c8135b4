"""Storing terms, and our starter terminology, which makes the product useful before any official release."""

import hashlib
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from sqlmodel import Session

from app.models import LoincRelease, LoincTerm, ReleaseStatus
from app.platform import locks
from app.terminology import repository
from app.terminology.chunks import chunks
from app.terminology.finish import finish_load
from app.terminology.french import FrenchMaterial, french_material
from app.terminology.schemas import ReleaseChanged
from app.terminology.search_index import index_release
from app.terminology.terms_hash import TermsHash
from loinc_data.tables import STARTER_VERSION, load_starter_terms, with_usage
from matcher.types import Term

STARTER = "starter"
OFFICIAL = "official"


def term_row(
    release_id: int,
    term: Term,
    french: FrenchMaterial,
    *,
    class_type: int = 1,
    external_copyright_notice: str = "",
    official_french_name: str = "",
    french_producer: str = "",
) -> dict[str, Any]:
    """A term as a row of the table: LOINC's fields unaltered, ours beside them."""
    return {
        "release_id": release_id,
        "loinc_num": term.loinc_num,
        "component": term.component,
        "property": term.property,
        "time_aspct": term.time_aspct,
        "system": term.system,
        "scale_typ": term.scale_typ,
        "method_typ": term.method_typ,
        "class_name": term.class_name,
        "class_type": class_type,
        "status": term.status,
        "order_obs": term.order_obs,
        "long_common_name": term.long_common_name,
        "short_name": term.short_name,
        "example_ucum_units": term.units,
        "external_copyright_notice": external_copyright_notice,
        "common_test_rank": term.rank,
        "official_french_name": official_french_name,
        "french_producer": french_producer,
        "fr_label": french.label(term)[:255],
        "fr_usage": term.usage,
    }


def store_release(
    session: Session,
    *,
    version: str,
    kind: str,
    terms: Iterable[Term],
    source_name: str = "",
    content_hash: str = "",
) -> LoincRelease:
    """Store a small release at once, in the transaction of the session, with its search index."""
    # A laboratory that came in may name it already: its facts then lead to the terms.
    awaited = repository.awaited_release(session, content_hash) if content_hash else None
    release = awaited or LoincRelease(version=version, kind=kind, content_hash=content_hash)
    release.kind, release.source_name, release.status = kind, source_name, ReleaseStatus.LOADING
    session.add(release)
    session.flush()
    assert release.id is not None
    french = french_material()
    connection = session.connection()
    stored = TermsHash()
    count = 0
    for chunk in chunks(terms, repository.CHUNK):
        rows = [term_row(release.id, term, french) for term in chunk]
        repository.insert_rows(connection, LoincTerm, rows)
        count += len(rows)
        for row in rows:
            stored.add(row)
    index_release(connection, release.id)
    return finish_load(session, release.id, version=version, term_count=count, terms_hash=stored.value())


@lru_cache(maxsize=1)
def starter_hash() -> str:
    """SHA-256 of the starter terms that this version ships."""
    digest = hashlib.sha256()
    for term in load_starter_terms():
        digest.update(repr(term).encode())
    return digest.hexdigest()


def load_starter(session: Session, after_change: ReleaseChanged) -> LoincRelease:
    """Load the starter terminology if it is not there yet; it becomes current unless an official release is.

    Idempotent: the same content is never loaded twice. An official release in use stays in use.
    """
    release = repository.starter_release(session, STARTER_VERSION, starter_hash())
    if release is None or not release.is_current:
        # Several processes may start together, and an administrator choose a release meanwhile.
        locks.lock_subject(session, locks.Subject.INSTALLATION)
        release = repository.starter_release(session, STARTER_VERSION, starter_hash())
    if release is None:
        release = store_release(
            session,
            version=STARTER_VERSION,
            kind=STARTER,
            terms=with_usage(load_starter_terms()),
            source_name="terminologie de départ",
            content_hash=starter_hash(),
        )
    current = repository.current_release(session)
    if current is None or (current.kind == STARTER and current.id != release.id):
        assert release.id is not None
        repository.set_current(session, release.id)
        session.refresh(release)
        if current is not None:
            after_change(session, current, release, None)
    return release
