"""What the cells of one column are, looked at once each: numbers, births, names."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

from app.patient_guard import births, names
from app.patient_guard.names import Strength

_NAME_SHAPE = re.compile(r"[^\W\d_][^\d;:/()+%<>=\[\]\"|\n]{4,59}")
_SEX = frozenset("m f h masculin feminin homme femme masc fem male female w".split())

class Row(Protocol):
    """A row of a file: its number as the user sees it, and its cells."""

    @property
    def row_number(self) -> int:
        """From 1."""

    @property
    def cells(self) -> tuple[str, ...]:
        """Texts."""


@dataclass(slots=True)
class Told:
    """What the heading of a column says of it."""

    staff: bool = False
    dated: bool = False
    reference: bool = False
    """Ranges of reference, or for whom they are."""
    aged: bool = False
    """Ages."""
    is_headed: bool = False


@dataclass
class Column:
    """The different values of one column, and the rows of each."""

    index: int
    told: Told = field(default_factory=Told)
    rows_of: dict[str, list[int]] = field(default_factory=dict)

    @cached_property
    def filled(self) -> int:
        """How many cells hold something."""
        return sum(map(len, self.rows_of.values()))

    @cached_property
    def years(self) -> dict[str, int]:
        """Values that are dates -> their years."""
        return births.years_of(text for text in self.rows_of if text[0].isdigit() or text[0] in "jfmasondJFMASOND")

    @cached_property
    def parts_of_days(self) -> dict[str, int]:
        """Values that are a month of a year, or a day without separators -> their years; of digits alone only where
        nearly all cells that are digits are such days."""
        found = {text: year for text in self.rows_of if (year := births.year_of_part(text)) is not None}
        digits = [text for text in self.rows_of if text.isdigit()]
        if 10 * sum(text in found for text in digits) < 9 * len(digits):
            found = {text: year for text, year in found.items() if not text.isdigit()}
        return found

    @cached_property
    def named(self) -> dict[str, Strength]:
        """Values that are a surname and a first name -> how surely."""
        found: dict[str, Strength] = {}
        for text in self.rows_of:
            if _NAME_SHAPE.fullmatch(text) and (" " in text or "," in text or "^" in text or "\u00a0" in text):
                strength = names.strength_of(text)
                if strength:
                    found[text] = strength
        return found

    @cached_property
    def first_names(self) -> list[str]:
        """Values that are a first name, alone or with others after it."""
        return [
            text
            for text in self.rows_of
            if len(text) <= 30 and text[0].isalpha() and names.is_first_name(text.replace(",", " ").split()[0])
        ]

    @cached_property
    def says_sex(self) -> bool:
        """Whether the column says the sex of somebody in each row."""
        return 0 < len(self.rows_of) <= 6 and all(names.plain(text).strip(". ") in _SEX for text in self.rows_of)

    def rows(self, values: Iterable[str]) -> set[int]:
        """The rows of these values."""
        return {number for text in values for number in self.rows_of.get(text, ())}


def columns_of(rows: Sequence[Row], told: Mapping[int, Told]) -> list[Column]:
    """The columns of these rows, from the left; texts are without spaces around them, empty ones left out."""
    columns: list[Column] = []
    for row in rows:
        number = row.row_number
        cells = row.cells
        while len(columns) < len(cells):
            index = len(columns)
            columns.append(Column(index, told.get(index, Told())))
        for column, cell in zip(columns, cells, strict=False):
            if cell and (text := cell.strip()):
                column.rows_of.setdefault(text, []).append(number)
    return columns

