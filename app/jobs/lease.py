"""A lease: for how long a process is believed to be at work, renewed while it is, and checked at every write."""

import os
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Engine, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col

from app.jobs import clock
from app.models import Job, JobChunk, JobStatus
from app.platform.database import transaction

LEASE_SECONDS = float(os.environ.get("TRANSCODEUR_TEST_LEASE_SECONDS", "30"))
"""The variable is for tests that kill processes, and for no installation."""
HEARTBEAT_SECONDS = LEASE_SECONDS * 8 / 30
"""Three heartbeats may be missed before the work is taken over."""

log = structlog.get_logger(__name__)


class LostLeaseError(Exception):
    """Somebody else has the work, or it is over: nothing more may be written."""


class JobCancelledError(Exception):
    """A person asked for the end of the job."""


class JobInterruptedError(Exception):
    """The process stops: the work is left at a step of its progress, and goes back to the queue."""


def new_owner() -> str:
    """Who holds a lease: machine, process, and a number that no other claim has."""
    return f"{socket.gethostname()[:100]}:{os.getpid()}:{secrets.token_hex(6)}"


def end_of_lease(moment: datetime) -> datetime:
    """Until when whoever gives a sign of life at this moment is believed."""
    return moment + timedelta(seconds=LEASE_SECONDS)


@dataclass(frozen=True, slots=True)
class Lease:
    """The claim of a job, or of one of its chunks."""

    job_id: int
    owner: str
    chunk_id: int | None = None
    lost: threading.Event = field(default_factory=threading.Event)
    cancelled: threading.Event = field(default_factory=threading.Event)

    def fence(self, session: Session) -> None:
        """Raise unless the work is still ours. Until the transaction ends, nobody can take it away."""
        statement = select(col(Job.status), col(Job.owner), col(Job.cancel_requested_at)).where(
            col(Job.id) == self.job_id
        )
        found = session.execute(statement.with_for_update()).first()
        if found is None or found.status != JobStatus.RUNNING:
            raise LostLeaseError
        if self.chunk_id is None:
            holder = found.owner
        else:
            chunk = select(col(JobChunk.owner)).where(
                col(JobChunk.id) == self.chunk_id, col(JobChunk.status) == JobStatus.RUNNING
            )
            holder = session.execute(chunk.with_for_update()).scalar()
        if holder != self.owner:
            raise LostLeaseError
        if found.cancel_requested_at is not None:
            raise JobCancelledError

    def renew(self, session: Session) -> None:
        """Hold the work for LEASE_SECONDS more, from now on; raises LostLeaseError."""
        moment = clock.now(session)
        values = {"heartbeat_at": moment, "lease_expires_at": end_of_lease(moment)}
        table: type[Job] | type[JobChunk] = Job if self.chunk_id is None else JobChunk
        held = self.job_id if self.chunk_id is None else self.chunk_id
        statement = update(table).where(
            col(table.id) == held, col(table.owner) == self.owner, col(table.status) == JobStatus.RUNNING
        )
        renewed: Any = session.execute(
            statement.values(**values), execution_options={"synchronize_session": False}
        )
        if renewed.rowcount != 1:
            raise LostLeaseError

    def check(self) -> None:
        """Raise when the work is known to be lost, or cancelled; it asks the database nothing."""
        if self.lost.is_set():
            raise LostLeaseError
        if self.cancelled.is_set():
            raise JobCancelledError


def _beat(engine: Engine, lease: Lease) -> None:
    with transaction(engine) as session:
        lease.fence(session)
        lease.renew(session)


def _keep_beating(engine: Engine, lease: Lease, is_over: threading.Event) -> None:
    until = time.monotonic() + LEASE_SECONDS
    pause = HEARTBEAT_SECONDS
    while not is_over.wait(pause):
        begun = time.monotonic()
        try:
            _beat(engine, lease)
        except JobCancelledError:
            lease.cancelled.set()
            return
        except LostLeaseError:
            # Also what a beat finds that comes after the end of the work: nobody looks any more then.
            lease.lost.set()
            return
        except SQLAlchemyError as error:
            log.warning("job.heartbeat_missed", job_id=lease.job_id, error=type(error).__qualname__)
            pause = 1.0
            if time.monotonic() > until:
                lease.lost.set()
                return
        else:
            until, pause = begun + LEASE_SECONDS, HEARTBEAT_SECONDS


@contextmanager
def kept_alive(engine: Engine, lease: Lease) -> Iterator[None]:
    """Renew the lease from a thread of its own for as long as the block lasts, whatever the block does."""
    is_over = threading.Event()
    thread = threading.Thread(
        target=_keep_beating, args=(engine, lease, is_over), name=f"heartbeat-{lease.job_id}", daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        is_over.set()
