"""Cells of a delimited file replaced where they stand: every other byte stays as it was received."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from app.exports.append import Adapted, AppendError, fitting
from app.files.encodings import BOM
from app.files.records import Dialect, Record, cell_pattern, encode_cell, is_wrapped, records_of

NewCells = Callable[[Record], Mapping[int, str]]
"""A row of data -> the column and the new text of each cell to replace."""


@dataclass(frozen=True, slots=True)
class Replaced:
    """The file with its new cells, and what the reader should know about it."""

    content: bytes
    adapted: tuple[Adapted, ...] = ()
    short_rows: tuple[int, ...] = ()
    """Rows that ended before a cell that they now have."""


def replace_cells(content: bytes, dialect: Dialect, cells_of: NewCells) -> Replaced:
    """The file with new cells in its rows of data; headings, titles and blank rows are left as they are.

    A row too short for a cell that stays empty is left short. Raises AppendError when the result does not read back as
    expected.
    """
    parts: list[bytes] = []
    expected: list[tuple[str, ...]] = []
    adapted: list[Adapted] = []
    short_rows: list[int] = []
    for record in records_of(content, dialect):
        if record.row_number <= dialect.header_rows or record.is_blank:
            parts.append(record.raw + record.terminator)
            expected.append(record.cells)
            continue
        wanted = {}
        for column, text in cells_of(record).items():
            held = record.cells[column] if column < len(record.cells) else ""
            written = held if text == held else fitting(text, dialect)
            if written != held:
                wanted[column] = written
            if written != text:
                adapted.append(Adapted(record.row_number, text, written))
        if wanted and max(wanted) >= len(record.cells):
            short_rows.append(record.row_number)
        parts.append(_rewritten(record, wanted, dialect) + record.terminator)
        expected.append(_expected(record, wanted))
    result = b"".join(parts)
    _check(result, dialect, expected)
    return Replaced(result, tuple(adapted), tuple(short_rows))


def _rewritten(record: Record, wanted: Mapping[int, str], dialect: Dialect) -> bytes:
    """The bytes of a record with its new cells."""
    if not wanted:
        return record.raw
    text = record.raw.decode(dialect.encoding)
    mark = BOM if text.startswith(BOM) else ""
    text = text.removeprefix(BOM)
    wrapped = is_wrapped(record, dialect)
    if wrapped:
        text = text[1:-1].replace('""', '"')
    cells = _pieces(text, dialect)
    cells += [""] * (max(wanted) + 1 - len(cells))
    for column, value in wanted.items():
        cells[column] = encode_cell(value, dialect)
    text = dialect.delimiter.join(cells)
    if wrapped:
        doubled = text.replace('"', '""')
        text = f'"{doubled}"'
    return (mark + text).encode(dialect.encoding)


def _pieces(text: str, dialect: Dialect) -> list[str]:
    """The cells as they are written, quotes included."""
    match = cell_pattern(dialect.delimiter, dialect.quotechar).match
    pieces: list[str] = []
    position = 0
    while True:
        found = match(text, position)
        assert found is not None  # the plain cell matches everywhere
        end = found["end"]
        pieces.append(text[position : found.end() - len(end)])
        position = found.end()
        if end != dialect.delimiter:
            return pieces


def _expected(record: Record, wanted: Mapping[int, str]) -> tuple[str, ...]:
    cells = [*record.cells, *("",) * (max(wanted, default=-1) + 1 - len(record.cells))]
    for column, value in wanted.items():
        cells[column] = value
    return tuple(cells)


def _check(result: bytes, dialect: Dialect, expected: list[tuple[str, ...]]) -> None:
    """Read the file back: every received cell and every new one must be found where it belongs."""
    found = records_of(result, dialect)
    if len(found) != len(expected):
        raise AppendError(f"{len(found)} enregistrements relus au lieu de {len(expected)}")
    for record, cells in zip(found, expected, strict=True):
        if record.cells != cells:
            raise AppendError(f"ligne {record.row_number}")
