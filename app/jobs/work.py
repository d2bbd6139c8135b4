"""What a job function is handed: it tells how far it is, writes only while the work is its own, and ends it."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, update
from sqlmodel import Session, col

from app.jobs.lease import JobCancelledError, JobInterruptedError, Lease, LostLeaseError
from app.models import Job, JobStatus
from app.platform.database import give_way, transaction, wait_for_disk

TOLD_EVERY_SECONDS = 0.5
"""Progress is written this often at most, and whenever the step changes."""

Ending = Callable[[Session, Job, JobStatus, str | None], None]
"""`app.jobs.endings.end_job`, which knows the kinds of jobs, whose functions know this module."""


class Work:
    """One claim of a job or of a chunk; called with the progress: (steps done, steps in all, French sentence).

    Every method raises when the work is lost, cancelled, or to be left because the process stops.
    """

    def __init__(
        self, engine: Engine, lease: Lease, end: Ending, must_stop: Callable[[], bool] = lambda: False
    ) -> None:
        self.lease = lease
        self.is_finished = False
        self._engine = engine
        self._end = end
        self._must_stop = must_stop
        self._told: tuple[float, int, str] = (0.0, -1, "")

    def __call__(self, done: int, total: int, message: str) -> None:
        """Say how far the work is. A chunk says it to nobody: the job advances when the chunk is done."""
        if self._must_stop() and (done < total or total == 0):
            raise JobInterruptedError("le serveur s'arrête")
        self.lease.check()
        if self.lease.chunk_id is None:
            self._tell(done, total, message)

    def _tell(self, done: int, total: int, message: str) -> None:
        moment = time.monotonic()
        told_at, told_total, told_message = self._told
        same_step = (told_total, told_message) == (total, message)
        if same_step and done < total and moment - told_at < TOLD_EVERY_SECONDS:
            return
        self._told = (moment, total, message)
        statement = (
            update(Job)
            .where(
                col(Job.id) == self.lease.job_id,
                col(Job.owner) == self.lease.owner,
                col(Job.status) == JobStatus.RUNNING,
            )
            .values(done=done, total=total, message=message)
            .returning(col(Job.cancel_requested_at))
        )
        with transaction(self._engine) as session:
            wait_for_disk(session, False)
            told = session.execute(statement, execution_options={"synchronize_session": False}).first()
        if told is None:
            raise LostLeaseError
        if told[0] is not None:
            raise JobCancelledError

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A transaction that commits only while the work is ours, and holds it for LEASE_SECONDS from its end on."""
        self.lease.check()
        with transaction(self._engine) as session:
            wait_for_disk(session, False)
            self.lease.fence(session)
            yield session
            if not self.is_finished:
                self.lease.renew(session)
        give_way(self._engine)

    def finish(self, session: Session, message: str | None) -> None:
        """End the job in the transaction of its effect: both are there, or neither."""
        self._finish(session, JobStatus.DONE, message)

    def refuse(self, session: Session, message: str) -> None:
        """The same for a job that cannot succeed and leaves an effect: it has failed, for the reason of `message`."""
        self._finish(session, JobStatus.FAILED, message)

    def _finish(self, session: Session, status: JobStatus, message: str | None) -> None:
        wait_for_disk(session, True)
        self.lease.fence(session)
        job = session.get_one(Job, self.lease.job_id, populate_existing=True)
        self._end(session, job, status, message)
        # When that transaction is rolled back, an error ends the function, and the error is the outcome.
        self.is_finished = True


def finish(progress: Any, session: Session, message: str | None) -> None:
    """The same for functions that also run outside a job, with a progress that nobody watches."""
    if isinstance(progress, Work):
        progress.finish(session, message)
