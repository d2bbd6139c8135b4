"""Reading XLSX workbooks, after checking that opening them is safe.

A workbook is a zip of XML parts: a few kilobytes can inflate to gigabytes, one cell far to the right or
at the bottom makes a reader reserve the whole rectangle, and a document type may expand without end.
Everything is therefore checked part by part, in a bounded stream, before the reader sees the file.
"""

import io
import re
import zipfile
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from xml.parsers.expat import ParserCreate

from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from app.catalogues import limits

XLSX_SIGNATURE = b"PK\x03\x04"
OLE_SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_CHUNK = 1 << 20
_CELL = re.compile(r"([A-Z]{0,3})([0-9]{1,7})")


class UnsafeWorkbookError(ValueError):
    """The workbook must not be opened; the message says why, in French."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet as text: every row from the first of the sheet, all of the same width."""

    name: str
    rows: tuple[tuple[str, ...], ...]
    is_hidden: bool = False


def is_workbook(content: bytes) -> bool:
    """Whether these bytes are a zip, as a workbook is."""
    return content.startswith(XLSX_SIGNATURE)


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


class _PartReader:
    """Follows the elements of an XML part without keeping them, and refuses what would be dangerous to open."""

    def __init__(self, is_sheet: bool) -> None:
        self.parser = ParserCreate()
        self.parser.StartDoctypeDeclHandler = self._doctype
        if is_sheet:
            self.parser.StartElementHandler = self._element
        self.row = self.column = 0
        self.last_row = self.last_column = self.merged_cells = 0

    def _doctype(self, *_details: Any) -> None:
        raise UnsafeWorkbookError("le classeur contient une déclaration de type de document (DTD)")

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


def _check_part(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, budget: int) -> int:
    """Inflate one part without keeping it; returns its true size."""
    name = entry.filename.lower()
    is_xml = name.endswith((".xml", ".rels"))
    reader = _PartReader(name.startswith("xl/worksheets/")) if is_xml else None
    size = 0
    with archive.open(entry) as part:
        while chunk := part.read(_CHUNK):
            size += len(chunk)
            if size > budget:
                raise UnsafeWorkbookError("le classeur est trop volumineux une fois décompressé")
            if reader is not None:
                reader.parser.Parse(chunk, False)
    if reader is not None and size:
        reader.parser.Parse(b"", True)
    return size


def check_workbook(content: bytes) -> None:
    """Refuse a workbook that is dangerous or impossible to open; raises UnsafeWorkbookError."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            if len(entries) > limits.MAX_ZIP_ENTRIES:
                raise UnsafeWorkbookError("le classeur contient trop de parties")
            names = {entry.filename for entry in entries}
            if len(names) != len(entries):
                raise UnsafeWorkbookError("le classeur contient deux fois la même partie")
            if "xl/workbook.xml" not in names:
                raise UnsafeWorkbookError("ce fichier n'est pas un classeur XLSX")
            if any(entry.flag_bits & 1 for entry in entries):
                raise UnsafeWorkbookError("le classeur est protégé par un mot de passe")
            declared = sum(entry.file_size for entry in entries)
            _check_inflation(declared, len(content))
            inflated = 0
            for entry in entries:
                inflated += _check_part(archive, entry, limits.MAX_INFLATED_BYTES - inflated)
            _check_inflation(inflated, len(content))
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError) as error:
        raise UnsafeWorkbookError("le classeur est abîmé ou incomplet") from error
    except Exception as error:
        if isinstance(error, UnsafeWorkbookError):
            raise
        # zlib, lzma and expat raise errors of their own on damaged data.
        raise UnsafeWorkbookError("le classeur est abîmé ou incomplet") from error


def _check_inflation(inflated: int, compressed: int) -> None:
    if inflated > limits.MAX_INFLATED_BYTES:
        raise UnsafeWorkbookError("le classeur est trop volumineux une fois décompressé")
    if inflated > limits.INFLATION_FLOOR_BYTES and inflated > limits.MAX_INFLATION * compressed:
        raise UnsafeWorkbookError("le classeur est anormalement compressé")


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


def read_workbook(content: bytes) -> list[Sheet]:
    """The sheets of a workbook that hold something, visible ones first; raises UnsafeWorkbookError."""
    check_workbook(content)
    sheets: list[Sheet] = []
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
        for metadata in workbook.sheets_metadata:
            if metadata.typ is not SheetTypeEnum.WorkSheet:
                continue
            rows = workbook.get_sheet_by_name(metadata.name).to_python(skip_empty_area=False)
            texts = tuple(tuple(cell_text(value) for value in row) for row in rows)
            if any(cell.strip() for row in texts for cell in row):
                hidden = metadata.visible is not SheetVisibleEnum.Visible
                sheets.append(Sheet(metadata.name, texts, hidden))
    except (CalamineError, ValueError) as error:
        raise UnsafeWorkbookError("le classeur est illisible") from error
    if not sheets:
        raise UnsafeWorkbookError("le classeur ne contient aucune donnée")
    return sorted(sheets, key=lambda sheet: sheet.is_hidden)
