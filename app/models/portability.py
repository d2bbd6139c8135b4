"""Laboratories that came from another installation, and laboratories that were closed here."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column
from sqlmodel import Field, SQLModel

from app.models.base import OfALaboratory, UtcDateTime, utc_now
from app.models.public_identifiers import public_id_field


class ImportedArchive(OfALaboratory, SQLModel, table=True):
    """An archive that a laboratory came in: whose chain it carries, and how its numbers became ours. Append-only.

    A laboratory that moved twice has two lines: the newest is how it came here, the others came with it. The chain of
    then stands among ours under the negative number of its line, link by link as it was.
    """

    __tablename__ = "imported_archive"

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = public_id_field()
    laboratory_id: int = Field(foreign_key="laboratory.id", index=True)
    archive_sha256: str = Field(max_length=64)
    """Of the zip as it was received."""
    origin_chain: int
    """The number of the laboratory, and of its chain, in the installation that it came from."""
    head_position: int
    head_hash: str = Field(max_length=64)
    """Of the last link of that chain: what every fact that came in is verified by."""
    stated_at: datetime = Field(sa_type=UtcDateTime)
    """The moment of the last fact of the archive."""
    keys: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    """How a number of there is one of here: `shifts` (table -> what is added), `maps` (table -> there -> here), and
    `dropped` (table.column -> row of there -> the number that means nothing here). See `app.audit.imported`."""
    context: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    """What was in service there, since when: releases, lists, grace dates. See `app.terminology.carried`."""
    author_id: int | None = Field(default=None, foreign_key="user_account.id")
    """None for the command line."""
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class ClosedLaboratory(SQLModel, table=True):
    """A laboratory that was archived, then erased: what remains of it. Append-only."""

    __tablename__ = "closed_laboratory"

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = public_id_field()
    number: int = Field(unique=True)
    """The number that it had, which is never given again: heads kept elsewhere name it."""
    laboratory_public_id: str = Field(max_length=36, index=True)
    name: str = Field(max_length=200)
    archive_sha256: str = Field(max_length=64)
    head_position: int
    head_hash: str = Field(max_length=64)
    """Of the last link of its chain, which the archive carries whole."""
    rows: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    """Table -> how many rows were erased."""
    author_id: int | None = Field(default=None, foreign_key="user_account.id")
    closed_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
