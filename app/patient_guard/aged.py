"""Dumps of results without names: the exact age of one person in each row, her sex, and what was measured."""

import re
from collections.abc import Sequence
from itertools import islice, pairwise

from app.patient_guard.cells import Column, Row

_AGE = re.compile(
    r"(?:(?:[hfmw]|homme|femme|masculin|f[ée]minin)\W{0,3})?(?P<years>\d{1,3})\s?(?P<unit>ans?|a|mois|m|jours?|j)?(?:\W{0,3}[hfmw])?",
    re.IGNORECASE,
)
_AMOUNT = re.compile(r"[<>]? ?-?\d{1,7}(?:[.,]\d{1,4})?(?: ?(?:%|[a-zA-Zµμ]{1,6}/[a-zA-Z]{1,4}))?")
_ENOUGH = 6
_SAMPLE = 1_000
_OLDEST = 115
_USUAL = frozenset({1, 2, 3, 4, 6, 12, 14, 16, 17, 18, 21, 99})
"""Ages where ranges of reference begin or end, beside those that five divides."""


def results_of_aged(columns: Sequence[Column], rows: Sequence[Row]) -> list[int]:
    """The columns (age, what was measured) of a dump of results of people without names; empty for a catalogue.

    Ranges of reference have a lower and an upper bound, and ages that rise from row to row, or round ones.
    """
    full = [column for column in columns if column.filled >= max(_ENOUGH, 0.6 * len(rows))]
    sexes = [column for column in full if column.says_sex]
    ages = [column for column in full if _holds_ages(column, is_beside_sexes=bool(sexes))]
    if not ages:
        return []
    amounts = [
        column
        for column in full
        if column not in ages and not column.told.reference and _share(column, _AMOUNT) >= 0.7
        and len(column.rows_of) >= 4 and any("." in text or "," in text for text in column.rows_of)
    ]  # fmt: skip
    bounds = {
        column.index for low, high in pairwise(amounts) if _is_below(low, high) for column in (low, high)
    }
    measured = [column.index for column in amounts if column.index not in bounds]
    return sorted({ages[0].index, *measured[:1]}) if measured else []


def _share(column: Column, pattern: re.Pattern[str]) -> float:
    looked = list(islice(column.rows_of.items(), _SAMPLE))
    matching = sum(len(rows) for text, rows in looked if pattern.fullmatch(text))
    return matching / sum(len(rows) for _, rows in looked)


def _holds_ages(column: Column, *, is_beside_sexes: bool) -> bool:
    """Whether a column holds the exact ages of people, in no order."""
    if column.told.reference or column.told.dated or _share(column, _AGE) < 0.9:
        return False
    years: dict[int, int] = {}
    are_said = 0
    for text, rows in column.rows_of.items():
        found = _AGE.fullmatch(text)
        if found is None or int(found["years"]) > _OLDEST:
            continue
        are_said += found["unit"] is not None
        years.update(dict.fromkeys(rows, int(found["years"])))
    different = set(years.values())
    odd = sum(year % 5 != 0 and year not in _USUAL for year in different)
    if len(different) < 4 or 2 * odd < len(different):
        return False
    is_said = column.told.aged or 2 * are_said >= len(column.rows_of)
    if not is_said and (column.told.is_headed or not is_beside_sexes):
        return False
    steps = [later - earlier for (_, earlier), (_, later) in pairwise(sorted(years.items()))]
    down, up = sum(step < 0 for step in steps), sum(step > 0 for step in steps)
    return 4 * down >= len(steps) and 4 * up >= len(steps)


def _is_below(low: Column, high: Column) -> bool:
    """Whether the numbers of a column are never above those of the next one in the same row."""
    highs = {row: _value(text) for text, rows in high.rows_of.items() for row in rows}
    pairs = [
        (value, other)
        for text, rows in low.rows_of.items()
        if (value := _value(text)) is not None
        for row in rows
        if (other := highs.get(row)) is not None
    ]
    return bool(pairs) and sum(value <= other for value, other in pairs) >= 0.95 * len(pairs)


def _value(text: str) -> float | None:
    found = re.search(r"\d{1,7}(?:[.,]\d{1,4})?", text)
    return float(found[0].replace(",", ".")) if found else None
