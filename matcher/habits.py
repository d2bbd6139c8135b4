"""Habits: what a catalogue's own decisions show of the codes its laboratory chooses among siblings."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

METHOD = "method"
PROPERTY = "property"
KINDS = (METHOD, PROPERTY)
_WRITTEN = {"kind": str, "discipline": str, "value": str, "count": int, "total": int}


@dataclass(frozen=True, slots=True)
class Habit:
    """In one discipline, of `total` decisions that offered the choice and named nothing, `count` chose `value`.

    A method habit is about rows that name no technique: `value` is a LOINC method, empty for the code without one.
    A property habit is about rows that give no unit: `value` is a LOINC property. `examples` are labels of such rows.
    """

    kind: str
    discipline: str
    value: str
    count: int
    total: int
    examples: tuple[str, ...] = ()


def habits_to_json(habits: Iterable[Habit]) -> list[dict[str, Any]]:
    """Habits as plain data, to be kept."""
    return [
        {
            "kind": habit.kind,
            "discipline": habit.discipline,
            "value": habit.value,
            "count": habit.count,
            "total": habit.total,
            "examples": list(habit.examples),
        }
        for habit in habits
    ]


def habits_from_json(written: list[Any]) -> tuple[Habit, ...]:
    """The habits that `habits_to_json` wrote; what is none of them is left out."""
    return tuple(habit for item in written if (habit := _habit(item)) is not None)


def _habit(item: Any) -> Habit | None:
    if not isinstance(item, dict) or item.get("kind") not in KINDS:
        return None
    examples = item.get("examples", [])
    if not all(type(item.get(name)) is wanted for name, wanted in _WRITTEN.items()):
        return None
    if not isinstance(examples, list) or not all(isinstance(example, str) for example in examples):
        return None
    return Habit(**{name: item[name] for name in _WRITTEN}, examples=tuple(examples))
