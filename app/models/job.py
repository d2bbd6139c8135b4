"""Background work and its progress, as the user sees it."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Column
from sqlmodel import Field, SQLModel

from app.models.base import UtcDateTime, utc_now


class JobStatus(StrEnum):
    """Life of a job."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Job(SQLModel, table=True):
    """One piece of background work: its progress and its outcome."""

    __tablename__ = "job"

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
