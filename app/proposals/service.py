"""Running the matcher on a catalogue and storing its explained proposals."""

from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Engine as DatabaseEngine
from sqlmodel import Session

from app.audit.service import record
from app.catalogues.matcher_input import to_matcher
from app.errors import NotFoundError
from app.files.kinds import SECTIONS
from app.jobs.queue import JobQueue
from app.models import Catalogue, Job, Level, LocalTest, LoincRelease, Proposal, ProposalRun, RunStatus, utc_now
from app.platform.database import reading, transaction
from app.platform.progress import Progress
from app.proposals import repository
from app.proposals.chapters import chapter_codes, chapter_proposals
from app.proposals.engines import engine_of_release, engine_version
from app.proposals.knowledge import knowledge_for
from app.settings import Settings
from app.terminology.service import current_release
from matcher import Engine, Evidence
from matcher import Proposal as MatcherProposal

JOB_KIND = "proposals"
TOP = 10
CHUNK = 250

latest_run = repository.latest_run
current_run = repository.current_run


def evidence_json(proposal: MatcherProposal) -> list[dict[str, Any]]:
    """The evidence of a proposal as JSON values."""
    return _as_json(proposal.evidence)


def _as_json(evidence: Iterable[Evidence]) -> list[dict[str, Any]]:
    return [
        {key: value if isinstance(value, (int, float)) else str(value) for key, value in asdict(item).items()}
        for item in evidence
    ]


def proposals_of(session: Session, local_test_id: int) -> Sequence[Proposal]:
    """The proposals shown for a row: those of the last run that succeeded, best first."""
    test = session.get(LocalTest, local_test_id)
    run = repository.current_run(session, test.catalogue_id) if test else None
    return repository.proposals_of(session, run.id, local_test_id) if run and run.id else []


def evidence_for(session: Session, settings: Settings, test: LocalTest, loinc_num: str) -> list[dict[str, Any]]:
    """The evidence for one chosen code against a row, computed now (a code found by search has no proposal).

    Empty when the code is not in the current release or the row is a chapter. The engine must be ready
    (`prepare_engine`): it is not built inside the transaction of the session.
    """
    release = current_release(session)
    if release is None or test.level in SECTIONS:
        return []
    engine = engine_of_release(_database_of(session), release, settings.matcher_cache_dir, settings.engines_in_memory)
    engine = engine.with_knowledge(knowledge_for(session, test.catalogue_id))
    return _as_json(engine.weigh(to_matcher(test, _analyses_of(session, test)), loinc_num))


def _database_of(session: Session) -> DatabaseEngine:
    database = session.get_bind()
    assert isinstance(database, DatabaseEngine)
    return database


def _analyses_of(session: Session, test: LocalTest) -> list[LocalTest]:
    links = repository.exam_links_of(session, test.id) if test.level == Level.EXAM and test.id else []
    return [session.get_one(LocalTest, link.analysis_id) for link in links if link.analysis_id]


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
        engine = engine.with_knowledge(knowledge_for(session, catalogue_id))
        rows = [to_matcher(test, _analyses_of(session, test)) for test, _ in pairs]
    sections = (Level.CHAPTER, Level.SUBCHAPTER)
    return [
        [] if test.level in sections else _as_json(engine.weigh(row, loinc_num))
        for (test, loinc_num), row in zip(pairs, rows, strict=True)
    ]


def ask_for_proposals(
    session: Session, queue: JobQueue, catalogue: Catalogue, asked_by_id: int | None, only: Sequence[int] = ()
) -> Job:
    """Ask for proposals for a whole catalogue, or for these rows only; they start once this transaction commits."""
    assert catalogue.id is not None
    payload: dict[str, object] = {"catalogue_id": catalogue.id}
    if only:
        payload["only"] = list(only)
    return queue.enqueue(
        session,
        JOB_KIND,
        laboratory_id=catalogue.laboratory_id,
        catalogue_id=catalogue.id,
        created_by_id=asked_by_id,
        payload=payload,
    )


def run_proposals(
    database: DatabaseEngine,
    settings: Settings,
    catalogue_id: int,
    progress: Progress,
    only: Collection[int] | None = None,
) -> int:
    """Match a whole catalogue and make the result the one shown; returns the identifier of the run.

    The rows are matched outside any transaction, and stored in several short ones: a run is seen by nobody
    before it is made the current one, so the proposals become visible all at once. A failure is recorded on the
    run with its reason, what was stored of it is deleted, and the earlier proposals stay in place. With `only`,
    the other rows keep the proposals shown so far, as long as engine and release are still the same.
    """
    with transaction(database) as session:
        release = _require(session, catalogue_id)
        assert release.id is not None
        kept_run = _reusable_run(session, catalogue_id, release) if only is not None else None
        run = ProposalRun(catalogue_id=catalogue_id, release_id=release.id, engine_version=engine_version())
        session.add(run)
        session.flush()
        run_id = run.id
    assert run_id is not None
    try:
        engine = engine_of_release(database, release, settings.matcher_cache_dir, settings.engines_in_memory)
        with reading(database) as session:
            engine = engine.with_knowledge(knowledge_for(session, catalogue_id))
            tests = repository.local_tests(session, catalogue_id)
            links = repository.exam_links(session, catalogue_id)
            assert release.id is not None
            chapters = frozenset(repository.terms_of(session, release.id, chapter_codes()))
        by_id = {test.id: test for test in tests}
        analyses = {
            exam_id: [by_id[link.analysis_id] for link in members if link.analysis_id in by_id]
            for exam_id, members in repository.analyses_by_exam(links).items()
        }
        again = set(only) if only is not None and kept_run is not None else None
        matched = [test for test in tests if again is None or test.id in again]
        kept = [test.id for test in tests if again is not None and test.id not in again and test.id is not None]
        rows = _match(engine, matched, analyses, chapters, run_id, progress)
        _store(database, run_id, rows, kept_run, kept)
    except Exception as error:
        with transaction(database) as session:
            failed = session.get_one(ProposalRun, run_id)
            failed.status, failed.finished_at = RunStatus.FAILED, utc_now()
            failed.message = f"La recherche de propositions a échoué : {error}"
            session.add(failed)
        _forget(database, run_id)
        raise
    return run_id


def _reusable_run(session: Session, catalogue_id: int, release: LoincRelease) -> int | None:
    """The run whose proposals would come out the same today for rows that did not change."""
    run = repository.current_run(session, catalogue_id)
    same = run is not None and run.release_id == release.id and run.engine_version == engine_version()
    return run.id if run is not None and same else None


def _require(session: Session, catalogue_id: int) -> LoincRelease:
    if session.get(Catalogue, catalogue_id) is None:
        raise NotFoundError("Ce catalogue n'existe pas.")
    release = current_release(session)
    if release is None:
        raise NotFoundError("Aucune version de LOINC n'est chargée.")
    return release


def _match(
    engine: Engine,
    tests: Sequence[LocalTest],
    analyses: Mapping[int, Sequence[LocalTest]],
    chapters: Container[str],
    run_id: int,
    progress: Progress,
) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for position, test in enumerate(tests):
        if position % 50 == 0:
            progress(position, len(tests), "Recherche des propositions")
        assert test.id is not None
        if test.level in SECTIONS:
            proposals = chapter_proposals(test.label, chapters)
        else:
            proposals = engine.propose(to_matcher(test, analyses.get(test.id, ())), TOP)
        rows.extend(_row(run_id, test.id, proposal) for proposal in proposals)
    progress(len(tests), len(tests), "Enregistrement des propositions")
    return rows


def _row(run_id: int, local_test_id: int, proposal: MatcherProposal) -> dict[str, Any]:
    return {
        "run_id": run_id,
        "local_test_id": local_test_id,
        "rank": proposal.rank,
        "loinc_num": proposal.loinc_num,
        "confidence": proposal.confidence,
        "band": proposal.band.value,
        "has_contradiction": proposal.has_contradiction,
        "evidence": evidence_json(proposal),
    }


def _store(
    database: DatabaseEngine, run_id: int, rows: list[dict[str, Any]], kept_run: int | None, kept: Sequence[int]
) -> None:
    """Store the proposals of a run in short transactions, between which others write; then show them."""
    if kept_run is not None:
        for start in range(0, len(kept), repository.BATCH):
            with transaction(database) as session:
                repository.copy_proposals(session, kept_run, run_id, kept[start : start + repository.BATCH])
    for start in range(0, len(rows), CHUNK):
        with transaction(database) as session:
            repository.insert_proposals(session, rows[start : start + CHUNK])
    with transaction(database) as session:
        run = session.get_one(ProposalRun, run_id)
        run.status, run.finished_at = RunStatus.DONE, utc_now()
        repository.make_current(session, run)
        catalogue = session.get_one(Catalogue, run.catalogue_id)
        record(session, "proposals.run", actor_label="moteur de proposition", object_type="catalogue",
               object_id=run.catalogue_id, laboratory_id=catalogue.laboratory_id, run_id=run_id,
               proposals=len(rows), engine=run.engine_version)  # fmt: skip


def _forget(database: DatabaseEngine, run_id: int) -> None:
    """Delete what a failed run had stored, in short transactions."""
    deleted = 1
    while deleted:
        with transaction(database) as session:
            deleted = repository.delete_some_proposals(session, run_id, CHUNK)
