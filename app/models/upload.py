"""Files received for an import that the user has not confirmed yet, and for a job that another machine may run."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, LargeBinary
from sqlmodel import Field, SQLModel

from app.models.base import OfALaboratory, UtcDateTime, utc_now


class UploadDraft(OfALaboratory, SQLModel, table=True):
    """An import being prepared by one person. It disappears once imported, abandoned or too old."""

    __tablename__ = "upload_draft"

    id: int | None = Field(default=None, primary_key=True)
    user_id: int = Field(foreign_key="user_account.id", index=True)
    laboratory_id: int = Field(foreign_key="laboratory.id", index=True)
    catalogue_id: int | None = Field(default=None, foreign_key="catalogue.id")
    """The catalogue that receives the files; empty for a new one."""
    catalogue_name: str = Field(default="", max_length=200)
    """Name of the new catalogue."""
    is_earlier_work: bool = False
    """Its files are an earlier transcoding of the catalogue, and no catalogue."""
    is_confirmed: bool = False
    """The job that imports it has been asked for: nothing more may be changed."""
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class UploadDraftFile(SQLModel, table=True):
    """One received file of an import being prepared."""

    __tablename__ = "upload_draft_file"

    id: int | None = Field(default=None, primary_key=True)
    draft_id: int = Field(foreign_key="upload_draft.id", index=True)
    file_name: str = Field(max_length=255)
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    choices: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    """app.files.choices.Choices as JSON: what the user settled."""
    is_ignored: bool = False
    """The user left this file out."""
