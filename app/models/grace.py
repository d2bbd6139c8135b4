"""Until when codes that LOINC retired count and leave. Append-only: the newest line before a moment is its rule."""

from datetime import date, datetime

from sqlmodel import Field, SQLModel

from app.models.base import UtcDateTime, utc_now
from app.models.public_identifiers import public_id_field


class GraceDate(SQLModel, table=True):
    """What an administrator decided of the codes with the status DEPRECATED, for the whole installation."""

    __tablename__ = "grace_date"

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = public_id_field()
    last_day: date | None = None
    """The last day, by the calendar of Paris, on which they count; None for no limit."""
    author_id: int = Field(foreign_key="user_account.id")
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
