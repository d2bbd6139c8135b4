"""Signatures of biologists over a version of a mapping: append-only, each with the content that was signed."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Column, LargeBinary, Text
from sqlmodel import Field, SQLModel

from app.models.base import OfALaboratory, UtcDateTime, utc_now
from app.models.public_identifiers import public_id_field


class Proof(StrEnum):
    """How a signatory had proved who she is."""

    PASSWORD = "password"  # noqa: S105
    SECOND_FACTOR = "second_factor"
    """Password and a code."""
    KEY = "key"
    """A security key."""
    PROVIDER = "provider"
    """The provider of identities."""


class SignOff(OfALaboratory, SQLModel, table=True):
    """One biologist signed chapters of a catalogue, as they stood.

    A disabled account, a renamed laboratory or a later change of the catalogue alters nothing of it.
    """

    __tablename__ = "sign_off"

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = public_id_field()
    laboratory_id: int = Field(foreign_key="laboratory.id", index=True)
    catalogue_id: int = Field(foreign_key="catalogue.id", index=True)
    version: int
    """Counts from 1 in each catalogue; several biologists sign one version."""
    completes: bool
    """Whether every chapter with something approved was signed once this was."""
    chapters: list[Any] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    """Of each signed chapter: name, rows, approved, sha256 and mark (see `app.versions.schemas.SignedChapter`)."""
    carried: list[Any] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    """The chapters that were signed before and had not changed since, in the same form."""
    signer_id: int = Field(foreign_key="user_account.id", index=True)
    signer_name: str = Field(max_length=120)
    rpps: str = Field(max_length=11)
    is_rpps_of_provider: bool
    """Whether the number came from the provider of identities, and not from the keyboard."""
    title: str = Field(max_length=120)
    """In what capacity she signed."""
    finess_ej: str = Field(max_length=9)
    finess_et: str = Field(default="", max_length=9)
    proof: str = Field(max_length=15)
    """A Proof."""
    proved_at: datetime = Field(sa_type=UtcDateTime)
    release_version: str = Field(max_length=40)
    coverage: list[Any] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    """Of each definition: name, scope, definition, numerator, denominator, rows_missing; exact integers."""
    sentence: str = Field(sa_type=Text)
    """Exactly what was signed."""
    content_sha256: str = Field(max_length=64)
    """Of the canonical content of the signed chapters."""
    mapping_sha256: str = Field(max_length=64)
    """Of the canonical content of the whole catalogue at that moment."""
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    """The canonical content of the signed chapters, compressed by zlib."""
    compressed_sha256: str = Field(max_length=64)
    """Of the compressed bytes: what the audit chain holds in their place."""
    signed_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class SignOffWithdrawal(OfALaboratory, SQLModel, table=True):
    """A signature that does not hold any more; it stays, with what it said."""

    __tablename__ = "sign_off_withdrawal"

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = public_id_field()
    laboratory_id: int = Field(foreign_key="laboratory.id", index=True)
    catalogue_id: int = Field(foreign_key="catalogue.id", index=True)
    sign_off_id: int = Field(foreign_key="sign_off.id", unique=True)
    reason: str = Field(max_length=500)
    author_id: int = Field(foreign_key="user_account.id")
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
