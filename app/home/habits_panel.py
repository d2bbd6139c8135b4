"""What the page of a catalogue says of its habits, in the words of a biologist."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from app.cases.glosses import PROPERTY_GLOSS
from app.cases.method_glosses import in_words
from app.models import CONTRIBUTORS, ProposalRun
from app.platform.identity import CatalogueAccess
from app.proposals.habits import disciplines, habits_of, has_panel, is_ahead
from app.text import counted
from matcher.habits import METHOD, Habit, habits_from_json


@dataclass(frozen=True, slots=True, kw_only=True)
class HabitsPanel:
    """The habits that the decisions of a catalogue show, and whether its proposals follow them."""

    is_used: bool
    may_switch: bool
    sentences: Sequence[str]
    """One a habit; empty when the decisions show none."""
    decisions: int
    """From how many decided codes they were learned."""
    learned_at: datetime | None
    is_ahead: bool
    """The proposals shown do not follow them yet, or still follow some that were left."""
    is_due: bool
    """A worker is about to look at them again."""


def habits_panel(session: Session, access: CatalogueAccess, shown: ProposalRun | None) -> HabitsPanel | None:
    """The panel; None while the decisions of the catalogue show nothing."""
    known = habits_of(session, access.catalogue_id)
    if known is None:
        return None
    habits = habits_from_json(known.habits)
    ahead = is_ahead(known, shown)
    if not has_panel(known, shown):
        return None
    return HabitsPanel(
        is_used=known.is_used,
        may_switch=access.role in CONTRIBUTORS,
        sentences=[sentence_of(habit) for habit in habits],
        decisions=known.decisions,
        learned_at=known.learned_at,
        is_ahead=ahead,
        is_due=known.is_due,
    )


def sentence_of(habit: Habit) -> str:
    """« Hémostase : sans technique (12 décisions sur 13) »."""
    found = counted(habit.count, "décision", "décisions")
    return f"{disciplines().name(habit.discipline)} : {_value(habit)} ({found} sur {habit.total})"


def _value(habit: Habit) -> str:
    if habit.kind == METHOD:
        return in_words(habit.value) if habit.value else "code sans technique"
    gloss = PROPERTY_GLOSS.get(habit.value, "")
    return f"{gloss} ({habit.value})" if gloss else f"grandeur {habit.value}"
