"""What every table shares: the naming convention of constraints and the UTC time type."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, MetaData
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator
from sqlmodel import SQLModel

NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

metadata: MetaData = SQLModel.metadata
metadata.naming_convention = NAMING_CONVENTION


class OfALaboratory:
    """Mark of a table that names its laboratory: sessions that are kept to one read no other's (`app.platform.scoped`).

    It brings no column: each table says whether it may be without a laboratory.
    """


_told: ContextVar[datetime | None] = ContextVar("told_moment", default=None)


def utc_now() -> datetime:
    """The present moment, in UTC, with its time zone."""
    return _told.get() or datetime.now(UTC)


@contextmanager
def moment_told(moment: datetime) -> Iterator[None]:
    """Meanwhile it is this moment: for what the demonstration writes of past days, and for reading a past state."""
    token = _told.set(moment)
    try:
        yield
    finally:
        _told.reset(token)


class UtcDateTime(TypeDecorator[datetime]):
    """A moment stored in UTC; a value without time zone is refused, because its meaning would be guessed."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if not isinstance(value, datetime) or value.tzinfo is None:
            raise ValueError("a stored moment needs its time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        # SQLite gives the moment back without its time zone; it was stored in UTC.
        moment: datetime = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        return moment
