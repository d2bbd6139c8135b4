"""What a workbook says of a sheet beside its values: how numbers are shown, what is merged, hidden or protected.

Rows count from 1, as the user sees them; columns from 0.
"""

from array import array
from dataclasses import dataclass, field
from typing import TypeVar

from app.files import limits
from app.files.cell_kinds import CellKind
from app.files.zip_safety import UnsafeWorkbookError

Key = TypeVar("Key", bound=str)

MAX_LISTED = 100_000
"""Merged ranges, errors and formulas kept of a sheet: as many as it may have rows."""


@dataclass(frozen=True, slots=True)
class Merge:
    """A merged range; its first cell holds the value."""

    first_row: int
    last_row: int
    first_column: int
    last_column: int


@dataclass(slots=True)
class SheetFacts:
    """Beside its values."""

    formats: dict[int, dict[str, "array[int]"]] = field(default_factory=dict)
    """Column -> number format -> rows of the numbers that have it; numbers shown as they are have none."""
    texts: dict[int, dict[str, "array[int]"]] = field(default_factory=dict)
    """Column -> what cells show of their number -> their rows, where the file keeps it beside the number."""
    kinds: dict[int, dict[CellKind, "array[int]"]] = field(default_factory=dict)
    """Column -> what the file says that cells are, where the reader of workbooks takes them for something else."""
    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    """(row, column) -> `#N/A`, `#REF!`…"""
    uncalculated: list[tuple[int, int]] = field(default_factory=list)
    """(row, column) of the formulas that no program ever computed."""
    merges: list[Merge] = field(default_factory=list)
    hidden_rows: int = 0
    hidden_columns: set[int] = field(default_factory=set)
    merged_cells: int = 0
    is_filtered: bool = False
    is_protected: bool = False

    def number(self, row: int, column: int, code: str) -> None:
        """Note the format of a number."""
        _append(self.formats, column, code, row)

    def text(self, row: int, column: int, text: str) -> None:
        """Note what a cell shows of its number."""
        _append(self.texts, column, text, row)

    def kind(self, row: int, column: int, kind: CellKind) -> None:
        """Note what a cell is."""
        _append(self.kinds, column, kind, row)

    def error(self, row: int, column: int, text: str) -> None:
        """Note a formula that gives an error."""
        if len(self.errors) < MAX_LISTED:
            self.errors[row, column] = text

    def formula(self, row: int, column: int) -> None:
        """Note a formula that was never computed."""
        if len(self.uncalculated) < MAX_LISTED:
            self.uncalculated.append((row, column))

    def merge(self, merge: Merge) -> None:
        """Note a merged range; raises UnsafeWorkbookError when they cover more than a sheet may hold."""
        height, width = merge.last_row - merge.first_row + 1, merge.last_column - merge.first_column + 1
        self.merged_cells += height * width
        if self.merged_cells > limits.MAX_CELLS or len(self.merges) >= MAX_LISTED:
            raise UnsafeWorkbookError("le classeur fusionne trop de cellules")
        if height > 0 and width > 0:
            self.merges.append(merge)

    def hide_columns(self, first: int, last: int, limit: int) -> None:
        """Note hidden columns; the last of a sheet are often hidden by thousands."""
        self.hidden_columns.update(range(max(first, 0), min(last + 1, limit)))


def _append(kept: "dict[int, dict[Key, array[int]]]", column: int, key: Key, row: int) -> None:
    rows = kept.setdefault(column, {}).get(key)
    if rows is None:
        rows = kept[column][key] = array("I")
    rows.append(row)
