"""What the decisions of a catalogue show: its laboratory's habits, where the engine would have chosen otherwise."""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from matcher.habits import Habit
from matcher.normalise.text import words


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
        if lower_bound(tally.against, tally.disputed) >= ESTABLISHED
        and lower_bound(tally.count, tally.total) >= ESTABLISHED
    ]
    return tuple(sorted(habits, key=lambda item: (item.kind, item.discipline, -item.count, item.value)))


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


ESTABLISHED = 0.6
"""The least that a share may be, by its lower bound: five of five, eight of nine."""
EXAMPLES = 3
_Z = 1.645
