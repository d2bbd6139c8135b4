"""The one clock of leases: that of the database, for the clocks of several machines never agree."""

from datetime import datetime

from sqlalchemy import text
from sqlmodel import Session

from app.models import utc_now


def now(session: Session) -> datetime:
    """The present moment, with its time zone. A SQLite file and its processes share the clock of their machine."""
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        return utc_now()
    moment: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
    return moment
