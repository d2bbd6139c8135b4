"""Mappings taken up from elsewhere as evidence, and the withdrawal of wrong ones. Nothing here is a decision."""

from datetime import datetime

from sqlalchemy import true
from sqlmodel import Field, SQLModel

from app.models.base import OfALaboratory, UtcDateTime, utc_now
from app.models.public_identifiers import public_id_field


class MemoryEntry(OfALaboratory, SQLModel, table=True):
    """A row of an earlier transcoding (ConceptMap, SSSOM, Usagi…) that its owner imported as memory."""

    __tablename__ = "memory_entry"

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = public_id_field()
    laboratory_id: int = Field(foreign_key="laboratory.id", index=True)
    signature: str = Field(index=True)
    """matcher.knowledge.signature of the row."""
    label: str = Field(default="", max_length=500)
    loinc_num: str = Field(max_length=10)
    local_code: str = Field(default="", max_length=120)
    unit: str = Field(default="", max_length=120)
    specimen: str = Field(default="", max_length=200)
    relation: str = Field(default="", max_length=40)
    """As the file says it: equivalent, wider, skos:exactMatch…"""
    comment: str = Field(default="", max_length=500)
    is_from_catalogue: bool = False
    """The signature is that of a test of the laboratory with the same local code, not of what the file tells."""
    source_name: str = Field(default="", max_length=255)
    source_sha256: str = Field(default="", max_length=64)
    created_by_id: int | None = Field(default=None, foreign_key="user_account.id")
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class MappingWithdrawal(OfALaboratory, SQLModel, table=True):
    """A laboratory judged a mapping wrong, or puts it back; the last fact of a mapping holds. Append-only.

    A withdrawn mapping is no evidence for that laboratory any more, wherever it was approved, and what the laboratory
    itself approved is no longer offered to the others. It takes nothing else from anybody.
    """

    __tablename__ = "mapping_withdrawal"

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = public_id_field()
    laboratory_id: int | None = Field(default=None, foreign_key="laboratory.id", index=True)
    """Whose it is; None for what was withdrawn before this was kept, where the trail does not tell: nobody's."""
    signature: str = Field(index=True)
    loinc_num: str = Field(max_length=10)
    is_withdrawn: bool = Field(default=True, sa_column_kwargs={"server_default": true()})
    """False: the laboratory puts the mapping back."""
    label: str = Field(default="", max_length=500)
    reason: str = Field(max_length=500)
    author_id: int = Field(foreign_key="user_account.id")
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
