"""The received file itself, with what was decided of each row appended in new columns."""

import io
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import date, datetime

from openpyxl import load_workbook
from openpyxl.cell.cell import Cell
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from app.exports.append import Appended, append_columns
from app.exports.append_aligned import append_aligned
from app.exports.append_json import append_members
from app.exports.sheet_layout import DAY_FORMAT
from app.exports.workbook_bytes import workbook_bytes
from app.files.ans_files import ANS_COLUMNS
from app.files.completed_columns import COMPLETED
from app.files.records import Dialect, Record
from app.files.table_rows import TableRow
from app.files.workbook import check_workbook
from app.memory.statements import COMMENT_BEHIND
from app.models import FileKind, Level
from app.publication.assessment import Assessment
from app.publication.lookup import RowLookup, cell_at, sections
from app.publication.schemas import PublishedTest, UncodedReason
from app.publication.wording import relation_text
from app.text import in_paris

FORMULA_STARTERS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""A spreadsheet would compute a cell that starts so."""

NewCell = str | date
"""A day stays a day in a workbook; a CSV has its French text."""
RowValues = Callable[[int, Sequence[str]], Sequence[NewCell]]
"""Row number and cells of a received row -> the cells to append."""


@dataclass(slots=True)
class OriginalRows:
    """Gives the appended cells of each row and counts the rows that have a code."""

    kind: FileKind
    columns: Mapping[str, int]
    lookup: RowLookup
    assessment: Assessment
    release_version: str
    headings: Sequence[str] = COMPLETED
    rows: int = 0
    coded: int = 0

    def __call__(self, row_number: int, cells: Sequence[str]) -> list[NewCell]:
        test = self._test(row_number, cells)
        self.rows += 1
        name = self.assessment.names.get(test.id) if test else None
        if test is None:
            return [""] * len(COMPLETED)
        if name is None:
            return _without_code(test, self.assessment.reasons[test.id])
        self.coded += 1
        return [
            name.loinc_num,
            name.label,
            relation_text(test.relation),
            guarded(test.comment),
            test.decided_by,
            test.approved_by,
            _day(test.approved_at),
            self.release_version,
        ]

    def _test(self, row_number: int, cells: Sequence[str]) -> PublishedTest | None:
        if row_number in self.lookup.left_rows:
            return None
        if self.kind is FileKind.LOINC_1:
            chapter, subchapter = sections(self.lookup, cells, self.columns)
            return subchapter or chapter
        if self.kind is FileKind.LOINC_2:
            return self.lookup.with_code(Level.EXAM, cell_at(cells, self.columns, "code"))
        return self.lookup.at_row(Level.ANALYSIS, row_number, cells, self.columns)


def _without_code(test: PublishedTest, why: UncodedReason) -> list[NewCell]:
    """Why a row has no code; where that is settled, what was added and who settled it too: it can be read again."""
    said = test.reason if test.is_approved else ""
    comment = " : ".join(text for text in (why.label, said) if text)
    if not why.is_settled:
        return ["", "", "", guarded(comment), "", "", "", ""]
    told = COMMENT_BEHIND.join(text for text in (comment, test.comment) if text)
    return ["", "", "", guarded(told), test.decided_by, test.approved_by, _day(test.approved_at), ""]


def guarded(text: str) -> str:
    """A free text that a spreadsheet must not compute; the received columns are never touched."""
    return f"'{text}" if text.startswith(FORMULA_STARTERS) else text


def _day(moment: datetime | None) -> NewCell:
    """The day in Paris; an empty cell for none."""
    return in_paris(moment).date() if moment else ""


def _as_text(value: NewCell) -> str:
    return f"{value:%d/%m/%Y}" if isinstance(value, date) else value


def completed_csv(content: bytes, dialect: Dialect, values_of: OriginalRows) -> Appended:
    """The received CSV with the new columns; its own bytes are untouched."""

    def values(record: Record) -> Sequence[str]:
        return [_as_text(value) for value in values_of(record.row_number, record.cells)]

    if dialect.starts:
        return append_aligned(content, dialect, values_of.headings, values)
    # Without headings, a requirement alone tells a delimiter at the end of each row from an empty column.
    kind = values_of.kind
    expected = len(ANS_COLUMNS[kind]) if kind in ANS_COLUMNS and not dialect.header_rows else None
    return append_columns(content, dialect, values_of.headings, values, expected)


def completed_json(content: bytes, dialect: Dialect, values_of: OriginalRows) -> Appended:
    """The received list of objects with the new members; its own characters are untouched."""
    return append_members(
        content,
        dialect,
        values_of.headings,
        lambda number, cells: [_as_text(value) for value in values_of(number, cells)],
    )


def completed_workbook(
    content: bytes,
    dialect: Dialect,
    received: Sequence[TableRow],
    values_of: RowValues,
    moment: datetime,
    headings: Sequence[str] = COMPLETED,
) -> bytes:
    """The received workbook with the new columns on its catalogue sheet; other cells and sheets are kept.

    `received` are its rows as an import reads them: they find the analyses again, which the values alone, without
    their formats and merged ranges, would not.

    openpyxl rewrites the file: cells, formulas, formats and sheets stay, embedded drawings that it does not
    know may not.
    """
    check_workbook(content)
    workbook = load_workbook(io.BytesIO(content), rich_text=True)
    sheet = workbook[dialect.sheet]
    assert isinstance(sheet, Worksheet)
    first_column = _last_used_column(sheet) + 1
    _free_columns(sheet, first_column)
    if dialect.header_rows:
        row = dialect.header_rows
        _write(sheet, row, first_column, headings, like=sheet.cell(row, first_column - 1))
    for line in received[dialect.header_rows :]:
        if not line.is_blank:
            _write(sheet, line.row_number, first_column, values_of(line.row_number, line.cells))
    for position, width in enumerate((12, 48, 20, 40, 22, 22, 16, 14)):
        sheet.column_dimensions[get_column_letter(first_column + position)].width = width
    done = workbook_bytes(workbook, moment)
    workbook.close()
    return done


def _last_used_column(sheet: Worksheet) -> int:
    """The last column that holds a value: formats may run far to its right."""
    last = 1
    for row in sheet.iter_rows():
        for cell in reversed(row):
            if cell.value is not None and cell.column > last:
                last = cell.column
                break
    return last


def _free_columns(sheet: Worksheet, first_column: int) -> None:
    """Keep the merged ranges, titles for instance, out of the new columns."""
    for merged in list(sheet.merged_cells.ranges):
        if merged.max_col < first_column:
            continue
        sheet.unmerge_cells(merged.coord)
        is_range = merged.min_col < first_column - 1 or merged.min_row < merged.max_row
        if merged.min_col < first_column and is_range:
            sheet.merge_cells(
                start_row=merged.min_row, end_row=merged.max_row,
                start_column=merged.min_col, end_column=first_column - 1,
            )  # fmt: skip


def _write(sheet: Worksheet, row: int, column: int, values: Sequence[NewCell], like: object = None) -> None:
    for position, value in enumerate(values):
        cell = sheet.cell(row, column + position)
        assert isinstance(cell, Cell)
        if isinstance(value, date):
            cell.value, cell.number_format = value, DAY_FORMAT
        elif value:
            cell.value = value
            # A text that starts like a formula stays a text.
            cell.data_type = "s"
        if isinstance(like, Cell) and like.has_style:
            cell._style = copy(like._style)  # type: ignore[attr-defined]
