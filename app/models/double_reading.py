"""Double reading: how much is read twice, what was asked for, what the second reader said, how a disagreement ended.

All four are append-only. Whether a request waits, has lapsed or blocks an approval is derived from them and from the
decision in force (`app.double_reading.repository`).
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.models.base import OfALaboratory, UtcDateTime, utc_now
from app.models.public_identifiers import public_id_field


class ReadingOrigin(StrEnum):
    """Why a decision is read twice."""

    SHARE = "share"
    """Drawn by the share of its discipline."""
    BATCH = "batch"
    """In the blind sample of a batch."""


class ReadingShare(OfALaboratory, SQLModel, table=True):
    """How many decisions of a hundred a laboratory reads twice, in one discipline; the newest line is the rule."""

    __tablename__ = "reading_share"
    __table_args__ = (Index("ix_reading_share_laboratory_id_id", "laboratory_id", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = public_id_field()
    laboratory_id: int = Field(foreign_key="laboratory.id")
    discipline: str = Field(default="", max_length=40)
    """A key of the table of disciplines (`matcher.disciplines`); empty for those that have no share of their own."""
    percent: int | None = None
    """From 0 to 100; None: no share of its own, the one of the other disciplines holds."""
    author_id: int = Field(foreign_key="user_account.id")
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class ReadingRequest(SQLModel, table=True):
    """A decision that somebody else reads again without seeing it."""

    __tablename__ = "reading_request"
    __table_args__ = (
        UniqueConstraint("decision_id"),
        Index("ix_reading_request_catalogue_id_local_test_id", "catalogue_id", "local_test_id"),
        Index("ix_reading_request_local_test_id", "local_test_id"),
        Index("ix_reading_request_batch_public_id", "batch_public_id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = public_id_field()
    catalogue_id: int = Field(foreign_key="catalogue.id")
    local_test_id: int = Field(foreign_key="local_test.id")
    decision_id: int = Field(foreign_key="decision.id")
    """The decision to read again: the request lapses when another one is in force."""
    discipline: str = Field(max_length=40)
    """Of the decided code, or of the best candidate where no code was decided."""
    origin: str = Field(max_length=10)
    batch_public_id: str = Field(default="", max_length=36)
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class SecondReading(SQLModel, table=True):
    """What the second reader said."""

    __tablename__ = "second_reading"
    __table_args__ = (UniqueConstraint("request_id"),)

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = public_id_field()
    request_id: int = Field(foreign_key="reading_request.id")
    action: str = Field(max_length=15)
    """choose, no_loinc, out_of_scope or doubt (`Action`)."""
    loinc_num: str = Field(default="", max_length=10)
    relation: str = Field(default="", max_length=20)
    reason: str = Field(default="", max_length=500)
    comment: str = Field(default="", max_length=4000)
    justification: str = Field(default="", max_length=2000)
    release_id: int | None = Field(default=None, foreign_key="loinc_release.id")
    proposal_id: int | None = Field(default=None, foreign_key="proposal.id")
    is_agreement: bool
    """Whether it is the answer of the decision: the same code, or no code, or out of scope; never with a doubt."""
    author_id: int = Field(foreign_key="user_account.id")
    author_role: str = Field(max_length=20)
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class ReadingReconciliation(SQLModel, table=True):
    """How a disagreement ended: the decision that came out of it, and why.

    Once that decision is undone, the disagreement is open again and another one may end it.
    """

    __tablename__ = "reading_reconciliation"
    __table_args__ = (UniqueConstraint("decision_id"), Index("ix_reading_reconciliation_reading_id", "reading_id"))

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = public_id_field()
    reading_id: int = Field(foreign_key="second_reading.id")
    decision_id: int = Field(foreign_key="decision.id")
    reason: str = Field(max_length=500)
    author_id: int = Field(foreign_key="user_account.id")
    author_role: str = Field(max_length=20)
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
