"""Decisions made on many rows in one act: what was asked, of which rows, and what became of each. Append-only."""

from datetime import datetime
from enum import StrEnum

from sqlmodel import Field, SQLModel

from app.models.base import UtcDateTime, utc_now
from app.models.public_identifiers import public_id_field


class BatchKind(StrEnum):
    """What a batch is made of."""

    FILTER = "filter"
    """The best proposals of the rows of a filter, or of ticked rows."""
    GROUP = "group"
    """One answer for rows that say the same."""
    TAKE_BACK = "take_back"
    """Another batch, taken back."""
    APPROVAL = "approval"
    """The decisions that a biologist approved together."""
    UNAPPROVE = "unapprove"
    """A batch of approvals, taken back."""


BY_TRANSCODERS = (BatchKind.FILTER, BatchKind.GROUP)
"""The batches that decide: those that the key that undoes takes back."""


class Batch(SQLModel, table=True):
    """What a person asked for on many rows at once."""

    __tablename__ = "batch"

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = public_id_field()
    catalogue_id: int = Field(foreign_key="catalogue.id", index=True)
    kind: str = Field(max_length=10)
    title: str = Field(default="", max_length=500)
    """Which rows, in words."""
    action: str = Field(max_length=15)
    relation: str = Field(default="", max_length=20)
    reason: str = Field(default="", max_length=500)
    comment: str = Field(default="", max_length=4000)
    lowest_band: str = Field(default="", max_length=12)
    """The least confidence that was let through the gate; empty where no confidence is asked for."""
    expected: float | None = None
    """The mean of the confidences let through: the share of right codes that the engine expects."""
    expected_least: float | None = None
    """The share of right codes to be counted on, from rows never seen when the engine was set (95 %)."""
    of_batch_id: int | None = Field(default=None, foreign_key="batch.id", index=True)
    """The batch that is taken back."""
    author_id: int = Field(foreign_key="user_account.id", index=True)
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class BatchRow(SQLModel, table=True):
    """A row that a batch is about, as it was when the batch was asked for."""

    __tablename__ = "batch_row"

    id: int | None = Field(default=None, primary_key=True)
    batch_id: int = Field(foreign_key="batch.id", index=True)
    local_test_id: int = Field(foreign_key="local_test.id", index=True)
    version: int = 0
    """How many facts the row had: another act since then is not overwritten."""
    loinc_num: str = Field(default="", max_length=10)
    proposal_id: int | None = Field(default=None, foreign_key="proposal.id")
    confidence: float | None = None
    refusal: str = Field(default="", max_length=500)
    """Why the gate did not let it through; empty when it did."""
    decision_id: int | None = Field(default=None, foreign_key="decision.id")
    """The fact to take back, in a batch that takes another back."""


class BatchAnswer(SQLModel, table=True):
    """What became of a row of a batch."""

    __tablename__ = "batch_answer"

    batch_row_id: int = Field(foreign_key="batch_row.id", primary_key=True)
    batch_id: int = Field(foreign_key="batch.id", index=True)
    decision_id: int | None = Field(default=None, foreign_key="decision.id", index=True)
    """The fact written; none where nothing was."""
    message: str = Field(default="", max_length=500)
    """Why nothing was written."""
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
