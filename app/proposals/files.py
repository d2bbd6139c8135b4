"""Reading a catalogue file into the matcher's rows, for the command line: no database, nothing stored."""

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any

from app.catalogues.matcher_input import to_matcher
from app.catalogues.plan import TEXT_COLUMNS
from app.errors import ImportRefusedError, InputProblem
from app.files.asked import asked_dialect, check_sheet
from app.files.fields import FIELD_LABELS, fold_heading
from app.files.guard import refuse_message, refuse_patient_data
from app.files.hidden_notes import hidden_sentences
from app.files.kinds import FileKind
from app.files.odd_cells import odd_cells, odd_sentences, unquoted_fields
from app.files.reading import default_columns, recognise, unit_of
from app.files.table_rows import TableRow
from app.files.tabular import Table, check_content, read_table
from app.files.values import after_apostrophe, bare
from app.models import Level
from app.models import LocalTest as StoredTest
from app.patient_guard.findings import ANSWERED
from matcher import LocalTest
from matcher.knowledge import cut_width

MAX_BYTES = 50_000_000
OTHER_HEADINGS = {"label": "label", "chapitre": "chapter", "grandeur": "property_kind"}
"""Headings that decide here where the application lets a person choose."""


def read_local_tests(
    name: str, content: bytes, encoding: str = "", sheet: str = ""
) -> tuple[list[LocalTest], list[str]]:
    """The rows of any catalogue the application reads, in order, blank lines left out, and what to know of how they
    were read; raises ImportRefusedError.

    The encoding and the sheet are found unless they are given; raises InvalidInputError when they do not exist.
    """
    # Nothing is kept here: nobody has to say whether numbers are article numbers.
    refuse_message(name, content)
    check_content(name, content, MAX_BYTES)
    table = read_table(name, content, asked_dialect(name, content, encoding, sheet), detect_header=True)
    refuse_patient_data(table, ANSWERED)
    check_sheet(name, table.sheet_names, table.dialect.sheet, sheet)
    kind, columns = _columns(name, table)
    if "label" not in columns:
        raise ImportRefusedError([InputProblem(name, "aucune colonne « libelle » reconnue", row=1)])
    unquoted = unquoted_fields(table, columns)
    odd = odd_cells(table, {name: columns[name] for name in FIELD_LABELS if name in columns}, (), unquoted)

    def heading(field: str) -> str:
        return table.heading(columns[field])

    hidden = hidden_sentences(name, table, columns, unquoted, heading)
    notes = [*table.notes, *hidden, *odd_sentences(name, odd, heading)]
    takes_units = kind is FileKind.TABULAR and not {"unit", "unit_code"} & columns.keys()
    return [_local_test(row, columns, takes_units, unquoted) for row in table.data if not row.is_blank], notes


def width_of(tests: Sequence[LocalTest]) -> int:
    """The letters at which the labels of these rows seem to be cut, as for a catalogue; 0 when they do not."""
    return cut_width(Counter(len(test.label) for test in tests))


def _columns(file_name: str, table: Table) -> tuple[FileKind, dict[str, int]]:
    """What the file is; field of a stored test → column."""
    kind = recognise(file_name, table)
    columns = {name: position for name, position in default_columns(kind, table).items() if name in FIELD_LABELS}
    for position, heading in enumerate(table.headings):
        field = OTHER_HEADINGS.get(fold_heading(heading))
        if field is not None and position not in columns.values():
            columns.setdefault(field, position)
    return kind, columns


def _local_test(row: TableRow, columns: dict[str, int], takes_units: bool, unquoted: Collection[str]) -> LocalTest:
    """A row as the matcher reads it once it is imported: one way for the command line and for the application."""
    values = {
        field: bare(row.cells[position]) if position < len(row.cells) else "" for field, position in columns.items()
    }
    values |= {name: after_apostrophe(values[name]) or values[name] for name in unquoted}
    if takes_units:
        values["unit"] = unit_of(values)[1]
    texts: dict[str, Any] = {name: values.get(name, "") for name in TEXT_COLUMNS}
    # Without a label of its own a chapter is called by its code, as it is in a catalogue.
    texts["chapter"] = texts["chapter"] or texts["chapter_code"]
    code = values.get("code", "") or values.get("alternate_code", "")
    return to_matcher(StoredTest(catalogue_id=0, level=Level.ANALYSIS, code=code, **texts))
