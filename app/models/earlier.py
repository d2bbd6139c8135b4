"""What earlier work says of the rows of a catalogue, against the proposals of today. Nothing here is a decision."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, Column, Index
from sqlmodel import Field, SQLModel

from app.models.base import UtcDateTime, utc_now


class EarlierUse(StrEnum):
    """What a person made of an earlier statement."""

    NONE = ""
    """Nobody has said anything yet: it is shown, and counts for nothing."""
    MEMORY = "memory"
    TO_CONFIRM = "to_confirm"
    """A reviewer will confirm it as her decision, or decide otherwise."""
    LEFT = "left"


class EarlierVerdict(StrEnum):
    """How an earlier statement stands to what is proposed today."""

    NONE = ""
    """Not compared yet."""
    SAME = "same"
    METHOD = "method"
    """The code proposed today differs by its method alone."""
    OTHER = "other"
    CONTRADICTED = "contradicted"
    """The row itself contradicts the code: unit, specimen, time, scale…"""
    NOTHING = "nothing"
    """Nothing is proposed today."""
    DEPRECATED = "deprecated"
    ABSENT = "absent"
    """The code is not in the release in service."""
    NO_CODE = "no_code"
    UNREADABLE = "unreadable"
    """Several codes, a date, a wrong check digit."""
    REJECTED = "rejected"
    """Its own file says that the code is not, or no longer, the one of the row."""
    UNLINKED = "unlinked"
    """No row of the catalogue has this local code."""


class EarlierStatement(SQLModel, table=True):
    """What a file says of the code of one row: a column of the catalogue, or an earlier transcoding beside it."""

    __tablename__ = "earlier_statement"
    __table_args__ = (
        Index("ix_earlier_statement_catalogue_id_id", "catalogue_id", "id"),
        Index("ix_earlier_statement_catalogue_id_verdict", "catalogue_id", "verdict"),
        Index("ix_earlier_statement_catalogue_id_taken_as", "catalogue_id", "taken_as"),
        # All that the page counts by: its numbers are read of the index alone.
        Index(
            "ix_earlier_statement_counts", "catalogue_id", "source_name", "verdict", "taken_as", "is_contradicted",
            "run_id", "local_test_id", "loinc_num", "id",
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    catalogue_id: int = Field(foreign_key="catalogue.id")
    local_test_id: int | None = Field(default=None, foreign_key="local_test.id", index=True)
    source_file_id: int | None = Field(default=None, foreign_key="source_file.id")
    """The received file of the catalogue whose column says it; empty for a file beside it."""
    source_name: str = Field(max_length=255)
    source_sha256: str = Field(default="", max_length=64)
    row_number: int | None = None
    local_code: str = Field(default="", max_length=120)
    label: str = Field(default="", max_length=500)
    written: str = Field(default="", max_length=200)
    """The code as the file writes it."""
    finding: str = Field(max_length=12)
    """app.files.loinc_cells.CellFinding."""
    repair: str = Field(default="", max_length=10)
    loinc_num: str = Field(default="", max_length=10)
    relation: str = Field(default="", max_length=60)
    """As the file says it."""
    comment: str = Field(default="", max_length=4000)
    reason: str = Field(default="", max_length=500)
    author: str = Field(default="", max_length=200)
    dated: str = Field(default="", max_length=60)
    status: str = Field(default="", max_length=60)
    """How it stood in its file, as the file says it."""
    taken_as: str = Field(default=EarlierUse.NONE, max_length=12)
    taken_by_id: int | None = Field(default=None, foreign_key="user_account.id")
    taken_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    verdict: str = Field(default=EarlierVerdict.NONE, max_length=14)
    is_contradicted: bool = False
    contradictions: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    differing: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    """Axes in which the code proposed today differs from it."""
    proposed: str = Field(default="", max_length=10)
    """The first code proposed when it was compared."""
    rank: int = 0
    """Where it stood among the proposals then; 0 when it was not one."""
    run_id: int | None = Field(default=None, foreign_key="proposal_run.id")
    """The proposals with which it was compared."""
    created_by_id: int | None = Field(default=None, foreign_key="user_account.id")
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
