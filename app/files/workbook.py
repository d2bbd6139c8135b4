"""Reading workbooks — XLSX, XLS, ODS — after checking that opening them is safe.

The checks follow every part in a bounded stream before the reader sees the file: see `xlsx_check`, `ods_check`
and `xls_check`.
"""

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from app.files.ods_check import MIME_TYPE, check_ods
from app.files.xls_check import OLE_SIGNATURE, check_xls
from app.files.xlsx_check import check_xlsx
from app.files.zip_safety import ZIP_SIGNATURE, UnsafeWorkbookError, entry_names

__all__ = ["Sheet", "UnsafeWorkbookError", "check_workbook", "is_workbook", "read_workbook", "workbook_format"]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet as text: every row from the first of the sheet, all of the same width."""

    name: str
    rows: tuple[tuple[str, ...], ...]
    is_hidden: bool = False
    numbers: Mapping[int, frozenset[int]] = field(default_factory=dict)
    """Column -> rows (from 1) whose cell is a whole number, not a text: leading zeros were lost there."""


def _is_ods(content: bytes) -> bool:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive, archive.open("mimetype") as part:
            return part.read(len(MIME_TYPE) + 10).strip().startswith(MIME_TYPE)
    except (KeyError, zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError):
        return False


def workbook_format(content: bytes) -> str:
    """`xlsx`, `xls`, `ods`, or an empty text for what is no workbook. A zip that cannot be listed is a damaged XLSX."""
    if content.startswith(OLE_SIGNATURE):
        return "xls"
    if not content.startswith(ZIP_SIGNATURE):
        return ""
    names = entry_names(content)
    if "content.xml" in names and _is_ods(content):
        return "ods"
    is_xlsx = not names or any(name.startswith("xl/") for name in names) or "[Content_Types].xml" in names
    return "xlsx" if is_xlsx else ""


def is_workbook(content: bytes) -> bool:
    """Whether these bytes are a workbook of a format that is read."""
    return bool(workbook_format(content))


def check_workbook(content: bytes) -> None:
    """Refuse a workbook that is dangerous or impossible to open; raises UnsafeWorkbookError."""
    match workbook_format(content):
        case "xls":
            check_xls(content)
        case "ods":
            check_ods(content)
        case _:
            check_xlsx(content)


def cell_text(value: Any) -> str:
    """A cell as the user sees it: 12 rather than 12.0, dates in French order."""
    match value:
        case str():
            return value
        case bool():
            return "VRAI" if value else "FAUX"
        case float():
            return str(int(value)) if value.is_integer() and abs(value) < 1e15 else format(value, ".15g")
        case datetime():
            return value.strftime("%d/%m/%Y %H:%M:%S")
        case date():
            return value.strftime("%d/%m/%Y")
        case time() | timedelta():
            return str(value)
        case None:
            return ""
        case _:
            return str(value)


def _numbers(rows: list[list[Any]]) -> dict[int, frozenset[int]]:
    found: dict[int, list[int]] = {}
    for number, row in enumerate(rows, start=1):
        for column, value in enumerate(row):
            if type(value) in (float, int) and value >= 0 and float(value).is_integer():
                found.setdefault(column, []).append(number)
    return {column: frozenset(numbers) for column, numbers in found.items()}


def open_workbook(content: bytes) -> list[tuple[str, bool, list[list[Any]]]]:
    """(name, is hidden, typed rows) of each sheet, in the order of the workbook; raises UnsafeWorkbookError."""
    check_workbook(content)
    sheets: list[tuple[str, bool, list[list[Any]]]] = []
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
        for metadata in workbook.sheets_metadata:
            if metadata.typ is SheetTypeEnum.WorkSheet:
                rows = workbook.get_sheet_by_name(metadata.name).to_python(skip_empty_area=False)
                sheets.append((metadata.name, metadata.visible is not SheetVisibleEnum.Visible, rows))
    except (CalamineError, ValueError) as error:
        raise UnsafeWorkbookError("le classeur est illisible") from error
    except BaseException as error:
        if type(error).__name__ == "PanicException":  # a fault of the reader on damaged data
            raise UnsafeWorkbookError("le classeur est illisible") from error
        raise
    return sheets


def read_workbook(content: bytes) -> list[Sheet]:
    """The sheets of a workbook that hold something, visible ones first; raises UnsafeWorkbookError."""
    sheets: list[Sheet] = []
    for name, is_hidden, rows in open_workbook(content):
        texts = tuple(tuple(cell_text(value) for value in row) for row in rows)
        if any(cell.strip() for row in texts for cell in row):
            sheets.append(Sheet(name, texts, is_hidden, _numbers(rows)))
    if not sheets:
        raise UnsafeWorkbookError("le classeur ne contient aucune donnée")
    return sorted(sheets, key=lambda sheet: sheet.is_hidden)
