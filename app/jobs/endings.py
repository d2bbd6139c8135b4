"""How a job ends: in one transaction with everything that says so elsewhere."""

from typing import Any

from sqlalchemy import delete
from sqlmodel import Session, col

from app.jobs import clock, registry
from app.models import Job, JobChunk, JobPlan, JobStatus


def end_job(session: Session, job: Job, status: JobStatus, message: str | None) -> None:
    """Write the outcome, drop the plan and its chunks, and tell the room whose work it was.

    The caller holds the lease, or has locked the row of a job that nobody holds.
    """
    kind = registry.find_kind(job.kind)
    job.status = status
    job.finished_at = clock.now(session)
    job.owner, job.lease_expires_at, job.not_before = "", None, None
    if message is not None:
        job.message = message
    if status is JobStatus.DONE:
        job.done = job.total
    elif kind is not None and kind.clean is not None:
        job.must_clean = True
    session.add(job)
    session.flush()
    drop_plan(session, job.id)
    if kind is not None and kind.ended is not None:
        kind.ended(session, job)


def drop_plan(session: Session, job_id: int | None) -> None:
    """Delete the chunks of a job and what they knew."""
    options: dict[str, Any] = {"synchronize_session": False}
    session.execute(delete(JobChunk).where(col(JobChunk.job_id) == job_id), execution_options=options)
    session.execute(delete(JobPlan).where(col(JobPlan.job_id) == job_id), execution_options=options)
