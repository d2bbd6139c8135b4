"""Which column of a table holds LOINC codes: what its cells say stands before what its heading says.

Inherited lists have « Code LOINC ancien », « LOINC » and « Libellé LOINC » side by side, or codes under « Cible ».
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from app.files.earlier_fields import EARLIER_CODES, EARLIER_FIELDS
from app.files.fields import fold_heading
from app.files.loinc_cells import CellFinding, Repair, read_code
from app.files.table_rows import TableRow
from app.files.tabular import Table
from app.files.values import bare

SAMPLE_ROWS = 2_000
_LOOKED_AT_FIRST = 60
"""Filled cells that show whether the rest of a column is worth reading."""
_MOSTLY = 0.5
"""The share of the filled cells that are codes where a heading does not speak of LOINC."""
_LEAST_CODES = 2
_CLEARLY_MORE = 2
"""How many times the codes of the column that its heading prefers another one must hold to be read instead."""
_FORM = re.compile(r"(?<!\d)\d{1,7}\s?[-‐‑–—−]\s?\d(?!\d)")
_SPEAKS = re.compile(r"\bloinc|loinc\b")
_OLD = re.compile(r"\b(anciens?|anciennes?|old|precedente?s?|previous|former|obsolete|v1|n 1)\b")


@dataclass(frozen=True, slots=True)
class LoincColumn:
    """A column that holds LOINC codes."""

    column: int
    codes: int
    """The cells that say one code, its check digit right."""
    filled: int
    is_named: bool
    """Whether its heading speaks of LOINC."""
    is_old: bool
    """Whether its heading says that the codes are old ones."""

    @property
    def is_sure(self) -> bool:
        """Whether its cells alone say that it is one."""
        return self.codes >= _LEAST_CODES and self.codes >= _MOSTLY * self.filled


def _cells(rows: Sequence[TableRow], column: int) -> list[str]:
    return [
        text
        for row in rows
        if column < len(row.cells) and (text := bare(row.cells[column]).strip())
    ]


def _looked_at(rows: Sequence[TableRow], column: int, heading: str) -> LoincColumn | None:
    is_named = bool(_SPEAKS.search(heading))
    cells = _cells(rows, column)
    first = cells[:_LOOKED_AT_FIRST]
    if not first or not (is_named or sum(map(bool, map(_FORM.search, first))) >= _MOSTLY * len(first)):
        return None
    codes = filled = 0
    for text in cells:
        cell = read_code(text)
        # A number without dash, or a date, is a code where the heading says so; elsewhere it is a number, or a date.
        codes += cell.finding is CellFinding.CODE and (is_named or cell.repair not in (Repair.DASH, Repair.DATE))
        filled += cell.finding not in (CellFinding.EMPTY, CellFinding.NO_CODE)
    found = LoincColumn(column, codes, filled, is_named, bool(_OLD.search(heading)))
    return found if codes and (is_named or found.is_sure) else None


def loinc_columns(table: Table, sample_rows: int | None = SAMPLE_ROWS) -> list[LoincColumn]:
    """The columns whose cells hold LOINC codes, in the order of the file; all rows are read where `sample_rows` is
    None."""
    headings = table.headings
    rows = table.data[:sample_rows]
    found = (
        _looked_at(rows, column, fold_heading(headings[column]) if column < len(headings) else "")
        for column in range(table.full_width)
    )
    return [item for item in found if item is not None]


def with_loinc_columns(
    columns: Mapping[str, int], held: Sequence[LoincColumn], taken: Collection[int] = ()
) -> dict[str, int]:
    """The columns with that of earlier codes chosen by what the cells hold; `taken` are of other fields for certain.

    The heading is followed as long as its column holds codes and no other one holds clearly more; old codes give way.
    """
    found = dict(columns)
    kept = {column for name, column in found.items() if name in EARLIER_CODES and name != "earlier_code"}
    free = [item for item in held if item.column not in kept and item.column not in taken]
    if not free:
        return found
    best = max(free, key=lambda item: (not item.is_old, item.is_named, item.codes, -item.column))
    fullest = max((item for item in free if item.is_old is best.is_old), key=lambda item: (item.codes, -item.column))
    if fullest.codes > _CLEARLY_MORE * best.codes:
        best = fullest
    named = next((item for item in free if item.column == found.get("earlier_code")), None)
    if named and named.is_old is best.is_old and best.codes <= _CLEARLY_MORE * named.codes:
        return found
    found = {name: column for name, column in found.items() if column != best.column}
    found["earlier_code"] = best.column
    return found


def without_empty_claim(
    columns: dict[str, int], headings: Sequence[str], held: Sequence[LoincColumn]
) -> dict[str, int]:
    """The columns without one that was taken for earlier codes by a heading that does not speak of LOINC, where no
    cell holds a code: « Code cible » may be of any list."""
    column = columns.get("earlier_code", -1)
    heading = fold_heading(headings[column]) if 0 <= column < len(headings) else ""
    if column < 0 or _SPEAKS.search(heading) or column in {item.column for item in held}:
        return columns
    return {name: place for name, place in columns.items() if name != "earlier_code"}


def others_like(table: Table, columns: Mapping[str, int]) -> list[LoincColumn]:
    """The columns that hold LOINC codes, and are read as nothing, where another one is read."""
    used = {column for name, column in columns.items() if name in EARLIER_FIELDS or name == "code"}
    return [item for item in loinc_columns(table) if item.column not in used]
