"""Files that left the workbench: what, for whom, from which release, and the hash that proves it."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column
from sqlmodel import Field, SQLModel

from app.models.base import UtcDateTime, utc_now
from app.models.public_identifiers import public_id_field


class ExportRecord(SQLModel, table=True):
    """One export. The content is not kept: the same facts give the same columns again, the hash tells files apart."""

    __tablename__ = "export_record"

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = public_id_field()
    catalogue_id: int = Field(foreign_key="catalogue.id", index=True)
    kind: str = Field(max_length=20)
    """A value of app.exports.schemas.ExportKind."""
    file_name: str = Field(max_length=255)
    sha256: str = Field(max_length=64)
    """Of the file as downloaded (of the archive, when the file was sent in one)."""
    size_bytes: int = 0
    business_version: str = Field(default="", max_length=40)
    """The version stated inside a FHIR export; empty elsewhere."""
    source_file_id: int | None = Field(default=None, foreign_key="source_file.id")
    release_id: int | None = Field(default=None, foreign_key="loinc_release.id")
    release_version: str = Field(default="", max_length=40)
    incomplete: str = Field(default="", max_length=10)
    """What was chosen for rows without approved code: blank or refuse."""
    counts: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    """rows, coded, blocking, warnings, adapted labels, and the rows without code by reason."""
    created_by_id: int | None = Field(default=None, foreign_key="user_account.id")
    """Empty for the command line."""
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
