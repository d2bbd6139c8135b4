"""The warnings of consistency of a catalogue, and what people answered to them.

Answers are append-only, and the newest holds. Warnings are derived: `app.tallies` keeps them with each fact.
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, Index
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


class ConsistencyFinding(SQLModel, table=True):
    """A warning as it stands, kept in the transaction of each fact so that pages read no more than they show."""

    __tablename__ = "consistency_finding"

    catalogue_id: int = Field(foreign_key="catalogue.id", primary_key=True)
    kind: str = Field(max_length=15, primary_key=True)
    """A ConsistencyKind."""
    subject: str = Field(primary_key=True)
    """What it is about, as in ConsistencyAnswer."""
    weight: int
    """The place of its kind, the gravest first."""
    level: str = Field(max_length=12)
    number: str = Field(default="", max_length=10)
    """The LOINC code, for the kinds that are about one."""
    local_code: str = ""
    twin_mark: int = Field(default=0, sa_type=BigInteger)
    rows: int
    variants: int
    volume: int = Field(sa_type=BigInteger)
    seen: str = Field(max_length=80)
    answer_id: int | None = Field(default=None, foreign_key="consistency_answer.id")
    """The answer that accepts it as it stands."""
    is_answered: bool = False
    examples: str = Field(default="", max_length=120)
    """The rows that a list shows, by their identifiers: those that differ first."""


_FINDING = ConsistencyFinding.__table__.c  # type: ignore[attr-defined]
for _name, _columns in {
    "weight": (_FINDING.weight, _FINDING.volume.desc(), _FINDING.subject),
    "rows": (_FINDING.rows.desc(), _FINDING.volume.desc(), _FINDING.weight, _FINDING.subject),
    "volume": (_FINDING.volume.desc(), _FINDING.rows.desc(), _FINDING.weight, _FINDING.subject),
    "subject": (_FINDING.subject, _FINDING.weight),
}.items():
    Index(f"ix_consistency_finding_by_{_name}", _FINDING.catalogue_id, _FINDING.is_answered, *_columns)
