"""How fast rows are decided, by person, from the dated facts alone; and how long the rest would take.

The hours are those of actual work: the time between two acts of a person in the catalogue, one after the other, where
it is at most ten minutes; longer pauses are not counted. A decision that was taken back since is not counted either.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Float, Select, bindparam, case, cast, func, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from app.models import Action, Decision, LocalTest, utc_now
from app.models.base import UtcDateTime
from app.platform.postgresql import is_postgresql
from app.text import PARIS, in_paris

PAUSE_SECONDS = 600
"""A longer time without an act is a pause."""
LEAST_ROWS, LEAST_SECONDS = 10, 300
"""Below either, a pace says nothing."""
_DECIDING = (Action.CHOOSE, Action.NO_LOINC, Action.OUT_OF_SCOPE)


@dataclass(frozen=True, slots=True)
class Pace:
    """What a person did in a catalogue: today and since Monday, by the days of Paris."""

    today: int = 0
    """Rows decided."""
    week: int = 0
    seconds_today: float = 0.0
    """Of actual work."""
    seconds_week: float = 0.0

    @property
    def per_hour(self) -> int | None:
        """Rows decided in an hour of actual work this week; None when too little was done to say."""
        if self.week < LEAST_ROWS or self.seconds_week < LEAST_SECONDS:
            return None
        return round(self.week * 3600 / self.seconds_week)

    def __add__(self, other: "Pace") -> "Pace":
        return Pace(
            self.today + other.today,
            self.week + other.week,
            self.seconds_today + other.seconds_today,
            self.seconds_week + other.seconds_week,
        )


NOTHING_DONE = Pace()


def paces_of(session: Session, catalogue_id: int, user_ids: Collection[int]) -> dict[int, Pace]:
    """The pace of each of these people who did something this week; one statement, over their acts of the week."""
    if not user_ids:
        return {}
    now = in_paris(utc_now())
    today = datetime.combine(now.date(), time(), PARIS)
    monday = datetime.combine(now.date() - timedelta(days=now.weekday()), time(), PARIS)
    values = {"people": sorted(user_ids), "catalogue_id": catalogue_id, "today": today, "monday": monday}
    statement = _statement(is_postgresql(session.connection()))
    return {
        row.author_id: Pace(row.today, row.week, float(row.seconds_today or 0), float(row.seconds_week or 0))
        for row in session.execute(statement, values)
    }


@lru_cache(2)
def _statement(on_server: bool) -> Select[Any]:
    fact, undo = Decision, aliased(Decision)
    before = func.lag(col(fact.created_at)).over(
        partition_by=col(fact.author_id), order_by=[col(fact.created_at), col(fact.id)]
    )
    is_decision = col(fact.action).in_(_DECIDING) & col(undo.id).is_(None)
    today: Any = bindparam("today", type_=UtcDateTime())
    acts = (
        select(
            col(fact.author_id),
            (col(fact.created_at) >= today).label("is_today"),
            case((is_decision, col(fact.local_test_id))).label("decided"),
            _seconds(col(fact.created_at), before, on_server).label("gap"),
        )
        .join(LocalTest, col(LocalTest.id) == col(fact.local_test_id))
        .outerjoin(undo, col(undo.undoes_id) == col(fact.id))
        .where(
            col(fact.author_id).in_(bindparam("people", expanding=True)),
            col(fact.created_at) >= bindparam("monday", type_=UtcDateTime()),
            col(LocalTest.catalogue_id) == bindparam("catalogue_id"),
        )
        .subquery()
    )
    # Days of SQLite are floating-point numbers: a hundredth of a second more is none.
    worked = case((acts.c.gap <= PAUSE_SECONDS + 0.01, acts.c.gap))
    return select(
        acts.c.author_id,
        func.count(func.distinct(case((acts.c.is_today, acts.c.decided)))).label("today"),
        func.count(func.distinct(acts.c.decided)).label("week"),
        func.sum(case((acts.c.is_today, worked))).label("seconds_today"),
        func.sum(worked).label("seconds_week"),
    ).group_by(acts.c.author_id)


def _seconds(after: Any, before: Any, on_server: bool) -> ColumnElement[float]:
    if on_server:
        return cast(func.extract("epoch", after - before), Float)
    return (func.julianday(after) - func.julianday(before)) * 86_400.0


def duration_words(seconds: float) -> str:
    """A length of work in French: « 25 min », « 3 h 05 »."""
    minutes = max(1, round(seconds / 60))
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d}"


def remaining_words(remaining: int, pace: Pace) -> str:
    """How long so many rows would take at this pace; empty when it cannot be said."""
    rate = pace.per_hour
    return duration_words(remaining * 3600 / rate) if rate and remaining else ""


def whole_team(paces: Mapping[int, Pace]) -> Pace:
    """What everybody did together; its pace is that of one person on average."""
    return sum(paces.values(), NOTHING_DONE)
