"""Reading workbooks — XLSX, XLS, ODS — after checking that opening them is safe.

The checks follow every part in a bounded stream before the reader sees the file: see `xlsx_check`, `ods_check`
and `xls_check`.
"""

import io
import zipfile
from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from app.files.cell_kinds import CellKind
from app.files.clock_formats import shown_time
from app.files.number_formats import does_to, shown
from app.files.ods_check import MIME_TYPE, check_ods
from app.files.sheet_facts import Merge, SheetFacts
from app.files.xls_check import OLE_SIGNATURE, check_xls
from app.files.xlsx_check import check_xlsx
from app.files.zip_safety import ZIP_SIGNATURE, UnsafeWorkbookError, entry_names

__all__ = [
    "CellKind",
    "OpenSheet",
    "Sheet",
    "UnsafeWorkbookError",
    "check_workbook",
    "is_workbook",
    "open_workbook",
    "read_workbook",
    "workbook_format",
]
_OF_ANY_NUMBER = (CellKind.EXPONENT, CellKind.PERCENT, CellKind.FRACTION)
"""What a format does even to a number that is not whole, or not known to its last digit."""
_WHOLE = 1e15
"""From here on a spreadsheet has lost the last digits of a whole number."""
_WIDE = 1e11
"""From here on a spreadsheet shows a number without format as a power of ten."""


Kinds = Mapping[CellKind, "array[int]"]
"""Kind -> rows whose cell is one, from 1, in a column."""


@dataclass(frozen=True, slots=True)
class OpenSheet:
    """A sheet with its typed values, and what the workbook says of it beside them."""

    name: str
    is_hidden: bool
    rows: list[list[Any]]
    facts: SheetFacts


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet as text: every row from the first of the sheet, all of the same width."""

    name: str
    rows: tuple[tuple[str, ...], ...]
    is_hidden: bool = False
    kinds: Mapping[int, Kinds] = field(default_factory=dict)
    """Column -> cells that are no texts, by kind."""
    amounts: Mapping[tuple[int, int], str] = field(default_factory=dict)
    """(row, column) -> the number alone, where the cell shows it with a text or with zeros."""
    facts: SheetFacts = field(default_factory=SheetFacts)

    @property
    def merges(self) -> list[Merge]:
        """The merged ranges."""
        return self.facts.merges

    @property
    def filled_rows(self) -> int:
        """How many rows hold something."""
        return sum(any(cell.strip() for cell in row) for row in self.rows)


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


def check_workbook(content: bytes) -> dict[str, SheetFacts]:
    """Refuse a workbook that is dangerous or impossible to open; raises UnsafeWorkbookError.

    Gives what it says of each sheet, by name, beside its values.
    """
    match workbook_format(content):
        case "xls":
            return check_xls(content)
        case "ods":
            return check_ods(content)
        case _:
            return check_xlsx(content)


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
            return shown_time(value, "")
        case None:
            return ""
        case _:
            return str(value)


class _Texts:
    """A sheet made text, cell by cell, and what its cells are."""

    def __init__(self, sheet: OpenSheet) -> None:
        self.facts = sheet.facts
        self.kinds: dict[int, dict[CellKind, array[int]]] = {}
        self.amounts: dict[tuple[int, int], str] = {}
        self.typed = sheet.rows
        self.rows = [[cell_text(value) for value in row] for row in sheet.rows]
        uncalculated = set(self.facts.uncalculated)
        # Column after column: what is noted of the cells of one is dropped before the next.
        for column in range(max(map(len, sheet.rows), default=0)):
            formatted = self._formatted(column)
            for number, row in enumerate(sheet.rows, start=1):
                value = row[column] if column < len(row) else ""
                if type(value) is not str and (number, column) not in uncalculated:
                    self._note(number, column, value, formatted)
            self._told_kinds(column)
        for column, texts in self.facts.texts.items():
            for text, numbers in texts.items():
                for number in numbers:
                    if self._typed_at(number, column) not in (None, ""):
                        self._show(number, column, text)
        for (number, column), text in self.facts.errors.items():
            if self._put(number, column, text):
                self._mark(number, column, CellKind.ERROR)
        for number, column in sorted(uncalculated):
            if self._put(number, column, ""):
                self._mark(number, column, CellKind.UNCALCULATED)

    def _mark(self, row: int, column: int, kind: CellKind) -> None:
        kinds = self.kinds.setdefault(column, {})
        if kind not in kinds:
            kinds[kind] = array("I")
        kinds[kind].append(row)

    def _told_kinds(self, column: int) -> None:
        """Mark what the file says of cells that the reader takes for texts or numbers: `PT30H`, 1 shown as TRUE."""
        for kind, rows in self.facts.kinds.get(column, {}).items():
            marked = set(self.kinds.get(column, {}).get(kind, ()))
            for row in rows:
                if row not in marked and self._typed_at(row, column) not in (None, ""):
                    self._mark(row, column, kind)

    def _put(self, row: int, column: int, text: str) -> bool:
        if not (0 < row <= len(self.rows) and column < len(self.rows[row - 1])):
            return False
        self.rows[row - 1][column] = text
        return True

    def _show(self, row: int, column: int, text: str) -> None:
        """Put what the cell shows, and keep the number alone where it does not look like one."""
        before = self.rows[row - 1][column]
        if not text.isdecimal():
            self.amounts[row, column] = before
        self.rows[row - 1][column] = text

    def _formatted(self, column: int) -> set[int]:
        """Apply the formats of the numbers of a column; the rows of those of which nothing more is to be said."""
        told = {row for rows in self.facts.texts.get(column, {}).values() for row in rows}
        for code, rows in self.facts.formats.get(column, {}).items():
            told.update(self._format(column, code, rows))
        return told

    def _format(self, column: int, code: str, rows: "array[int]") -> list[int]:
        done: list[int] = []
        for row in rows:
            value = self._number_at(row, column)
            if value is None:
                clock = self._typed_at(row, column)
                if isinstance(clock, time | timedelta):
                    self.rows[row - 1][column] = shown_time(clock, code)
                continue
            if not float(value).is_integer() or abs(value) >= _WHOLE:
                does = does_to(value, code)
                if does not in _OF_ANY_NUMBER:
                    continue
                self._mark(row, column, does)
            else:
                self._whole(row, column, int(value), shown(int(value), code))
            done.append(row)
        return done

    def _whole(self, row: int, column: int, value: int, text: str | CellKind) -> None:
        """Put what the cell shows of a whole number, or note what its format does to it."""
        if isinstance(text, CellKind):
            self._mark(row, column, text)
            return
        self._show(row, column, text)
        if text == str(value):
            self._mark(row, column, CellKind.NUMBER)

    def _number_at(self, row: int, column: int) -> float | None:
        value = self._typed_at(row, column)
        return value if type(value) in (float, int) else None

    def _typed_at(self, row: int, column: int) -> Any:
        if 0 < row <= len(self.typed) and column < len(self.typed[row - 1]):
            return self.typed[row - 1][column]
        return None

    def _note(self, row: int, column: int, value: Any, formatted: set[int]) -> None:
        match value:
            case None:
                return
            case bool():
                self._mark(row, column, CellKind.BOOLEAN)
            case float() | int():
                if row not in formatted:
                    self._mark(row, column, _kind_of_number(float(value)))
            case date():
                self._mark(row, column, CellKind.DATE)
            case time() | timedelta():
                # The reader makes midnight of a day before those that workbooks count.
                self._mark(row, column, CellKind.DATE if value == time() else CellKind.TIME)


def _kind_of_number(value: float) -> CellKind:
    if not value.is_integer():
        return CellKind.DECIMAL
    if abs(value) >= _WHOLE:
        return CellKind.LONG
    return CellKind.WIDE if abs(value) >= _WIDE else CellKind.NUMBER


def _with_formulas(sheet: OpenSheet) -> OpenSheet:
    """The sheet with the cells of formulas that were never computed: the reader leaves them out at its end."""
    places = [*sheet.facts.uncalculated, *sheet.facts.errors]
    width = max([len(sheet.rows[0]) if sheet.rows else 0, *(column + 1 for _, column in places)])
    height = max([len(sheet.rows), *(row for row, _ in places)])
    if sheet.rows and width > len(sheet.rows[0]):
        rows = [[*row, *[""] * (width - len(row))] for row in sheet.rows]
    else:
        rows = sheet.rows
    rows = rows + [[""] * width for _ in range(height - len(rows))]
    return OpenSheet(sheet.name, sheet.is_hidden, rows, sheet.facts)


def open_workbook(content: bytes) -> list[OpenSheet]:
    """The sheets with their typed values, in the order of the workbook; raises UnsafeWorkbookError."""
    facts = check_workbook(content)
    is_followed = workbook_format(content) == "xlsx"
    sheets: list[OpenSheet] = []
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
        for metadata in workbook.sheets_metadata:
            if metadata.typ is SheetTypeEnum.WorkSheet:
                if is_followed and metadata.name not in facts:
                    raise UnsafeWorkbookError("une feuille du classeur n'a pu être vérifiée")
                rows = workbook.get_sheet_by_name(metadata.name).to_python(skip_empty_area=False)
                is_hidden = metadata.visible is not SheetVisibleEnum.Visible
                sheets.append(OpenSheet(metadata.name, is_hidden, rows, facts.get(metadata.name, SheetFacts())))
    except UnsafeWorkbookError:
        raise
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
    for sheet in map(_with_formulas, open_workbook(content)):
        texts = _Texts(sheet)
        if sheet.facts.uncalculated or any(cell.strip() for row in texts.rows for cell in row):
            rows = tuple(map(tuple, texts.rows))
            sheets.append(Sheet(sheet.name, rows, sheet.is_hidden, texts.kinds, texts.amounts, sheet.facts))
    if not sheets:
        raise UnsafeWorkbookError("le classeur ne contient aucune donnée")
    return sorted(sheets, key=lambda sheet: sheet.is_hidden)
