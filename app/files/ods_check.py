"""Whether an ODS workbook is safe to open: cells and rows repeated without end, document types, passwords."""

import zipfile

from app.files import limits
from app.files.ods_facts import OdsCell, OdsFacts
from app.files.sheet_facts import SheetFacts
from app.files.xlsx_check import xml_feed
from app.files.zip_safety import WORKBOOK, Feed, UnsafeWorkbookError, walk_zip

MIME_TYPE = b"application/vnd.oasis.opendocument.spreadsheet"
_CELLS = ("table-cell", "covered-table-cell")
_MAX_DIGITS = 10
_FAR = 20_000
"""More columns than a sheet has."""


def _repeated(attributes: dict[str, str], name: str) -> int:
    for key, value in attributes.items():
        if key.rpartition(":")[2] == name:
            if not value.isdecimal() or len(value) > _MAX_DIGITS:
                raise UnsafeWorkbookError("le classeur répète une cellule un nombre de fois illisible")
            return max(1, int(value))
    return 1


class _ContentReader:
    """Follows rows and cells; an empty cell repeated to the edge of the sheet is usual and counts for nothing."""

    def __init__(self) -> None:
        self.parser, self.feed = xml_feed()
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.row = self.row_repeats = 0
        self.column = self.cell_repeats = self.last_column = 0
        self.widest = self.height = 0
        self.has_content = self.in_cell = False
        self.length = self.row_characters = self.characters = 0
        self.facts = OdsFacts()
        self.cell = OdsCell({})
        self.annotations = 0
        self.tables = 0
        """How many tables are open: one within another is part of it, and does not begin a sheet."""
        self.cells = 0
        """Of the sheets that have ended."""

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        match name.rpartition(":")[2]:
            case "table":
                self.tables += 1
                if self.tables == 1:
                    self.row = self.widest = self.height = 0
                    self.facts.begin(attributes)
            case "table-column":
                self.facts.columns(attributes, min(_repeated(attributes, "number-columns-repeated"), _FAR))
            case "annotation":
                self.annotations += 1
            case "table-row":
                self.facts.row(attributes)
                self.row_repeats = _repeated(attributes, "number-rows-repeated")
                self.column = self.last_column = self.row_characters = 0
            case local if local in _CELLS:
                self.cell_repeats = _repeated(attributes, "number-columns-repeated")
                self.in_cell = True
                self.cell = OdsCell(attributes)
                told = {key.rpartition(":")[2]: value for key, value in attributes.items()}
                self.length = sum(len(value) for key, value in told.items() if key.endswith("value"))
                self.has_content = any(key in ("value-type", "formula", "value") for key in told)
            case "s" if self.in_cell:
                self.length += _repeated(attributes, "c")
            case "p" if self.in_cell:
                self.has_content = True

    def _text(self, text: str) -> None:
        if self.in_cell:
            self.length += len(text)
            if not self.annotations:
                self.cell.say(text)

    def _end(self, name: str) -> None:
        local = name.rpartition(":")[2]
        if local == "annotation":
            self.annotations -= 1
        elif local == "table":
            self.tables -= 1
            if not self.tables:
                self.cells += self.height * self.widest
                if self.cells > limits.MAX_CELLS_TOGETHER:
                    raise UnsafeWorkbookError("les feuilles du classeur couvrent ensemble trop de cellules")
        elif local in _CELLS:
            self.facts.cell(self.cell, self.column, min(self.cell_repeats, _FAR))
            self.column += self.cell_repeats
            if self.has_content:
                self.last_column = self.column
                self.row_characters += self.length * self.cell_repeats
            self.in_cell = False
            if self.last_column > limits.MAX_COLUMNS:
                raise UnsafeWorkbookError(f"une ligne s'étend trop loin (limite : {limits.MAX_COLUMNS} colonnes)")
        elif local == "table-row":
            self.row += self.row_repeats
            if self.last_column:
                self._reach()
                self.facts.end_row(self.row - self.row_repeats + 1, self.row)

    def _reach(self) -> None:
        self.widest, self.height = max(self.widest, self.last_column), self.row
        self.characters += self.row_characters * self.row_repeats
        if self.row > limits.MAX_ROWS:
            raise UnsafeWorkbookError(f"une ligne est trop éloignée (limite : {limits.MAX_ROWS} lignes)")
        if self.row * self.widest > limits.MAX_CELLS:
            raise UnsafeWorkbookError("une feuille du classeur couvre trop de cellules")
        if self.characters > limits.MAX_TEXT_CHARACTERS:
            raise UnsafeWorkbookError("le classeur répète trop de texte")


class _Manifest:
    def __init__(self) -> None:
        self.parser, self.feed = xml_feed()
        self.parser.StartElementHandler = self._start

    def _start(self, name: str, _attributes: dict[str, str]) -> None:
        if name.rpartition(":")[2] == "encryption-data":
            raise UnsafeWorkbookError(f"{WORKBOOK.noun} est {WORKBOOK.locked}")


def check_ods(content: bytes) -> dict[str, SheetFacts]:
    """Refuse an ODS workbook that is dangerous or impossible to open; raises UnsafeWorkbookError.

    Gives what is known of each sheet beside its values.
    """
    reader = _ContentReader()

    def visit(entry: zipfile.ZipInfo) -> Feed | None:
        match entry.filename:
            case "content.xml":
                return reader.feed
            case "META-INF/manifest.xml":
                return _Manifest().feed
            case name if name.endswith((".xml", ".rdf")):
                return xml_feed()[1]
        return None

    walk_zip(content, WORKBOOK, visit)
    return reader.facts.sheets
