"""One received file, understood: what it is, which column says what, and what is wrong in it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from app.errors import ImportRefusedError, InputProblem
from app.files.ans_files import (
    ANS_COLUMNS,
    MANDATORY,
    completed_width,
    has_ans_headings,
    heading_of,
    kind_of_headings,
    kind_of_name,
    kind_of_shape,
)
from app.files.choices import IncomingFile
from app.files.clashes import Clash
from app.files.columns import best_ans_columns, best_columns
from app.files.cut_rows import cut_rows
from app.files.earlier_fields import EARLIER_CODES
from app.files.fhir_catalogue import columns_said
from app.files.fields import FIELD_LABELS, MAX_LENGTHS
from app.files.guard import refuse_beside, refuse_message, refuse_patient_data
from app.files.kinds import FileKind
from app.files.left_rows import leave_rows
from app.files.odd_cells import CALCULATE, EMPTY, OddCell, odd_cells, refusals, unquoted_fields
from app.files.table_rows import TableRow
from app.files.tabular import Table, check_content, read_table
from app.files.unit_text import unit_in_label, unit_in_range
from app.files.values import after_apostrophe, bare, is_framed
from app.text import counted

MAX_PROBLEMS = 50
"""More than this many problems in a file are counted, not listed."""


@dataclass(frozen=True, slots=True)
class ReadLine:
    """A row of data: its values by field, stripped, and its place in the file."""

    row_number: int
    values: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.values.get(name, "")


@dataclass(slots=True)
class ReadFile:
    """A received file, understood."""

    incoming: IncomingFile
    kind: FileKind
    table: Table
    columns: dict[str, int]
    problems: list[InputProblem] = field(default_factory=list)
    can_be_planned: bool = True
    """False when the file as a whole is wrong: its rows then say nothing."""
    bad_rows: set[int] = field(default_factory=set)
    """Rows of the wrong width, or without what makes them a row: nothing more is said of them."""
    short_rows: list[int] = field(default_factory=list)
    """Rows that end before the last column, and miss nothing that a row must have: they are read as far as they go."""
    clashes: list[Clash] = field(default_factory=list)
    """Found when what the file brings is planned."""
    shared_codes: list[Clash] = field(default_factory=list)
    """Codes of rows that differ by their unit or specimen, and those of them that are left out."""
    left_shared: list[int] = field(default_factory=list)
    repeats: dict[int, int] = field(default_factory=dict)
    """Row that says what an earlier one says -> that row."""
    framed_cells: int = 0
    """Cells written as formulas that only hold a text, `="0012"`: they are read without the formula."""
    unquoted: frozenset[str] = frozenset()
    """The fields whose codes are read without the apostrophe in front of them, by which a spreadsheet leaves them."""
    odd_cells: list[OddCell] = field(default_factory=list)
    """Cells that a spreadsheet changed before they came here."""
    refused_rows: set[int] = field(default_factory=set)
    """Rows of which a spreadsheet lost the code or the label; the first of them are among the problems."""
    left_rows: list[int] = field(default_factory=list)
    """Rows that a person chose to leave out, as they cannot come in."""
    left_problems: list[InputProblem] = field(default_factory=list)
    """Why."""
    blanked: dict[int, set[str]] = field(default_factory=dict)
    """Row -> fields whose cell holds an error, or a formula that was never computed, instead of a value."""
    _derived: list[tuple[str, str]] | None = None

    @property
    def name(self) -> str:
        """Name of the file."""
        return self.incoming.name

    def heading(self, name: str) -> str:
        """How the user knows the column of a field."""
        column = self.columns.get(name)
        if column is None:
            return heading_of(self.kind, name) or FIELD_LABELS.get(name, name)
        heading = self.table.heading(column)
        return heading if self.table.headings else heading_of(self.kind, name) or heading

    def problem(self, message: str, row: int | None = None, field_name: str = "") -> None:
        """Note something wrong; without a row, with the file as a whole."""
        if row is None:
            self.can_be_planned = False
        column = self.heading(field_name) if field_name else ""
        self.problems.append(InputProblem(self.name, message, row, column))

    def lines(self) -> Iterator[ReadLine]:
        """The rows of data that can be read."""
        columns = [(name, column) for name, column in self.columns.items() if column >= 0]
        amounts = [(name, column) for name, column in columns if name == "annual_volume" and self.table.sheet]
        for row in self.table.data:
            if row.row_number in self.bad_rows:
                continue
            width = len(row.cells)
            values = {name: bare(row.cells[column]) for name, column in columns if column < width}
            for name in self.unquoted & values.keys():
                values[name] = after_apostrophe(values[name]) or values[name]
            for name in self.blanked.get(row.row_number, ()):
                values[name] = ""
            for name, column in amounts:
                values[name] = self._amount(row, column, values.get(name, ""))
            if not values.get("code") and values.get("alternate_code"):
                values["code"] = values["alternate_code"]
            if self.takes_units:
                values["unit"] = unit_of(values)[1]
            yield ReadLine(row.row_number, values)

    def _amount(self, row: TableRow, column: int, text: str) -> str:
        """A number without the text that a workbook shows beside it: `12` of `12 actes`, and no answer of a format."""
        return self.table.sheet.amounts.get((row.row_number, column), text) if self.table.sheet else text

    @property
    def may_take_units(self) -> bool:
        """Whether no column says the unit: it may stand in the reference range or in the label."""
        return self.kind is FileKind.TABULAR and not {"unit", "unit_code"} & self.columns.keys()

    @property
    def takes_units(self) -> bool:
        """Whether units are taken from where they stand; the user may refuse it."""
        return self.may_take_units and self.incoming.choices.takes_units

    @property
    def derived_units(self) -> list[tuple[str, str]]:
        """(text, unit found in it) of each row whose unit stands in its reference range or label."""
        if self._derived is None:
            columns = {name: self.columns[name] for name in ("reference_range", "label") if name in self.columns}
            rows = self.table.data if self.may_take_units else ()
            found = (
                unit_of({name: row.cells[column] for name, column in columns.items() if column < len(row.cells)})
                for row in rows
            )
            self._derived = [(text, unit) for text, unit in found if unit]
        return self._derived


def unit_of(values: Mapping[str, str]) -> tuple[str, str]:
    """(text, unit) of a row without column of units; both empty when no text says it."""
    for name, find in (("reference_range", unit_in_range), ("label", unit_in_label)):
        text = values.get(name, "").strip()
        unit = find(text) if text else ""
        if unit:
            return text, unit
    return "", ""


def recognise(file_name: str, table: Table) -> FileKind:
    """What a file is: by its name, else by its headings, else by its columns; a free catalogue otherwise."""
    if table.dialect.format == "fhir":
        return FileKind.FHIR
    by_headings = kind_of_headings(table.headings)
    by_name = kind_of_name(file_name)
    if by_name is not None:
        return by_name
    if by_headings is not None:
        return by_headings
    if table.dialect.header_rows == 0:
        return kind_of_shape([row.cells for row in table.data]) or FileKind.TABULAR
    return FileKind.TABULAR


def default_columns(kind: FileKind, table: Table) -> dict[str, int]:
    """Which column says what, before the user changes anything."""
    if kind in ANS_COLUMNS:
        return best_ans_columns(kind, table)
    if kind is FileKind.FHIR:
        return columns_said(row.cells for row in table.data)
    guessed = best_columns(table)
    if kind is FileKind.SIDE_DATA and not guessed:
        names = ("code", "is_subcontracted", "executing_laboratory", "annual_volume", "is_retired")
        return {name: column for column, name in enumerate(names) if column < table.width}
    return guessed


def read_file(incoming: IncomingFile, max_bytes: int) -> ReadFile:
    """Read a file and check its shape; what the user can still settle is in its `problems`.

    Raises ImportRefusedError when the file cannot be read at all, or must not be kept.
    """
    refuse_message(incoming.name, incoming.content)
    check_content(incoming.name, incoming.content, max_bytes)
    choices = incoming.choices
    table = read_table(incoming.name, incoming.content, choices.dialect, detect_header=choices.detect_header)
    refuse_patient_data(table, choices.cleared)
    refuse_beside(incoming.name, incoming.content, choices.cleared)
    kind = choices.kind or recognise(incoming.name, table)
    if (kind is FileKind.FHIR) != (table.dialect.format == "fhir"):
        kind = recognise(incoming.name, table)
    columns = choices.columns if choices.columns is not None else default_columns(kind, table)
    file = ReadFile(incoming, kind, table, dict(columns))
    _check_shape(file)
    leave_rows(file)
    return file


def _check_shape(file: ReadFile) -> None:
    if not file.table.data:
        is_formulas = file.table.sheet is not None and bool(file.table.sheet.facts.uncalculated)
        why = f" : ses formules n'ont jamais été calculées. {CALCULATE}" if is_formulas else "."
        file.problem(f"le fichier ne contient aucune ligne de données{why}")
        return
    missing = [name for name in MANDATORY[file.kind] if name not in file.columns]
    for name in missing:
        file.problem(f"aucune colonne n'est désignée pour « {FIELD_LABELS.get(name, name)} ».")
    twice = {column for column in file.columns.values() if list(file.columns.values()).count(column) > 1}
    for column in sorted(twice):
        file.problem(f"la colonne « {file.table.heading(column)} » est désignée deux fois.")
    width = file.table.width
    if file.kind in ANS_COLUMNS and not has_ans_headings(file.kind, file.table.headings):
        width = max(len(ANS_COLUMNS[file.kind]), *(column + 2 for column in _earlier_columns(file)), 0)
        widths = {_filled_width(row, width) for row in file.table.data}
        if len(widths) == 1 and not width <= min(widths) <= max(width, completed_width(file.kind, file.columns)):
            # A whole file of another width is one problem, not one a row.
            file.problem(f"{width} colonnes attendues pour un fichier {file.kind}, {widths.pop()} trouvées.")
            return
    if any(column >= max(width, file.table.full_width) for column in file.columns.values()):
        file.problem(f"une colonne désignée n'existe pas : le fichier a {width} colonnes.")
        return
    needed = max((file.columns[name] for name in MANDATORY[file.kind] if name in file.columns), default=width) + 1
    for row in file.table.data:
        _check_width(file, row, width, needed)
    _refuse_cut_rows(file, width)
    file.framed_cells = sum(is_framed(cell) for row in file.table.data for cell in row.cells)
    if file.can_be_planned:
        _check_odd_cells(file)
        _check_cells(file)


def _earlier_columns(file: ReadFile) -> list[int]:
    """The columns of codes that somebody gave the rows; the label of each follows it."""
    return [column for name, column in file.columns.items() if name in EARLIER_CODES]


def _check_odd_cells(file: ReadFile) -> None:
    """Name the cells that a spreadsheet changed; a code that can no longer be known refuses its row."""
    file.unquoted = unquoted_fields(file.table, file.columns)
    file.odd_cells = odd_cells(file.table, file.columns, MANDATORY[file.kind], file.unquoted)
    for cell in file.odd_cells:
        if cell.kind in EMPTY:
            file.blanked.setdefault(cell.row_number, set()).add(cell.field)
    file.problems += refusals(file.name, file.odd_cells, file.heading)
    file.refused_rows = {cell.row_number for cell in file.odd_cells if cell.is_refused}
    file.bad_rows |= file.refused_rows


def _filled_width(row: TableRow, width: int) -> int:
    """How many cells a row has, without empty ones beyond a width: separators that trail say nothing."""
    found = len(row.cells)
    while found > width and not row.cells[found - 1].strip():
        found -= 1
    return found


def _check_width(file: ReadFile, row: TableRow, width: int, needed: int) -> None:
    if file.table.dialect.format != "csv":
        return
    found = _filled_width(row, width)
    if width <= found <= max(width, len(file.table.headings), completed_width(file.kind, file.columns)):
        return
    if needed <= found < width:
        file.short_rows.append(row.row_number)
        return
    file.bad_rows.add(row.row_number)
    if found < width:
        file.problem(f"{width} colonnes attendues, {counted(found, 'trouvée', 'trouvées')}.", row.row_number)
    else:
        file.problem(
            f"{width} colonnes attendues, {found} trouvées (un séparateur dans un texte sans guillemets ?).",
            row.row_number,
        )


def _refuse_cut_rows(file: ReadFile, width: int) -> None:
    """Name the rows that are one together, cut by a line end in a text."""
    if file.table.dialect.format != "csv":
        return
    for first, *others in cut_rows(file.table.data, width):
        for number in (first, *others):
            if number in file.short_rows:
                file.short_rows.remove(number)
            file.bad_rows.add(number)
        # One reason is enough: that a part has too few columns says nothing more.
        file.problems = [problem for problem in file.problems if problem.row not in (first, *others)]
        following = "la suivante" if len(others) == 1 else f"les {len(others)} suivantes"
        file.problem(
            f"cette ligne et {following} semblent n'en faire qu'une (retour à la ligne dans un texte sans guillemets). "
            "Corrigez-les dans l'export.",
            first,
        )


def _check_cells(file: ReadFile) -> None:
    mandatory = MANDATORY[file.kind]
    limits = [(name, MAX_LENGTHS[name]) for name in file.columns if name in MAX_LENGTHS]
    for line in file.lines():
        for name in mandatory:
            if not line[name] and name not in file.blanked.get(line.row_number, ()):
                file.problem("cellule obligatoire vide.", line.row_number, name)
                file.bad_rows.add(line.row_number)
        for name, limit in limits:
            if len(line[name]) > limit:
                file.problem(f"texte de plus de {limit} caractères.", line.row_number, name)


def listed(problems: list[InputProblem]) -> list[InputProblem]:
    """The problems to show: the first ones, and how many more there are."""
    if len(problems) <= MAX_PROBLEMS:
        return problems
    told = f"et {len(problems) - MAX_PROBLEMS} autres problèmes de même nature."
    return [*problems[:MAX_PROBLEMS], InputProblem(problems[-1].file_name, told)]


def refuse_if(problems: list[InputProblem]) -> None:
    """Raise ImportRefusedError when there is any problem."""
    if problems:
        raise ImportRefusedError(listed(problems))
