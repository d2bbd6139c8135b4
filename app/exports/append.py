"""Appending columns to a delimited file: received bytes stay, each record only grows at its end."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from app.errors import WorkbenchError
from app.exports.append_shapes import drawn, ruled, within_quotes
from app.exports.charset import close_form
from app.files.encodings import BOM
from app.files.records import MARKDOWN, Dialect, Record, encode_cell, records_of

CellsOfRecord = Callable[[Record], Sequence[str]]
"""The cells to append to a row of data, as many as there are headings."""

# In a file where quotes have no meaning, its delimiter cannot stand inside a cell.
_INSTEAD_OF_DELIMITER = {";": ",", ",": " ", "\t": " ", "|": "/"}
_LINE_ENDS = re.compile(r"[\r\n]+")


class AppendError(WorkbenchError):
    """The written file would not read back as the received one plus columns; nothing is exported."""

    def __init__(self, where: str) -> None:
        super().__init__(
            f"Le fichier ne peut pas être complété sans changer la lecture de ses colonnes ({where}). "
            "Vérifiez ses guillemets et son séparateur."
        )


@dataclass(frozen=True, slots=True)
class Adapted:
    """A text that the file could not hold as it is."""

    row_number: int
    text: str
    written: str


@dataclass(frozen=True, slots=True)
class Appended:
    """The file with its new columns, and what the reader should know about it."""

    content: bytes
    rows: int
    width: int
    """Columns of the received file: the first new column comes just after."""
    adapted: tuple[Adapted, ...] = ()
    long_rows: tuple[int, ...] = ()
    """Rows that had more cells than the file has columns: there the new columns are shifted."""
    short_rows: tuple[int, ...] = ()
    """Rows that had fewer cells: empty ones were added so that the new columns fall in their place."""


@dataclass(slots=True)
class _Shape:
    """The columns of the file, and whether each row ends with one more delimiter."""

    width: int
    has_trailing_delimiter: bool


@dataclass(slots=True)
class _Findings:
    adapted: list[Adapted] = field(default_factory=list)
    long_rows: list[int] = field(default_factory=list)
    short_rows: list[int] = field(default_factory=list)


def header_row(records: Sequence[Record], dialect: Dialect) -> Record | None:
    """The row that holds the headings: the last one that is not blank before the data."""
    head = [record for record in records[: dialect.header_rows] if not record.is_blank]
    return head[-1] if head else None


def _shape(records: Sequence[Record], dialect: Dialect, expected_width: int | None) -> _Shape:
    header = header_row(records, dialect)
    data = [record for record in records[dialect.header_rows :] if not record.is_blank]
    if header is not None:
        width = len(header.cells)
    else:
        widths = Counter(len(record.cells) for record in data)
        width = max(widths, key=lambda size: (widths[size], size)) if widths else expected_width or 1
    full = [record for record in (*([header] if header else []), *data) if len(record.cells) == width]
    delimiter = dialect.delimiter.encode(dialect.encoding)
    ends_open = bool(full) and all(not record.cells[-1] and record.raw.endswith(delimiter) for record in full)
    # Without headings, a last empty column may be a real one: only the known width of the ANS files tells.
    one_more = width > 1 and (header is not None if expected_width is None else width == expected_width + 1)
    trailing = ends_open and one_more and dialect.shape != MARKDOWN
    return _Shape(width - 1 if trailing else width, trailing)


def fitting(value: str, dialect: Dialect) -> str:
    """The value as this file can hold it: its encoding, one line, no delimiter where quotes mean nothing."""
    value = _LINE_ENDS.sub(" ", value)
    if dialect.shape == MARKDOWN:
        return close_form(value.strip(), dialect.encoding)
    if not dialect.quotechar:
        value = value.replace(dialect.delimiter, _INSTEAD_OF_DELIMITER.get(dialect.delimiter, " "))
    # A cell that starts with the delimiter could close a quote left open by the cell before it.
    guarded = f" {value}" if value.startswith(dialect.delimiter) else value
    return close_form(guarded, dialect.encoding)


def _addition(record: Record, cells: Sequence[str], shape: _Shape, dialect: Dialect) -> str:
    delimiter = dialect.delimiter
    written = delimiter.join(encode_cell(cell, dialect) for cell in cells)
    columns = shape.width + 1 if shape.has_trailing_delimiter else shape.width
    padding = delimiter * max(columns - len(record.cells), 0)
    if not shape.has_trailing_delimiter:
        return f"{padding}{delimiter}{written}"
    is_long = len(record.cells) > columns
    return f"{delimiter if is_long else padding}{written}{delimiter}"


def _longer(record: Record, cells: Sequence[str], shape: _Shape, dialect: Dialect) -> bytes:
    """The bytes of a record with its new cells."""
    if dialect.shape == MARKDOWN:
        return drawn(record, cells, max(shape.width - len(record.cells), 0), dialect)
    return within_quotes(record, _addition(record, cells, shape, dialect), dialect)


def append_columns(
    content: bytes,
    dialect: Dialect,
    headings: Sequence[str],
    values_of: CellsOfRecord,
    expected_width: int | None = None,
) -> Appended:
    """The file with new columns. Blank rows and title rows above the headings are left as they are.

    `expected_width` is the number of columns when a specification fixes it. Raises AppendError when the
    result does not read back as expected, which no file should be able to cause.
    """
    records = records_of(content, dialect)
    shape = _shape(records, dialect, expected_width)
    header = header_row(records, dialect)
    findings = _Findings()
    parts: list[bytes] = []
    expected: list[tuple[str, ...]] = []
    rows = 0
    for record in records:
        is_data = record.row_number > dialect.header_rows
        if (line := ruled(record, dialect, len(headings))) is not None:
            parts.append(line + record.terminator)
            expected.append(("",) * (len(record.cells) + len(headings)))
            continue
        if record is header:
            values: Sequence[str] = headings
        elif is_data and not record.is_blank:
            values = values_of(record)
            rows += 1
        else:
            parts.append(record.raw + record.terminator)
            expected.append(record.cells)
            continue
        cells = [fitting(value, dialect) for value in values]
        findings.adapted += [
            Adapted(record.row_number, before, after)
            for before, after in zip(values, cells, strict=True)
            if before != after
        ]
        columns = shape.width + shape.has_trailing_delimiter
        if len(record.cells) > columns:
            findings.long_rows.append(record.row_number)
        elif len(record.cells) < shape.width:
            findings.short_rows.append(record.row_number)
        parts.append(_longer(record, cells, shape, dialect) + record.terminator)
        expected.append(_expected_cells(record, cells, shape))
    result = b"".join(parts)
    _check(result, dialect, expected)
    return Appended(
        result,
        rows,
        shape.width,
        tuple(findings.adapted),
        tuple(findings.long_rows),
        tuple(findings.short_rows),
    )


def _expected_cells(record: Record, cells: Sequence[str], shape: _Shape) -> tuple[str, ...]:
    received = record.cells
    columns = shape.width + 1
    if shape.has_trailing_delimiter and len(received) > columns:
        return (*received, *cells, "")
    if shape.has_trailing_delimiter:
        padded = received + ("",) * (columns - len(received))
        # The last, empty cell receives the first new one; a new empty cell follows the last delimiter.
        return (*padded[:-1], padded[-1] + cells[0], *cells[1:], "")
    return (*received, *("",) * (shape.width - len(received)), *cells)


def _check(result: bytes, dialect: Dialect, expected: Sequence[tuple[str, ...]]) -> None:
    """Read the file back: every received cell and every new one must be found where it belongs."""
    found = records_of(result, dialect)
    if len(found) != len(expected):
        raise AppendError(f"{len(found)} enregistrements relus au lieu de {len(expected)}")
    for record, cells in zip(found, expected, strict=True):
        if record.cells != cells and tuple(cell.removeprefix(BOM) for cell in record.cells) != cells:
            raise AppendError(f"ligne {record.row_number}")
