"""Whether an XLSX workbook is safe to open: far cells, document types, merged cells, texts repeated without end."""

import re
import zipfile
from collections import Counter
from typing import Any
from xml.parsers.expat import ParserCreate

from app.files import limits
from app.files.zip_safety import WORKBOOK, Feed, UnsafeWorkbookError, entry_names, walk_zip

_CELL = re.compile(r"([A-Z]{0,3})([0-9]{1,7})")
_SHARED_STRINGS = "xl/sharedstrings.xml"


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def _position(reference: str) -> tuple[int, int]:
    """(row, column) of a reference such as B12, or (12, 0) for a row alone."""
    found = _CELL.fullmatch(reference)
    if found is None:
        raise UnsafeWorkbookError("une cellule porte une adresse illisible")
    return int(found[2]), _column_number(found[1])


def doctype_refused(*_details: Any) -> None:
    """The handler of a document type: none may be there."""
    raise UnsafeWorkbookError("le classeur contient une déclaration de type de document (DTD)")


def xml_feed() -> tuple[Any, Feed]:
    """A parser that refuses document types, and what feeds it."""
    parser = ParserCreate()
    parser.StartDoctypeDeclHandler = doctype_refused

    def feed(chunk: bytes) -> None:
        parser.Parse(chunk, not chunk)

    return parser, feed


class _SheetReader:
    """Follows the cells of a sheet without keeping them, and refuses those that are too far."""

    def __init__(self) -> None:
        self.parser, self.feed = xml_feed()
        self.parser.StartElementHandler = self._element
        self.row = self.column = 0
        self.last_row = self.last_column = self.merged_cells = 0
        self.shared = 0
        """Cells that show a shared text."""

    def _element(self, name: str, attributes: dict[str, str]) -> None:
        match name.rpartition(":")[2]:
            case "row":
                # A row or a cell without address comes just after the one before.
                self.row = _position(attributes["r"])[0] if "r" in attributes else self.row + 1
                self.column = 0
                self._reach(self.row, 0, attributes.get("r", ""))
            case "c":
                reference = attributes.get("r", "")
                row, self.column = _position(reference) if reference else (self.row, self.column + 1)
                self.shared += attributes.get("t") == "s"
                self._reach(row, self.column, reference)
            case "mergeCell":
                first, _, last = attributes.get("ref", "A1").partition(":")
                top, left = _position(first)
                bottom, right = _position(last or first)
                self.merged_cells += (bottom - top + 1) * (right - left + 1)
                if self.merged_cells > limits.MAX_CELLS:
                    raise UnsafeWorkbookError("le classeur fusionne trop de cellules")

    def _reach(self, row: int, column: int, reference: str) -> None:
        self.last_row = max(self.last_row, row)
        self.last_column = max(self.last_column, column)
        if self.last_row > limits.MAX_ROWS or self.last_column > limits.MAX_COLUMNS:
            raise UnsafeWorkbookError(
                f"la cellule ou la ligne {reference} est trop éloignée "
                f"(limites : {limits.MAX_ROWS} lignes, {limits.MAX_COLUMNS} colonnes)"
            )
        if self.last_row * self.last_column > limits.MAX_CELLS:
            raise UnsafeWorkbookError("une feuille du classeur couvre trop de cellules")


class _SharedTexts:
    """The lengths of the shared texts."""

    def __init__(self) -> None:
        self.parser, self.feed = xml_feed()
        self.parser.StartElementHandler = self._start
        self.parser.CharacterDataHandler = self._text
        self.lengths: list[int] = []

    def _start(self, name: str, _attributes: dict[str, str]) -> None:
        if name.rpartition(":")[2] == "si":
            self.lengths.append(0)

    def _text(self, text: str) -> None:
        if self.lengths:
            self.lengths[-1] += len(text)


class _SharedUses:
    """How often each shared text is shown in a sheet."""

    def __init__(self) -> None:
        self.parser, self.feed = xml_feed()
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.counts: Counter[str] = Counter()
        self.is_shared = self.in_value = False
        self.number = ""

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(":")[2]
        if local == "c":
            self.is_shared = attributes.get("t") == "s"
        self.in_value, self.number = local == "v" and self.is_shared, ""

    def _text(self, text: str) -> None:
        if self.in_value:
            self.number += text

    def _end(self, _name: str) -> None:
        if self.in_value:
            self.counts[self.number.strip()] += 1
            self.in_value = False


def _is_sheet(name: str) -> bool:
    return name.startswith("xl/worksheets/") and name.endswith(".xml")


def check_xlsx(content: bytes) -> None:
    """Refuse an XLSX workbook that is dangerous or impossible to open; raises UnsafeWorkbookError."""
    names = entry_names(content)
    if names and "xl/workbook.xml" not in names:
        raise UnsafeWorkbookError("ce fichier n'est pas un classeur XLSX")
    sheets: list[_SheetReader] = []
    texts = _SharedTexts()

    def visit(entry: zipfile.ZipInfo) -> Feed | None:
        name = entry.filename.lower()
        if not name.endswith((".xml", ".rels")):
            return None
        if name == _SHARED_STRINGS:
            return texts.feed
        if _is_sheet(name):
            sheets.append(_SheetReader())
            return sheets[-1].feed
        return xml_feed()[1]

    walk_zip(content, WORKBOOK, visit)
    # Cheap bound first: the exact count of a usual workbook is never needed.
    if sum(sheet.shared for sheet in sheets) * max(texts.lengths, default=0) > limits.MAX_TEXT_CHARACTERS:
        _check_texts(content, texts.lengths)


def _check_texts(content: bytes, lengths: list[int]) -> None:
    uses: list[_SharedUses] = []

    def visit(entry: zipfile.ZipInfo) -> Feed | None:
        if not _is_sheet(entry.filename.lower()):
            return None
        uses.append(_SharedUses())
        return uses[-1].feed

    walk_zip(content, WORKBOOK, visit)
    total = sum(
        lengths[int(number)] * count
        for use in uses
        for number, count in use.counts.items()
        if number.isdecimal() and len(number) < 9 and int(number) < len(lengths)
    )
    if total > limits.MAX_TEXT_CHARACTERS:
        raise UnsafeWorkbookError("le classeur répète trop de texte")
