"""Runs of the effective transcoding: what emitted reports carried, as counts only. Append-only.

Nothing of a report is here: no name of a file, no hash of one, no value, no date of a sample.
"""

from datetime import date, datetime

from sqlalchemy import Text
from sqlmodel import Field, SQLModel

from app.models.base import OfALaboratory, UtcDateTime, utc_now
from app.models.public_identifiers import public_id_field


class EffectiveRun(OfALaboratory, SQLModel, table=True):
    """One reading of emitted reports that was kept, judged against the catalogue and the terminology of its moment."""

    __tablename__ = "effective_run"

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = public_id_field()
    laboratory_id: int = Field(foreign_key="laboratory.id", index=True)
    catalogue_id: int = Field(foreign_key="catalogue.id", index=True)
    release_version: str = Field(max_length=40)
    release_hash: str = Field(max_length=64)
    """Of the contents of the release; no foreign key: the figures stay when a release is removed."""
    has_circuit: bool
    """Whether *Circuit de la biologie* was loaded: without it nothing is said to be outside."""
    circuit_version: str = Field(default="", max_length=60)
    circuit_hash: str = Field(default="", max_length=64)
    period_from: date | None = None
    """The first day of the reports, as the person stated it; nothing is read of it from them."""
    period_to: date | None = None
    files: int
    reports: int
    level1_reports: int
    """Reports without any structured result."""
    deleted_reports: int
    """Reports that later messages took back."""
    damaged: int
    """Parts that could not be read."""
    results: int
    """This and the four below add up its lines, for the list of runs."""
    effective: int
    by_loinc_alone: int
    """Results without local code, whose LOINC code is approved for an analysis."""
    local_codes: int
    effective_local_codes: int
    """Local codes all of whose results are effective."""
    author_id: int | None = Field(default=None, foreign_key="user_account.id")
    """Empty for the command line."""
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    """The moment of the catalogue and of the terminology that it was judged against."""


class EffectiveCount(SQLModel, table=True):
    """Results of a run that carried alike, and what was said of them then."""

    __tablename__ = "effective_count"

    id: int | None = Field(default=None, primary_key=True)
    run_id: int = Field(foreign_key="effective_run.id", index=True)
    local_code: str = Field(default="", max_length=120)
    """Empty without."""
    loinc_codes: str = Field(default="", sa_type=Text)
    """Sorted, separated by spaces."""
    unit: str = Field(default="", max_length=60)
    """In UCUM."""
    section: str = Field(default="", max_length=10)
    """LOINC code."""
    chapter: str = Field(default="", max_length=500)
    """Of the analysis in the catalogue."""
    approved_codes: str = Field(default="", sa_type=Text)
    """LOINC codes that biologists had approved for the local code, separated by spaces."""
    findings: str = Field(default="", sa_type=Text)
    """`app.effective.lines.Finding`, sorted, separated by spaces."""
    repair: str = Field(default="", max_length=20)
    """`app.effective.repairs.Repair`: what the laboratory system should send otherwise; empty for nothing."""
    results: int
    reports: int


class EffectiveCluster(SQLModel, table=True):
    """Reports of a run that carried, in one domain, so many results of which so many were effective."""

    __tablename__ = "effective_cluster"

    id: int | None = Field(default=None, primary_key=True)
    run_id: int = Field(foreign_key="effective_run.id", index=True)
    domain: str = Field(default="", max_length=500)
    """Chapter of the catalogue, or LOINC code of a section; empty: all results of the report."""
    results: int
    effective: int
    reports: int


class EffectiveWithdrawal(OfALaboratory, SQLModel, table=True):
    """A run that does not hold any more; it stays, with what it counted."""

    __tablename__ = "effective_withdrawal"

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = public_id_field()
    laboratory_id: int = Field(foreign_key="laboratory.id", index=True)
    catalogue_id: int = Field(foreign_key="catalogue.id", index=True)
    run_id: int = Field(foreign_key="effective_run.id", unique=True)
    reason: str = Field(max_length=500)
    author_id: int = Field(foreign_key="user_account.id")
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
