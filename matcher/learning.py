"""What the decisions of a catalogue show: its laboratory's habits, where the engine would have chosen otherwise."""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from matcher.candidate import Candidate
from matcher.choice import Chooser, leaves_property_open
from matcher.families import OTHER_PROPERTY
from matcher.habits import METHOD, PROPERTY, Habit
from matcher.normalise.text import words
from matcher.types import LocalTest


@dataclass(frozen=True, slots=True)
class Choice:
    """What one decision chose among siblings: the values that were offered, and that the engine would have taken."""

    kind: str
    discipline: str
    label: str
    chosen: str
    default: str
    offered: frozenset[str]


@dataclass(slots=True)
class _Tally:
    count: int = 0
    total: int = 0
    against: int = 0
    """Of `count`, those that chose this value against the engine."""
    disputed: int = 0
    """Of `total`, those where the engine would have chosen another value."""
    examples: list[str] = field(default_factory=list)


def choices_of(
    chooser: Chooser, test: LocalTest, ranked: Sequence[Candidate], position: int | None
) -> Iterator[Choice]:
    """What a decision chose among siblings where its row left the choice; `ranked` is without memory and habits.

    A code that contradicts its row, or that none of its words brings, chose nothing.
    """
    views, families = chooser.views, chooser.families
    usable = [item for item in ranked if not views.is_contradicted(item)]
    decided = next((item for item in usable if item.position == position), None)
    if decided is None:
        return
    for kind, axis, group in (
        (METHOD, "method", families.of_family),
        (PROPERTY, "property", families.of_measurement),
    ):
        siblings = [item for item in usable if group[item.position] == group[decided.position]]
        if kind == PROPERTY:
            siblings = chooser.usual(siblings)
        offered = frozenset(views.value(axis, item) for item in siblings)
        if len(offered) > 1 and _leaves_open(chooser, kind, test, decided):
            yield Choice(
                kind,
                chooser.discipline_of(decided),
                test.label,
                views.value(axis, decided),
                views.value(axis, siblings[0]),
                offered,
            )


def _leaves_open(chooser: Chooser, kind: str, test: LocalTest, decided: Candidate) -> bool:
    """Whether neither the row nor the country says which method, or which property."""
    if kind == METHOD:
        return not decided.reading.facts.methods and not chooser.is_national(decided.position)
    value = chooser.views.value("property", decided)
    return leaves_property_open(test, decided, {value, OTHER_PROPERTY.get(value, value)})


def established(choices: Iterable[Choice]) -> tuple[Habit, ...]:
    """The habits that these choices establish, most often followed first.

    A value counts where it was offered. Whoever follows the engine shows no habit: what establishes one is that the
    laboratory chose it nearly each time that the engine would not have, so often that neither chance nor one wrong
    decision in twenty explains it.
    """
    tallies: dict[tuple[str, str, str], _Tally] = defaultdict(_Tally)
    for choice in _distinct(choices):
        for value in choice.offered:
            _add(tallies[choice.kind, choice.discipline, value], choice, value)
    habits = [
        Habit(kind, discipline, value, tally.count, tally.total, tuple(tally.examples))
        for (kind, discipline, value), tally in tallies.items()
        if _is_established(tally, AGAINST_REASONS if kind == PROPERTY or not value else ESTABLISHED)
    ]
    return tuple(sorted(habits, key=lambda item: (item.kind, item.discipline, -item.count, item.value)))


def _is_established(tally: _Tally, least: float) -> bool:
    return (
        tally.against >= FEWEST
        and lower_bound(tally.against, tally.disputed) >= least
        and lower_bound(tally.count, tally.total) >= least
    )


def _distinct(choices: Iterable[Choice]) -> Iterator[Choice]:
    """Each label once for a value that it was given: a row that a catalogue repeats shows nothing more."""
    seen: set[tuple[str, str, tuple[str, ...]]] = set()
    for choice in choices:
        key = (choice.kind, choice.chosen, tuple(words(choice.label)))
        if key not in seen:
            seen.add(key)
            yield choice


def _add(tally: _Tally, choice: Choice, value: str) -> None:
    is_chosen, is_disputed = choice.chosen == value, choice.default != value
    tally.total += 1
    tally.count += is_chosen
    tally.disputed += is_disputed
    tally.against += is_chosen and is_disputed
    if is_chosen and len(tally.examples) < EXAMPLES:
        tally.examples.append(choice.label)


def lower_bound(count: int, total: int) -> float:
    """The one-sided 95 % lower bound of a share (Wilson)."""
    if not total:
        return 0.0
    share, spread = count / total, _Z * _Z / total
    return (share + spread / 2 - _Z * math.sqrt((share * (1 - share) + spread / 4) / total)) / (1 + spread)


ESTABLISHED, AGAINST_REASONS = 0.42, 0.6
"""The least that a share may be, by its lower bound: three of three, four of five. More where the engine had a reason
for its own choice, five of five or eight of nine: a property, which each analyte has its own use of, and the code
without method, which it takes unless something speaks for another."""
FEWEST = 3
"""The fewest decisions against the engine that show a habit."""
EXAMPLES = 3
_Z = 1.645
