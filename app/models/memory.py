"""Mappings taken up from elsewhere as evidence, and the withdrawal of wrong ones. Nothing here is a decision."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from app.models.base import UtcDateTime, utc_now


class MemoryEntry(SQLModel, table=True):
    """A row of an earlier transcoding (ConceptMap, SSSOM, Usagi…) that its owner imported as memory."""

    __tablename__ = "memory_entry"

    id: int | None = Field(default=None, primary_key=True)
    laboratory_id: int = Field(foreign_key="laboratory.id", index=True)
    signature: str = Field(index=True)
    """matcher.knowledge.signature of the row."""
    label: str = Field(default="", max_length=500)
    loinc_num: str = Field(max_length=10)
    source_name: str = Field(default="", max_length=255)
    created_by_id: int | None = Field(default=None, foreign_key="user_account.id")
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class MappingWithdrawal(SQLModel, table=True):
    """A mapping judged wrong: it is evidence nowhere any more, wherever it was approved. Append-only."""

    __tablename__ = "mapping_withdrawal"

    id: int | None = Field(default=None, primary_key=True)
    signature: str = Field(index=True)
    loinc_num: str = Field(max_length=10)
    label: str = Field(default="", max_length=500)
    reason: str = Field(max_length=500)
    author_id: int = Field(foreign_key="user_account.id")
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
