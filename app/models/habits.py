"""What the decisions of a catalogue show of its habits: derived from them, learned again as they grow."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Boolean, Column, true
from sqlmodel import Field, SQLModel

from app.models.base import UtcDateTime


class CatalogueHabits(SQLModel, table=True):
    """The habits of one catalogue; there is a line once a code was decided in it, or its switch was set.

    Only `is_used` is said by a person. A proposal run keeps the habits that it was made with.
    """

    __tablename__ = "catalogue_habits"

    catalogue_id: int = Field(foreign_key="catalogue.id", primary_key=True)
    changes: int = 0
    """Rows whose decided code came, went or changed since the last time that learning was asked for."""
    is_due: bool = False
    """To be looked at again whatever the changes: the switch was set, or a search was in the way."""
    is_used: bool = Field(default=True, sa_column=Column(Boolean, nullable=False, server_default=true()))
    """Whether proposals follow the habits."""
    habits: list[Any] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    """matcher.habits.Habit as JSON."""
    decisions: int = 0
    """From how many decided codes they were learned."""
    learned_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
