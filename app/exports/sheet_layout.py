"""How the sheets that we write look and print: landscape, one page wide, headings on every page, fitted columns."""

import math
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.page import PageMargins
from openpyxl.worksheet.properties import PageSetupProperties

from app.publication.statement import Statement
from app.text import UNPRINTABLE, in_paris, one_line

MOMENT_FORMAT = "dd/mm/yyyy hh:mm"
DAY_FORMAT = "dd/mm/yyyy"
A4 = 9
FONT_NAME, FONT_SIZE = "Calibri", 9
CellValue = str | datetime | None

_TOP = Alignment(horizontal="left", vertical="top", wrap_text=True)
_FONT = Font(name=FONT_NAME, size=FONT_SIZE)
_RULE = Border(bottom=Side(style="hair", color="9AA5AB"))
_HEADING_FONT = Font(name=FONT_NAME, bold=True, color="FFFFFF", size=FONT_SIZE)
_HEADING_FILL = PatternFill("solid", fgColor="1F4E5F")
_HEADING_ALIGNMENT = Alignment(vertical="center", wrap_text=True)
_MOMENT_LENGTH = len("21/11/2026 15:05") + 1
"""Too narrow a column would show `###` in place of a moment: it takes more than it needs."""
_CHARACTER = 0.85
"""A character of our size, in the unit of widths: a digit of the size that new workbooks have."""
_LINE_HEIGHT, _MOST_HEIGHT = 12.5, 400
"""In points; no row may be higher than 409."""
_NOTICE = "Contient des éléments de LOINC® (notice : feuille « À lire »)"
_MOST_IN_A_PART = 70
"""Headers and footers hold 255 characters in all, in three parts."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading, and how wide the longest of its texts may make it."""

    heading: str
    most: int


def print_landscape(sheet: Any) -> None:
    """A sheet that prints in landscape, one page wide and as many pages high as it takes."""
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = A4
    sheet.page_setup.fitToWidth = 1
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)


def sign(sheet: Any, statement: Statement) -> None:
    """What every printed page says: whose catalogue it is, which release it speaks of, and its number."""
    print_landscape(sheet)
    sheet.page_margins = PageMargins(left=0.4, right=0.4, top=0.6, bottom=0.6, header=0.25, footer=0.25)
    _say(sheet.oddHeader.left, f"{statement.laboratory} — {statement.catalogue}")
    _say(sheet.oddHeader.center, statement.version_label)
    _say(sheet.oddHeader.right, f"{statement.release_title}, exporté le {in_paris(statement.made_at):%d/%m/%Y %H:%M}")
    _say(sheet.oddFooter.left, _NOTICE)
    # The codes of the page and of their number: they are not ours to escape.
    sheet.oddFooter.right.text = "&A, page &P sur &N"
    sheet.oddFooter.right.size = FONT_SIZE


def _say(part: Any, text: str) -> None:
    """A text in a header or a footer, where `&` begins a code."""
    said = one_line(text)
    short = said if len(said) <= _MOST_IN_A_PART else f"{said[: _MOST_IN_A_PART - 1]}…"
    # The size comes just before the text: a digit at its beginning would be part of it.
    part.text = " " + short.replace("&", "&&")
    part.size = FONT_SIZE


def fill_table(
    sheet: Any, columns: Sequence[Column], rows: Sequence[Sequence[CellValue]], frozen: str = "A2"
) -> None:
    """The headings and the rows, in columns no wider than what they hold.

    Written row by row: what is above the rows in the file is settled before the first of them.
    """
    for position, column in enumerate(columns):
        width = _width(column, (row[position] for row in rows))
        sheet.column_dimensions[get_column_letter(position + 1)].width = width
    sheet.freeze_panes = frozen
    sheet.print_title_rows = "1:1"
    widths = [int(sheet.column_dimensions[get_column_letter(place + 1)].width) for place in range(len(columns))]
    headings = [column.heading for column in columns]
    # The mark of the filter takes the place of two letters.
    _append(sheet, 1, [_heading(sheet, text) for text in headings], _height(headings, [width - 2 for width in widths]))
    styles = _styles(sheet)
    for number, row in enumerate(rows, start=2):
        cells = [_cell(sheet, value, styles) for value in row]
        _append(sheet, number, cells, _height(row, widths))
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(columns))}{len(rows) + 1}"


def _width(column: Column, values: Iterable[CellValue]) -> int:
    """Wide enough for its longest text, within what it may take; never too narrow for a word of its heading."""
    longest, holds_moments = 0, False
    for value in values:
        holds_moments = holds_moments or isinstance(value, datetime)
        longest = max(longest, 0 if isinstance(value, datetime) else len(value or ""))
    word = max(len(word) for word in column.heading.replace("-", "- ").split())
    # The mark of the filter hides the end of a heading.
    least = max(_room(word) + 2, _room(_MOMENT_LENGTH) if holds_moments else 0)
    return max(least, min(_room(longest), column.most))


def _room(length: int) -> int:
    """The width in which so many characters stand on one line."""
    return math.ceil(length * _CHARACTER) + 1


def _height(values: Sequence[CellValue], widths: Sequence[int]) -> float:
    """The height of a row whose texts are wrapped: not every program finds it by itself."""
    lines = max(_lines(value, width) for value, width in zip(values, widths, strict=True))
    return min(lines * _LINE_HEIGHT + 2, _MOST_HEIGHT)


def _lines(value: CellValue, width: int) -> int:
    room = max(1, int((width - 1) / _CHARACTER))
    if not value or isinstance(value, datetime) or (len(value) <= room and "\n" not in value):
        return 1
    return sum(max(1, len(textwrap.wrap(line, room))) for line in value.split("\n"))


def _append(sheet: Any, number: int, cells: Sequence[Any], height: float) -> None:
    sheet.row_dimensions[number].height = height
    sheet.append(list(cells))
    # It is written: what is kept of each row would add up.
    del sheet.row_dimensions[number]


def fill_facts(sheet: Any, title: str, facts: Iterable[tuple[str, str]]) -> None:
    """A title, then headings with their texts."""
    widths = (24, 120)
    for letter, width in zip("AB", widths, strict=True):
        sheet.column_dimensions[letter].width = width
    sheet.append([bold_cell(sheet, title, 14)])
    sheet.append([])
    for number, (heading, text) in enumerate(facts, start=3):
        cells = [bold_cell(sheet, heading), text_cell(sheet, text)]
        _append(sheet, number, cells, _height([heading, text], widths))


def text_cell(sheet: Any, value: str) -> Any:
    """A text that stays one: codes keep their zeros, and what starts like a formula is not computed."""
    return _cell(sheet, value, _styles(sheet))


def bold_cell(sheet: Any, text: str, size: int | None = None) -> Any:
    """A text of ours that stands out."""
    cell: Any = WriteOnlyCell(sheet, text)
    cell.font = Font(name=FONT_NAME, bold=True, size=size or FONT_SIZE)
    cell.alignment = Alignment(vertical="top")
    return cell


def _styles(sheet: Any) -> tuple[Any, Any]:
    """The styles of texts and of moments, made once: each cell would take as long to style as to write."""
    made = []
    for number_format in ("@", MOMENT_FORMAT):
        cell: Any = WriteOnlyCell(sheet, "")
        cell.font, cell.alignment, cell.border, cell.number_format = _FONT, _TOP, _RULE, number_format
        made.append(cell._style)
    return made[0], made[1]


def _cell(sheet: Any, value: CellValue, styles: tuple[Any, Any]) -> Any:
    if isinstance(value, datetime):
        # A workbook knows no time zone: the clock is that of Paris, as everywhere on screen.
        cell: Any = WriteOnlyCell(sheet, in_paris(value).replace(tzinfo=None, microsecond=0))
        cell._style = styles[1]
        return cell
    cell = WriteOnlyCell(sheet, None if not value else UNPRINTABLE.sub(" ", value.replace("\r", " ")))
    cell.data_type = "s" if value else "n"
    cell._style = styles[0]
    return cell


def _heading(sheet: Any, text: str) -> Any:
    cell: Any = WriteOnlyCell(sheet, text)
    cell.font = _HEADING_FONT
    cell.fill = _HEADING_FILL
    cell.alignment = _HEADING_ALIGNMENT
    return cell
