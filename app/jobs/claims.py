"""Claiming: which work is next, and for which laboratory; one short transaction each.

The laboratory that has the least under way is served, then the one served longest ago. Claims of one database
come one after the other (the writer of SQLite, a lock of PostgreSQL), so that this is exact.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import ColumnElement, Engine, and_, func, literal_column, or_, select, text, union_all
from sqlmodel import Session, col
from sqlmodel import select as select_model

from app.jobs import clock, endings, registry
from app.jobs.lease import Lease, end_of_lease, new_owner
from app.models import Job, JobChunk, JobStatus, JobTurn
from app.platform.database import reading, transaction

CLAIM_LOCK = 7_216_001
"""The advisory lock of PostgreSQL that claims take; any number that nothing else uses."""
EXHAUSTED = (
    "Ce travail s'est arrêté {attempts} fois sans arriver à sa fin (serveur arrêté de force, disque plein ou base "
    "injoignable). Rien de ce qu'il avait commencé n'est montré. Relancez-le ; s'il échoue encore, prévenez "
    "l'administrateur."
)
CANCELLED = "Annulé à la demande d'une personne."

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a worker has just taken: a job, or one chunk of it."""

    job: Job
    chunk: JobChunk | None
    lease: Lease

    @property
    def attempts(self) -> int:
        """How often this was begun, this time included."""
        return self.chunk.attempts if self.chunk is not None else self.job.attempts

    @property
    def is_last_attempt(self) -> bool:
        """Whether it is given up when it does not end this time."""
        held = self.chunk if self.chunk is not None else self.job
        return held.attempts >= held.max_attempts


def _is_free(table: type[Job] | type[JobChunk], moment: datetime) -> ColumnElement[bool]:
    waits = and_(
        col(table.status) == JobStatus.WAITING,
        or_(col(table.not_before).is_(None), col(table.not_before) <= moment),
    )
    return or_(waits, and_(_is_expired(table, moment), col(table.attempts) < col(table.max_attempts)))


def _is_expired(table: type[Job] | type[JobChunk], moment: datetime) -> ColumnElement[bool]:
    # A planned job has no lease: it is never taken over itself.
    return and_(col(table.status) == JobStatus.RUNNING, col(table.lease_expires_at) <= moment)


def _free_job(moment: datetime) -> ColumnElement[bool]:
    """Jobs of one kind on one catalogue follow each other."""
    other = Job.__table__.alias("other")  # type: ignore[attr-defined]
    same_under_way = (
        select(other.c.id)
        .where(
            other.c.status == JobStatus.RUNNING,
            other.c.catalogue_id == col(Job.catalogue_id),
            other.c.kind == col(Job.kind),
            other.c.id != col(Job.id),
        )
        .exists()
    )
    return and_(_is_free(Job, moment), _is_known(), ~same_under_way)


def _free_chunk(moment: datetime) -> ColumnElement[bool]:
    return and_(
        _is_free(JobChunk, moment),
        _is_known(),
        col(Job.status) == JobStatus.RUNNING,
        col(Job.cancel_requested_at).is_(None),
    )


def _is_known() -> ColumnElement[bool]:
    """Work of a newer version is left to the processes of that version."""
    return col(Job.kind).in_(registry.known_kinds())


def _laboratory() -> ColumnElement[int]:
    # Written out: PostgreSQL takes an expression with a parameter for another one where rows are grouped by it.
    return func.coalesce(col(Job.laboratory_id), literal_column("0"))


def _of(statement: Any, only_job: int | None) -> Any:
    return statement.where(col(Job.id) == only_job) if only_job is not None else statement


def _ended_badly(moment: datetime, only_job: int | None) -> Any:
    """Jobs whose last holder is gone, and that nobody may begin again."""
    itself = _of(select(col(Job.id)), only_job).where(
        _is_expired(Job, moment),
        or_(col(Job.attempts) >= col(Job.max_attempts), col(Job.cancel_requested_at).is_not(None)),
    )
    a_chunk = _of(select(col(Job.id)).join(JobChunk, col(JobChunk.job_id) == col(Job.id)), only_job).where(
        col(Job.status) == JobStatus.RUNNING,
        _is_expired(JobChunk, moment),
        col(JobChunk.attempts) >= col(JobChunk.max_attempts),
    )
    return union_all(itself, a_chunk)


def _laboratories(session: Session, moment: datetime, only_job: int | None) -> list[int]:
    """The laboratories that have work to be claimed, in the order in which they are served."""
    jobs = _of(select(_laboratory()), only_job).where(_free_job(moment))
    chunks = _of(select(_laboratory()).join(JobChunk, col(JobChunk.job_id) == col(Job.id)), only_job)
    waiting = set(session.scalars(jobs.union(chunks.where(_free_chunk(moment)))))
    if len(waiting) < 2:
        return list(waiting)
    under_way: Counter[int] = Counter()
    counted = select(_laboratory(), func.count()).group_by(_laboratory())
    for statement in (
        counted.where(col(Job.status) == JobStatus.RUNNING, col(Job.lease_expires_at) > moment),
        counted.join(JobChunk, col(JobChunk.job_id) == col(Job.id)).where(
            col(JobChunk.status) == JobStatus.RUNNING, col(JobChunk.lease_expires_at) > moment
        ),
    ):
        for laboratory, count in session.execute(statement):
            under_way[laboratory] += count
    turns = {turn.laboratory_id: turn.turn for turn in session.exec(select_model(JobTurn))}
    return sorted(waiting, key=lambda laboratory: (under_way[laboratory], turns.get(laboratory, 0), laboratory))


def _note_turn(session: Session, laboratory: int) -> None:
    last = session.scalar(select(func.max(col(JobTurn.turn)))) or 0
    session.merge(JobTurn(laboratory_id=laboratory, turn=last + 1))


def _hold(held: Job | JobChunk, moment: datetime) -> bool:
    """Put the lease on the row; whether it was taken over from somebody."""
    is_taken_over = held.status == JobStatus.RUNNING
    held.status = JobStatus.RUNNING
    held.owner = new_owner()
    held.heartbeat_at, held.lease_expires_at = moment, end_of_lease(moment)
    held.attempts += 1
    held.not_before = None
    return is_taken_over


def _claim_of(session: Session, laboratory: int, moment: datetime, only_job: int | None) -> Claimed | None:
    """A whole job first, which is short or only plans; then the first chunk of every planned job before the second."""
    jobs = select_model(Job).where(_laboratory() == laboratory, _free_job(moment)).order_by(col(Job.id))
    job = session.scalars(_of(jobs, only_job).limit(1).with_for_update(skip_locked=True)).first()
    if job is not None and job.id is not None:
        is_taken_over = _hold(job, moment)
        job.lost_leases += is_taken_over
        job.started_at, job.done, job.total, job.message = moment, 0, 0, ""
        session.add(job)
        return Claimed(job, None, Lease(job.id, job.owner))
    chunks = (
        select_model(JobChunk)
        .join(Job, col(Job.id) == col(JobChunk.job_id))
        .where(_laboratory() == laboratory, _free_chunk(moment))
        .order_by(col(JobChunk.number), col(JobChunk.job_id))
    )
    statement = _of(chunks, only_job).limit(1).with_for_update(skip_locked=True, of=JobChunk)
    chunk = session.scalars(statement).first()
    if chunk is None:
        return None
    job = session.get_one(Job, chunk.job_id)
    if _hold(chunk, moment):
        counted = select_model(Job).where(col(Job.id) == job.id).with_for_update(skip_locked=True)
        # A statistic, left out when somebody holds the row.
        for one in session.exec(counted.execution_options(populate_existing=True)):
            one.lost_leases += 1
    session.add(chunk)
    return Claimed(job, chunk, Lease(chunk.job_id, chunk.owner, chunk.id))


def _end_abandoned(session: Session, moment: datetime, only_job: int | None) -> None:
    for job_id in sorted(set(session.scalars(_ended_badly(moment, only_job)))):
        # One whose row somebody holds is ended by a later claim: nobody's claim waits for the work of another.
        found = select_model(Job).where(col(Job.id) == job_id).with_for_update(skip_locked=True)
        job = session.exec(found.execution_options(populate_existing=True)).first()
        if job is None:
            continue
        if job.cancel_requested_at is not None:
            endings.end_job(session, job, JobStatus.CANCELLED, CANCELLED)
        else:
            job.lost_leases += 1
            job.last_error = job.last_error or "bail expiré"
            endings.end_job(session, job, JobStatus.FAILED, EXHAUSTED.format(attempts=job.max_attempts))
        log.error("job.given_up", job_id=job.id, kind=job.kind, status=job.status)


def _is_anything_to_do(session: Session, only_job: int | None) -> bool:
    moment = clock.now(session)
    if session.execute(_ended_badly(moment, only_job).limit(1)).first() is not None:
        return True
    return bool(_laboratories(session, moment, only_job))


def claim(engine: Engine, only_job: int | None = None) -> Claimed | None:
    """Take what is next, or None; of this job alone when one is named.

    Jobs that nobody holds any more and that were begun too often are ended on the way.
    """
    with reading(engine) as session:
        # Whoever has nothing to do must not ask for the writer of SQLite every few seconds.
        if not _is_anything_to_do(session, only_job):
            return None
    with transaction(engine) as session:
        if engine.dialect.name == "postgresql":
            session.connection().execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": CLAIM_LOCK})
        moment = clock.now(session)
        _end_abandoned(session, moment, only_job)
        for laboratory in _laboratories(session, moment, only_job):
            claimed = _claim_of(session, laboratory, moment, only_job)
            if claimed is not None:
                _note_turn(session, laboratory)
                session.flush()
                return claimed
    return None
