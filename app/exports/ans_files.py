"""LOINC_4, LOINC_5, LOINC_6: the received LOINC_1, LOINC_2, LOINC_3 with the approved codes at the end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.exports.append import Appended, append_columns
from app.exports.schemas import ExportKind
from app.files.ans_files import ANS_COLUMNS
from app.files.records import Dialect, Record
from app.models import FileKind, Level
from app.publication.assessment import Assessment
from app.publication.lookup import RowLookup, cell_at, sections
from app.publication.schemas import PublishedTerm, PublishedTest


@dataclass(frozen=True, slots=True)
class AnsExport:
    """What a returned file is made of."""

    source_kind: FileKind
    levels: tuple[Level, ...]
    headings: tuple[str, ...]


ANS_EXPORTS: dict[ExportKind, AnsExport] = {
    ExportKind.LOINC_4: AnsExport(
        FileKind.LOINC_1,
        (Level.CHAPTER, Level.SUBCHAPTER),
        (
            "Code LOINC chapitre",
            "Libellé LOINC chapitre",
            "Code LOINC sous-chapitre",
            "Libellé LOINC sous-chapitre",
        ),
    ),
    ExportKind.LOINC_5: AnsExport(FileKind.LOINC_2, (Level.EXAM,), ("Code LOINC examen", "Libellé LOINC examen")),
    ExportKind.LOINC_6: AnsExport(FileKind.LOINC_3, (Level.ANALYSIS,), ("Code LOINC analyse", "Libellé LOINC analyse")),
}


@dataclass(frozen=True, slots=True)
class AnsResult:
    """A returned file and its figures."""

    appended: Appended
    coded: int
    unknown_rows: tuple[int, ...]
    """Rows of the file that stand for no local test of the catalogue."""


def fixed_columns(kind: FileKind) -> dict[str, int]:
    """The columns of an ANS file in the order of the requirement."""
    return {column.field: position for position, column in enumerate(ANS_COLUMNS[kind])}


def _tests_of_row(
    kind: ExportKind, record: Record, columns: Mapping[str, int], lookup: RowLookup
) -> list[PublishedTest | None]:
    if kind is ExportKind.LOINC_4:
        return list(sections(lookup, record.cells, columns))
    if kind is ExportKind.LOINC_5:
        # An exam takes one row for each analysis: its code, not the row, says which exam it is.
        return [lookup.with_code(Level.EXAM, cell_at(record.cells, columns, "code"))]
    return [lookup.at_row(Level.ANALYSIS, record.row_number, record.cells, columns)]


def _cells(names: Sequence[PublishedTerm | None]) -> list[str]:
    return [text for name in names for text in ((name.loinc_num, name.label) if name else ("", ""))]


def transcoded_file(
    kind: ExportKind,
    content: bytes,
    dialect: Dialect,
    columns: Mapping[str, int],
    lookup: RowLookup,
    assessment: Assessment,
) -> AnsResult:
    """The received file with code and label of each row's test; the columns received are untouched."""
    export = ANS_EXPORTS[kind]
    positions = dict(columns) or fixed_columns(export.source_kind)
    unknown: list[int] = []
    coded = 0

    def values(record: Record) -> list[str]:
        nonlocal coded
        tests = _tests_of_row(kind, record, positions, lookup)
        if tests[0] is None:
            unknown.append(record.row_number)
        names = [assessment.names.get(test.id) if test else None for test in tests]
        coded += names[0] is not None
        return _cells(names)

    expected_width = len(ANS_COLUMNS[export.source_kind])
    appended = append_columns(content, dialect, export.headings, values, expected_width)
    return AnsResult(appended, coded, tuple(unknown))
