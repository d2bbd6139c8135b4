"""Running what was claimed, and writing down how it ended, whatever happens."""

import errno
import json
import threading
import time
import zlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Engine, func, select, update
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlmodel import Session, col
from structlog.contextvars import bind_contextvars, unbind_contextvars

from app.errors import TakenOverError, WorkbenchError
from app.jobs import claims, clock, endings
from app.jobs.claims import Claimed, claim
from app.jobs.lease import JobCancelledError, JobInterruptedError, LostLeaseError, kept_alive
from app.jobs.registry import JobKind, Plan, find_kind
from app.jobs.work import Work
from app.models import Job, JobChunk, JobPlan, JobStatus
from app.platform.database import is_locked, reading, transaction
from app.settings import Settings

INTERRUPTED_MESSAGE = "Interrompu par l'arrêt du serveur, sans rien d'écrit ; reprend à son prochain démarrage."
POSTPONED_MESSAGE = "Interrompu (disque plein ou base injoignable) ; reprend de lui-même dans un moment."
POSTPONED_SECONDS = 10
PASSING_ERRORS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.ENOMEM, errno.EMFILE, errno.ENFILE})
"""Errors of the system that say nothing of the work itself."""

log = structlog.get_logger(__name__)


def run_job(engine: Engine, settings: Settings, job_id: int, must_stop: Callable[[], bool] = lambda: False) -> None:
    """Do one waiting job and all its chunks here and now. It never raises: a failure is written in the job.

    Once `must_stop` says so the work ends at its next step, unless that was the last one: what is done is kept.
    """
    while (claimed := claim(engine, job_id)) is not None:
        run(engine, settings, claimed, must_stop)
        if must_stop():
            break
    while clean_one(engine, job_id):
        pass


def run_until_over(engine: Engine, settings: Settings, job_id: int) -> Job:
    """The same, waiting for the chunks that other processes took; the job as it ended."""
    while True:
        run_job(engine, settings, job_id)
        with reading(engine) as session:
            job = session.get_one(Job, job_id)
        if JobStatus(job.status).is_over:
            return job
        time.sleep(0.5)


def run(
    engine: Engine, settings: Settings, claimed: Claimed, must_stop: Callable[[], bool] = lambda: False
) -> None:
    """Do what was claimed. It never raises."""
    bind_contextvars(job_id=claimed.lease.job_id)
    try:
        with kept_alive(engine, claimed.lease):
            _run(engine, settings, claimed, must_stop)
    except Exception as error:
        # The outcome could not be written: the lease expires, and the work is begun again.
        log.exception("job.outcome_lost", error=type(error).__qualname__)
    finally:
        unbind_contextvars("job_id")


def _run(engine: Engine, settings: Settings, claimed: Claimed, must_stop: Callable[[], bool]) -> None:
    job, chunk = claimed.job, claimed.chunk
    place = {"kind": job.kind} | ({"chunk": chunk.number} if chunk is not None else {})
    kind = find_kind(job.kind)
    started = time.perf_counter()
    if chunk is None:
        log.info("job.started", laboratory_id=job.laboratory_id, **place)
    work = Work(engine, claimed.lease, endings.end_job, must_stop)
    try:
        if kind is None:
            raise WorkbenchError(f"Ce type de travail (« {job.kind} ») est inconnu de cette version.")
        is_over = _do(engine, settings, claimed, kind, work)
    except LostLeaseError:
        log.warning("job.lease_lost", **place)
    except JobCancelledError:
        log.info("job.cancelled", **place)
        _end(engine, claimed, JobStatus.CANCELLED, claims.CANCELLED)
    except JobInterruptedError:
        log.warning("job.interrupted", **place)
        _put_back(engine, claimed)
    except TakenOverError as error:
        # What it had stored was taken for the remains of a dead attempt. Nothing is wrong with the work itself.
        _begin_again_later(engine, claimed, error, place)
    except WorkbenchError as error:
        # Not its sentence, which may quote a file: it is in the job, for those who may read it.
        log.warning("job.refused", error=type(error).__name__, **place)
        _end(engine, claimed, JobStatus.FAILED, error.message)
    except Exception as error:
        _end_by_error(engine, claimed, error, place)
    else:
        if is_over:
            log.info("job.done", duration_ms=round((time.perf_counter() - started) * 1000, 1), **place)


def _end_by_error(engine: Engine, claimed: Claimed, error: Exception, place: dict[str, Any]) -> None:
    if _is_passing(error):
        _begin_again_later(engine, claimed, error, place)
        return
    name = type(error).__name__
    log.exception("job.failed", **place)
    reason = f"Le travail s'est interrompu sur une erreur inattendue ({name})."
    sentence = f"{reason} Le détail est dans le journal du serveur."
    _end(engine, claimed, JobStatus.FAILED, sentence, name)


def _begin_again_later(engine: Engine, claimed: Claimed, error: Exception, place: dict[str, Any]) -> None:
    """Postpone the work, or give it up when that was its last attempt; nothing, when somebody else has it now."""
    name = type(error).__name__
    # Whoever waited in vain for somebody else to write has failed at nothing.
    counts = not is_locked(error)
    if claimed.is_last_attempt and counts:
        log.error("job.failed", error=name, exc_info=error, **place)
        _end(engine, claimed, JobStatus.FAILED, claims.EXHAUSTED.format(attempts=claimed.attempts), name)
        return
    log.warning("job.postponed", error=name, attempts=claimed.attempts, **place)
    _postpone(engine, claimed, name, counts)


def _is_passing(error: Exception) -> bool:
    """Whether the same work may succeed in a moment: a full disk, a database that does not answer."""
    if isinstance(error, OSError):
        return error.errno in PASSING_ERRORS
    return isinstance(error, OperationalError | InterfaceError)


def _do(engine: Engine, settings: Settings, claimed: Claimed, kind: JobKind, work: Work) -> bool:
    """Whether the job is over now."""
    if claimed.chunk is not None:
        return _do_chunk(engine, settings, claimed, kind, work)
    job_id = claimed.lease.job_id
    outcome = kind.function(engine, settings, job_id, dict(claimed.job.payload), work)
    if work.is_finished:
        return True
    with transaction(engine) as session:
        if not isinstance(outcome, Plan):
            work.finish(session, outcome)
            return True
        work.lease.fence(session)
        return _store_plan(session, job_id, outcome, kind)


def _store_plan(session: Session, job_id: int, plan: Plan, kind: JobKind) -> bool:
    """From now on the chunks are claimed; whether the job is over, for want of any."""
    job = session.get_one(Job, job_id, populate_existing=True)
    endings.drop_plan(session, job_id)
    content = dict(plan.content)
    plan.begin(session, job, content)
    job.done, job.total, job.message = 0, sum(part.weight for part in plan.parts), plan.message
    job.owner, job.lease_expires_at = "", None
    session.add(job)
    if not plan.parts:
        _finish_chunks(session, job, kind, content)
        return True
    session.add(JobPlan(job_id=job_id, content=zlib.compress(json.dumps(content).encode(), 1)))
    session.add_all(
        JobChunk(job_id=job_id, number=number, weight=part.weight, data=part.data)
        for number, part in enumerate(plan.parts)
    )
    return False


_contents: dict[tuple[int, datetime | None], dict[str, Any]] = {}
_contents_lock = threading.Lock()
KEPT_CONTENTS = 4


def _content(engine: Engine, job: Job) -> dict[str, Any]:
    """What the chunks of a job know; read once a process. A job begun again has another start."""
    key = (job.id or 0, job.started_at)
    with _contents_lock:
        if key not in _contents:
            with reading(engine) as session:
                plan = session.get(JobPlan, job.id)
            if plan is None:
                raise LostLeaseError
            while len(_contents) >= KEPT_CONTENTS:
                del _contents[next(iter(_contents))]
            _contents[key] = json.loads(zlib.decompress(plan.content))
        return _contents[key]


def _do_chunk(engine: Engine, settings: Settings, claimed: Claimed, kind: JobKind, work: Work) -> bool:
    chunk = claimed.chunk
    if chunk is None or kind.chunks is None:
        raise WorkbenchError(f"Ce type de travail (« {kind.kind} ») ne se fait pas par morceaux dans cette version.")
    content = _content(engine, claimed.job)
    kind.chunks.run(engine, settings, content, chunk.data, work)
    with transaction(engine) as session:
        # The row of the job is locked: of two chunks that end together, one is the last.
        work.lease.fence(session)
        job = session.get_one(Job, chunk.job_id, populate_existing=True)
        done = session.get_one(JobChunk, chunk.id, populate_existing=True)
        done.status, done.owner, done.lease_expires_at = JobStatus.DONE, "", None
        job.done += chunk.weight
        session.add_all([done, job])
        session.flush()
        left = select(func.count()).where(
            col(JobChunk.job_id) == chunk.job_id, col(JobChunk.status) != JobStatus.DONE
        )
        if session.scalar(left):
            return False
        _finish_chunks(session, job, kind, content)
        return True


def _finish_chunks(session: Session, job: Job, kind: JobKind, content: dict[str, Any]) -> None:
    sentence = kind.chunks.finish(session, job, content) if kind.chunks is not None else None
    endings.end_job(session, job, JobStatus.DONE, sentence)


def _locked(session: Session, claimed: Claimed) -> Job | None:
    """The job, when this claim still holds it, or the chunk of it."""
    try:
        claimed.lease.fence(session)
    except LostLeaseError:
        return None
    except JobCancelledError:
        pass
    return session.get_one(Job, claimed.lease.job_id, populate_existing=True)


def _end(engine: Engine, claimed: Claimed, status: JobStatus, message: str, error: str = "") -> None:
    with transaction(engine) as session:
        job = _locked(session, claimed)
        if job is not None:
            job.last_error = error or job.last_error
            endings.end_job(session, job, status, message)


def _release(session: Session, claimed: Claimed, job: Job, message: str) -> Job | JobChunk:
    held: Job | JobChunk = job
    if claimed.chunk is not None:
        held = session.get_one(JobChunk, claimed.chunk.id, populate_existing=True)
    else:
        job.started_at, job.done, job.total, job.message = None, 0, 0, message
    held.status, held.owner, held.lease_expires_at = JobStatus.WAITING, "", None
    session.add_all([held, job])
    return held


def _put_back(engine: Engine, claimed: Claimed) -> None:
    """Let any worker do it again, from its beginning; an orderly stop is no failed attempt."""
    with transaction(engine) as session:
        job = _locked(session, claimed)
        if job is not None:
            _release(session, claimed, job, INTERRUPTED_MESSAGE).attempts -= 1


def _postpone(engine: Engine, claimed: Claimed, error: str, counts: bool) -> None:
    with transaction(engine) as session:
        job = _locked(session, claimed)
        if job is not None:
            job.last_error = error
            held = _release(session, claimed, job, POSTPONED_MESSAGE)
            held.attempts -= not counts
            held.not_before = clock.now(session) + timedelta(seconds=POSTPONED_SECONDS * claimed.attempts)


def clean_one(engine: Engine, only_job: int | None = None) -> bool:
    """Delete what one job that ended badly left; whether there was such a job."""
    wanted = select(Job).where(col(Job.must_clean)).order_by(col(Job.id)).limit(1)
    with reading(engine) as session:
        job = session.scalars(wanted.where(col(Job.id) == only_job) if only_job is not None else wanted).first()
    if job is None or job.id is None:
        return False
    kind = find_kind(job.kind)
    if kind is not None and kind.clean is not None:
        kind.clean(engine, job.id)
    # Not when it ended once more meanwhile.
    cleaned = update(Job).where(col(Job.id) == job.id, col(Job.finished_at).is_not_distinct_from(job.finished_at))
    with transaction(engine) as session:
        changed: Any = session.execute(cleaned.values(must_clean=False))
    return int(changed.rowcount) == 1
