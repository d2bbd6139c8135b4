"""What the content of an ODS workbook says of its sheets: it keeps what each cell shows beside its value."""

import re
from collections.abc import Mapping

from app.files import limits
from app.files.cell_kinds import CellKind
from app.files.sheet_facts import Merge, SheetFacts

_MAX_TEXT = 60
_EXPONENT = re.compile(r"-?\d(?:[.,]\d+)?E[+-]?\d+", re.IGNORECASE)
_DECIMALS = re.compile(r"[\d\s.,'\u00a0\u202f\u2019]*\d[.,]\d+")
_PERCENT = re.compile(r"-?[\d\s.,]+[\s\u00a0\u202f]?%")
_FRACTION = re.compile(r"(?:\d+ +)?\d+ */ *\d+")
_GROUPED = re.compile(r"\d{1,3}(?:[\s.,'\u00a0\u202f\u2019]\d{3})+")
_NUMBER = re.compile(r"-?\d{1,20}(?:\.\d{1,20})?(?:[eE]\+?\d{1,2})?")
_KNOWN_BELOW = 1e15
_LOGICAL = frozenset({"", "vrai", "faux", "true", "false"})
_ANSWERS = _LOGICAL - {""} | {"wahr", "falsch", "waar", "onwaar", "vero", "falso", "verdadero", "verdadeiro"}
"""What spreadsheets show of a value that is true or false, which they may write as a number."""
_HIDDEN = frozenset({"collapse", "filter"})


def _said(attributes: Mapping[str, str], name: str) -> str:
    return next((value for key, value in attributes.items() if key.rpartition(":")[2] == name), "")


class OdsCell:
    """A cell while it is followed."""

    __slots__ = ("attributes", "text")

    def __init__(self, attributes: dict[str, str]) -> None:
        self.attributes = attributes
        self.text = ""

    def say(self, text: str) -> None:
        """More of what it shows."""
        if len(self.text) < _MAX_TEXT:
            self.text += text

    @property
    def type(self) -> str:
        """Type of its value: `float`, `date`… or `error`; empty without value."""
        if self.attributes.get("calcext:value-type") == "error":
            return "error"
        for key, value in self.attributes.items():
            if key.endswith(":value-type") and not key.startswith("calcext"):
                return value
        return ""


class OdsFacts:
    """Follows the sheets of the content; what a row says is kept once its place is known to be near."""

    def __init__(self) -> None:
        self.sheets: dict[str, SheetFacts] = {}
        self.facts = SheetFacts()
        self.seen_columns = 0
        self.is_hidden = False
        self.cells: list[tuple[OdsCell, int, int]] = []

    def begin(self, attributes: Mapping[str, str]) -> None:
        """A sheet begins."""
        self.facts = self.sheets.setdefault(_said(attributes, "name"), SheetFacts())
        self.facts.is_protected = _said(attributes, "protected") == "true"
        self.seen_columns = 0

    def columns(self, attributes: Mapping[str, str], count: int) -> None:
        """Columns that are declared before the rows."""
        if _said(attributes, "visibility") in _HIDDEN:
            self.facts.hide_columns(self.seen_columns, self.seen_columns + count - 1, limits.MAX_COLUMNS)
        self.seen_columns += count

    def row(self, attributes: Mapping[str, str]) -> None:
        """A row begins."""
        visibility = _said(attributes, "visibility")
        self.is_hidden = visibility in _HIDDEN
        self.facts.is_filtered |= visibility == "filter"
        self.cells = []

    def cell(self, cell: OdsCell, column: int, repeats: int) -> None:
        """A cell of this row ends, at this column and the following ones."""
        if cell.attributes:
            self.cells.append((cell, column, min(repeats, limits.MAX_COLUMNS)))

    def end_row(self, first: int, last: int) -> None:
        """The row ends: it stands for the rows from the first to the last."""
        self.facts.hidden_rows += (last - first + 1) * self.is_hidden
        for cell, column, repeats in self.cells:
            for row in range(first, last + 1):
                for place in range(column, column + repeats):
                    self._note(cell, row, place)

    def _note(self, cell: OdsCell, row: int, column: int) -> None:
        facts = self.facts
        match cell.type:
            case "float" | "currency":
                self._number(cell, row, column)
            case "time":
                facts.kind(row, column, CellKind.TIME)
                facts.text(row, column, cell.text.strip())
            case "date":
                facts.kind(row, column, CellKind.DATE)
            case "boolean" if cell.text.strip().lower() not in _LOGICAL:
                facts.text(row, column, cell.text.strip())
            case "percentage":
                facts.number(row, column, "0%")
            case "error":
                facts.error(row, column, cell.text.strip() or "#N/A")
            case "" if _said(cell.attributes, "formula") and not cell.text:
                facts.formula(row, column)
        down, across = (_said(cell.attributes, f"number-{way}-spanned") for way in ("rows", "columns"))
        if down.isdecimal() and across.isdecimal() and max(len(down), len(across)) < 7 and (down, across) != ("1", "1"):
            facts.merge(Merge(row, row + int(down) - 1, column, column + int(across) - 1))

    def _number(self, cell: OdsCell, row: int, column: int) -> None:
        text = cell.text.strip()
        value = _whole(_said(cell.attributes, "value"))
        body, number = text.removeprefix("-"), value.removeprefix("-")
        digits = "".join(filter(str.isdecimal, text))
        if text.lower() in _ANSWERS:
            self.facts.kind(row, column, CellKind.BOOLEAN)
            self.facts.text(row, column, text)
        elif _EXPONENT.fullmatch(text):
            self.facts.number(row, column, "0.00E+00")
        elif _PERCENT.fullmatch(text):
            self.facts.number(row, column, "0%")
        elif _FRACTION.fullmatch(text):
            self.facts.number(row, column, "# ?/?")
        elif not value:
            return
        elif text == value:
            self.facts.number(row, column, "0")
        elif _GROUPED.fullmatch(body) and digits == number:
            self.facts.number(row, column, "#,##0")
        elif _DECIMALS.fullmatch(body) and digits.startswith(number):
            self.facts.number(row, column, "0.00")
        elif text:
            self.facts.text(row, column, text)
        else:
            self.facts.number(row, column, ";;;")


def _whole(value: str) -> str:
    """The digits of a whole number that is known in full; empty for another."""
    found = _NUMBER.fullmatch(value)
    number = float(value) if found else 0.5
    return str(int(number)) if number.is_integer() and abs(number) < _KNOWN_BELOW else ""
