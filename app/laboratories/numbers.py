"""Numbers of laboratories: that of one that was closed is never given again, for heads kept elsewhere name it."""

from sqlalchemy import func, select, text
from sqlmodel import Session, col

from app.models import ClosedLaboratory, Laboratory
from app.platform.postgresql import is_postgresql


def next_number(session: Session) -> int:
    """The number of the next laboratory. Whoever asks is the only one to open one (`Subject.INSTALLATION`)."""
    if is_postgresql(session.connection()):
        # A sequence never goes back.
        return int(session.execute(text("SELECT nextval(pg_get_serial_sequence('laboratory', 'id'))")).scalar_one())
    last = [session.scalar(select(func.max(col(column)))) for column in (Laboratory.id, ClosedLaboratory.number)]
    return max((number for number in last if number is not None), default=0) + 1
