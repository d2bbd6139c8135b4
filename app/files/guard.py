"""Refusing files that hold patients: the workbench keeps no patient data, whatever the format and wherever it stands.

The guard itself reads cells and texts (`app.patient_guard`); this hands it everything that a file holds: each sheet,
hidden ones too, the comments of a workbook, every text of a FHIR resource, and the bytes for messages of results.
"""

import io
import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from app.errors import ImportRefusedError, InputProblem
from app.files.earlier_fields import EARLIER_FIELDS
from app.files.encodings import detect
from app.files.fhir_json import FhirReadError
from app.files.fhir_syntax import load_fhir, looks_like_fhir
from app.files.fields import guess_columns
from app.files.foreign import foreign
from app.files.table_rows import TableRow
from app.files.tabular import Table, detect_header_rows, read_table
from app.files.workbook import workbook_format
from app.patient_guard import births, names, numbers
from app.patient_guard.findings import Finding, Kind, kept
from app.patient_guard.messages import message_in_bytes
from app.patient_guard.refusal import PatientDataError, counts_of, problems_of
from app.patient_guard.tables import examine
from app.patient_guard.texts import names_a_person_and_a_day, traces_in

NOTHING_CLEARED: frozenset[Kind] = frozenset()
_SHOWN_HEADING = 60
_TAGS = re.compile(rb"<[^<>]{0,2000}>")
"""A mark-up holds no other: what begins another one is not read again from each of its beginnings."""
_BESIDE_CELLS = re.compile(r"comments|threaded|drawing|docProps|customXml|meta\.xml|header|footer", re.IGNORECASE)
_COMMENTS = re.compile(r"comments|threaded", re.IGNORECASE)
_ABOUT_CELLS = re.compile(r"(?:^|/)(?:workbook\.xml|styles\.xml|sheet\d*\.xml|[^/]+\.rels)$", re.IGNORECASE)
_VALUES = re.compile(rb"<(?:\w+:)?([vt])(?: [^>]{0,200})?>[^<]*</(?:\w+:)?\1>")
_STAFF_KEYS = frozenset(
    "contact publisher author reviewer editor endorser recorder enterer telecom performer requester relatedArtifact"
    .split()
)  # fmt: skip
_NOT_TEXTS = frozenset("url system reference canonical fullUrl id versionId".split())
_MOST_DEPTH = 200
_MOST_NAMES = 256
"""Names of members that have a column each; the texts of the others share one."""
_OTHER_NAMES = "…"
_MOST_CELLS = 20_000_000
_TOO_MANY_TEXTS = "ce fichier contient trop d'objets pour être vérifié ; partagez-le."


def _findings(rows: Sequence[TableRow], header_rows: int) -> list[Finding]:
    return examine(rows, header_rows, guess_columns, EARLIER_FIELDS)


def _name_of(header: Sequence[TableRow], column: int) -> str:
    """A heading, unless the header is a row of data that says something of a person."""
    cells = [row.cells[column].strip() for row in header if column < len(row.cells)]
    name = next((cell for cell in reversed(cells) if cell), "")
    is_heading = name and len(name) <= _SHOWN_HEADING and not traces_in(name) and not names.strength_of(name)
    is_heading = is_heading and births.year_of(name) is None and not numbers.LIKELY.search(name)
    return name if is_heading else f"colonne {column + 1}"


class _Gathered:
    """What was found in the parts of a file."""

    def __init__(self, file_name: str, cleared: frozenset[Kind]) -> None:
        self.file_name = file_name
        self._cleared = cleared
        self._problems: list[InputProblem] = []
        self._counted: list[Finding] = []

    def add(self, findings: Sequence[Finding], name_of: Callable[[int], str], where: str = "") -> None:
        """Take the findings of one part."""
        standing = kept(findings, self._cleared)
        self._problems += problems_of(self.file_name, standing, name_of, where)
        self._counted += standing

    def refuse(self) -> None:
        """Raise PatientDataError when anything stands."""
        if self._problems:
            raise PatientDataError(self._problems, counts_of(self._counted))


def refuse_patient_data(table: Table, cleared: frozenset[Kind] = NOTHING_CLEARED) -> None:
    """Refuse a table that holds patients, even in a hidden sheet; raises PatientDataError.

    The header is looked for again: what the user chose as header does not decide. `cleared` are the kinds of traces
    that a person answered for.
    """
    gathered = _Gathered(table.file_name, cleared)
    _look_at_table(table, gathered)
    gathered.refuse()


def _look_at_titles(table: Table, gathered: _Gathered) -> None:
    """What the names of sheets say of a person; a refusal gives their places, and not their names.

    A number needs its key, as in names of files.
    """
    for place, name in enumerate(table.sheet_names, start=1):
        title = re.sub(r"[_\s]+", " ", name)
        kinds: list[Kind] = [kind for kind in traces_in(title) if kind != Kind.NUMBER_FORM]
        if Kind.NAME not in kinds and names_a_person_and_a_day(title):
            kinds.append(Kind.NAME)
        gathered.add([Finding(kind, None, ()) for kind in kinds], str, f"nom de la feuille n° {place} : ")


def _look_at_table(table: Table, gathered: _Gathered) -> None:
    _look_at_titles(table, gathered)
    header_rows = max(table.dialect.header_rows, detect_header_rows(table.rows))
    headings = table.rows[: max(header_rows, 1)]
    gathered.add(_findings(table.rows, header_rows), lambda column: _name_of(headings, column))
    for sheet in table.other_sheets:
        rows = [TableRow(number, cells) for number, cells in enumerate(sheet.rows, start=1)]
        count = detect_header_rows(rows)
        first = rows[: max(count, 1)]
        gathered.add(
            _findings(rows, count), lambda column, first=first: _name_of(first, column),  # type: ignore[misc]
            f"feuille « {sheet.name} » : ",
        )  # fmt: skip


def refuse_name(file_name: str) -> None:
    """Refuse a file whose own name speaks of a patient; raises PatientDataError, which does not say the name.

    A number needs its key: names of files bear moments of thirteen digits. Nor do a name and a day say a patient:
    who transcoded a file signs and dates it, though on no day from before computers.
    """
    title = re.sub(r"[_.]+", " ", file_name)
    said = traces_in(title)
    found: list[Kind] = [kind for kind in said if kind not in (Kind.NUMBER_FORM, Kind.NAME)]
    year = births.dated(title)
    if year is not None and year < births.BEFORE_COMPUTERS and names_a_person_and_a_day(title):
        found.append(Kind.NAME)
    if numbers.holds_keyed(file_name) and Kind.NUMBER not in found:
        found.append(Kind.NUMBER)
    if found:
        findings = [Finding(kind, None, ()) for kind in found]
        problems = problems_of("", findings, str, "le nom du fichier désigne un patient, renommez-le : ")
        raise PatientDataError(problems, counts_of(findings))


def refuse_message(file_name: str, content: bytes) -> None:
    """Refuse a file that is a message of results, holds one, or describes a patient; raises PatientDataError."""
    if workbook_format(content):
        return
    if message_in_bytes(content):
        finding = Finding(Kind.MESSAGE, None, ())
        told = foreign(content)
        said = [InputProblem(file_name, told)] if told else problems_of(file_name, [finding], str)
        raise PatientDataError(said, counts_of([finding]))


def refuse_patients(file_name: str, content: bytes, cleared: frozenset[Kind] = NOTHING_CLEARED) -> None:
    """Refuse a file that holds patients, whatever its format: the guard of everything that reads a received file.

    Raises PatientDataError. A file that cannot be read as a table is looked at line by line.
    """
    refuse_name(file_name)
    refuse_message(file_name, content)
    if not content.strip():
        return
    gathered = _Gathered(file_name, cleared)
    try:
        table = read_table(file_name, content)
    except ImportRefusedError:
        table = None
    if table is not None:
        _look_at_table(table, gathered)
    elif not workbook_format(content):
        gathered.add(_findings(_lines(content), 0), lambda column: f"colonne {column + 1}")
    if table is not None or not workbook_format(content):
        look_beside(content, gathered)
    gathered.refuse()


def refuse_beside(file_name: str, content: bytes, cleared: frozenset[Kind] = NOTHING_CLEARED) -> None:
    """Refuse what a file holds of patients beside its table; raises PatientDataError."""
    refuse_name(file_name)
    refuse_message(file_name, content)
    gathered = _Gathered(file_name, cleared)
    look_beside(content, gathered)
    gathered.refuse()


def look_beside(content: bytes, gathered: _Gathered) -> None:
    """What a file holds beside its cells: comments and properties of a workbook, all texts of a FHIR resource."""
    if workbook_format(content):
        kinds = [kind for text in _beside_cells(content) for kind in traces_in(text)]
        kinds += [Kind.NAME] if any(map(names.addressed, _comments(content))) else []
        kinds += [Kind.NUMBER] if any(map(numbers.holds_keyed, _attributes(content))) else []
        found = [Finding(kind, None, ()) for kind in dict.fromkeys(kinds)]
        gathered.add(found, str, "commentaires ou propriétés du classeur : ")
    elif looks_like_fhir(content):
        try:
            root = load_fhir(content)
        except FhirReadError:
            return
        if any(map(numbers.holds_keyed, _all_values(root))):
            gathered.add([Finding(Kind.NUMBER, None, ())], str)
        keys: dict[str, int] = {}
        rows: list[TableRow] = []
        cells = 0
        for row in _objects(root, keys):
            rows.append(row)
            cells += len(row.cells)
            if cells > _MOST_CELLS:
                raise ImportRefusedError([InputProblem(gathered.file_name, _TOO_MANY_TEXTS)])
        named = list(keys)
        header = TableRow(0, tuple(named))
        gathered.add(_findings([header, *rows], 1), lambda column: named[column], "élément n° de l'ordre du fichier, ")


def _lines(content: bytes) -> list[TableRow]:
    text = content.decode(detect(content).encoding, "replace")
    return [TableRow(number, (line,)) for number, line in enumerate(text.splitlines(), start=1)]


def _beside_cells(content: bytes) -> Iterator[str]:
    """The texts of a workbook that are in no cell."""
    yield from _texts_beside(content, _BESIDE_CELLS)


def _comments(content: bytes) -> Iterator[str]:
    """The comments of a workbook, without its properties, which name who made it."""
    yield from _texts_beside(content, _COMMENTS)


def _texts_beside(content: bytes, wanted: re.Pattern[str]) -> Iterator[str]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for entry in archive.infolist():
                is_content = entry.filename == "content.xml"
                is_beside = is_content or wanted.search(entry.filename)
                if not is_beside or not entry.filename.endswith((".xml", ".vml")):
                    continue
                data = archive.read(entry)
                if is_content:
                    # In ODS the comments stand among the cells: what follows the beginning of each, up to its end.
                    parts = data.split(b"<office:annotation")[1:]
                    data = b"\n".join(part.partition(b"</office:annotation>")[0] for part in parts)
                yield from _TAGS.sub(b"\n", data).decode("utf-8", "replace").split("\n")
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return


def _attributes(content: bytes) -> Iterator[str]:
    """What a workbook says of its cells: names of sheets and of ranges, formats, addresses, formulas, lists.

    The values of cells are left out: they are read with their column.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for entry in archive.infolist():
                if _ABOUT_CELLS.search(entry.filename):
                    data = archive.read(entry)
                    # Most hold nothing like it, and taking the values out costs more than looking.
                    if numbers.holds_keyed(data.decode("utf-8", "replace")):
                        yield _VALUES.sub(b" ", data).decode("utf-8", "replace")
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return


def _all_values(root: Any) -> Iterator[str]:
    """Every text and whole number of a JSON value, whatever names it."""
    stack: list[tuple[Any, int]] = [(root, 0)]
    while stack:
        value, depth = stack.pop()
        if isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)):
            yield str(value)
        elif depth <= _MOST_DEPTH and isinstance(value, dict | list):
            stack.extend((item, depth + 1) for item in (value.values() if isinstance(value, dict) else value))


def _objects(root: Any, keys: dict[str, int]) -> Iterator[TableRow]:
    """Each object of a JSON value as a row of its own texts; `keys` gives each name its column."""
    stack: list[tuple[Any, str, int]] = [(root, "", 0)]
    number = 0
    while stack:
        value, name, depth = stack.pop()
        if depth > _MOST_DEPTH or name in _STAFF_KEYS:
            continue
        if isinstance(value, list):
            stack.extend((item, name, depth + 1) for item in reversed(value))
            continue
        if not isinstance(value, dict):
            continue
        number += 1
        texts: dict[int, str] = {}

        def say(key: str, text: str, texts: dict[int, str] = texts) -> None:
            if key not in keys and len(keys) >= _MOST_NAMES:
                key = _OTHER_NAMES
            column = keys.setdefault(key, len(keys))
            texts[column] = f"{texts[column]}\n{text}" if column in texts else text

        for key, item in value.items():
            if isinstance(item, str) and key not in _NOT_TEXTS and key not in _STAFF_KEYS:
                text = re.sub(r"<[^>]{0,500}>", "\n", item) if key == "div" else item
                say(f"{name}.{key}" if key in ("value", "name") else key, text)
            elif isinstance(item, list) and all(isinstance(part, str) for part in item):
                say(key, "\n".join(item))
            elif isinstance(item, dict | list):
                stack.append((item, key, depth + 1))
        if texts:
            yield TableRow(number, tuple(texts.get(column, "") for column in range(max(texts) + 1)))
