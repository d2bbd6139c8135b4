"""Asking for proposals, reading those that are shown, and weighing one code."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Engine as DatabaseEngine
from sqlmodel import Session, col, select

from app.catalogues.matcher_input import to_matcher
from app.files.kinds import SECTIONS
from app.jobs.queue import JobQueue
from app.models import Catalogue, Job, JobStatus, Level, LocalTest, LoincRelease, Proposal, ProposalRun
from app.platform import locks
from app.platform.database import reading
from app.proposals import repository
from app.proposals.engines import engine_of_release, engine_version
from app.proposals.knowledge import knowledge_for
from app.proposals.rows import evidence_as_json
from app.settings import Settings
from app.terminology.service import current_release
from matcher import Engine
from matcher import LocalTest as MatcherTest

JOB_KIND = "proposals"
BY_HABITS = "by_habits"
"""In the payload of a search: of the undecided rows that the habits of the catalogue concern, and of no other."""

latest_run = repository.latest_run
current_run = repository.current_run


def reusable_run(
    session: Session, catalogue_id: int, release: LoincRelease, method_rules: Mapping[str, str]
) -> ProposalRun | None:
    """The run whose proposals would come out the same today for rows that did not change, under this rule on
    techniques of the laboratory."""
    run = repository.current_run(session, catalogue_id)
    if run is None or run.release_id != release.id or run.engine_version != engine_version():
        return None
    return run if (run.method_rules or {}) == method_rules else None


def proposals_of(session: Session, local_test_id: int) -> Sequence[Proposal]:
    """The proposals shown for a row: those of the last run that succeeded, best first."""
    test = session.get(LocalTest, local_test_id)
    run = repository.current_run(session, test.catalogue_id) if test else None
    return repository.proposals_of(session, run.id, local_test_id) if run and run.id else []


def evidence_for(
    session: Session, settings: Settings, catalogue_id: int, pairs: Sequence[tuple[LocalTest, str]]
) -> list[list[dict[str, Any]]]:
    """The evidence for each (row, code) of one catalogue, in order, computed now: codes found by search.

    Empty when the code is not in the current release or the row is a chapter. The engine must be ready
    (`prepare_engine`): it is not built inside the transaction of the session.
    """
    release = current_release(session) if any(test.level not in SECTIONS for test, _ in pairs) else None
    if release is None:
        return [[] for _ in pairs]
    engine = engine_of_release(_database_of(session), release, settings.matcher_cache_dir, settings.engines_in_memory)
    rows = _as_matched(session, pairs)
    knowledge = knowledge_for(session, catalogue_id, [row for row, _ in rows if row is not None])
    return _weigh(engine.with_knowledge(knowledge), rows)


def _database_of(session: Session) -> DatabaseEngine:
    database = session.get_bind()
    assert isinstance(database, DatabaseEngine)
    return database


_Matched = tuple[MatcherTest | None, str]


def _as_matched(session: Session, pairs: Sequence[tuple[LocalTest, str]]) -> list[_Matched]:
    """The rows as the matcher reads them, exams with their analyses; None for a chapter."""
    analyses = repository.analyses_of_exams(session, [test.id or 0 for test, _ in pairs if test.level == Level.EXAM])
    exams = repository.exams_of(session, [test.id or 0 for test, _ in pairs if test.level == Level.ANALYSIS])
    return [
        (None if test.level in SECTIONS else to_matcher(test, analyses.get(key, []), exams.get(key, [])), loinc_num)
        for test, loinc_num in pairs
        for key in [test.id or 0]
    ]


def _weigh(engine: Engine, pairs: Sequence[_Matched]) -> list[list[dict[str, Any]]]:
    return [[] if row is None else evidence_as_json(engine.weigh(row, loinc_num)) for row, loinc_num in pairs]


def prepare_engine(database: DatabaseEngine, settings: Settings) -> Engine | None:
    """Build the engine of the current release if it is not there yet; None when no release is loaded."""
    with reading(database) as session:
        release = current_release(session)
    if release is None:
        return None
    return engine_of_release(database, release, settings.matcher_cache_dir, settings.engines_in_memory)


def evidence_ahead(
    database: DatabaseEngine, settings: Settings, catalogue_id: int, pairs: Sequence[tuple[LocalTest, str]]
) -> list[list[dict[str, Any]]]:
    """The evidence for each (row, code) of one catalogue, in order, computed with no transaction open.

    For the routes that write: reading what is remembered and weighing may take seconds.
    """
    engine = prepare_engine(database, settings) if pairs else None
    if engine is None:
        return [[] for _ in pairs]
    with reading(database) as session:
        rows = _as_matched(session, pairs)
        knowledge = knowledge_for(session, catalogue_id, [row for row, _ in rows if row is not None])
    return _weigh(engine.with_knowledge(knowledge), rows)


def search_that_waits(session: Session, catalogue_id: int) -> Job | None:
    """The search of a whole catalogue that nobody has begun: another one would find the same.

    One that was begun knows what was remembered then, and the release of then: asking again asks for a new one.

    To be asked for in the transaction that asks for one: those of one catalogue come one after the other.
    """
    locks.lock_catalogue(session, catalogue_id)
    statement = select(Job).where(
        Job.kind == JOB_KIND,
        Job.catalogue_id == catalogue_id,
        col(Job.status) == JobStatus.WAITING,
        col(Job.attempts) == 0,
        col(Job.cancel_requested_at).is_(None),
    )
    jobs = session.exec(statement.order_by(col(Job.id).desc())).all()
    return next((job for job in jobs if _is_of_all_rows(job)), None)


def _is_of_all_rows(job: Job) -> bool:
    return not job.payload.get("only") and not job.payload.get(BY_HABITS)


def ask_for_proposals(
    session: Session,
    queue: JobQueue,
    catalogue: Catalogue,
    asked_by_id: int | None,
    only: Sequence[int] = (),
    *,
    by_habits: bool = False,
) -> Job:
    """Ask for proposals for a whole catalogue, for these rows only, or for those that its habits concern.

    They start once this transaction commits.
    """
    assert catalogue.id is not None
    payload: dict[str, object] = {"catalogue_id": catalogue.id}
    if only:
        payload["only"] = list(only)
    if by_habits:
        payload[BY_HABITS] = True
    return queue.enqueue(
        session,
        JOB_KIND,
        laboratory_id=catalogue.laboratory_id,
        catalogue_id=catalogue.id,
        created_by_id=asked_by_id,
        payload=payload,
    )
