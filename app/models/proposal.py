"""What the matcher proposed, with its explanations. Proposals never look like decisions."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Column, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from app.models.base import UtcDateTime, utc_now
from app.models.public_identifiers import public_id_field


class RunStatus(StrEnum):
    """A search that failed or was cancelled is never shown as a search that found nothing."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class ProposalRun(SQLModel, table=True):
    """One pass of the matcher over a catalogue, against one release."""

    __tablename__ = "proposal_run"

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = public_id_field()
    catalogue_id: int = Field(foreign_key="catalogue.id", index=True)
    job_id: int | None = Field(default=None, foreign_key="job.id", index=True)
    """The job that does it: both begin, end and fail in the same transaction."""
    release_id: int = Field(foreign_key="loinc_release.id")
    engine_version: str = Field(max_length=40)
    status: str = Field(default=RunStatus.RUNNING, max_length=10)
    message: str = ""
    started_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    is_current: bool = False
    label_width: int | None = None
    """The letters at which the labels of the catalogue seemed to be cut; 0 when not, None before it was kept."""
    method_rules: dict[str, str] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    """Discipline -> `with` or `without`: the laboratory's rule on techniques as it stood; None before it was kept."""
    habits: list[Any] = Field(
        default_factory=list, sa_column=Column(JSON, nullable=False, server_default=text("'[]'"))
    )
    """The habits of the catalogue that its proposals follow: matcher.habits.Habit as JSON."""


class Proposal(SQLModel, table=True):
    """A ranked LOINC code for a local test; rank 0 is the proposal that the row is no test."""

    __tablename__ = "proposal"
    __table_args__ = (
        UniqueConstraint("run_id", "local_test_id", "rank"),
        Index("ix_proposal_local_test_id_run_id", "local_test_id", "run_id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    run_id: int = Field(foreign_key="proposal_run.id", index=True)
    local_test_id: int = Field(foreign_key="local_test.id")
    rank: int
    loinc_num: str = Field(default="", max_length=10)
    confidence: float
    band: str = Field(max_length=12)
    """sure, to_check or uncertain."""
    has_contradiction: bool = False
    evidence: list[Any] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    """List of {axis, verdict, sentence, local, term, weight}: matcher.types.Evidence as JSON."""
    unread: str | None = Field(default=None, max_length=30)
    """What of the row the engine did not read (matcher.types.Unread), in words apart; None before it was kept."""
