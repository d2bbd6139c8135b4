"""The bytes of the files of requests: CSV for French spreadsheets, and XLSX."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font, PatternFill

from app.code_requests.submission import TO_FILL
from app.exports.workbook_bytes import workbook_bytes
from app.web.spreadsheet_csv import csv_text

CSV_TYPE = "text/csv; charset=utf-8"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_TO_SEE = PatternFill("solid", fgColor="FFF2CC")
_WIDTH = 24
LONGEST_CELL = 32_767
"""Signs that a cell of a workbook holds."""
CUT = " […] La suite est dans le fichier CSV."


def csv_bytes(header: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """Semicolons, UTF-8 with its mark; a text that a spreadsheet would compute is written behind an apostrophe."""
    return csv_text(header, rows).encode()


def xlsx_bytes(title: str, header: Sequence[str], rows: Iterable[Sequence[str]], moment: datetime) -> bytes:
    """One sheet of texts; what a person must fill stands out. The same lines at the same moment give the same bytes."""
    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet(title)
    sheet.freeze_panes = "A2"
    for place in range(len(header)):
        sheet.column_dimensions[chr(ord("A") + place)].width = _WIDTH
    for number, row in enumerate([header, *rows]):
        cells = []
        for text in row:
            if len(text) > LONGEST_CELL:
                text = f"{text[: LONGEST_CELL - len(CUT)]}{CUT}"
            cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("\ufffd", text))
            # Always a text: a code of zeros keeps them, and nothing is a formula.
            cell.data_type = "s"
            if not number:
                cell.font = Font(bold=True)
            elif text == TO_FILL:
                cell.fill = _TO_SEE
            cells.append(cell)
        sheet.append(cells)
    workbook.properties.title = title
    workbook.properties.creator = "Atelier de transcodage LOINC"
    workbook.properties.created = moment.replace(tzinfo=None)
    return workbook_bytes(workbook, moment)
