"""The deadlines of laboratories: dated facts that an administrator or a biologist enters, and how near they are. The
newest fact of each kind is in force."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func
from sqlmodel import Session, col, select

from app.audit.service import record
from app.errors import InvalidInputError
from app.models import DeadlineKind, Laboratory, LaboratoryDeadline, User
from app.platform import locks
from app.text import counted, french_day

NEAR = timedelta(days=30)
EARLIEST, LATEST = date(2000, 1, 1), date(2100, 12, 31)
LABELS = {
    DeadlineKind.ORDER: "Signature du bon de commande",
    DeadlineKind.DEPOSIT: "Dépôt de la preuve de couverture",
    DeadlineKind.END_OF_SERVICE: "Fin du service",
}


@dataclass(frozen=True, slots=True)
class Deadline:
    """A day in force, and what to say of it today."""

    kind: str
    label: str
    day: date | None
    said: str
    """How near it is; empty when there is none, or when it is far."""
    chip: str
    author: str = ""

    @property
    def day_text(self) -> str:
        """The day in French; empty when there is none."""
        return french_day(self.day) if self.day else ""

    @property
    def day_field(self) -> str:
        """The day as a field of a form holds it."""
        return self.day.isoformat() if self.day else ""


def deadline_of(kind: DeadlineKind, day: date | None, today: date, author: str = "") -> Deadline:
    """A deadline as it reads today."""
    said = chip = ""
    if day is not None and day < today:
        said, chip = f"passée depuis {counted((today - day).days, 'jour', 'jours')}", "chip-bad"
    elif day == today:
        said, chip = "aujourd'hui", "chip-warn"
    elif day is not None and day - today <= NEAR:
        said, chip = f"dans {counted((day - today).days, 'jour', 'jours')}", "chip-warn"
    return Deadline(kind.value, LABELS[kind], day, said, chip, author)


def deadlines_of(session: Session, laboratory_ids: Collection[int], today: date) -> dict[int, list[Deadline]]:
    """Laboratory -> its deadlines, one of each kind; one statement for any number of laboratories."""
    newest = (
        select(func.max(LaboratoryDeadline.id))
        .where(col(LaboratoryDeadline.laboratory_id).in_(laboratory_ids))
        .group_by(col(LaboratoryDeadline.laboratory_id), col(LaboratoryDeadline.kind))
    )
    statement = (
        select(LaboratoryDeadline, User.display_name)
        .join(User, col(User.id) == col(LaboratoryDeadline.author_id))
        .where(col(LaboratoryDeadline.id).in_(newest))
    )
    facts = {(fact.laboratory_id, fact.kind): (fact.day, name) for fact, name in session.exec(statement)}
    return {
        number: [deadline_of(kind, *_in_force(facts.get((number, kind.value)), today)) for kind in DeadlineKind]
        for number in laboratory_ids
    }


def _in_force(found: tuple[date | None, str] | None, today: date) -> tuple[date | None, date, str]:
    return (found[0] if found else None, today, found[1] if found else "")


def read_days(fields: Sequence[tuple[DeadlineKind, str]]) -> dict[DeadlineKind, date | None]:
    """The days that a form sends, None for an empty field; raises InvalidInputError."""
    days: dict[DeadlineKind, date | None] = {}
    for kind, text in fields:
        try:
            day = date.fromisoformat(text.strip()) if text.strip() else None
        except ValueError:
            raise InvalidInputError(
                f"{LABELS[kind]}\u202f: «\u202f{text[:30]}\u202f» n'est pas une date\u202f: attendu AAAA-MM-JJ."
            ) from None
        if day is not None and not EARLIEST <= day <= LATEST:
            raise InvalidInputError(
                f"{LABELS[kind]}\u202f: la date doit être comprise entre le {french_day(EARLIEST)} et le "
                f"{french_day(LATEST)}."
            )
        days[kind] = day
    return days


def set_deadlines(
    session: Session, laboratory: Laboratory, days: dict[DeadlineKind, date | None], actor: User, today: date
) -> int:
    """Enter the deadlines that changed; how many. What held before stays among the facts."""
    assert laboratory.id is not None
    assert actor.id is not None
    locks.lock_laboratory(session, laboratory.id)
    known = deadlines_of(session, [laboratory.id], today)[laboratory.id]
    before = {DeadlineKind(item.kind): item.day for item in known}
    changed = {kind: day for kind, day in days.items() if before[kind] != day}
    for kind, day in changed.items():
        session.add(LaboratoryDeadline(laboratory_id=laboratory.id, kind=kind, day=day, author_id=actor.id))
        session.flush()
        old = before[kind]
        record(
            session, "laboratory.set_deadline", actor=actor, object_type="laboratory", object_id=laboratory.id,
            laboratory_id=laboratory.id, deadline=LABELS[kind], day=day.isoformat() if day else "",
            previous=old.isoformat() if old else "",
        )  # fmt: skip
    return len(changed)
