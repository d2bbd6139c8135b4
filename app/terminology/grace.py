"""Codes that LOINC retired (DEPRECATED): until which day they count and leave, and who decided so.

Without a date they count, with a warning. The last day is included, by the calendar of Paris: at the midnight that
ends it they neither count nor leave any more. Every change is a fact with its moment, so that the rule of a past
moment stays known.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from sqlalchemy import select as sa_select
from sqlmodel import Session, col, select

from app.audit.service import record
from app.errors import InvalidInputError
from app.models import GraceDate, Laboratory, User, utc_now
from app.platform import locks
from app.terminology.carried import told_before
from app.text import PARIS, french_day

EARLIEST = date(2000, 1, 1)
LATEST = date(2100, 12, 31)


@dataclass(frozen=True, slots=True)
class GraceRule:
    """What holds, at one moment, for the codes that LOINC retired."""

    last_day: date | None = None
    """None: they count without limit."""
    is_over: bool = False
    """The last day has passed: they neither count nor leave."""
    since: datetime | None = None
    """When this began to hold; None when nobody ever decided anything."""

    @property
    def first_day_without(self) -> date | None:
        """The first day on which they do not count."""
        return None if self.last_day is None else self.last_day + timedelta(days=1)

    @property
    def sentence(self) -> str:
        """The rule in French, as every definition states it."""
        codes = "Les codes que LOINC a retirés (DEPRECATED)"
        if self.last_day is None:
            return f"{codes} comptent et sortent, avec un avertissement."
        last, first = f"{french_day(self.last_day)}", f"{french_day(self.first_day_without)}"
        if self.is_over:
            return (
                f"{codes} ont compté jusqu'au {last} inclus (heure de Paris)\u202f; depuis le {first} ils ne comptent "
                "plus et ne sortent plus dans les exports."
            )
        return (
            f"{codes} comptent et sortent, avec un avertissement, jusqu'au {last} inclus (heure de Paris)\u202f; "
            f"à partir du {first} ils ne compteront plus et ne sortiront plus."
        )


NO_LIMIT = GraceRule()
_KEPT = "terminology.grace"


class GraceFact(NamedTuple):
    """What was decided, and when."""

    last_day: date | None
    created_at: datetime


def end_of(last_day: date) -> datetime:
    """The midnight of Paris that ends a day."""
    return datetime.combine(last_day + timedelta(days=1), time(), PARIS).astimezone(UTC)


def rule_of(fact: GraceFact | GraceDate | None, moment: datetime) -> GraceRule:
    """What a fact means at a moment."""
    if fact is None:
        return NO_LIMIT
    if fact.last_day is None:
        return GraceRule(since=fact.created_at)
    end = end_of(fact.last_day)
    is_over = moment >= end
    return GraceRule(fact.last_day, is_over, max(fact.created_at, end) if is_over else fact.created_at)


def rule_at(session: Session, moment: datetime | None = None, laboratory: Laboratory | None = None) -> GraceRule:
    """The rule that held at this moment (where the laboratory then was): now, unless a past one is asked for."""
    told = told_before(session, laboratory, moment) if moment is not None else None
    if told is not None and moment is not None:
        before = [GraceFact(day, at) for at, day in told.grace if at <= moment]
        return rule_of(before[-1] if before else None, moment)
    columns = sa_select(col(GraceDate.last_day), col(GraceDate.created_at))
    statement = columns.order_by(col(GraceDate.id).desc()).limit(1)
    if moment is not None:
        found = session.execute(statement.where(col(GraceDate.created_at) <= moment)).first()
        return rule_of(GraceFact(*found) if found else None, moment)
    if _KEPT not in session.info:
        # Asked for several times by one page; nobody but `set_last_day` changes it within a transaction.
        found = session.execute(statement).first()
        session.info[_KEPT] = GraceFact(*found) if found else None
    return rule_of(session.info[_KEPT], utc_now())


def history(session: Session) -> Sequence[tuple[GraceDate, str]]:
    """Every change with the name of who made it, the newest first."""
    statement = select(GraceDate, User.display_name).join(User, col(User.id) == col(GraceDate.author_id))
    return session.exec(statement.order_by(col(GraceDate.id).desc())).all()


def read_day(text: str) -> date | None:
    """The day that a form sends, None for an empty field; raises InvalidInputError."""
    if not text.strip():
        return None
    try:
        day = date.fromisoformat(text.strip())
    except ValueError as error:
        raise InvalidInputError(f"«\u202f{text[:30]}\u202f» n'est pas une date\u202f: attendu AAAA-MM-JJ.") from error
    if not EARLIEST <= day <= LATEST:
        raise InvalidInputError(
            f"La date limite doit être comprise entre le {french_day(EARLIEST)} et le {french_day(LATEST)}."
        )
    return day


def set_last_day(session: Session, last_day: date | None, actor: User) -> bool:
    """Decide until when retired codes count; whether that changed anything. What held before stays in the history."""
    locks.lock_subject(session, locks.Subject.INSTALLATION)
    before = rule_at(session)
    if before.last_day == last_day:
        return False
    assert actor.id is not None
    fact = GraceDate(last_day=last_day, author_id=actor.id)
    session.add(fact)
    session.flush()
    session.info.pop(_KEPT, None)
    record(
        session,
        "terminology.set_grace_date",
        actor=actor,
        object_type="grace_date",
        object_id=fact.id,
        last_day=last_day.isoformat() if last_day else "",
        previous=before.last_day.isoformat() if before.last_day else "",
    )
    return True
