"""Who works on which rows: facts of sharing out, and the passing sign that somebody has a row open."""

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from app.models.base import UtcDateTime, utc_now
from app.models.public_identifiers import public_id_field


class Assignment(SQLModel, table=True):
    """Rows of a catalogue given to a person, or released. Append-only: for a row the newest fact holds."""

    __tablename__ = "assignment"

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = public_id_field()
    catalogue_id: int = Field(foreign_key="catalogue.id", index=True)
    assignee_id: int | None = Field(default=None, foreign_key="user_account.id")
    """None when the rows are released."""
    scope: str = Field(default="", max_length=500)
    """What was asked for, in words: the rows are those that answered it at that moment."""
    rows: int
    author_id: int | None = Field(default=None, foreign_key="user_account.id")
    """None for the command line."""
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class AssignedRow(SQLModel, table=True):
    """A row that an assignment is about. Append-only."""

    __tablename__ = "assigned_row"
    __table_args__ = (Index("ix_assigned_row_local_test_id_id", "local_test_id", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    assignment_id: int = Field(foreign_key="assignment.id", index=True)
    local_test_id: int = Field(foreign_key="local_test.id")


class CaseClaim(SQLModel, table=True):
    """A person has a row open on her screen. No lock and no fact: forgotten after a few minutes of silence."""

    __tablename__ = "case_claim"
    __table_args__ = (Index("ix_case_claim_catalogue_id_seen_at", "catalogue_id", "seen_at"),)

    local_test_id: int = Field(foreign_key="local_test.id", primary_key=True)
    user_id: int = Field(foreign_key="user_account.id", primary_key=True)
    catalogue_id: int = Field(foreign_key="catalogue.id")
    seen_at: datetime = Field(sa_type=UtcDateTime)
