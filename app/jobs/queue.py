"""Asking for background work, and doing it: the door of the other rooms to the jobs."""

import threading
from typing import Any

import structlog
from sqlalchemy import Engine, event
from sqlmodel import Session

from app.jobs import claims, clock, endings
from app.jobs.hints import Hints
from app.jobs.registry import register
from app.jobs.runner import run_job
from app.jobs.workers import Workers
from app.models import MAX_ATTEMPTS, Job, JobStatus, User
from app.settings import Settings

__all__ = ["JobQueue", "register"]

INTERRUPTION_SECONDS = 5.0

log = structlog.get_logger(__name__)


class JobQueue:
    """Background work of one installation.

    Cheap to build: a job function may call `JobQueue(settings, engine).enqueue(…)` for the next step.
    """

    def __init__(self, settings: Settings, engine: Engine) -> None:
        self._settings = settings
        self._engine = engine
        self._immediate = settings.jobs_immediate
        self._lock = threading.Lock()
        self._workers: Workers | None = None
        self._hints = Hints(settings, self._wake)

    @property
    def engine(self) -> Engine:
        """The database that the jobs work on."""
        return self._engine

    def _wake(self) -> None:
        workers = self._workers
        if workers is not None:
            workers.wake()

    def _send(self, job_id: int) -> None:
        if self._immediate:
            run_job(self._engine, self._settings, job_id)
            return
        self._wake()
        with self._lock:
            self._hints.send(job_id)

    def enqueue(
        self,
        session: Session,
        kind: str,
        *,
        laboratory_id: int | None = None,
        catalogue_id: int | None = None,
        created_by_id: int | None = None,
        payload: dict[str, Any] | None = None,
        max_attempts: int = MAX_ATTEMPTS,
    ) -> Job:
        """Record a job in the transaction of the session; it starts once that transaction is committed."""
        job = Job(
            kind=kind,
            laboratory_id=laboratory_id,
            catalogue_id=catalogue_id,
            created_by_id=created_by_id,
            payload=payload or {},
            max_attempts=max_attempts,
        )
        session.add(job)
        session.flush()
        self._send_after_commit(session, job)
        return job

    def retry(self, session: Session, job: Job) -> None:
        """Put a failed or cancelled job back in the queue, with the same payload."""
        job.status = JobStatus.WAITING
        job.done = job.total = job.attempts = 0
        job.message = ""
        job.started_at = job.finished_at = job.not_before = None
        job.cancel_requested_at = job.cancel_requested_by_id = None
        session.add(job)
        session.flush()
        self._send_after_commit(session, job)

    def cancel(self, session: Session, job: Job, user: User) -> None:
        """End a job that waits or is planned at once; ask whoever holds it to leave it."""
        job.cancel_requested_at, job.cancel_requested_by_id = clock.now(session), user.id
        session.add(job)
        session.flush()
        if job.lease_expires_at is None:
            endings.end_job(session, job, JobStatus.CANCELLED, claims.CANCELLED)

    def _send_after_commit(self, session: Session, job: Job) -> None:
        job_id = job.id
        assert job_id is not None
        pending = [job_id]

        @event.listens_for(session, "after_commit")
        def _committed(_session: Any) -> None:
            if pending:
                self._send(pending.pop())

        @event.listens_for(session, "after_soft_rollback")
        def _rolled_back(_session: Any, previous: Any) -> None:
            if previous.parent is None:
                pending.clear()

    def start_consumer(self, workers: int = 1) -> bool:
        """Start working threads in this process; any number of processes may, on one database."""
        if self._immediate or self._workers is not None or workers < 1:
            return True
        self._workers = Workers(self._engine, self._settings, self._announce)
        self._hints.listen()
        self._workers.start(workers)
        return True

    def _announce(self, job_id: int) -> None:
        self._wake()
        with self._lock:
            self._hints.send(job_id)

    def stop_consumer(self) -> None:
        """Start nothing more; let the running work end for `shutdown_seconds`, else send it back to the queue.

        Work that reaches no step of its progress in the few seconds that follow is left to its thread, which ends
        with the process: its lease expires, and another process begins it again.
        """
        if self._workers is None:
            return
        self._hints.stop(INTERRUPTION_SECONDS)
        if not self._workers.stop(self._settings.shutdown_seconds, INTERRUPTION_SECONDS):
            log.error("jobs.abandoned", seconds=self._settings.shutdown_seconds + INTERRUPTION_SECONDS)
        self._workers = None
