"""Whether a laboratory wants codes with a technique, by discipline. Append-only: the newest line is the rule."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from app.models.base import OfALaboratory, UtcDateTime, utc_now
from app.models.public_identifiers import public_id_field


class MethodChoice(StrEnum):
    """Among codes that differ by their technique only, when a row names none."""

    WITH = "with"
    WITHOUT = "without"
    NATIONAL = "national"
    """No rule of the laboratory: what the country uses."""


class MethodRule(OfALaboratory, SQLModel, table=True):
    """What a biologist decided for the catalogues of her laboratory, in one discipline."""

    __tablename__ = "method_rule"
    __table_args__ = (Index("ix_method_rule_laboratory_id_id", "laboratory_id", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = public_id_field()
    laboratory_id: int = Field(foreign_key="laboratory.id")
    discipline: str = Field(max_length=40)
    """A key of the table of disciplines (`matcher.disciplines`)."""
    choice: str = Field(max_length=10)
    author_id: int = Field(foreign_key="user_account.id")
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
