"""Files kept in the database in pieces: prepared for a download, or received for a job.

In the database, because every web process and every worker reaches it; in pieces, so that none holds a whole file.
"""

from datetime import datetime

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, LargeBinary
from sqlmodel import Field, SQLModel

from app.models.base import OfALaboratory, UtcDateTime, utc_now


class StoredFile(OfALaboratory, SQLModel, table=True):
    """A file, seen by nobody until it is published. Its row stays when its content expires."""

    __tablename__ = "stored_file"
    # A number is never given twice: the attempt that wrote a file that was removed must not add to another.
    __table_args__ = {"sqlite_autoincrement": True}

    id: int | None = Field(default=None, primary_key=True)
    job_id: int | None = Field(
        default=None, sa_column=Column(Integer, ForeignKey("job.id", ondelete="SET NULL"), nullable=True, index=True)
    )
    """The job that writes it; empty for a received file."""
    published_key: str | None = Field(default=None, max_length=80, unique=True)
    """Empty while the file is being written; then what it is the only one of, so that a job publishes once."""
    laboratory_id: int | None = Field(default=None, foreign_key="laboratory.id", index=True)
    catalogue_id: int | None = Field(default=None, foreign_key="catalogue.id", index=True)
    created_by_id: int | None = Field(default=None, foreign_key="user_account.id")
    title: str = Field(default="", max_length=200)
    """What the file is, in French."""
    file_name: str = Field(default="", max_length=255)
    media_type: str = Field(default="", max_length=120)
    size_bytes: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    sha256: str = Field(default="", max_length=64)
    chunk_count: int = 0
    for_contributors: bool = False
    """Closed to the readers of the laboratory."""
    stated_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """The moment whose state the file tells."""
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    removed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When its content was removed."""


class StoredFileChunk(SQLModel, table=True):
    """A piece of a file; positions count from 0."""

    __tablename__ = "stored_file_chunk"

    file_id: int = Field(
        sa_column=Column(Integer, ForeignKey("stored_file.id", ondelete="CASCADE"), primary_key=True)
    )
    position: int = Field(primary_key=True)
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
