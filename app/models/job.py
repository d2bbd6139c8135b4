"""Background work and its progress, as the user sees it: the only truth of what waits, runs and is over."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Column, Index, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.models.base import OfALaboratory, UtcDateTime, utc_now

MAX_ATTEMPTS = 3
"""How often a job, or a chunk, is begun before it is given up."""


class JobStatus(StrEnum):
    """Life of a job, and of a chunk."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_over(self) -> bool:
        """Whether nothing more happens by itself."""
        return self in (JobStatus.DONE, JobStatus.FAILED, JobStatus.CANCELLED)


class Job(OfALaboratory, SQLModel, table=True):
    """One piece of background work: who does it, until when it is believed, its progress and its outcome.

    A running job without lease is planned: its chunks are claimed instead of it.
    """

    __tablename__ = "job"
    __table_args__ = (Index("ix_job_status", "status"),)

    id: int | None = Field(default=None, primary_key=True)
    kind: str = Field(max_length=40)
    laboratory_id: int | None = Field(default=None, foreign_key="laboratory.id", index=True)
    catalogue_id: int | None = Field(default=None, foreign_key="catalogue.id", index=True)
    status: str = Field(default=JobStatus.WAITING, max_length=10)
    done: int = 0
    total: int = 0
    message: str = ""
    """French sentence shown to the user: the step in progress, the outcome, or the reason of the failure."""
    payload: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    """What the job works on, as JSON values, kept so that a failed job can be started again."""
    created_by_id: int | None = Field(default=None, foreign_key="user_account.id")
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    started_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    owner: str = Field(default="", max_length=160)
    """host:pid:random of the claim that holds the lease; every write of the work is conditional on it."""
    lease_expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    heartbeat_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    attempts: int = 0
    max_attempts: int = MAX_ATTEMPTS
    lost_leases: int = 0
    """How often the job, or one of its chunks, was taken over from a process that no longer answered."""
    not_before: datetime | None = Field(default=None, sa_type=UtcDateTime)
    cancel_requested_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    cancel_requested_by_id: int | None = Field(default=None, foreign_key="user_account.id")
    last_error: str = Field(default="", max_length=200)
    """Why the last attempt ended before its time, without anything it read; kept after a success."""
    must_clean: bool = False
    """It ended badly: a worker still has to delete what it left half-way."""


class JobPlan(SQLModel, table=True):
    """What every chunk of a planned job must know, computed once; gone when the job is over."""

    __tablename__ = "job_plan"

    job_id: int = Field(primary_key=True, foreign_key="job.id")
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    """JSON, deflated."""


class JobChunk(SQLModel, table=True):
    """A part of a planned job, claimed like a job by any worker; gone when the job is over."""

    __tablename__ = "job_chunk"
    __table_args__ = (UniqueConstraint("job_id", "number"), Index("ix_job_chunk_status", "status"))

    id: int | None = Field(default=None, primary_key=True)
    job_id: int = Field(foreign_key="job.id")
    number: int
    weight: int
    """By how much the progress of the job advances when the chunk is done."""
    data: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    status: str = Field(default=JobStatus.WAITING, max_length=10)
    owner: str = Field(default="", max_length=160)
    lease_expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    heartbeat_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    attempts: int = 0
    max_attempts: int = MAX_ATTEMPTS
    not_before: datetime | None = Field(default=None, sa_type=UtcDateTime)


class JobTurn(OfALaboratory, SQLModel, table=True):
    """When a laboratory was last served, so that the claims take turns."""

    __tablename__ = "job_turn"

    laboratory_id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    """0 for the work of no laboratory."""
    turn: int
    """Grows by one at each claim of the installation."""
