"""The end of a load: the release becomes ready, and current when no official one is, in one short transaction."""

from dataclasses import dataclass

from sqlalchemy import Engine
from sqlmodel import Session

from app.audit.service import record
from app.errors import ConflictError
from app.models import LoincRelease, User
from app.platform import locks
from app.platform.database import reading, transaction
from app.terminology import removal, repository
from app.terminology.finish import LoadTakenOverError, finish_load
from app.terminology.schemas import AlsoWritten, LoadReport, PrepareSwitch, Switch
from app.terminology.starter import OFFICIAL
from loinc_data.release import ReleaseSource

SWITCH_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class LoadRequest:
    """What is to be loaded, for whom."""

    source: ReleaseSource
    name: str
    digest: str
    version: str
    actor_id: int | None
    prepare: PrepareSwitch
    attempt: str
    """The work and this attempt of it: `work#attempt`."""
    also: AlsoWritten


def already_loaded(release: LoincRelease) -> LoadReport:
    """The report of a load that found the very same contents in place."""
    assert release.id is not None
    return LoadReport(release.id, release.version, is_new=False, term_count=release.term_count)


def publish(engine: Engine, report: LoadReport, asked: LoadRequest, terms_hash: str) -> LoadReport:
    """Make the release ready, and current when no official one is; the report of the other when one was first."""
    for _ in range(SWITCH_ATTEMPTS):
        with reading(engine) as session:
            before = repository.current_release(session)
            release = session.get(LoincRelease, report.release_id)
        if release is None or release.loaded_by != asked.attempt:
            raise LoadTakenOverError
        takes_over = before is None or before.kind != OFFICIAL
        switch = asked.prepare(engine, before, release) if takes_over and before is not None else None
        with transaction(engine) as session:
            locks.lock_subject(session, locks.Subject.INSTALLATION)
            known = repository.release_by_hash(session, asked.digest)
            current = repository.current_release(session)
            if known is None and (current and current.id) != (before and before.id):
                continue
            if known is None:
                _make_ready(session, report, asked, terms_hash, takes_over, switch)
                asked.also(session, report)
        if known is not None:
            removal.remove_unfinished(engine, report.release_id, asked.attempt)
            return already_loaded(known)
        return report
    raise ConflictError("D'autres personnes changent de version de LOINC en ce moment. Recommencez dans un instant.")


def _make_ready(
    session: Session, report: LoadReport, asked: LoadRequest, terms_hash: str, takes_over: bool, switch: Switch | None
) -> None:
    release = finish_load(
        session,
        report.release_id,
        version=report.version,
        term_count=report.term_count,
        terms_hash=terms_hash,
        loaded_by=asked.attempt,
    )
    actor = session.get(User, asked.actor_id) if asked.actor_id else None
    if takes_over:
        repository.set_current(session, report.release_id)
        if switch is not None:
            switch(session, actor)
    record(
        session,
        "terminology.load_release",
        actor=actor,
        object_type="loinc_release",
        object_id=report.release_id,
        version=release.version,
        terms=report.term_count,
        source=release.source_name,
    )
