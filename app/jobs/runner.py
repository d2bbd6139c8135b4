"""Running one job: claim it, do it, and write down how it ended, whatever happens."""

import time
from collections.abc import Callable
from typing import Any

import structlog
from sqlalchemy import Engine, update
from sqlmodel import Session, col
from structlog.contextvars import bind_contextvars, unbind_contextvars

from app.errors import WorkbenchError
from app.jobs.registry import find_kind
from app.models import Job, JobStatus, utc_now
from app.platform.database import transaction
from app.settings import Settings

INTERRUPTED_MESSAGE = "Interrompu par l'arrêt du serveur, sans rien d'écrit ; reprend à son prochain démarrage."
STOPPED_MESSAGE = "Le serveur s'est arrêté pendant ce travail. Rien n'est perdu : relancez-le."

log = structlog.get_logger(__name__)


class JobInterruptedError(Exception):
    """The process stops: the job is left at a step of its progress, and goes back to the queue."""


def _claim(session: Session, job_id: int) -> Job | None:
    """Take a waiting job for this process; None when another has it already, so a job never runs twice."""
    statement = (
        update(Job)
        .where(col(Job.id) == job_id, col(Job.status) == JobStatus.WAITING)
        .values(status=JobStatus.RUNNING, started_at=utc_now(), done=0, total=0, message="")
    )
    claimed: Any = session.execute(statement)
    return session.get(Job, job_id) if claimed.rowcount == 1 else None


def _finish(engine: Engine, job_id: int, status: JobStatus, message: str | None) -> None:
    with transaction(engine) as session:
        job = session.get(Job, job_id)
        if job is None:
            return
        job.status = status
        job.finished_at = utc_now()
        if message is not None:
            job.message = message
        if status is JobStatus.DONE:
            job.done = job.total
        session.add(job)


def _put_back(engine: Engine, job_id: int) -> None:
    """Let the next start do the job again, from its beginning."""
    values = {"status": JobStatus.WAITING, "started_at": None, "done": 0, "total": 0, "message": INTERRUPTED_MESSAGE}
    with transaction(engine) as session:
        session.execute(update(Job).where(col(Job.id) == job_id).values(**values))


def run_job(engine: Engine, settings: Settings, job_id: int, must_stop: Callable[[], bool] = lambda: False) -> None:
    """Do one waiting job. It never raises: a failure is written in the job, in French, for the user.

    Once `must_stop` says so the job ends at its next step, unless that was the last one: what is done is kept.
    """
    bind_contextvars(job_id=job_id)
    try:
        _run_job(engine, settings, job_id, must_stop)
    finally:
        unbind_contextvars("job_id")


def _run_job(engine: Engine, settings: Settings, job_id: int, must_stop: Callable[[], bool]) -> None:
    with transaction(engine) as session:
        job = _claim(session, job_id)
    if job is None:
        return
    kind = find_kind(job.kind)
    started = time.perf_counter()
    log.info("job.started", kind=job.kind, laboratory_id=job.laboratory_id)

    def progress(done: int, total: int, message: str) -> None:
        if must_stop() and (done < total or total == 0):
            raise JobInterruptedError("le serveur s'arrête")
        with transaction(engine) as session:
            session.execute(
                update(Job).where(col(Job.id) == job_id).values(done=done, total=total, message=message)
            )

    try:
        if kind is None:
            raise WorkbenchError(f"Ce type de travail (« {job.kind} ») est inconnu de cette version.")
        outcome = kind.function(engine, settings, job_id, dict(job.payload), progress)
    except JobInterruptedError:
        log.warning("job.interrupted", kind=job.kind)
        _put_back(engine, job_id)
    except WorkbenchError as error:
        # Not its sentence, which may quote a file: it is in the job, for those who may read it.
        log.warning("job.refused", kind=job.kind, error=type(error).__name__)
        _finish(engine, job_id, JobStatus.FAILED, error.message)
    except Exception as error:
        log.exception("job.failed", kind=job.kind)
        reason = f"Le travail s'est interrompu sur une erreur inattendue ({type(error).__name__})."
        _finish(engine, job_id, JobStatus.FAILED, f"{reason} Le détail est dans le journal du serveur.")
    else:
        _finish(engine, job_id, JobStatus.DONE, outcome)
        log.info("job.done", kind=job.kind, duration_ms=round((time.perf_counter() - started) * 1000, 1))


def fail_stale_jobs(session: Session) -> int:
    """Mark as failed the jobs that a stopped process left running; call it before a worker starts."""
    statement = (
        update(Job)
        .where(col(Job.status) == JobStatus.RUNNING)
        .values(status=JobStatus.FAILED, message=STOPPED_MESSAGE, finished_at=utc_now())
    )
    result: Any = session.execute(statement)
    return int(result.rowcount)
