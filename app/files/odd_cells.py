"""Cells that a spreadsheet changed before they came here: codes made dates, numbers, exponents, errors.

A code whose text can no longer be known is refused where the file cannot do without it; everywhere else it is said.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from app.errors import InputProblem
from app.files.cell_kinds import CellKind
from app.files.invisible import on_one_line
from app.files.spoiled_texts import Found, is_unquoted, spoiled_codes, spoiled_texts
from app.files.table_rows import TableRow
from app.files.tabular import Table
from app.files.values import bare
from app.text import counted

CODES = (
    "code", "alternate_code", "analysis_code", "chapter_code", "subchapter_code", "unit_code", "specimen_code", "nabm",
)  # fmt: skip
"""The fields whose texts are codes."""
_KINDS_OF_CODES = (
    CellKind.DATE, CellKind.TIME, CellKind.BOOLEAN, CellKind.LONG, CellKind.WIDE, CellKind.GROUPED, CellKind.EXPONENT,
    CellKind.DECIMAL, CellKind.PADDED, CellKind.PERCENT, CellKind.FRACTION, CellKind.FORMATTED, CellKind.ERROR,
    CellKind.UNCALCULATED,
)  # fmt: skip
_KINDS_OF_TEXTS = (
    CellKind.DATE, CellKind.TIME, CellKind.PERCENT, CellKind.FRACTION, CellKind.FORMATTED, CellKind.ERROR,
    CellKind.UNCALCULATED,
)  # fmt: skip
_KINDS_OF_DATES = tuple(kind for kind in _KINDS_OF_TEXTS if kind is not CellKind.DATE)
"""A column of dates that holds dates is as it should be."""
_KINDS_OF_AMOUNTS = (CellKind.ERROR, CellKind.UNCALCULATED)
AMOUNTS = frozenset({"annual_volume", "is_subcontracted", "is_retired"})
"""The fields that are numbers or answers, not texts."""
DATES = frozenset({"earlier_date"})
"""The fields that are dates."""
EMPTY = frozenset({CellKind.ERROR, CellKind.UNCALCULATED, CellKind.NARROW})
"""What holds no value at all."""
_KNOWN = frozenset(
    {
        CellKind.WIDE, CellKind.GROUPED, CellKind.DATE_LIKE, CellKind.TIME_LIKE, CellKind.ROUND_LIKE, CellKind.SHORT,
        CellKind.BROKEN, CellKind.APOSTROPHE,
    }
)  # fmt: skip
"""Known in full, or only suspected."""
_USUAL = 0.6
"""The share of codes that must have one length before a shorter one is suspected."""

_SHORTEST = 4

WHAT = {
    CellKind.DATE: "le tableur en a fait une date",
    CellKind.TIME: "le tableur en a fait une heure ou une durée",
    CellKind.BOOLEAN: "le tableur en a fait une valeur logique",
    CellKind.LONG: "nombre de plus de 15 chiffres, dont le tableur a perdu les derniers",
    CellKind.WIDE: "le tableur le montre avec un exposant ; il est lu en entier",
    CellKind.GROUPED: "la cellule le montre avec des séparateurs de milliers ; il est lu sans eux",
    CellKind.EXPONENT: "le tableur en a fait un nombre avec un exposant",
    CellKind.DECIMAL: "le tableur en a fait un nombre à virgule, qui perd ses derniers zéros",
    CellKind.PADDED: "le format de la cellule ajoute des décimales à un nombre entier",
    CellKind.PERCENT: "la cellule le montre en pourcentage",
    CellKind.FRACTION: "la cellule le montre en fraction",
    CellKind.FORMATTED: "le format de la cellule montre autre chose que le nombre enregistré, ou rien",
    CellKind.ERROR: "la formule donne une erreur",
    CellKind.UNCALCULATED: "formule jamais calculée",
    CellKind.DATE_LIKE: "ressemble à une date, qu'un tableur aurait faite d'un autre code",
    CellKind.TIME_LIKE: "ressemble à une heure, qu'un tableur aurait faite d'un autre code",
    CellKind.ROUND: "un logiciel en a fait un nombre à virgule",
    CellKind.ROUND_LIKE: "ressemble à un nombre à virgule, qu'un logiciel aurait fait d'un autre code",
    CellKind.NARROW: "colonne trop étroite, le tableur a écrit des dièses au lieu du code",
    CellKind.FORMULA: "formule écrite en texte, dont le résultat n'est pas connu",
    CellKind.BROKEN: "contient un retour à la ligne ou une tabulation",
    CellKind.APOSTROPHE: "commence par une apostrophe, qui reste dans le code",
    CellKind.SHORT: "des zéros de tête semblent perdus (code plus court que les autres)",
}
REMEDY = (
    "Dans le tableur, mettez toute la colonne au format « Texte » (Format de cellule), saisissez de nouveau ces codes "
    "tels que le SGL les montre, enregistrez et renvoyez le fichier ; ou demandez au SGL un export en CSV."
)
CALCULATE = "Ouvrez le classeur dans un tableur, qui le calcule, enregistrez-le, puis renvoyez-le."

_ALIKE = {
    CellKind.DATE_LIKE: "ressemblent à des dates",
    CellKind.TIME_LIKE: "ressemblent à des heures",
    CellKind.ROUND_LIKE: "finissent par une décimale nulle, qu'un logiciel ajoute aux nombres",
}
_EXAMPLES = 3
SHOWN_ODD = 20
"""Changed cells named one by one; a list has them all."""
_CHANGED = (
    "cellule que le tableur a changée ne peut être reprise",
    "cellules que le tableur a changées ne peuvent être reprises",
)
_NOT_COMPUTED = ("formule jamais calculée ne peut être reprise", "formules jamais calculées ne peuvent être reprises")


@dataclass(frozen=True, slots=True)
class OddCell:
    """A cell that does not say what was typed in it."""

    row_number: int
    field: str
    kind: CellKind
    text: str
    is_refused: bool
    is_usual: bool = False
    """Most cells of the column are so: the laboratory may write its codes in this way."""

    @property
    def sentence(self) -> str:
        """What happened to it."""
        return f"{WHAT[self.kind]} (« {self.text} »)" if self.text else WHAT[self.kind]


def odd_cells(
    table: Table, columns: Mapping[str, int], mandatory: Collection[str], unquoted: Collection[str] = ()
) -> list[OddCell]:
    """The cells of the fields that were changed, in the order of the rows.

    `unquoted`: the fields whose codes are read without the apostrophe in front of them.
    """
    found: list[OddCell] = []
    if table.dialect.format == "fhir":
        return found
    rows = table.data
    by_number = {row.row_number: row.cells for row in rows}
    for name, column in columns.items():
        if column < 0:
            continue
        for number, kind, is_usual in _kinds(table, rows, name, column, unquoted):
            cells = by_number.get(number, ())
            text = on_one_line(bare(cells[column])) if column < len(cells) else ""
            refused = _is_refused(name, kind, cells, columns, mandatory)
            found.append(OddCell(number, name, kind, text, refused, is_usual))
    return sorted(found, key=lambda cell: (cell.row_number, columns[cell.field]))


def _wanted(name: str) -> tuple[CellKind, ...]:
    """What is odd in a cell of this field."""
    if name in CODES:
        return _KINDS_OF_CODES
    if name in DATES:
        return _KINDS_OF_DATES
    return _KINDS_OF_AMOUNTS if name in AMOUNTS else _KINDS_OF_TEXTS


def unquoted_fields(table: Table, columns: Mapping[str, int]) -> frozenset[str]:
    """The fields whose codes are read without the apostrophe in front of them: see `is_unquoted`."""
    if table.dialect.format == "fhir":
        return frozenset()
    rows = table.data
    return frozenset(
        name
        for name in CODES
        if (column := columns.get(name, -1)) >= 0
        and is_unquoted([row.cells[column] for row in rows if column < len(row.cells)])
    )


def _kinds(
    table: Table, rows: Sequence[TableRow], name: str, column: int, unquoted: Collection[str]
) -> Iterator[Found]:
    """(row, kind, whether most are so) of the cells of a column that are worth a word."""
    told: set[int] = set()
    wanted = _wanted(name)
    kinds = table.sheet.kinds.get(column, {}) if table.sheet else {}
    for kind in wanted:
        for number in kinds.get(kind, ()):
            told.add(number)
            if number > table.dialect.header_rows:
                yield number, kind, False
    is_code = name in CODES
    cells = {
        row.row_number: row.cells[column] for row in rows if column < len(row.cells) and row.row_number not in told
    }
    if is_code:
        yield from spoiled_codes(cells, is_typed=table.sheet is not None, unquoted=name in unquoted)
    else:
        yield from spoiled_texts(cells)
    if is_code and name != "nabm":
        yield from ((number, CellKind.SHORT, False) for number in short_codes(table, rows, column))


def short_codes(table: Table, rows: Sequence[TableRow], column: int) -> list[int]:
    """The rows whose code is a number shorter than most, where the others begin by zeros or are of one length.

    In a workbook only cells that are numbers can have lost zeros; a CSV no longer tells.
    """
    kinds = table.sheet.kinds.get(column, {}) if table.sheet else {}
    numbers = set(kinds.get(CellKind.NUMBER, ())) if table.sheet else None
    if numbers is not None and not numbers:
        return []
    digits = [
        (row.row_number, text)
        for row in rows
        if column < len(row.cells) and (text := bare(row.cells[column])).isdecimal()
    ]
    padded = [len(text) for _, text in digits if text.startswith("0") and len(text) > 1]
    lengths = padded or [len(text) for _, text in digits]
    if not lengths:
        return []
    usual = max(set(lengths), key=lambda length: (lengths.count(length), length))
    # Without a single zero in front, numbers that only count up are shorter at their start.
    if not padded and (lengths.count(usual) < _USUAL * len(lengths) or usual < _SHORTEST):
        return []
    if numbers is None and (not padded or sum(len(text) == usual for _, text in digits) < _USUAL * len(digits)):
        return []
    return [number for number, text in digits if len(text) < usual and (numbers is None or number in numbers)]


def _is_refused(
    name: str, kind: CellKind, cells: Sequence[str], columns: Mapping[str, int], mandatory: Collection[str]
) -> bool:
    """Whether the row cannot come in: its code, or its label, is not known."""
    code = columns.get("code", -1)
    stands_in = name == "alternate_code" and not (0 <= code < len(cells) and cells[code].strip())
    if name not in mandatory and not stands_in:
        return False
    return kind in EMPTY or (name in CODES and kind not in _KNOWN)


def refusals(file_name: str, cells: Sequence[OddCell], heading: Callable[[str], str]) -> list[InputProblem]:
    """What keeps these cells from coming in, with the remedy first, then the first rows one by one."""
    problems: list[InputProblem] = []
    refused = [cell for cell in cells if cell.is_refused]
    for words, remedy, is_formula in ((_CHANGED, REMEDY, False), (_NOT_COMPUTED, CALCULATE, True)):
        these = [cell for cell in refused if (cell.kind is CellKind.UNCALCULATED) is is_formula]
        if not these:
            continue
        told = "" if len(these) <= SHOWN_ODD else f" Les {SHOWN_ODD} premières sont nommées ici."
        problems.append(InputProblem(file_name, f"{counted(len(these), *words)}. {remedy}{told}"))
        problems += [
            InputProblem(file_name, f"{cell.sentence}.", cell.row_number, heading(cell.field))
            for cell in these[:SHOWN_ODD]
        ]
    return problems


def odd_sentences(file_name: str, cells: Sequence[OddCell], heading: Callable[[str], str]) -> Iterator[str]:
    """A sentence a column and a kind of damage, with the first rows."""
    groups: dict[tuple[str, CellKind, bool], list[OddCell]] = {}
    for cell in cells:
        groups.setdefault((cell.field, cell.kind, cell.is_usual), []).append(cell)
    for (name, kind, is_usual), these in groups.items():
        if is_usual:
            yield f"{file_name}, colonne « {heading(name)} » : {_usual(these, kind)}"
            continue
        listed = ", ".join(
            f"ligne {cell.row_number}" + (f" (« {cell.text} »)" if cell.text else "") for cell in these[:SHOWN_ODD]
        )
        more = f" et {counted(len(these) - SHOWN_ODD, 'autre', 'autres')}" if len(these) > SHOWN_ODD else ""
        what = f"{WHAT[kind]} ; lue vide" if kind in EMPTY else WHAT[kind]
        yield (
            f"{file_name}, colonne « {heading(name)} » : {counted(len(these), 'cellule', 'cellules')} à vérifier, "
            f"{what} : {listed}{more}.{_advice(name, kind)}"
        )


def _usual(cells: Sequence[OddCell], kind: CellKind) -> str:
    """What is asked once of codes that are all alike."""
    shown = ", ".join(f"« {cell.text} »" for cell in cells[:_EXAMPLES])
    return (
        f"{counted(len(cells), 'code', 'codes')}, soit la plupart, {_ALIKE[kind]} ({shown}). Si le SGL les montre "
        f"ainsi, continuez. Sinon : {REMEDY[0].lower()}{REMEDY[1:]}"
    )


def _advice(name: str, kind: CellKind) -> str:
    if kind is CellKind.UNCALCULATED:
        return f" {CALCULATE}"
    if kind in (CellKind.BROKEN, CellKind.APOSTROPHE):
        return " Si le SGL montre un autre code, corrigez-le dans le fichier et renvoyez-le."
    return f" {REMEDY}" if name in CODES and kind not in (CellKind.WIDE, CellKind.GROUPED, CellKind.ERROR) else ""
