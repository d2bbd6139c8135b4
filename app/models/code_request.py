"""Requests of LOINC codes: what was done about the rows for which no LOINC code exists, and codes d'attente.

A request is no row of its own: a test declared without LOINC code is one. What is kept here are the steps, append-only;
the newest one says where the request stands (`app.code_requests.workflow`). Nothing here decides anything on a test: no
figure and no export reads these tables.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Column, Index
from sqlmodel import Field, SQLModel

from app.models.base import OfALaboratory, UtcDateTime, utc_now
from app.models.public_identifiers import public_id_field


class RequestAction(StrEnum):
    """What a person does about a request."""

    SEND = "send"
    ACCEPT = "accept"
    """LOINC, or the national centre, gave a code."""
    REFUSE = "refuse"
    WITHDRAW = "withdraw"
    REOPEN = "reopen"
    """To be prepared again."""
    WAITING_CODE = "waiting_code"
    """A code d'attente was given, or taken away; the request stands where it stood."""


class RequestStatus(StrEnum):
    """Where a request stands."""

    TO_PREPARE = "to_prepare"
    SENT = "sent"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class CodeRequestStep(OfALaboratory, SQLModel, table=True):
    """One step of a request. Append-only: the newest one that is no code d'attente says where the request stands."""

    __tablename__ = "code_request_step"
    __table_args__ = (Index("ix_code_request_step_local_test_id_id", "local_test_id", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = public_id_field()
    laboratory_id: int = Field(foreign_key="laboratory.id", index=True)
    catalogue_id: int = Field(foreign_key="catalogue.id", index=True)
    local_test_id: int = Field(foreign_key="local_test.id")
    action: str = Field(max_length=15)
    """A RequestAction."""
    status: str = Field(max_length=15)
    """The RequestStatus after it."""
    recipient: str = Field(default="", max_length=120)
    """To whom it was sent."""
    reference: str = Field(default="", max_length=60)
    """How the recipient calls it."""
    day: date | None = None
    """When it was sent or answered, by the calendar of Paris."""
    loinc_num: str = Field(default="", max_length=10)
    """The code that was given on acceptance: it is told, not decided."""
    waiting_system: str = Field(default="", max_length=64)
    waiting_code: str = Field(default="", max_length=40)
    """The code d'attente; both are empty where it was taken away."""
    reason: str = Field(default="", max_length=500)
    author_id: int = Field(foreign_key="user_account.id")
    author_role: str = Field(max_length=20)
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class WaitingCodeRule(OfALaboratory, SQLModel, table=True):
    """The system of codes d'attente of a laboratory, and its codes. Append-only: the newest is in force."""

    __tablename__ = "waiting_code_rule"
    __table_args__ = (Index("ix_waiting_code_rule_laboratory_id_id", "laboratory_id", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = public_id_field()
    laboratory_id: int = Field(foreign_key="laboratory.id")
    system: str = Field(max_length=64)
    codes: list[Any] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    """[code, what it stands for] each, in the order of the list."""
    author_id: int = Field(foreign_key="user_account.id")
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
