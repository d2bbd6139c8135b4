"""What people say of figures: the definitions that an administrator composed, and the days kept of each catalogue."""

from datetime import date, datetime

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel

from app.models.base import UtcDateTime, utc_now
from app.models.public_identifiers import public_id_field


class CoverageDefinition(SQLModel, table=True):
    """A way to count, composed from a closed vocabulary (`app.coverage.judging`), for the whole installation.

    Append-only: a definition is withdrawn by a line that names it, and never changes.
    """

    __tablename__ = "coverage_definition"

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = public_id_field()
    withdraws_id: int | None = Field(default=None, foreign_key="coverage_definition.id", index=True)
    """The definition that this line takes out of service; the choices are then those of the default."""
    title: str = Field(default="", max_length=120)
    level: str = Field(max_length=12)
    """analysis or exam."""
    measure: str = Field(max_length=10)
    """rows or volume."""
    exam_rule: str = Field(max_length=15)
    """own_code or all_analyses."""
    with_subcontracted: bool
    with_retired: bool
    circuit_only: bool
    out_of_scope_leaves: bool
    no_code_leaves: bool
    statuses: str = Field(max_length=10)
    """approved or decided."""
    releases: str = Field(max_length=15)
    """in_service or of_decision."""
    deprecated: str = Field(max_length=15)
    """until_grace, never or always."""
    author_id: int = Field(foreign_key="user_account.id")
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class CoverageDay(SQLModel, table=True):
    """The default figure of a catalogue at the end of a past day of Paris, as its facts give it (`app.coverage.past`).

    Kept so that a curve is not computed again by each who looks at it. Only days on which something happened, and the
    last one looked at, have a line.
    """

    __tablename__ = "coverage_day"

    catalogue_id: int = Field(foreign_key="catalogue.id", primary_key=True)
    day: date = Field(primary_key=True)
    numerator: int = 0
    denominator: int = 0
    volume_numerator: int = Field(default=0, sa_type=BigInteger)
    volume_denominator: int = Field(default=0, sa_type=BigInteger)
    waiting: int = 0
    """Analyses decided and not approved."""
