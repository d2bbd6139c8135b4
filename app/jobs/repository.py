"""All SQL of the jobs."""

from sqlmodel import Session, col, select

from app.models import Job


def jobs_after(session: Session, job: Job) -> list[Job]:
    """The jobs asked for later on the same catalogue, in order."""
    if job.catalogue_id is None:
        return []
    statement = (
        select(Job)
        .where(Job.catalogue_id == job.catalogue_id, col(Job.id) > job.id)
        .order_by(col(Job.id))
        .limit(10)
    )
    return list(session.exec(statement))
