"""Reading a catalogue file into the matcher's rows, for the command line: no database, nothing stored."""

from collections.abc import Collection

from app.errors import ImportRefusedError, InputProblem
from app.files.asked import asked_dialect, check_sheet
from app.files.fields import FIELD_LABELS, fold_heading
from app.files.hidden_notes import hidden_sentences
from app.files.odd_cells import odd_cells, odd_sentences, unquoted_fields
from app.files.reading import default_columns, recognise
from app.files.table_rows import TableRow
from app.files.tabular import Table, check_content, read_table
from app.files.values import after_apostrophe, bare
from matcher import LocalTest

MAX_BYTES = 50_000_000
# Fields of a stored local test that the matcher reads under the same name.
FIELDS = frozenset("code label synonym specimen unit technique scale timing property_kind nabm chapter".split())
# Headings that only the command line knows: catalogues in English, examples of results.
OTHER_HEADINGS = {
    "label": "label",
    "fluid": "specimen",
    "specimen": "specimen",
    "unit": "unit",
    "units": "unit",
    "category": "chapter",
    "method": "technique",
    "scale": "scale",
    "examen": "exam",
    "resultats": "results",
    "exemples": "results",
    "valeurs de reference": "reference_range",
    "chapitre": "chapter",
    "grandeur": "property_kind",
}


def read_local_tests(
    name: str, content: bytes, encoding: str = "", sheet: str = ""
) -> tuple[list[LocalTest], list[str]]:
    """The rows of any catalogue the application reads, in order, blank lines left out, and what to know of how they
    were read; raises ImportRefusedError.

    The encoding and the sheet are found unless they are given; raises InvalidInputError when they do not exist.
    """
    check_content(name, content, MAX_BYTES)
    table = read_table(name, content, asked_dialect(name, content, encoding, sheet), detect_header=True)
    check_sheet(name, table.sheet_names, table.dialect.sheet, sheet)
    columns = _columns(name, table)
    if "label" not in columns:
        raise ImportRefusedError([InputProblem(name, "aucune colonne « libelle » reconnue", row=1)])
    unquoted = unquoted_fields(table, columns)
    odd = odd_cells(table, {name: columns[name] for name in FIELD_LABELS if name in columns}, (), unquoted)

    def heading(field: str) -> str:
        return table.heading(columns[field])

    hidden = hidden_sentences(name, table, columns, unquoted, heading)
    notes = [*table.notes, *hidden, *odd_sentences(name, odd, heading)]
    return [_local_test(row, columns, unquoted) for row in table.data if not row.is_blank], notes


def _columns(file_name: str, table: Table) -> dict[str, int]:
    """Field of the matcher → column."""
    columns = {
        name: position
        for name, position in default_columns(recognise(file_name, table), table).items()
        if name in FIELDS
    }
    for position, heading in enumerate(table.headings):
        field = OTHER_HEADINGS.get(fold_heading(heading))
        if field is not None and position not in columns.values():
            columns.setdefault(field, position)
    return columns


def _local_test(row: TableRow, columns: dict[str, int], unquoted: Collection[str]) -> LocalTest:
    values = {
        field: bare(row.cells[position]) if position < len(row.cells) else "" for field, position in columns.items()
    }
    values |= {name: after_apostrophe(values[name]) or values[name] for name in unquoted}
    return LocalTest(
        code=values.get("code", ""),
        label=values.get("label", ""),
        synonym=values.get("synonym", ""),
        specimen=values.get("specimen", ""),
        unit=values.get("unit", ""),
        technique=values.get("technique", ""),
        scale=values.get("scale", ""),
        timing=values.get("timing", ""),
        property_kind=values.get("property_kind", ""),
        nabm=values.get("nabm", ""),
        chapter=values.get("chapter", ""),
        exam=values.get("exam", ""),
        reference_range=values.get("reference_range", ""),
        results=values.get("results", ""),
    )
