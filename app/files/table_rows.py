"""The rows of a table as the user sees them, and the value that a merged range gives to each of its rows."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.files.headings import is_empty
from app.files.sheet_facts import Merge


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row of a file, placed as the user sees it."""

    row_number: int
    cells: tuple[str, ...]

    @property
    def is_blank(self) -> bool:
        """Whether no cell holds anything."""
        return all(map(is_empty, self.cells))


def fill_merges(
    rows: Sequence[TableRow], merges: Sequence[Merge], header_rows: int
) -> tuple[tuple[TableRow, ...], tuple[Merge, ...]]:
    """The rows with the value of each range that is merged downwards in all of its rows, and the ranges that gave one.

    Rows that hold nothing of their own stay blank, and the headings keep their own way with merged groups.
    """
    changed: dict[int, list[str]] = {}
    gave: list[Merge] = []
    for merge in sorted(merges, key=lambda merge: (merge.first_row, merge.first_column)):
        if merge.first_row <= header_rows or merge.last_row == merge.first_row or merge.first_row > len(rows):
            continue
        column = merge.first_column
        first = rows[merge.first_row - 1].cells
        if column >= len(first) or is_empty(first[column]):
            continue
        below = [
            row
            for row in rows[merge.first_row : merge.last_row]
            if column < len(row.cells) and is_empty(row.cells[column]) and not row.is_blank
        ]
        for row in below:
            changed.setdefault(row.row_number, list(row.cells))[column] = first[column]
        if below:
            gave.append(merge)
    filled = tuple(
        TableRow(row.row_number, tuple(changed[row.row_number])) if row.row_number in changed else row for row in rows
    )
    return filled, tuple(gave)
