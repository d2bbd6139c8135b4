"""The end of a load: the release becomes ready in one short transaction, and current where nobody has decided yet.

A release in service decides which codes exist: once there are decisions, a person looks at what it changes first.
"""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine
from sqlmodel import Session

from app.audit.service import record
from app.errors import ConflictError
from app.models import LoincRelease, User
from app.platform import locks
from app.platform.database import reading, transaction
from app.terminology import removal, repository
from app.terminology.finish import LoadTakenOverError, finish_load
from app.terminology.schemas import AlsoWritten, LoadReport
from app.terminology.starter import OFFICIAL

SWITCH_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class LoadRequest:
    """What is to be loaded, for whom."""

    path: Path
    name: str
    digest: str
    version: str
    actor_id: int | None
    attempt: str
    """The work and this attempt of it: `work#attempt`."""
    also: AlsoWritten


def already_loaded(release: LoincRelease) -> LoadReport:
    """The report of a load that found the very same contents in place."""
    assert release.id is not None
    return LoadReport(release.id, release.version, is_new=False, term_count=release.term_count)


def publish(engine: Engine, report: LoadReport, asked: LoadRequest, terms_hash: str) -> LoadReport:
    """Make the release ready; current when there is no other, or when it is the first official one, seems whole and
    nothing is decided.

    The report of the other when one was first with the same contents.
    """
    for _ in range(SWITCH_ATTEMPTS):
        with reading(engine) as session:
            before = repository.current_release(session)
            release = session.get(LoincRelease, report.release_id)
            report.waits_for_decisions = repository.has_decisions(session)
        if release is None or release.loaded_by != asked.attempt:
            raise LoadTakenOverError
        report.in_service_terms = before.term_count if before is not None and before.kind == OFFICIAL else None
        # Without any release nothing can be looked up at all.
        report.is_used = before is None or (
            before.kind != OFFICIAL and not report.waits_for_decisions and not report.doubt
        )
        with transaction(engine) as session:
            locks.lock_subject(session, locks.Subject.INSTALLATION)
            known = repository.release_by_hash(session, asked.digest)
            current = repository.current_release(session)
            moved = (current and current.id) != (before and before.id)
            if known is None and (moved or repository.has_decisions(session) is not report.waits_for_decisions):
                continue
            if known is None:
                _make_ready(session, report, asked, terms_hash)
                asked.also(session, report)
        if known is not None:
            removal.remove_unfinished(engine, report.release_id, asked.attempt)
            return already_loaded(known)
        return report
    raise ConflictError("D'autres personnes changent de version de LOINC en ce moment. Recommencez dans un instant.")


def _make_ready(session: Session, report: LoadReport, asked: LoadRequest, terms_hash: str) -> None:
    release = finish_load(
        session,
        report.release_id,
        version=report.version,
        term_count=report.term_count,
        terms_hash=terms_hash,
        loaded_by=asked.attempt,
    )
    release.doubt = report.cut_line
    actor = session.get(User, asked.actor_id) if asked.actor_id else None
    if report.is_used:
        repository.set_current(session, report.release_id)
    record(
        session,
        "terminology.load_release",
        actor=actor,
        object_type="loinc_release",
        object_id=report.release_id,
        version=release.version,
        terms=report.term_count,
        source=release.source_name,
        is_used=report.is_used,
        doubt=report.doubt,
    )
