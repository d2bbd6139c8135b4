"""Reading value sets: ANS workbooks or CSV files, whose headings vary, and FHIR ValueSet JSON. No database here.

The column of LOINC codes is recognised by what it holds; the others by their headings, unless they are named.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from app.errors import InvalidInputError
from app.files import limits
from app.files.encodings import detect
from app.files.fhir_json import LOINC_SYSTEM, is_storable
from app.files.records import UndecodableError, detect_dialect, read_records
from app.files.workbook import UnsafeWorkbookError, is_workbook, read_workbook
from app.models import ValueSetKind
from loinc_data.checkdigit import is_valid_loinc
from loinc_data.french import quoted
from loinc_data.release import LOOKS_LIKE_DATE
from matcher.normalise.text import fold

HEADER_SEARCH_ROWS = 20
SAMPLE_ROWS = 400
MOSTLY = 0.5
"""Share of the cells of a column that must be LOINC codes for it to be the column of codes."""
_VERSION = re.compile(r"(?<!\d)(20\d{2}[-_.]?\d{2}[-_.]?\d{2}|20\d{2}[-_.]\d{2}|\d+\.\d+(?:\.\d+)*|20\d{2})(?!\d)")


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """What the user says of a file; an empty text means "recognise it"."""

    kind: ValueSetKind | None = None
    sheet: str = ""
    code: str = ""
    label: str = ""
    nabm: str = ""
    nabm_label: str = ""
    title: str = ""
    version: str = ""


@dataclass(slots=True)
class ParsedSet:
    """A list read from a file. For the NABM alignment, `pairs` holds (NABM, its label, LOINC, its label)."""

    kind: ValueSetKind
    title: str
    version: str
    members: dict[str, str] = field(default_factory=dict)
    """LOINC code → label printed beside it, in the order of the file."""
    pairs: list[tuple[str, str, str, str]] = field(default_factory=list)
    ignored_rows: int = 0
    """Rows whose code is not a LOINC code (codes of other systems, blank codes)."""

    @property
    def count(self) -> int:
        """How many rows will be stored."""
        return len(self.pairs) if self.kind is ValueSetKind.NABM else len(self.members)


TITLES = {
    ValueSetKind.CIRCUIT_BIOLOGIE: "Circuit de la biologie",
    ValueSetKind.BIOLOGIE_FRANCE: "LOINC Biologie France",
    ValueSetKind.CHAPTERS: "Chapitres LOINC",
    ValueSetKind.NABM: "Alignement NABM-LOINC",
    ValueSetKind.UNIVERSAL_LAB_ORDERS: "LOINC Universal Lab Orders",
}
HEADING_WORDS = ("code", "libelle", "label", "designation", "display", "loinc", "nabm")
_KIND_WORDS = (
    ("circuit", ValueSetKind.CIRCUIT_BIOLOGIE),
    ("chapitre", ValueSetKind.CHAPTERS),
    ("biologie france", ValueSetKind.BIOLOGIE_FRANCE),
    ("biologie fr", ValueSetKind.BIOLOGIE_FRANCE),
    ("loincfr", ValueSetKind.BIOLOGIE_FRANCE),
)

Rows = Sequence[tuple[str, ...]]


def parse_value_sets(file_name: str, content: bytes, columns: ColumnMap) -> list[ParsedSet]:
    """Every list that a file holds; raises InvalidInputError, in French, when it holds none."""
    if content[:200].removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{"):
        return [_fhir_value_set(file_name, content, columns)]
    sheets = _sheets(file_name, content)
    if columns.sheet:
        sheets = [sheet for sheet in sheets if fold(sheet[0]) == fold(columns.sheet)]
        if not sheets:
            raise InvalidInputError(f"{quoted(file_name)} n'a pas de feuille {quoted(columns.sheet)}.")
    found = [parsed for name, rows in sheets if (parsed := _parse_sheet(file_name, name, rows, columns))]
    if not found:
        raise InvalidInputError(
            f"{quoted(file_name)}\u202f: aucune colonne de codes LOINC n'a été reconnue. "
            "Un tableur a-t-il changé les codes en dates\u202f? Sinon, nommez la colonne des codes."
        )
    return _keep_largest(found)


def _keep_largest(found: list[ParsedSet]) -> list[ParsedSet]:
    """One list of each kind: the largest (a workbook also holds lists of changes)."""
    best: dict[ValueSetKind, ParsedSet] = {}
    for parsed in found:
        if parsed.kind not in best or parsed.count > best[parsed.kind].count:
            best[parsed.kind] = parsed
    return list(best.values())


def _sheets(file_name: str, content: bytes) -> list[tuple[str, Rows]]:
    """(name, rows) of each sheet; a CSV file is one sheet without name."""
    if is_workbook(content):
        try:
            return [(sheet.name, sheet.rows) for sheet in read_workbook(content)]
        except UnsafeWorkbookError as error:
            raise InvalidInputError(f"{quoted(file_name)}\u202f: {error}.") from error
    if b"\x00" in content and not detect(content).encoding.startswith("utf-16"):
        raise InvalidInputError(
            f"{quoted(file_name)} n'est ni un classeur XLSX, ni un CSV, ni un ValueSet FHIR en JSON."
        )
    dialect = detect_dialect(content, file_name)
    try:
        records = read_records(content, dialect.encoding, dialect.delimiter, dialect.quotechar)
    except UndecodableError as error:
        raise InvalidInputError(f"{quoted(file_name)}\u202f: {error}.") from error
    if len(records) > limits.MAX_ROWS:
        raise InvalidInputError(f"{quoted(file_name)} dépasse {limits.MAX_ROWS} lignes.")
    return [("", [record.cells for record in records])]


def _parse_sheet(file_name: str, sheet: str, rows: Rows, columns: ColumnMap) -> ParsedSet | None:
    """The list of one sheet; None when the sheet holds no LOINC codes."""
    located = _locate_codes(rows, columns)
    if located is None:
        return None
    header_row, code_column = located
    headings = [fold(cell) for cell in rows[header_row]] if header_row >= 0 else []
    nabm_column = _named(headings, columns.nabm) if columns.nabm else _nabm_column(headings, code_column)
    label_column = _named(headings, columns.label) if columns.label else _label_column(headings, code_column)
    kind = ValueSetKind.NABM if nabm_column is not None else _kind_of(f"{sheet} {file_name}", sheet, columns.kind)
    if kind is None:
        place = f", feuille {quoted(sheet)}" if sheet else ""
        raise InvalidInputError(
            f"{quoted(file_name)}{place}\u202f: on ne peut pas deviner de quelle liste il s'agit. "
            "Précisez son type (Circuit de la biologie, LOINC Biologie France, chapitres)."
        )
    parsed = ParsedSet(kind, columns.title or TITLES[kind], columns.version or version_in(f"{sheet} {file_name}"))
    nabm_label = _named(headings, columns.nabm_label) if columns.nabm_label else _nabm_label(headings)
    for cells in rows[header_row + 1 :]:
        if not any(cell.strip() for cell in cells):
            continue
        code = _cell(cells, code_column)
        if LOOKS_LIKE_DATE.fullmatch(code):
            raise InvalidInputError(
                f"{quoted(file_name)}\u202f: {quoted(code)} est un code qu'un tableur a changé en date."
            )
        if not is_valid_loinc(code):
            parsed.ignored_rows += 1
            continue
        label = _cell(cells, label_column)
        if kind is ValueSetKind.NABM:
            act = _cell(cells, nabm_column)
            if act:
                parsed.pairs.append((act.zfill(4), _cell(cells, nabm_label), code, label))
            else:
                parsed.ignored_rows += 1
        else:
            parsed.members.setdefault(code, label)
    return parsed


def _cell(cells: tuple[str, ...], column: int | None) -> str:
    return cells[column].strip() if column is not None and column < len(cells) else ""


def _locate_codes(rows: Rows, columns: ColumnMap) -> tuple[int, int] | None:
    """(row of the headings, column of the LOINC codes); the row is -1 when the first row is data."""
    if columns.code:
        for number, cells in enumerate(rows[:HEADER_SEARCH_ROWS]):
            position = _position([fold(cell) for cell in cells], columns.code)
            if position is not None:
                return number, position
        return None
    sample = rows[: SAMPLE_ROWS + HEADER_SEARCH_ROWS]
    width = max((len(cells) for cells in sample), default=0)
    best: tuple[int, int] | None = None
    most = 0
    for column in range(width):
        values = [(number, _cell(cells, column)) for number, cells in enumerate(sample)]
        codes = [number for number, value in values if is_valid_loinc(value)]
        if not codes:
            continue
        filled = sum(bool(value) for number, value in values if number >= codes[0])
        if len(codes) >= MOSTLY * filled and len(codes) > most:
            best, most = (_header_row(sample[: codes[0]]), column), len(codes)
    return best


def _header_row(above: Rows) -> int:
    """The row of the headings among those above the first code: the one with the most words of headings."""
    counts = [sum(any(word in fold(cell) for word in HEADING_WORDS) for cell in cells) for cells in above]
    if not any(counts):
        return len(above) - 1
    return max(range(len(counts)), key=lambda row: (counts[row], row))


def _position(headings: list[str], name: str) -> int | None:
    wanted = fold(name)
    return headings.index(wanted) if wanted in headings else None


def _named(headings: list[str], name: str) -> int:
    position = _position(headings, name)
    if position is None:
        raise InvalidInputError(f"La colonne {quoted(name)} n'existe pas dans ce fichier.")
    return position


def _nabm_column(headings: list[str], code_column: int) -> int | None:
    for column, heading in enumerate(headings):
        if column != code_column and "nabm" in heading and ("code" in heading or heading == "nabm"):
            return column
    return None


def _nabm_label(headings: list[str]) -> int | None:
    return next((at for at, text in enumerate(headings) if "nabm" in text and "libelle" in text), None)


def _label_column(headings: list[str], code_column: int) -> int | None:
    """The label of the LOINC code: a heading that says so, French before English, long before short."""

    def rank(column: int) -> tuple[bool, bool, bool, bool]:
        heading = headings[column]
        english = "english" in heading or "anglais" in heading or heading.endswith(" en")
        return "nabm" in heading, english, "court" in heading, column < code_column

    words = ("libelle", "label", "designation", "display", "nom")
    found = [
        column
        for column, heading in enumerate(headings)
        if column != code_column and any(word in heading for word in words)
    ]
    return min(found, key=lambda column: (rank(column), column), default=None)


def _kind_of(text: str, sheet: str, chosen: ValueSetKind | None) -> ValueSetKind | None:
    if "chapitre" in fold(sheet):
        return ValueSetKind.CHAPTERS
    if chosen is not None:
        return chosen
    folded = re.sub(r"[^a-z0-9]+", " ", fold(text))
    return next((kind for words, kind in _KIND_WORDS if words in folded), None)


def version_in(text: str) -> str:
    """The version or date that a name states, else nothing."""
    found = _VERSION.findall(text)
    return found[-1] if found else ""


def _fhir_value_set(file_name: str, content: bytes, columns: ColumnMap) -> ParsedSet:
    try:
        resource = json.loads(content.decode("utf-8-sig"))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise InvalidInputError(f"{quoted(file_name)} n'est pas un JSON lisible (fichier tronqué\u202f?).") from error
    if not isinstance(resource, dict) or not is_storable(resource):
        raise InvalidInputError(f"{quoted(file_name)} contient un caractère nul ou la moitié d'un caractère (\\ud800).")
    if resource.get("resourceType") != "ValueSet":
        raise InvalidInputError(f"{quoted(file_name)} n'est pas un ValueSet FHIR.")
    names = " ".join(str(resource.get(key, "")) for key in ("title", "name", "id", "url"))
    kind = _kind_of(f"{names} {file_name}", "", columns.kind)
    if kind is None or kind is ValueSetKind.NABM:
        raise InvalidInputError(f"{quoted(file_name)}\u202f: précisez le type de ce jeu de valeurs.")
    parsed = ParsedSet(
        kind,
        columns.title or str(resource.get("title") or TITLES[kind]),
        columns.version or str(resource.get("version") or ""),
    )
    for system, concept in _concepts(resource):
        code = str(concept.get("code", "")).strip()
        if system == LOINC_SYSTEM and is_valid_loinc(code):
            parsed.members.setdefault(code, _french_display(concept))
        else:
            parsed.ignored_rows += 1
    if not parsed.members:
        raise InvalidInputError(
            f"{quoted(file_name)} n'énumère aucun code LOINC\u202f: il faut un ValueSet développé, "
            "avec ses codes dans compose.include.concept ou expansion.contains."
        )
    return parsed


def _concepts(resource: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """(system, concept) of the expansion when there is one, else of the composition."""
    contained: list[tuple[str, dict[str, Any]]] = []
    waiting = list(_dicts(resource.get("expansion", {}), "contains"))
    while waiting:
        concept = waiting.pop(0)
        if not concept.get("abstract"):
            contained.append((str(concept.get("system", "")), concept))
        waiting = [*_dicts(concept, "contains"), *waiting]
    if contained:
        return contained
    return [
        (str(include.get("system", "")), concept)
        for include in _dicts(resource.get("compose", {}), "include")
        for concept in _dicts(include, "concept")
    ]


def _dicts(owner: Any, key: str) -> list[dict[str, Any]]:
    values = owner.get(key, []) if isinstance(owner, dict) else []
    return [value for value in values if isinstance(value, dict)] if isinstance(values, list) else []


def _french_display(concept: dict[str, Any]) -> str:
    for designation in _dicts(concept, "designation"):
        if str(designation.get("language", "")).lower().startswith("fr"):
            return str(designation.get("value", ""))
    return str(concept.get("display", ""))
