"""How a laboratory's system writes its catalogue: a reading settled once, proposed again for the next export."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.models.base import OfALaboratory, UtcDateTime, utc_now
from app.models.public_identifiers import public_id_field


class ImportProfile(OfALaboratory, SQLModel, table=True):
    """A reading that the user saved: kind of file, encoding, separator, header, columns."""

    __tablename__ = "import_profile"
    __table_args__ = (UniqueConstraint("laboratory_id", "name"),)

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = public_id_field()
    laboratory_id: int = Field(foreign_key="laboratory.id", index=True)
    name: str = Field(max_length=120)
    choices: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    """app.files.choices.Choices as JSON."""
    headings: list[Any] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    """The headings of the file as received: a file with the same ones is read in the same way."""
    created_by_id: int | None = Field(default=None, foreign_key="user_account.id")
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
