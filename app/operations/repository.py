"""All SQL of the operations: counts over the whole installation, never a name."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, text
from sqlmodel import Session, col, select

from app.models import Job, JobChunk, JobStatus


def ask_anything(session: Session) -> None:
    """Raises SQLAlchemyError when the database does not answer."""
    session.connection().execute(text("SELECT 1"))


def jobs_by_kind_and_status(session: Session) -> Sequence[tuple[str, str, int]]:
    """(kind, status, how many jobs)."""
    statement = select(Job.kind, Job.status, func.count()).group_by(col(Job.kind), col(Job.status))
    return session.exec(statement).all()


def oldest_waiting(session: Session) -> datetime | None:
    """When the job that waits for the longest was asked for."""
    return session.exec(select(Job.created_at).where(Job.status == JobStatus.WAITING).order_by(col(Job.id))).first()


def pieces_of_work(session: Session) -> tuple[int, int]:
    """(waiting, running) chunks of planned jobs."""
    statement = select(JobChunk.status, func.count()).group_by(col(JobChunk.status))
    counts = dict(session.exec(statement).all())
    return counts.get(JobStatus.WAITING, 0), counts.get(JobStatus.RUNNING, 0)


def lost_leases(session: Session) -> int:
    """How often work was taken over from a process that no longer answered."""
    return session.exec(select(func.coalesce(func.sum(col(Job.lost_leases)), 0))).one()


def last_runs(session: Session, kind: str, most: int) -> list[tuple[int, float]]:
    """(rows, seconds) of the last jobs of this kind that ended well and had rows, the newest first."""
    statement = (
        select(Job.total, Job.started_at, Job.finished_at)
        .where(Job.kind == kind, Job.status == JobStatus.DONE, col(Job.total) > 0)
        .order_by(col(Job.id).desc())
        .limit(most)
    )
    return [
        (total, (finished - started).total_seconds())
        for total, started, finished in session.exec(statement)
        if started is not None and finished is not None
    ]


def server_database_size(session: Session) -> int:
    """Bytes that PostgreSQL uses for this database."""
    return int(session.connection().execute(text("SELECT pg_database_size(current_database())")).scalar_one())
