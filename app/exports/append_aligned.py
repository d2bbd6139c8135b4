"""Appending columns to a text of fixed width: received characters stay, the new columns are aligned after them."""

from collections.abc import Sequence
from dataclasses import replace

from app.exports.append import Adapted, Appended, AppendError, CellsOfRecord, header_row
from app.exports.charset import close_form
from app.files.encodings import BOM
from app.files.fixed_width import is_ruler
from app.files.records import Dialect, Record, records_of

_GAP = "  "


def append_aligned(
    content: bytes, dialect: Dialect, headings: Sequence[str], values_of: CellsOfRecord
) -> Appended:
    """The file with new columns, each as wide as its longest cell. Blank rows and titles are left as they are.

    Raises AppendError when the result does not read back as expected.
    """
    records = records_of(content, dialect)
    header = header_row(records, dialect)
    received = [record.raw.decode(dialect.encoding) for record in records]
    width = max((len(text.removeprefix(BOM)) for text in received), default=0)
    added: dict[int, list[str]] = {}
    adapted: list[Adapted] = []
    for record in records:
        if record is header:
            values: Sequence[str] = headings
        elif record.row_number > dialect.header_rows and not record.is_blank:
            values = values_of(record)
        else:
            continue
        cells = [close_form(" ".join(value.split()), dialect.encoding) for value in values]
        pairs = zip(values, cells, strict=True)
        adapted += [Adapted(record.row_number, before, after) for before, after in pairs if before != after]
        added[record.row_number] = cells
    widths = [max((len(cells[place]) for cells in added.values()), default=0) for place in range(len(headings))]
    parts: list[bytes] = []
    for record, text in zip(records, received, strict=True):
        end = _ruled(widths) if is_ruler(text) else _aligned(added.get(record.row_number, ()), widths)
        padding = " " * (width - len(text.removeprefix(BOM))) if end else ""
        parts.append((text + padding + end).encode(dialect.encoding) + record.terminator)
    result = b"".join(parts)
    _check(result, dialect, width, widths, records, added)
    rows = sum(number > dialect.header_rows for number in added)
    return Appended(result, rows, len(dialect.starts), tuple(adapted))


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=bool(cells)))
    return "".join(_GAP + cell for cell in padded).rstrip() if cells else ""


def _ruled(widths: Sequence[int]) -> str:
    return "".join(_GAP + "-" * max(width, 2) for width in widths)


def _check(
    result: bytes,
    dialect: Dialect,
    width: int,
    widths: Sequence[int],
    records: Sequence[Record],
    added: dict[int, list[str]],
) -> None:
    """Read the file back: every received cell and every new one must be found where it belongs."""
    starts = [*dialect.starts]
    place = width
    for size in widths:
        starts.append(place + len(_GAP))
        place += len(_GAP) + size
    found = records_of(result, replace(dialect, starts=tuple(starts)))
    if len(found) != len(records):
        raise AppendError(f"{len(found)} enregistrements relus au lieu de {len(records)}")
    for before, after in zip(records, found, strict=True):
        new = tuple(added.get(before.row_number, ("",) * len(widths)))
        if after.cells != before.cells + tuple(cell.strip(" ") for cell in new):
            raise AppendError(f"ligne {before.row_number}")
