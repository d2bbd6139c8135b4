"""Old and open workbooks (XLS, ODS) written anew as XLSX, which can be completed.

Values, types, formats of numbers and merged ranges are kept.
"""

import io
import re
from datetime import datetime

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.worksheet.worksheet import Worksheet

from app.exports.sheet_layout import print_landscape
from app.files.workbook import OpenSheet, open_workbook

_FORBIDDEN = re.compile(r"[\[\]:*?/\\]")
_MAX_TITLE = 31
_TOO_MANY = 2
"""A merged range shows one value: with more of them, a spreadsheet would drop the others."""


def _titles(names: list[str]) -> dict[str, str]:
    """A title that XLSX accepts for each sheet, all different."""
    titles: dict[str, str] = {}
    for name in names:
        base = _FORBIDDEN.sub(" ", name)[:_MAX_TITLE].strip("'") or "Feuille"
        title, number = base, 2
        while title.lower() in {taken.lower() for taken in titles.values()}:
            title = f"{base[: _MAX_TITLE - 4]} ({number})"
            number += 1
        titles[name] = title
    return titles


def _format_of(text: str) -> str:
    """A format that shows a number as this text: `"T"0000` of T0012."""
    parts = re.findall(r"\d+|\D+", text)
    return "".join("0" * len(part) if part.isdecimal() else '"{}"'.format(part.replace('"', "")) for part in parts)


def _show_alike(target: Worksheet, read: OpenSheet) -> None:
    """Give numbers their formats again, and merge the ranges whose other cells are empty."""
    for column, formats in read.facts.formats.items():
        for code, rows in formats.items():
            for row in rows:
                target.cell(row, column + 1).number_format = code
    for column, texts in read.facts.texts.items():
        for text, rows in texts.items():
            for row in rows:
                target.cell(row, column + 1).number_format = _format_of(text)
    for merge in read.facts.merges:
        inside = (
            value
            for row in read.rows[merge.first_row - 1 : merge.last_row]
            for value in row[merge.first_column : merge.last_column + 1]
        )
        if sum(value not in ("", None) for value in inside) < _TOO_MANY:
            target.merge_cells(
                start_row=merge.first_row, end_row=merge.last_row,
                start_column=merge.first_column + 1, end_column=merge.last_column + 1,
            )  # fmt: skip


def as_xlsx(content: bytes, sheet: str, made_at: datetime) -> tuple[bytes, str]:
    """The workbook as XLSX made at this moment, all sheets, and the title that this sheet has in it."""
    sheets = open_workbook(content)
    titles = _titles([read.name for read in sheets])
    workbook = Workbook()
    workbook.remove(workbook.worksheets[0])
    workbook.properties.created = made_at.replace(tzinfo=None)
    for read in sheets:
        target = workbook.create_sheet(titles[read.name])
        print_landscape(target)
        if read.is_hidden:
            target.sheet_state = "hidden"
        for number, row in enumerate(read.rows, start=1):
            for column, value in enumerate(row, start=1):
                if value in ("", None):
                    continue
                cell = target.cell(number, column)
                cell.value = ILLEGAL_CHARACTERS_RE.sub("", value) if isinstance(value, str) else value
                if isinstance(value, str):
                    # A text that starts like a formula stays a text.
                    cell.data_type = "s"
        _show_alike(target, read)
    buffer = io.BytesIO()
    workbook.save(buffer)
    return buffer.getvalue(), titles.get(sheet, sheet)
