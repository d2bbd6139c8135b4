"""The background job that searches proposals for a catalogue: planned once, done in chunks, shown all at once."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Engine
from sqlmodel import Session

from app.audit.service import record
from app.errors import NotFoundError, WorkbenchError
from app.jobs.queue import JobQueue
from app.jobs.registry import Chunks, Part, Plan, register
from app.jobs.runner import run_until_over
from app.jobs.work import Work
from app.models import Catalogue, Job, JobStatus, LoincRelease, ProposalRun, RunStatus, utc_now
from app.platform import locks
from app.platform.database import give_way, reading, transaction
from app.platform.open_transactions import forbid_open_transaction
from app.proposals import repository, rows
from app.proposals.chapters import chapter_codes
from app.proposals.engines import engine_of_release, engine_version
from app.proposals.habits import rows_that_may_change
from app.proposals.habits_job import learn_before_search
from app.proposals.knowledge import knowledge_for, knowledge_to_json
from app.proposals.service import BY_HABITS, JOB_KIND, ask_for_proposals, reusable_run
from app.settings import Settings
from app.terminology.service import current_release
from matcher.habits import habits_to_json

CHUNK = 250
"""Rows of a chunk, at most."""
LEAST_CHUNK = 25
CHUNKS_OF_A_SMALL_CATALOGUE = 8
CLEANED = 500
"""Proposals deleted in one transaction."""
NOTHING_CONCERNED = "Aucune ligne à décider n'est concernée par les habitudes de ce catalogue."


def run_proposals(
    database: Engine, settings: Settings, catalogue_id: int, only: Collection[int] | None = None
) -> int:
    """Match a whole catalogue here and now, as the job would; returns the run. Raises WorkbenchError."""
    forbid_open_transaction("match a catalogue")
    with transaction(database) as session:
        catalogue = session.get(Catalogue, catalogue_id)
        if catalogue is None:
            raise NotFoundError("Ce catalogue n'existe pas.")
        # Nobody is told: it is done by this process, and by whichever worker looks for work.
        queue = JobQueue(settings.model_copy(update={"jobs_immediate": True}), database)
        job = ask_for_proposals(session, queue, catalogue, None, sorted(only or ()))
    assert job.id is not None
    job = run_until_over(database, settings, job.id)
    with reading(database) as session:
        run = repository.run_of_job(session, job.id)
    if job.status != JobStatus.DONE or run is None or run.id is None:
        raise WorkbenchError(job.message)
    return run.id


def plan_run(database: Engine, settings: Settings, _job_id: int, payload: dict[str, Any], work: Work) -> Plan | str:
    """Read once what concerns the whole catalogue, and share its rows out.

    With `only` in the payload, the other rows keep the proposals shown so far, as long as engine, release and rule on
    techniques are still the same. With `by_habits` so do those that nothing new that the decisions show may change. A
    search of all rows learns first, and follows what the decisions taken so far show.
    """
    catalogue_id, only, by_habits = int(payload["catalogue_id"]), payload.get("only"), payload.get(BY_HABITS)
    work(0, 0, "Préparation de la recherche")
    with reading(database) as session:
        release = _require(session, catalogue_id)
    # Slow the first time, and wanted by every chunk; a release that cannot be read fails here, once.
    engine_of_release(database, release, settings.matcher_cache_dir, settings.engines_in_memory)
    is_partial = only is not None or by_habits
    if not is_partial:
        learn_before_search(database, settings, release, catalogue_id, work)
    with reading(database) as session:
        assert release.id is not None
        knowledge = knowledge_for(session, catalogue_id)
        kept_run = reusable_run(session, catalogue_id, release, knowledge.method_rules) if is_partial else None
        if by_habits:
            only = rows_that_may_change(session, kept_run, knowledge.habits) if kept_run is not None else []
            if not only:
                return NOTHING_CONCERNED
        ids = repository.local_test_ids(session, catalogue_id)
        content = {
            "catalogue_id": catalogue_id,
            "release_id": release.id,
            "engine_version": engine_version(),
            "kept_run": kept_run.id if kept_run is not None else None,
            "chapters": sorted(repository.terms_of(session, release.id, chapter_codes())),
            "knowledge": knowledge_to_json(knowledge),
            # Rows that were not looked at again follow the habits of before.
            "habits": kept_run.habits if kept_run is not None and not by_habits else habits_to_json(knowledge.habits),
        }
    again = set(only) if only is not None and kept_run is not None else set(ids)
    parts = _parts("match", [test_id for test_id in ids if test_id in again])
    parts += _parts("keep", [test_id for test_id in ids if test_id not in again])
    return Plan(parts, content, rows.MATCHING, _begin)


def _parts(name: str, ids: Sequence[int]) -> list[Part]:
    """A small catalogue is shared out too, for several workers and for its progress to be seen."""
    size = min(CHUNK, max(LEAST_CHUNK, -(-len(ids) // CHUNKS_OF_A_SMALL_CATALOGUE)))
    pieces = [list(ids[start : start + size]) for start in range(0, len(ids), size)]
    return [Part({name: piece}, len(piece)) for piece in pieces]


def _begin(session: Session, job: Job, content: dict[str, Any]) -> None:
    run = ProposalRun(
        catalogue_id=content["catalogue_id"],
        release_id=content["release_id"],
        engine_version=content["engine_version"],
        job_id=job.id,
        label_width=content["knowledge"].get("label_width"),
        method_rules=content["knowledge"].get("method_rules"),
        habits=content["habits"],
    )
    session.add(run)
    session.flush()
    content["run_id"] = run.id


def _finish(session: Session, job: Job, content: dict[str, Any]) -> str:
    """Show the proposals, all at once."""
    run = session.get_one(ProposalRun, int(content["run_id"]))
    locks.lock_catalogue(session, run.catalogue_id)
    count = repository.count_proposals(session, int(content["run_id"]))
    repository.make_current(session, run)
    record(session, "proposals.run", actor_label="moteur de proposition", object_type="catalogue",
           object_id=run.catalogue_id, laboratory_id=job.laboratory_id, run_id=run.id,
           proposals=count, engine=run.engine_version)  # fmt: skip
    return "Les propositions sont à jour."


def _ended(session: Session, job: Job) -> None:
    """The run says what its job says, in the same transaction: a search that failed never looks unfinished."""
    run = repository.run_of_job(session, job.id)
    if run is None or run.status != RunStatus.RUNNING:
        if job.status != JobStatus.FAILED:
            return
        release = current_release(session)
        if release is None or release.id is None:
            return
        # It failed before anything was shared out; the pages of the catalogue must know of it all the same.
        run = ProposalRun(
            catalogue_id=job.catalogue_id or int(job.payload["catalogue_id"]),
            release_id=release.id,
            engine_version=engine_version(),
            job_id=job.id,
        )
    run.finished_at = utc_now()
    if job.status == JobStatus.DONE:
        run.status = RunStatus.DONE
    else:
        is_cancelled = job.status == JobStatus.CANCELLED
        run.status = RunStatus.CANCELLED if is_cancelled else RunStatus.FAILED
        verb = "a été annulée" if is_cancelled else "a échoué"
        run.message = f"La recherche de propositions {verb} : {job.message}"
    session.add(run)


def _clean(database: Engine, job_id: int) -> None:
    """Delete what runs of this job that ended badly had stored, in short transactions."""
    with reading(database) as session:
        failed = repository.ended_badly_of_job(session, job_id)
    for run_id in failed:
        deleted = 1
        while deleted:
            with transaction(database) as session:
                deleted = repository.delete_some_proposals(session, run_id, CLEANED)
            give_way(database)


def _require(session: Session, catalogue_id: int) -> LoincRelease:
    if session.get(Catalogue, catalogue_id) is None:
        raise NotFoundError("Ce catalogue n'existe pas.")
    release = current_release(session)
    if release is None:
        raise NotFoundError("Aucune version de LOINC n'est chargée.")
    return release


register(
    JOB_KIND,
    plan_run,
    "Recherche de propositions",
    chunks=Chunks(rows.match_chunk, _finish),
    ended=_ended,
    clean=_clean,
)
