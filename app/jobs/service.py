"""Who may see a job, cancel it, and start it again."""

from dataclasses import dataclass

from sqlalchemy import and_, or_
from sqlmodel import Session, col, select

from app.audit.service import record
from app.errors import ConflictError, NotAllowedError, NotFoundError
from app.jobs.queue import JobQueue
from app.jobs.registry import find_kind
from app.models import CONTRIBUTORS, Job, JobStatus, Membership, Role, User

MAY_RETRY = CONTRIBUTORS
ASKED_ANEW = "Ce travail ne se relance pas : redemandez-le depuis la page où il a été demandé."


@dataclass(frozen=True, slots=True)
class JobAccess:
    """A job that the person may see, and whether she may start it again."""

    job: Job
    may_act: bool


def open_job(session: Session, user: User, job_id: int) -> JobAccess:
    """The job, for the members of its laboratory; without a laboratory, for its author and administrators."""
    hers = and_(col(Membership.laboratory_id) == col(Job.laboratory_id), col(Membership.user_id) == user.id)
    no_place = col(Job.laboratory_id).is_(None)
    nobodys = no_place if user.is_administrator else and_(no_place, col(Job.created_by_id) == user.id)
    statement = select(Job, Membership.role).outerjoin(Membership, hers)
    # What is another laboratory's gives no row, as what does not exist: neither takes longer.
    found = session.exec(
        statement.where(Job.id == job_id, or_(nobodys, col(Membership.role).is_not(None)))
    ).first()
    if found is None:
        raise NotFoundError("Ce travail n'existe pas ou ne vous est pas ouvert.")
    job, role = found
    # What is no laboratory's is an administrator's to do: its author may see it still when she is one no more.
    return JobAccess(job, may_act=user.is_administrator if job.laboratory_id is None else Role(role) in MAY_RETRY)


def may_be_retried(job: Job) -> bool:
    """Whether a job of this kind is started again as it is, rather than asked for anew."""
    kind = find_kind(job.kind)
    return kind is None or not kind.asked_anew


def retry(session: Session, queue: JobQueue, user: User, job_id: int) -> Job:
    """Start a failed or cancelled job again; raises ConflictError for one that is asked for anew."""
    access = open_job(session, user, job_id)
    job = access.job
    if not access.may_act:
        raise NotAllowedError("Votre rôle dans ce laboratoire ne permet pas de relancer ce travail.")
    if not may_be_retried(job):
        raise ConflictError(ASKED_ANEW)
    session.refresh(job, with_for_update=True)
    if not JobStatus(job.status).is_over:
        # A second click, or somebody else's: it is as she wishes already.
        return job
    if job.status not in (JobStatus.FAILED, JobStatus.CANCELLED):
        raise ConflictError("Ce travail n'a pas échoué : il n'y a rien à relancer.")
    queue.retry(session, job)
    _record(session, "job.retry", user, job)
    return job


def cancel(session: Session, queue: JobQueue, user: User, job_id: int) -> Job:
    """End a job that is not over."""
    access = open_job(session, user, job_id)
    if not access.may_act:
        raise NotAllowedError("Votre rôle dans ce laboratoire ne permet pas d'annuler ce travail.")
    return _cancel(session, queue, user, job_id)


def cancel_any(session: Session, queue: JobQueue, administrator: User, job_id: int) -> Job:
    """The same for whoever keeps the installation, who sees no content of it."""
    return _cancel(session, queue, administrator, job_id)


def _cancel(session: Session, queue: JobQueue, user: User, job_id: int) -> Job:
    # Locked: it may be claimed, planned or ended at this very moment.
    job = session.get(Job, job_id, with_for_update=True, populate_existing=True)
    if job is None:
        raise NotFoundError("Ce travail n'existe pas.")
    if job.status == JobStatus.CANCELLED:
        # A second click, or somebody else's: it is as she wishes already.
        return job
    if JobStatus(job.status).is_over:
        raise ConflictError("Ce travail est déjà terminé : il n'y a rien à annuler.")
    if job.cancel_requested_at is None:
        queue.cancel(session, job, user)
        _record(session, "job.cancel", user, job)
    return job


def _record(session: Session, action: str, user: User, job: Job) -> None:
    record(
        session, action, actor=user, object_type="job", object_id=job.id,
        laboratory_id=job.laboratory_id, kind=job.kind,
    )  # fmt: skip
