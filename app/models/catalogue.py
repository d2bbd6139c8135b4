"""A laboratory's catalogue: the files as received, their rows, and the local tests read from them."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Column, LargeBinary, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.files.fields import MAX_LENGTHS
from app.models.base import OfALaboratory, UtcDateTime, utc_now
from app.models.public_identifiers import public_id_field


class Catalogue(OfALaboratory, SQLModel, table=True):
    """One catalogue of one laboratory."""

    __tablename__ = "catalogue"

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = public_id_field()
    laboratory_id: int = Field(foreign_key="laboratory.id", index=True)
    name: str = Field(max_length=200)
    created_by_id: int | None = Field(default=None, foreign_key="user_account.id")
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    staged_for_job_id: int | None = Field(default=None, unique=True, index=True)
    """The import that stores here, a short transaction at a time, what it will show at once; nobody sees such a
    catalogue. No foreign key: what an abandoned import received outlives its job."""
    named_as: int | None = None
    """The number that it had where it began: its FHIR addresses never change. None for one that began here."""
    moved_decisions: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    """What was added to the numbers of its decisions when it came from another installation, so that the marks that
    were signed there still hold; the same for rows and changes."""
    moved_rows: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    moved_changes: int = Field(default=0, sa_column_kwargs={"server_default": "0"})


class SourceFile(SQLModel, table=True):
    """A file exactly as received, with what is needed to write it back byte for byte."""

    __tablename__ = "source_file"

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = public_id_field()
    catalogue_id: int = Field(foreign_key="catalogue.id", index=True)
    kind: str = Field(max_length=20)
    file_name: str = Field(max_length=255)
    sha256: str = Field(max_length=64)
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    dialect: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    """encoding, bom, delimiter, quotechar, line_terminator, header_rows, sheet (see app.files.records.Dialect)."""
    columns: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    """Field name of a local test -> zero-based column index, as confirmed by the user."""
    row_count: int = 0
    imported_by_id: int | None = Field(default=None, foreign_key="user_account.id")
    imported_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class SourceRow(SQLModel, table=True):
    """One row of a received file, every original cell kept as text."""

    __tablename__ = "source_row"
    __table_args__ = (UniqueConstraint("source_file_id", "row_number"),)

    id: int | None = Field(default=None, primary_key=True)
    source_file_id: int = Field(foreign_key="source_file.id", index=True)
    row_number: int
    """Counts from 1 in the file as the user sees it, header rows included."""
    cells: list[Any] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))


class LocalTest(SQLModel, table=True):
    """A row of the catalogue that may receive a LOINC code: an analysis, an exam, a chapter or a sub-chapter."""

    __tablename__ = "local_test"
    __table_args__ = (UniqueConstraint("catalogue_id", "level", "code", "occurrence"),)

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = public_id_field()
    catalogue_id: int = Field(foreign_key="catalogue.id", index=True)
    source_row_id: int | None = Field(default=None, foreign_key="source_row.id")
    position: int = 0
    """Order in the received file."""
    level: str = Field(max_length=12, index=True)
    code: str = Field(max_length=MAX_LENGTHS["code"])
    occurrence: int = 0
    """Tells apart the rows of a free-form file that share a code (0 for the first)."""
    label: str = Field(max_length=MAX_LENGTHS["label"])
    synonym: str = Field(default="", max_length=MAX_LENGTHS["synonym"])
    property_kind: str = Field(default="", max_length=MAX_LENGTHS["property_kind"])
    """Grandeur, as written."""
    unit_code: str = Field(default="", max_length=MAX_LENGTHS["unit_code"])
    unit: str = Field(default="", max_length=MAX_LENGTHS["unit"])
    timing: str = Field(default="", max_length=MAX_LENGTHS["timing"])
    specimen_code: str = Field(default="", max_length=MAX_LENGTHS["specimen_code"])
    specimen: str = Field(default="", max_length=MAX_LENGTHS["specimen"])
    scale: str = Field(default="", max_length=MAX_LENGTHS["scale"])
    technique: str = Field(default="", max_length=MAX_LENGTHS["technique"])
    nabm: str = Field(default="", max_length=MAX_LENGTHS["nabm"])
    chapter_code: str = Field(default="", max_length=MAX_LENGTHS["chapter_code"])
    subchapter_code: str = Field(default="", max_length=MAX_LENGTHS["subchapter_code"])
    chapter: str = Field(default="", max_length=MAX_LENGTHS["chapter"])
    """Label of the chapter, when known, for display, filters and the matcher."""
    executing_laboratory: str = Field(default="", max_length=MAX_LENGTHS["executing_laboratory"])
    reference_range: str | None = Field(default=None, sa_type=Text)
    """Reference values, as written; None, like the two below, when the test came in before these were kept."""
    results: str | None = Field(default=None, sa_type=Text)
    """Examples of results, as written."""
    exam: str | None = Field(default=None, sa_type=Text)
    """The exam that a column of a free catalogue names; exams that are rows are linked instead."""
    is_subcontracted: bool = False
    is_retired: bool = False
    annual_volume: int | None = None
    retired_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When a newer export no longer held this test; empty while the newest one holds it."""


class ChangeKind(StrEnum):
    """What a newer export did to a test."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"
    RETURNED = "returned"
    """It had been removed by an earlier export, and is there again."""


class CatalogueChange(SQLModel, table=True):
    """One thing that a newer export changed in a test: one row a column. Append-only."""

    __tablename__ = "catalogue_change"

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = public_id_field()
    catalogue_id: int = Field(foreign_key="catalogue.id", index=True)
    local_test_id: int = Field(foreign_key="local_test.id", index=True)
    source_file_id: int = Field(foreign_key="source_file.id")
    """The newer export."""
    kind: str = Field(max_length=10)
    field: str = Field(default="", max_length=30)
    """Field of LocalTest, or `analyses` for the contents of an exam; empty when the whole test came or went."""
    old: str = Field(default="", max_length=2000)
    new: str = Field(default="", max_length=2000)
    is_substantive: bool = False
    """What the decision rests on changed: the test went back to review."""
    author_id: int | None = Field(default=None, foreign_key="user_account.id")
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class ExamAnalysis(SQLModel, table=True):
    """An exam contains an analysis (one row of LOINC_2)."""

    __tablename__ = "exam_analysis"
    __table_args__ = (UniqueConstraint("exam_id", "analysis_code"),)

    id: int | None = Field(default=None, primary_key=True)
    exam_id: int = Field(foreign_key="local_test.id", index=True)
    analysis_code: str = Field(max_length=120)
    analysis_label: str = Field(default="", max_length=500)
    analysis_id: int | None = Field(default=None, foreign_key="local_test.id", index=True)
    """Empty when the analysis is not (yet) in the catalogue: LOINC_2 may arrive alone."""
