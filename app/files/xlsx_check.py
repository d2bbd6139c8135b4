"""Whether an XLSX workbook is safe to open: far cells, document types, merged cells, texts repeated without end.

What its sheets say beside their values is noted on the way: the parts are followed once.
"""

import re
import zipfile
from collections import Counter
from collections.abc import Collection
from functools import lru_cache
from typing import Any
from xml.parsers.expat import ParserCreate

from app.files import limits
from app.files.sheet_facts import MAX_LISTED, Merge, SheetFacts
from app.files.xlsx_facts import MAIN_PARTS, Book, Styles
from app.files.zip_safety import WORKBOOK, Feed, UnsafeWorkbookError, entry_names, plain_path, walk_zip

_CELL = re.compile(r"([A-Z]{0,3})([0-9]{1,7})")
_INLINE = frozenset({"is", "t"})
_TRUE = ("1", "true")
_MAX_VALUE = 40
_SHARED_STRINGS = "xl/sharedstrings.xml"


@lru_cache(maxsize=1024)
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

    def __init__(self, styles: Styles) -> None:
        self.parser, self.feed = xml_feed()
        self.parser.StartElementHandler = self._element
        self.row = self.column = 0
        self.last_row = self.last_column = 0
        self.shared = 0
        """Cells that show a shared text."""
        self.facts = SheetFacts()
        self.formulas_of_zero: list[tuple[int, int]] = []
        """Formulas whose kept result is 0: what programs write that do not calculate."""
        self.format_of = styles.by_name()
        self.watched = ""
        """Type of the cell whose value is being followed, because it is an error or a formula."""
        self.is_watching = self.in_value = False
        self.value = ""
        self.cell_type = ""

    def _element(self, name: str, attributes: dict[str, str]) -> None:
        # Called for each of the million elements of a large sheet: the usual ones come first, and cost little.
        local = name.rpartition(":")[2]
        if local == "c":
            if self.is_watching:
                self._settle()
            reference = attributes.get("r", "")
            row, self.column = _position(reference) if reference else (self.row, self.column + 1)
            self.cell_type = cell_type = attributes.get("t", "n")
            if cell_type == "s":
                self.shared += 1
            elif cell_type == "n":
                code = self.format_of.get(attributes.get("s", ""))
                if code:
                    self.facts.number(row, self.column - 1, code)
            elif cell_type == "e":
                self._watch("e")
            if row > self.last_row or self.column > self.last_column:
                self._reach(row, self.column, reference)
        elif local == "v":
            self.in_value = True
        elif local == "row":
            self._row(attributes)
        elif local == "f":
            self._watch(self.cell_type)
        elif local not in _INLINE:
            self._around(local, attributes)

    def _row(self, attributes: dict[str, str]) -> None:
        if self.is_watching:
            self._settle()
        # A row or a cell without address comes just after the one before.
        self.row = _position(attributes["r"])[0] if "r" in attributes else self.row + 1
        self.column = 0
        self.facts.hidden_rows += attributes.get("hidden") in _TRUE
        self._reach(self.row, 0, attributes.get("r", ""))

    def _around(self, local: str, attributes: dict[str, str]) -> None:
        """What stands before and after the cells."""
        match local:
            case "mergeCell":
                first, _, last = attributes.get("ref", "A1").partition(":")
                top, left = _position(first)
                bottom, right = _position(last or first)
                self.facts.merge(Merge(top, bottom, left - 1, right - 1))
            case "col" if attributes.get("hidden") in _TRUE:
                first, last = attributes.get("min", "1"), attributes.get("max", "1")
                if first.isdecimal() and last.isdecimal():
                    self.facts.hide_columns(int(first) - 1, int(last) - 1, limits.MAX_COLUMNS)
            case "filterColumn":
                self.facts.is_filtered = True
            case "sheetProtection":
                self.facts.is_protected |= attributes.get("sheet") in _TRUE

    def _watch(self, cell_type: str) -> None:
        """Follow the value of this cell: only those of errors and formulas are needed."""
        self.watched, self.is_watching, self.in_value, self.value = cell_type, True, False, ""
        self.parser.CharacterDataHandler = self._text

    def _text(self, text: str) -> None:
        if self.in_value and len(self.value) < _MAX_VALUE:
            self.value += text

    def _settle(self) -> None:
        """Note what the watched cell was."""
        self.is_watching = self.in_value = False
        self.parser.CharacterDataHandler = None
        place = (self.row, self.column - 1)
        value = self.value.strip()
        if self.watched == "e":
            self.facts.error(*place, value or "#N/A")
        elif not value and self.watched != "str":
            self.facts.formula(*place)
        elif value == "0" and self.watched == "n" and len(self.formulas_of_zero) < MAX_LISTED:
            self.formulas_of_zero.append(place)

    def finished(self, *, must_calculate: bool) -> SheetFacts:
        """What is known of the sheet once it was followed to its end."""
        if self.is_watching:
            self._settle()
        if must_calculate:
            self.facts.uncalculated += self.formulas_of_zero
        return self.facts

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


class _Checked:
    """What each part of a workbook is followed by."""

    def __init__(self) -> None:
        self.book = Book()
        self.styles = Styles()
        self.texts = _SharedTexts()
        self.sheets: dict[str, _SheetReader] = {}
        self.seen: set[str] = set()
        self.shared: set[str] = set()

    def visit(self, entry: zipfile.ZipInfo) -> Feed | None:
        """Choose what follows a part, whatever its name ends with."""
        name = plain_path(entry.filename)
        if name in self.seen and not entry.is_dir():
            raise UnsafeWorkbookError("le classeur contient deux fois la même partie")
        self.seen.add(name)
        if name == _SHARED_STRINGS or name in self.book.shared_texts:
            self.shared.add(name)
            return self.texts.feed
        if _is_sheet(name) or name in self.book.watched():
            self.sheets[name] = _SheetReader(self.styles)
            return self.sheets[name].feed
        if not name.endswith((".xml", ".rels")):
            return None
        parser, feed = xml_feed()
        follow = {
            MAIN_PARTS[0]: self.styles.read,
            MAIN_PARTS[1]: self.book.read_sheets,
            MAIN_PARTS[2]: self.book.read_relations,
        }
        if name in follow:
            follow[name](parser)
        return feed

    def settle(self) -> None:
        """Refuse what could only be judged once all parts were followed; raises UnsafeWorkbookError."""
        parts = [path for paths in self.book.candidates().values() for path in dict.fromkeys(paths)]
        there = [path for path in parts if path in self.seen]
        if len(self.shared) > 1 or len(set(there)) != len(there) or not set(there) <= self.sheets.keys():
            raise UnsafeWorkbookError("le classeur emploie la même partie pour plusieurs de ses feuilles")
        if sum(sheet.last_row * sheet.last_column for sheet in self.sheets.values()) > limits.MAX_CELLS_TOGETHER:
            raise UnsafeWorkbookError("les feuilles du classeur couvrent ensemble trop de cellules")


def check_xlsx(content: bytes) -> dict[str, SheetFacts]:
    """Refuse an XLSX workbook that is dangerous or impossible to open; raises UnsafeWorkbookError.

    Gives what is known of each sheet beside its values.
    """
    names = entry_names(content)
    if names and "xl/workbook.xml" not in names:
        raise UnsafeWorkbookError("ce fichier n'est pas un classeur XLSX")
    checked = _Checked()
    walk_zip(content, WORKBOOK, checked.visit, first=MAIN_PARTS)
    checked.settle()
    sheets, lengths, book = checked.sheets, checked.texts.lengths, checked.book
    # Cheap bound first: the exact count of a usual workbook is never needed.
    if sum(sheet.shared for sheet in sheets.values()) * max(lengths, default=0) > limits.MAX_TEXT_CHARACTERS:
        _check_texts(content, lengths, sheets.keys())
    found = {part: sheet.finished(must_calculate=book.must_calculate) for part, sheet in sheets.items()}
    return {name: found[part] for name, part in book.parts().items() if part in found}


def _check_texts(content: bytes, lengths: list[int], sheets: Collection[str]) -> None:
    uses: list[_SharedUses] = []

    def visit(entry: zipfile.ZipInfo) -> Feed | None:
        if plain_path(entry.filename) not in sheets:
            return None
        uses.append(_SharedUses())
        return uses[-1].feed

    walk_zip(content, WORKBOOK, visit)
    total = sum(
        lengths[place] * count
        for use in uses
        for number, count in use.counts.items()
        if (place := _place(number)) < len(lengths)
    )
    if total > limits.MAX_TEXT_CHARACTERS:
        raise UnsafeWorkbookError("le classeur répète trop de texte")


def _place(number: str) -> int:
    """The number of a shared text as readers take it: `+07` is 7. What is none is beyond all texts."""
    digits = number.removeprefix("+").lstrip("0") or "0"
    return int(digits) if digits.isdecimal() and digits.isascii() and len(digits) < 9 else 10**9
