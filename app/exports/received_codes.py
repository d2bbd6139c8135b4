"""The LOINC codes that a received ANS file already has: where they stand, and what becomes of each in what leaves.

A laboratory system reads these columns by their place: what nobody approved must not go back to it in them.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from app.exports.schemas import ReceivedNote
from app.files.ans_files import ANS_COLUMNS
from app.files.earlier_fields import EARLIER_CODES, EARLIER_FIELDS
from app.files.fields import fold_heading
from app.files.kinds import LEVEL_NAMES
from app.files.loinc_cells import read_code
from app.files.loinc_columns import loinc_columns
from app.files.records import Dialect, Record
from app.files.table_rows import TableRow
from app.files.tabular import Table
from app.files.values import bare
from app.models import FileKind, Level

REPLACED = "code reçu remplacé"
REMOVED = "code reçu retiré"
_LABEL = re.compile(r"\b(libelles?|noms?|name|label|intitule|designation)\b")
_FIELDS = ("earlier_code", "earlier_subchapter_code")
"""The fields of the codes of each level of a file, in the order in which it has them."""
_EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Pair:
    """Where the code and the label of one level stand in the received file; None where it has no such column."""

    code: int | None = None
    label: int | None = None


@dataclass(frozen=True, slots=True)
class CodePlaces:
    """Where a received file has LOINC codes."""

    pairs: tuple[Pair, ...]
    """One a level: these columns take what is approved."""
    others: tuple[int, ...] = ()
    """Other columns of LOINC codes: a row has one code."""
    other_labels: tuple[int, ...] = ()
    """The labels of these."""

    @property
    def codes(self) -> tuple[int, ...]:
        """All columns of codes."""
        return (*(pair.code for pair in self.pairs if pair.code is not None), *self.others)

    @property
    def last(self) -> int:
        """The last column of a pair, -1 without any."""
        places = (place for pair in self.pairs for place in (pair.code, pair.label) if place is not None)
        return max(places, default=-1)


def table_of(records: Sequence[Record], dialect: Dialect) -> Table:
    """The rows of a file as a table."""
    return Table("", dialect, tuple(TableRow(record.row_number, record.cells) for record in records))


def code_columns(table: Table, columns: Mapping[str, int]) -> set[int]:
    """The columns of LOINC codes of a table: those that an import read as such, and those whose cells say so."""
    said = {columns[name] for name in EARLIER_CODES if name in columns}
    taken = {column for name, column in columns.items() if name not in EARLIER_FIELDS}
    return said | ({item.column for item in loinc_columns(table, None)} - taken)


def code_places(kind: FileKind, table: Table, columns: Mapping[str, int], levels: int) -> CodePlaces:
    """Where a received ANS file has LOINC codes; of several columns, those take the approved codes that a laboratory
    system reads, just after the columns of the requirement."""
    codes = code_columns(table, columns)
    fixed = len(ANS_COLUMNS[kind])
    is_in_order = all(columns.get(item.field) == place for place, item in enumerate(ANS_COLUMNS[kind]))
    pairs: list[Pair] = []
    for number, name in enumerate(_FIELDS[:levels]):
        place = fixed + 2 * number
        code = place if is_in_order and place in codes else columns.get(name)
        taken = {pair.code for pair in pairs}
        pairs.append(Pair() if code is None or code in taken else Pair(code, _label_of(table, columns, codes, code)))
    used = {pair.code for pair in pairs}
    labels = {pair.label for pair in pairs}
    others = sorted(codes - used)
    beside = (_label_of(table, columns, codes, code) for code in others)
    other_labels = tuple(place for place in beside if place is not None and place not in labels)
    return CodePlaces(tuple(pairs), tuple(others), other_labels)


def _label_of(table: Table, columns: Mapping[str, int], codes: set[int], code: int) -> int | None:
    """The column of the names that go with a column of codes: the next one, or the one that an import read so."""
    names = columns.get("earlier_name")
    taken = {column for name, column in columns.items() if name != "earlier_name"} | codes
    after = code + 1
    if after < table.full_width and after not in taken:
        heading = fold_heading(table.headings[after]) if after < len(table.headings) else ""
        if not table.headings or after == names or _LABEL.search(heading):
            return after
    return names if names is not None and len(codes) == 1 and names not in taken else None


@dataclass(frozen=True, slots=True)
class CodeChange:
    """A row whose received code is not the approved one."""

    row_number: int
    level: Level
    code: str
    label: str
    """Local code and label of what the row stands for."""
    received: str
    approved: str
    """Empty where nothing is approved."""

    def note(self, file_name: str) -> ReceivedNote:
        """What the report says of it."""
        became = f"remplacé par le code approuvé {self.approved}" if self.approved else "retiré : aucun n'est approuvé"
        message = f"Ligne {self.row_number} de « {file_name} » : code LOINC reçu « {self.received} » {became}."
        severity = REPLACED if self.approved else REMOVED
        return ReceivedNote(severity, LEVEL_NAMES[self.level], self.code, self.label, message)


def new_cells(places: CodePlaces, names: Sequence[tuple[str, str]]) -> dict[int, str]:
    """Column -> text of a row: code and label of each level where the file has columns for them, nothing elsewhere."""
    cells = dict.fromkeys((*places.others, *places.other_labels), "")
    for pair, (code, label) in zip(places.pairs, names, strict=True):
        cells |= {column: text for column, text in ((pair.code, code), (pair.label, label)) if column is not None}
    return cells


def received_code(cells: Sequence[str], column: int) -> str:
    """What a cell of codes says, as it was received."""
    return bare(cells[column]) if column < len(cells) else ""


def gave_way(cells: Sequence[str], columns: Iterable[int], approved: str) -> list[str]:
    """The received codes of a row that are not the approved one."""
    written = (received_code(cells, column) for column in columns)
    return list(dict.fromkeys(text for text in written if text and (read_code(text).code or text) != approved))


def change_notes(changes: Sequence[CodeChange]) -> list[str]:
    """How many received codes gave way, in French."""
    counts = Counter(bool(change.approved) for change in changes)
    told = (
        (True, "Codes LOINC reçus remplacés par le code approuvé"),
        (False, "Codes LOINC reçus retirés, aucun code n'étant approuvé"),
    )
    return [f"{said} : {counts[is_new]} ({_some(changes, is_new)})." for is_new, said in told if counts[is_new]]


def _some(changes: Sequence[CodeChange], is_new: bool) -> str:
    rows = [change for change in changes if bool(change.approved) is is_new]
    shown = ", ".join(
        f"ligne {change.row_number}, {change.received}" + (f" → {change.approved}" if is_new else "")
        for change in rows[:_EXAMPLES]
    )
    return f"{shown}, …" if len(rows) > _EXAMPLES else shown
