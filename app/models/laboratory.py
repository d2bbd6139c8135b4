"""Medical laboratories (LBM) and the laboratory system (SGL) that each one uses."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Column, Index, text
from sqlmodel import Field, SQLModel

from app.models.base import OfALaboratory, UtcDateTime, utc_now
from app.models.public_identifiers import public_id_field


class FhirNaming(StrEnum):
    """How the FHIR resources of a laboratory are named."""

    LABORATORY = "laboratory"
    """Under the laboratory's own address."""
    ANS = "ans"
    """As the ANS terminology server names its own; the laboratory chooses it, and has a FINESS number."""


class Laboratory(SQLModel, table=True):
    """A laboratory whose catalogue is transcoded."""

    __tablename__ = "laboratory"

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = public_id_field()
    name: str = Field(max_length=200, unique=True)
    finess: str = Field(default="", max_length=14)
    sgl_name: str = Field(default="", max_length=120)
    canonical_url: str = Field(default="", max_length=255)
    """Stable base of the FHIR urls of this laboratory; empty means one derived from the identifier."""
    allows_reuse: bool = False
    """Whether mappings approved here may be evidence for other laboratories; its biologists decide."""
    fhir_naming: str = Field(default=FhirNaming.LABORATORY, max_length=10)
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    imported_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When it came from another installation; None for one that was opened here."""
    named_as: int | None = None
    """The number that it had where it began: its FHIR addresses never change. None for one that was opened here."""
    awaits: list[Any] = Field(
        default_factory=list, sa_column=Column(JSON, nullable=False, server_default=text("'[]'"))
    )
    """What its figures need and was not loaded when it came: releases and lists (`app.terminology.carried`)."""


class DeadlineKind(StrEnum):
    """What a laboratory and its provider have to do by a day."""

    ORDER = "order"
    """The order is signed."""
    DEPOSIT = "deposit"
    """The proof of coverage is deposited."""
    END_OF_SERVICE = "end_of_service"


class LaboratoryDeadline(OfALaboratory, SQLModel, table=True):
    """A day that somebody entered for a laboratory. Append-only: the newest line of a kind is in force."""

    __tablename__ = "laboratory_deadline"
    __table_args__ = (Index("ix_laboratory_deadline_laboratory_id_id", "laboratory_id", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = public_id_field()
    laboratory_id: int = Field(foreign_key="laboratory.id")
    kind: str = Field(max_length=15)
    """A DeadlineKind."""
    day: date | None = None
    """By the calendar of Paris; None: there is none any more."""
    author_id: int = Field(foreign_key="user_account.id")
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
