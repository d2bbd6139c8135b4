"""Old and open workbooks (XLS, ODS) written anew as XLSX, which can be completed: values and types are kept."""

import io
import re

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from app.files.workbook import open_workbook

_FORBIDDEN = re.compile(r"[\[\]:*?/\\]")
_MAX_TITLE = 31


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


def as_xlsx(content: bytes, sheet: str) -> tuple[bytes, str]:
    """The workbook as XLSX, all sheets, and the title that this sheet has in it."""
    sheets = open_workbook(content)
    titles = _titles([name for name, _, _ in sheets])
    workbook = Workbook()
    workbook.remove(workbook.worksheets[0])
    for name, is_hidden, rows in sheets:
        target = workbook.create_sheet(titles[name])
        if is_hidden:
            target.sheet_state = "hidden"
        for number, row in enumerate(rows, start=1):
            for column, value in enumerate(row, start=1):
                if value in ("", None):
                    continue
                cell = target.cell(number, column)
                cell.value = ILLEGAL_CHARACTERS_RE.sub("", value) if isinstance(value, str) else value
                if isinstance(value, str):
                    # A text that starts like a formula stays a text.
                    cell.data_type = "s"
    buffer = io.BytesIO()
    workbook.save(buffer)
    return buffer.getvalue(), titles.get(sheet, sheet)
