"""Value sets that apply to LOINC codes, and the alignment of the French nomenclature (NABM) with LOINC."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.models.base import UtcDateTime, utc_now
from app.models.public_identifiers import public_id_field


class ValueSetKind(StrEnum):
    """What a loaded list is for."""

    CIRCUIT_BIOLOGIE = "circuit_biologie"
    """ANS, Circuit de la biologie: a code outside it is a non-blocking error of the laboratory system."""
    BIOLOGIE_FRANCE = "biologie_france"
    """ANS, LOINC Biologie France."""
    CHAPTERS = "chapters"
    """ANS, LOINC codes of the chapters and sub-chapters of a catalogue."""
    NABM = "nabm"
    """Alignment of NABM acts with LOINC: a prior, never a mapping."""
    UNIVERSAL_LAB_ORDERS = "universal_lab_orders"
    """LOINC Universal Lab Orders, part of an official release."""


class ValueSet(SQLModel, table=True):
    """A loaded list of LOINC codes. Several of a kind live side by side; one of each kind is current."""

    __tablename__ = "value_set"

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = public_id_field()
    kind: str = Field(max_length=30, index=True)
    title: str = Field(max_length=255)
    version: str = Field(default="", max_length=60)
    source_name: str = Field(default="", max_length=255)
    content_hash: str = Field(default="", max_length=64, index=True)
    release_id: int | None = Field(default=None, foreign_key="loinc_release.id")
    """The release that the list came with, when it came with one."""
    member_count: int = 0
    is_current: bool = False
    loaded_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class ValueSetMember(SQLModel, table=True):
    """A code of a value set, with the label that the producer prints beside it."""

    __tablename__ = "value_set_member"
    __table_args__ = (UniqueConstraint("value_set_id", "loinc_num"),)

    id: int | None = Field(default=None, primary_key=True)
    value_set_id: int = Field(foreign_key="value_set.id")
    loinc_num: str = Field(max_length=10)
    label: str = ""
    position: int = 0


class NabmAlignment(SQLModel, table=True):
    """An act of the NABM aligned with a LOINC code; many to many."""

    __tablename__ = "nabm_alignment"
    __table_args__ = (Index("ix_nabm_alignment_value_set_id_nabm", "value_set_id", "nabm"),)

    id: int | None = Field(default=None, primary_key=True)
    value_set_id: int = Field(foreign_key="value_set.id")
    nabm: str = Field(max_length=10)
    nabm_label: str = ""
    loinc_num: str = Field(max_length=10, index=True)
    loinc_label: str = ""
