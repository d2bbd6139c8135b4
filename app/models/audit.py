"""The audit trail: one event for each write, in the same transaction."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, Index
from sqlmodel import Field, SQLModel

from app.models.base import OfALaboratory, UtcDateTime, utc_now
from app.models.public_identifiers import public_id_field


class AuditEvent(OfALaboratory, SQLModel, table=True):
    """Who did what to what, when. Append-only."""

    __tablename__ = "audit_event"

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = public_id_field()
    at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    actor_id: int | None = Field(default=None, foreign_key="user_account.id")
    """Empty for the command line and the installation itself."""
    actor_label: str = Field(default="", max_length=200)
    action: str = Field(max_length=60, index=True)
    object_type: str = Field(default="", max_length=60)
    object_id: str = Field(default="", max_length=60)
    laboratory_id: int | None = Field(default=None, foreign_key="laboratory.id", index=True)
    details: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))


_EVENT = AuditEvent.__table__.c  # type: ignore[attr-defined]
# What happened to an account, asked at each of its sign-ins.
Index(
    "ix_audit_event_of_account", _EVENT.object_id, _EVENT.id,
    sqlite_where=_EVENT.object_type == "user", postgresql_where=_EVENT.object_type == "user",
)  # fmt: skip
