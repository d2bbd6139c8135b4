"""Headings over one row or two: merged groups above sub-headings, headings that come twice."""

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

from app.files.fields import guess_columns

_SPACES = " \t\x1a\xa0\u202f\r\n"
_GROUP_CELLS = 2
"""A row of groups names at least two of them; a title fills one cell."""
_FOLLOWING_ROWS = 8


def is_empty(cell: str) -> bool:
    """Whether a cell holds nothing that is seen."""
    return not cell.strip(_SPACES)


def _said(cell: str) -> str:
    return " ".join(cell.split())


def _groups(header: Sequence[Sequence[str]], width: int) -> list[str]:
    """The group that each column belongs to: a merged cell says its text in its first column only."""
    if len(header) < 2:
        return [""] * width
    upper, lower = header[-2], header[-1]
    if sum(not is_empty(cell) for cell in upper) < _GROUP_CELLS:
        return [""] * width
    groups: list[str] = []
    current = ""
    for column in range(width):
        above = upper[column] if column < len(upper) else ""
        below = lower[column] if column < len(lower) else ""
        if not is_empty(above):
            current = _said(above)
        elif is_empty(below):
            current = ""
        groups.append(current)
    return groups


@lru_cache(maxsize=256)
def bare_headings(header: tuple[tuple[str, ...], ...]) -> tuple[str, ...]:
    """The lowest header cell of each column that holds something, without its group."""
    width = max((len(cells) for cells in header[-2:]), default=0)
    names = [""] * width
    for cells in header:
        for column, cell in enumerate(cells[:width]):
            names[column] = _said(cell) or names[column]
    return tuple(names)


@lru_cache(maxsize=256)
def headings_of(header: tuple[tuple[str, ...], ...]) -> tuple[str, ...]:
    """One name a column: the lowest header cell that holds something, with its group when that is needed to
    understand it or to tell it apart; a name that comes again is numbered: « Fréquence (2) »."""
    names = list(bare_headings(header))
    groups = _groups(header, len(names))
    counts = Counter(names)
    for column, (name, group) in enumerate(zip(list(names), groups, strict=True)):
        is_clear = counts[name] == 1 and guess_columns([name])
        if name and group and group != name and not is_clear:
            names[column] = f"{group} – {name}"
    return tuple(_numbered(names))


def _numbered(names: Sequence[str]) -> list[str]:
    seen: Counter[str] = Counter()
    numbered = []
    for name in names:
        seen[name] += 1
        numbered.append(f"{name} ({seen[name]})" if name and seen[name] > 1 else name)
    return numbered


def has_subheadings(rows: Sequence[Sequence[str]], index: int) -> bool:
    """Whether the row below these headings holds the sub-headings of merged groups, and not data.

    It names something under a cell that the merge left empty, and has neither code nor label, which the rows
    after it have.
    """
    if index + 1 >= len(rows):
        return False
    above, below = rows[index], rows[index + 1]
    columns = guess_columns(above)
    keys = [columns[name] for name in ("code", "label") if name in columns]
    filled = [column for column, cell in enumerate(below) if not is_empty(cell)]
    if not keys or not filled or any(column in keys for column in filled):
        return False
    if not any(column >= len(above) or is_empty(above[column]) for column in filled):
        return False
    if any(not below[column].strip(_SPACES)[0].isalpha() for column in filled):
        return False
    after = rows[index + 2 : index + 2 + _FOLLOWING_ROWS]
    return any(all(key < len(row) and not is_empty(row[key]) for key in keys) for row in after)
