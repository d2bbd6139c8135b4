"""The only module that knows the job queue (huey): everybody else enqueues jobs by kind."""

import fcntl
import threading
import time
from typing import IO, Any

import structlog
from huey import SqliteHuey
from huey.consumer import Consumer
from sqlalchemy import Engine, event
from sqlmodel import Session, col, select

from app.jobs.registry import register
from app.jobs.runner import fail_stale_jobs, run_job
from app.models import Job, JobStatus
from app.platform.database import transaction
from app.settings import Settings

__all__ = ["JobQueue", "register"]

QUEUE_FILE = "travaux.sqlite3"
LOCK_FILE = "travaux.verrou"
INTERRUPTION_SECONDS = 5.0

log = structlog.get_logger(__name__)


class _QuietConsumer(Consumer):  # type: ignore[misc]
    """A consumer that leaves the signals of the process to the web server or to the command line."""

    def _set_signal_handlers(self) -> None:
        return

    def wait_for_workers(self, seconds: float) -> bool:
        """Whether the threads, told to stop, have ended within this time."""
        deadline = time.monotonic() + seconds
        for _, thread in self.worker_threads:
            thread.join(max(deadline - time.monotonic(), 0))
        return not any(thread.is_alive() for _, thread in self.worker_threads)


class JobQueue:
    """Background work of one installation.

    Cheap to build: a job function may call `JobQueue(settings, engine).enqueue(…)` for the next step.
    """

    def __init__(self, settings: Settings, engine: Engine) -> None:
        self._settings = settings
        self._engine = engine
        self._immediate = settings.jobs_immediate
        self._consumer: Consumer | None = None
        self._lock = threading.Lock()
        self._huey: SqliteHuey | None = None
        self._run: Any = None
        self._lock_file: IO[bytes] | None = None
        self._must_stop = threading.Event()

    @property
    def engine(self) -> Engine:
        """The database that the jobs work on."""
        return self._engine

    def _broker(self) -> Any:
        """The huey task that runs a job by its identifier; its storage file is opened at the first use."""
        with self._lock:
            if self._run is None:
                self._settings.data_dir.mkdir(parents=True, exist_ok=True)
                self._huey = SqliteHuey(
                    "transcodeur",
                    filename=str(self._settings.data_dir / QUEUE_FILE),
                    results=False,
                    timeout=30,
                )

                def run(job_id: int) -> None:
                    run_job(self._engine, self._settings, job_id, self._must_stop.is_set)

                self._run = self._huey.task(name="run_job")(run)
        return self._run

    def _send(self, job_id: int) -> None:
        if self._immediate:
            run_job(self._engine, self._settings, job_id)
        else:
            self._broker()(job_id)

    def enqueue(
        self,
        session: Session,
        kind: str,
        *,
        laboratory_id: int | None = None,
        catalogue_id: int | None = None,
        created_by_id: int | None = None,
        payload: dict[str, Any] | None = None,
    ) -> Job:
        """Record a job in the transaction of the session; it starts once that transaction is committed."""
        job = Job(
            kind=kind,
            laboratory_id=laboratory_id,
            catalogue_id=catalogue_id,
            created_by_id=created_by_id,
            payload=payload or {},
        )
        session.add(job)
        session.flush()
        self._send_after_commit(session, job)
        return job

    def retry(self, session: Session, job: Job) -> None:
        """Put a failed job back in the queue, with the same payload."""
        job.status = JobStatus.WAITING
        job.done = job.total = 0
        job.message = ""
        job.started_at = job.finished_at = None
        session.add(job)
        session.flush()
        self._send_after_commit(session, job)

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

    def start_consumer(self) -> bool:
        """Start one worker thread in this process; False when another process already does the work."""
        if self._immediate or self._consumer is not None:
            return True
        self._broker()
        if not self._take_lock():
            log.info("jobs.elsewhere")
            return False
        with transaction(self._engine) as session:
            fail_stale_jobs(session)
            waiting = session.exec(select(Job.id).where(col(Job.status) == JobStatus.WAITING)).all()
        # A job whose message was lost would wait for ever; a message too many does nothing (see `run_job`).
        for job_id in waiting:
            if job_id is not None:
                self._send(job_id)
        self._must_stop.clear()
        self._consumer = _QuietConsumer(
            self._huey, workers=1, periodic=False, initial_delay=0.1, max_delay=1.0, check_worker_health=False
        )
        self._consumer.start()
        return True

    def stop_consumer(self) -> None:
        """Start nothing more; let the running job end for `shutdown_seconds`, else send it back to the queue.

        A job that reaches no step of its progress in the few seconds that follow is left to its thread, which ends
        with the process: nothing that it has not committed remains, and the next start finds it (`fail_stale_jobs`).
        """
        if self._consumer is not None:
            self._consumer.stop()
            if not self._consumer.wait_for_workers(self._settings.shutdown_seconds):
                self._must_stop.set()
                if not self._consumer.wait_for_workers(INTERRUPTION_SECONDS):
                    log.error("jobs.abandoned", seconds=self._settings.shutdown_seconds + INTERRUPTION_SECONDS)
            self._consumer = None
        if self._lock_file is not None:
            self._lock_file.close()
            self._lock_file = None

    def _take_lock(self) -> bool:
        """One process a data folder runs jobs, so that a job left running by nobody can be told apart."""
        lock_file = (self._settings.data_dir / LOCK_FILE).open("wb")
        try:
            fcntl.flock(lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock_file.close()
            return False
        self._lock_file = lock_file
        return True
