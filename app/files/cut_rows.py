"""Rows that a line end in a text without quotes cut in two or more: each part alone would be another analysis."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence

from app.files.table_rows import TableRow

_MOST_PARTS = 6


def cut_rows(rows: Sequence[TableRow], width: int) -> Iterator[list[int]]:
    """The rows of each group that are one together.

    Rows may end with a separator: they then have a cell more than columns, and so has the last part of a cut one. Short
    rows may add up by chance where a system leaves empty cells out at the end of its rows: what the last one says must
    moreover be what other rows say in these columns.
    """
    whole = Counter(len(row.cells) for row in rows if len(row.cells) >= width)
    usual = whole.most_common(1)[0][0] if whole else width
    short = [len(row.cells) < usual for row in rows]
    if sum(short) < 2:
        return
    full = [row for row in rows if len(row.cells) >= usual]
    known = [{row.cells[column].strip() for row in full} - {""} for column in range(usual)]
    place = 0
    while place < len(rows):
        end = _end_of_cut(rows, short, place, (width, usual), known)
        if end:
            yield [row.row_number for row in rows[place:end]]
        place = end or place + 1


def _end_of_cut(
    rows: Sequence[TableRow],
    short: Sequence[bool],
    start: int,
    widths: Collection[int],
    known: Sequence[Collection[str]],
) -> int:
    """Where the parts of a row that begins here end; 0 when it is not cut."""
    total = 0
    for place in range(start, min(start + _MOST_PARTS, len(rows))):
        if not short[place]:
            return 0
        cells = rows[place].cells
        total += len(cells) - (place > start)
        if place > start and total in widths and _continues(cells, total - len(cells) + 1, known):
            return place + 1
        if total > max(widths):
            return 0
    return 0


def _continues(cells: Sequence[str], column: int, known: Sequence[Collection[str]]) -> bool:
    """Whether the cells of a row, the first left out, are known values from this column on and not where they stand."""
    texts = [cell.strip() for cell in cells]
    here = sum(cell in values for cell, values in zip(texts, known, strict=False))
    there = sum(cell in values for cell, values in zip(texts[1:], known[column:], strict=False))
    return there > here
