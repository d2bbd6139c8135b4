"""The habits of a catalogue: which ones its proposals follow, whom a change of them concerns, and the switch."""

from collections.abc import Iterable
from functools import lru_cache

from sqlmodel import Session

from app.audit.service import record
from app.models import CatalogueHabits, ProposalRun
from app.platform.identity import CatalogueAccess
from app.proposals import habits_repository as repository
from app.proposals.repository import current_run
from loinc_data.tables import load_tables
from matcher.disciplines import OTHER, Disciplines
from matcher.habits import Habit, habits_from_json

Rules = frozenset[tuple[str, str, str]]
"""What habits say, whatever they were learned from: (kind, discipline, value)."""

habits_of = repository.habits_of
note_changes = repository.note_changes
received_codes = repository.received_codes


@lru_cache(maxsize=1)
def disciplines() -> Disciplines:
    """How a biologist divides the laboratory."""
    return Disciplines.of(load_tables())


def rules_of(habits: Iterable[Habit]) -> Rules:
    """What these habits say."""
    return frozenset((habit.kind, habit.discipline, habit.value) for habit in habits)


def followed(known: CatalogueHabits | None) -> tuple[Habit, ...]:
    """The habits that the next search follows: none once they are switched off."""
    return habits_from_json(known.habits) if known is not None and known.is_used else ()


def habits_for(session: Session, catalogue_id: int) -> tuple[Habit, ...]:
    """The habits that evidence computed now for rows of this catalogue follows."""
    return followed(repository.habits_of(session, catalogue_id))


def changed_disciplines(run: ProposalRun, habits: Iterable[Habit]) -> frozenset[str]:
    """The disciplines in which these habits say something else than those that the proposals of a run follow."""
    return frozenset(
        discipline for _, discipline, _ in rules_of(habits) ^ rules_of(habits_from_json(run.habits))
    )


def rows_that_may_change(session: Session, run: ProposalRun, habits: Iterable[Habit]) -> list[int]:
    """The rows to be matched again for proposals to follow these habits: nobody decided them, and one of the codes
    proposed to them is of a discipline in which something changed, or of none: the matcher then asks the siblings of
    the code, or the chapter of the row."""
    changed = changed_disciplines(run, habits)
    if not changed or run.id is None:
        return []
    found = disciplines()
    classes = [
        name
        for name in repository.classes_of_release(session, run.release_id)
        if found.of_class(name) in {*changed, OTHER}
    ]
    return repository.undecided_rows(session, run.id, run.release_id, classes) if classes else []


def has_panel(known: CatalogueHabits, shown: ProposalRun | None) -> bool:
    """Whether there are habits to speak of: some are known, left, or still followed by the proposals shown."""
    return bool(known.habits) or not known.is_used or is_ahead(known, shown)


def has_switch(session: Session, catalogue_id: int) -> bool:
    """Whether the page of a catalogue offers to follow its habits or to leave them."""
    known = repository.habits_of(session, catalogue_id)
    return known is not None and has_panel(known, current_run(session, catalogue_id))


def is_ahead(known: CatalogueHabits, shown: ProposalRun | None) -> bool:
    """Whether the proposals shown do not follow what is known yet, or still follow something that was left."""
    return shown is not None and bool(changed_disciplines(shown, followed(known)))


def switch(session: Session, access: CatalogueAccess, is_used: bool) -> None:
    """Have the proposals of a catalogue follow its habits, or not; idle workers then make them again."""
    known = repository.for_writing(session, access.catalogue_id)
    if known.is_used == is_used:
        return
    known.is_used, known.is_due = is_used, True
    session.add(known)
    record(
        session, "habits.use" if is_used else "habits.leave", actor=access.user, object_type="catalogue",
        object_id=access.catalogue_id, laboratory_id=access.laboratory_id,
    )  # fmt: skip
