"""From the bytes of a received file to a table: dialect, headings and rows, every cell as text."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.errors import ImportRefusedError, InputProblem
from app.files import limits
from app.files.dialects import chosen_dialect, find_dialect, shape_notes
from app.files.encoding_notes import notes_on
from app.files.encodings import BOM, detect, line_of, shown
from app.files.fhir_catalogue import HEADINGS, read_catalogue
from app.files.fhir_json import FhirReadError
from app.files.fhir_syntax import looks_like_fhir
from app.files.fields import guess_columns, known_fields
from app.files.foreign import foreign
from app.files.headings import bare_headings, has_subheadings, headings_of, is_empty
from app.files.json_table import JsonTableError, is_json_table, is_storable, read_json_table
from app.files.records import JSON, Dialect, UndecodableError, decode, records_of
from app.files.sheet_facts import Merge
from app.files.sheet_notes import notes_on_sheet
from app.files.table_rows import TableRow, fill_merges
from app.files.workbook import Sheet, UnsafeWorkbookError, read_workbook, workbook_format
from app.files.zip_safety import ZIP_SIGNATURE
from app.text import counted

_HEADER_SEARCH_ROWS = 15
_TITLE_CELLS = 3
_FEW_NULLS = 8
"""No more null bytes than this are damage in a text; more of them are another format."""
_NULL = (
    "l'octet n° {} du fichier est nul (0x00), ce qu'aucun texte ne contient : le fichier est abîmé. Corrigez "
    "cette ligne, ou demandez de nouveau l'export."
)


@dataclass(frozen=True, slots=True)
class Table:
    """A file as text: every row received, header and blank rows included."""

    file_name: str
    dialect: Dialect
    rows: tuple[TableRow, ...]
    sheet_names: tuple[str, ...] = ()
    other_sheets: tuple[Sheet, ...] = ()
    sheet: Sheet | None = None
    """Of a workbook: the sheet that was read, and what its cells are."""
    filled: tuple[Merge, ...] = ()
    """Merged ranges that gave their value to the rows below their first one."""
    notes: tuple[str, ...] = ()
    """What the user should know of how it was read."""

    @property
    def headings(self) -> tuple[str, ...]:
        """One heading a column (see `headings_of`); empty without header row."""
        return headings_of(tuple(row.cells for row in self.rows[: self.dialect.header_rows]))

    @property
    def bare_headings(self) -> tuple[str, ...]:
        """The headings without their groups, and as often as they come."""
        return bare_headings(tuple(row.cells for row in self.rows[: self.dialect.header_rows]))

    @property
    def data(self) -> tuple[TableRow, ...]:
        """The rows after the header that hold something."""
        return tuple(row for row in self.rows[self.dialect.header_rows :] if not row.is_blank)

    @property
    def width(self) -> int:
        """The number of columns each row must have: up to the last heading, or as the first rows have."""
        headings = self.headings
        while headings and not headings[-1]:
            headings = headings[:-1]
        return len(headings) or self._widest_row

    @property
    def full_width(self) -> int:
        """The number of columns that rows may have, columns without heading included."""
        return max(len(self.headings), self.width if self.headings else self._widest_row)

    @property
    def _widest_row(self) -> int:
        return max((len(row.cells) for row in self.data[:100]), default=0)

    def heading(self, column: int) -> str:
        """The name by which the user knows a column."""
        headings = self.headings
        name = headings[column] if 0 <= column < len(headings) else ""
        return name or f"colonne {column + 1}"


def _refuse(file_name: str, message: str, row: int | None = None) -> ImportRefusedError:
    return ImportRefusedError([InputProblem(file_name, message, row)])


def check_content(file_name: str, content: bytes, max_bytes: int) -> None:
    """Refuse what cannot be a catalogue, before reading it."""
    if not content.strip():
        raise _refuse(file_name, "le fichier est vide.")
    if len(content) > max_bytes:
        raise _refuse(file_name, f"le fichier dépasse la taille admise ({max_bytes // 1_000_000} Mo).")
    if told := foreign(content):
        raise _refuse(file_name, told)
    if content.startswith(ZIP_SIGNATURE) and not workbook_format(content):
        raise _refuse(file_name, "c'est une archive zip ; décompressez-la, puis envoyez le fichier qu'elle contient.")
    if looks_like_fhir(content):
        return
    _refuse_odd_utf_16(file_name, content)
    head = content[:4096]
    if 0 < content.count(b"\x00") <= _FEW_NULLS and not workbook_format(content) and not _is_utf_16(content):
        place = content.index(b"\x00")
        raise _refuse(file_name, _NULL.format(place + 1), line_of(content, place))
    if not workbook_format(content) and b"\x00" in head and not detect(content).encoding.startswith("utf-16"):
        raise _refuse(file_name, "ce n'est ni un fichier texte (CSV) ni un classeur (XLSX, XLS, ODS).")


def _is_utf_16(content: bytes) -> bool:
    return detect(content).encoding.startswith("utf-16")


def _refuse_odd_utf_16(file_name: str, content: bytes) -> None:
    """Refuse a text of two bytes a character that lacks one: it is cut, or something was put before it."""
    if len(content) % 2 and len(content) > _FEW_NULLS and not workbook_format(content):
        whole = detect(content[:-1]).encoding
        if whole.startswith("utf-16"):
            row = content[:-1].decode(whole, "replace").count("\n") + 1
            raise _refuse(
                file_name,
                "c'est un texte en UTF-16 dont il manque un octet : il est coupé ou abîmé. Demandez de nouveau "
                "l'export, de préférence en UTF-8.",
                row,
            )


def detect_header_rows(rows: Sequence[TableRow]) -> int:
    """How many rows come before the data: up to the row with the most known headings, if there is one."""
    best_index, best_count = -1, 1
    fullest = 0
    for index, row in enumerate(rows[:_HEADER_SEARCH_ROWS]):
        filled = sum(not is_empty(cell) for cell in row.cells)
        fields = known_fields(row.cells)
        known = len(fields)
        # Above headings there are titles, which fill few cells; below data there are no headings, even if
        # an analysis is named « Volume ».
        fits = fullest <= max(_TITLE_CELLS, filled // 2) or (len(fields) >= 4 and {"code", "label"} <= fields)
        if known > best_count and fits:
            best_index, best_count = index, known
        fullest = max(fullest, filled)
    if best_index >= 0:
        return best_index + 1 + has_subheadings([row.cells for row in rows[: best_index + 12]], best_index)
    for index, row in enumerate(rows[:_HEADER_SEARCH_ROWS]):
        # « Code SIL n°1 ; Nom »: headings that only contain what we know.
        if {"code", "label"} <= guess_columns(row.cells).keys():
            return index + 1
    return 1 if _looks_like_header(rows) else 0


def _looks_like_header(rows: Sequence[TableRow]) -> bool:
    """A first row of distinct words, above rows that hold numbers or blanks: headings that we do not know."""
    if len(rows) < 2:
        return False
    first = [cell.strip() for cell in rows[0].cells]
    if len(first) < 2 or len(set(first)) != len(first):
        return False
    if any(not cell or any(character.isdigit() for character in cell) for cell in first):
        return False
    following = [row.cells for row in rows[1:20] if len(row.cells) == len(first)]
    return any(
        sum(not cells[column].strip() or cells[column].strip()[0].isdigit() for cells in following) > len(following) / 2
        for column in range(len(first))
    )


def _choose_sheet(sheets: Sequence[Sheet], wanted: str) -> Sheet:
    """The sheet asked for, otherwise the first whose headings we know, otherwise the first."""
    for sheet in sheets:
        if sheet.name == wanted:
            return sheet
    return max(sheets, key=lambda sheet: (_known_headings(sheet) >= 2, -sheets.index(sheet)))


def _known_headings(sheet: Sheet) -> int:
    return max((len(known_fields(row)) for row in sheet.rows[:_HEADER_SEARCH_ROWS]), default=0)


def _read_sheets(file_name: str, content: bytes, chosen: Dialect | None, detect_header: bool) -> Table:
    try:
        sheets = read_workbook(content)
    except UnsafeWorkbookError as error:
        raise _refuse(file_name, f"{error}.") from error
    sheet = _choose_sheet(sheets, chosen.sheet if chosen else "")
    rows = tuple(TableRow(number, cells) for number, cells in enumerate(sheet.rows, start=1))
    keeps_header = chosen is not None and chosen.sheet == sheet.name and not detect_header
    header_rows = chosen.header_rows if chosen and keeps_header else detect_header_rows(rows)
    dialect = Dialect(format=workbook_format(content), sheet=sheet.name, header_rows=header_rows)
    others = tuple(other for other in sheets if other is not sheet)
    rows, filled = fill_merges(rows, sheet.merges, header_rows)
    table = Table(file_name, dialect, rows, tuple(item.name for item in sheets), others, sheet=sheet, filled=filled)
    return replace(table, notes=tuple(notes_on_sheet(file_name, sheet, others, filled, table.heading)))


def _read_text(file_name: str, content: bytes, chosen: Dialect | None, detect_header: bool) -> Table:
    dialect = chosen_dialect(file_name, content, chosen) if chosen else find_dialect(file_name, content)
    records = records_of(content, dialect)
    rows = tuple(TableRow(record.row_number, record.cells) for record in records)
    if chosen is None or detect_header:
        dialect = replace(dialect, header_rows=detect_header_rows(rows))
    notes = notes_on(file_name, content, dialect.encoding, is_chosen=chosen is not None)
    return Table(file_name, dialect, rows, notes=(*notes, *shape_notes(file_name, dialect)))


def _read_fhir(file_name: str, content: bytes) -> Table:
    try:
        catalogue = read_catalogue(content)
    except FhirReadError as error:
        raise _refuse(file_name, f"{error}.") from error
    cells = [HEADINGS, *catalogue.rows()]
    notes = []
    if catalogue.has_maps:
        notes.append(
            f"{file_name} : les ConceptMap du fichier ne sont pas reprises ici ; après l'import, envoyez ce fichier "
            "à la page « Antérieur » (« Reprendre »), qui les compare, ou à la page Mémoire du laboratoire."
        )
    rows = tuple(TableRow(number, tuple(map(str, row))) for number, row in enumerate(cells, start=1))
    return Table(file_name, Dialect(format="fhir", header_rows=1), rows, notes=tuple(notes))


def _read_json(file_name: str, content: bytes) -> Table:
    found = detect(content)
    try:
        read = read_json_table(decode(content, found.encoding).removeprefix(BOM))
    except UndecodableError as error:
        raise _refuse(file_name, f"{error}.", error.row_number) from error
    except JsonTableError as error:
        raise _refuse(file_name, f"{error}.") from error
    width = len(read.headings)
    cells = [tuple(read.headings), *((*row, *("",) * (width - len(row))) for row in read.rows)]
    rows = tuple(TableRow(number, tuple(map(shown, row))) for number, row in enumerate(cells, start=1))
    for row in rows:
        if not all(map(is_storable, row.cells)):
            raise _refuse(file_name, "un texte JSON contient la moitié d'un caractère (\\ud800).", row.row_number)
    told = counted(len(read.rows), "objet", "objets")
    notes = (
        *notes_on(file_name, content, found.encoding, is_chosen=False),
        f"{file_name} : liste JSON de {told}, lue comme un tableau ; l'objet n° 1 est la ligne 2.",
    )
    dialect = Dialect(encoding=found.encoding, bom=found.bom, format=JSON, header_rows=1)
    return Table(file_name, dialect, rows, notes=notes)


def read_table(file_name: str, content: bytes, chosen: Dialect | None = None, *, detect_header: bool = False) -> Table:
    """Read a file, as the user chose or as it seems to be written; raises ImportRefusedError.

    `detect_header` looks for the header row again although the rest of the dialect was chosen.
    """
    if workbook_format(content):
        table = _read_sheets(file_name, content, chosen, detect_header)
    elif is_json_table(content):
        table = _read_json(file_name, content)
    elif looks_like_fhir(content):
        table = _read_fhir(file_name, content)
    else:
        table = _read_text(file_name, content, chosen, detect_header)
    if len(table.rows) > limits.MAX_ROWS:
        raise _refuse(file_name, f"le fichier dépasse {limits.MAX_ROWS} lignes.")
    for row in table.rows:
        if len(row.cells) > limits.MAX_COLUMNS:
            raise _refuse(file_name, f"la ligne dépasse {limits.MAX_COLUMNS} colonnes.", row.row_number)
        if any("\0" in cell for cell in row.cells):
            raise _refuse(file_name, "la ligne contient un caractère nul : le fichier est abîmé.", row.row_number)
        if any(len(cell) > limits.MAX_CELL_CHARACTERS for cell in row.cells):
            raise _refuse(file_name, "une cellule est anormalement longue.", row.row_number)
    return table
