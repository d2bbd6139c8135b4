"""All SQL of the jobs."""

from sqlmodel import Session, col, select

from app.models import Job, Membership


def role_in(session: Session, user_id: int, laboratory_id: int) -> str | None:
    """The role of a person in a laboratory, or None."""
    statement = select(Membership.role).where(
        Membership.user_id == user_id, Membership.laboratory_id == laboratory_id
    )
    return session.exec(statement).first()


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
