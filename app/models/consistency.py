"""What people answered to the warnings of consistency of a catalogue. Append-only: the newest answer holds."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from app.models.base import UtcDateTime, utc_now
from app.models.public_identifiers import public_id_field


class ConsistencyKind(StrEnum):
    """What is odd among the codes of a catalogue, the gravest first."""

    OPPOSED = "opposed"
    """Words that exclude each other (IgG and IgM, blood and urine) on one code."""
    LOCAL_CODE = "local_code"
    """One local code with two LOINC codes."""
    PANEL = "panel"
    """The code of a panel on an analysis."""
    ORDER = "order"
    """A code that is only ordered, on an analysis that has a result."""
    LABEL = "label"
    """One label, in the same specimen, unit, technique…, with two codes."""
    NAMES = "names"
    """One code on rows whose names differ."""


class ConsistencyAction(StrEnum):
    """What a person answers."""

    ACCEPT = "accept"
    """Seen, and meant so."""
    REOPEN = "reopen"
    """To be looked at again."""


class ConsistencyAnswer(SQLModel, table=True):
    """A person's answer to one warning, as it was when she saw it: another row or code brings the warning back."""

    __tablename__ = "consistency_answer"
    __table_args__ = (Index("ix_consistency_answer_catalogue_id_kind_subject", "catalogue_id", "kind", "subject"),)

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = public_id_field()
    catalogue_id: int = Field(foreign_key="catalogue.id")
    kind: str = Field(max_length=15)
    subject: str = Field(max_length=150)
    """What the warning is about: the level, then a LOINC code, a local code or the mark of a label."""
    seen: str = Field(max_length=80)
    """What made the warning then, in short (`app.consistency.rules`)."""
    action: str = Field(max_length=10)
    reason: str = Field(default="", max_length=500)
    summary: str = Field(default="", max_length=500)
    """Codes and names as they were shown, for the history."""
    author_id: int = Field(foreign_key="user_account.id")
    author_role: str = Field(max_length=20)
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
