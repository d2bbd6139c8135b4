"""LOINC_4, LOINC_5, LOINC_6: the received LOINC_1, LOINC_2, LOINC_3 with the approved codes, and no others."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import replace as dataclass_replace

from app.exports.append import Appended, append_columns
from app.exports.received_codes import CodeChange, CodePlaces, code_places, gave_way, new_cells, table_of
from app.exports.replace import Replaced, replace_cells
from app.exports.schemas import ExportKind
from app.files.ans_files import ANS_COLUMNS
from app.files.records import Dialect, Record, records_of
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
_OWN_FIELDS = {
    Level.CHAPTER: ("chapter_code", "chapter"),
    Level.SUBCHAPTER: ("subchapter_code", "subchapter"),
}
"""Local code and label of a section of a row; those of other levels are `code` and `label`."""


@dataclass(frozen=True, slots=True)
class AnsResult:
    """A returned file and its figures."""

    appended: Appended
    coded: int
    unknown_rows: tuple[int, ...]
    """Rows of the file that stand for no local test of the catalogue."""
    changes: tuple[CodeChange, ...] = ()
    """Rows whose received code gave way to the approved one, or to nothing."""


@dataclass(frozen=True, slots=True)
class _RowCodes:
    """What is approved of a row, a level each."""

    tests: Sequence[PublishedTest | None]
    names: Sequence[PublishedTerm | None]

    @property
    def texts(self) -> list[tuple[str, str]]:
        """(code, label) of each level."""
        return [(name.loinc_num, name.label) if name else ("", "") for name in self.names]


def fixed_columns(kind: FileKind) -> dict[str, int]:
    """The columns of an ANS file in the order of the requirement."""
    return {column.field: position for position, column in enumerate(ANS_COLUMNS[kind])}


def _tests_of_row(
    kind: ExportKind, record: Record, columns: Mapping[str, int], lookup: RowLookup
) -> list[PublishedTest | None]:
    if record.row_number in lookup.left_rows:
        return [None for _ in ANS_EXPORTS[kind].levels]
    if kind is ExportKind.LOINC_4:
        return list(sections(lookup, record.cells, columns))
    if kind is ExportKind.LOINC_5:
        # An exam takes one row for each analysis: its code, not the row, says which exam it is.
        return [lookup.with_code(Level.EXAM, cell_at(record.cells, columns, "code"))]
    return [lookup.at_row(Level.ANALYSIS, record.row_number, record.cells, columns)]


def transcoded_file(
    kind: ExportKind,
    content: bytes,
    dialect: Dialect,
    columns: Mapping[str, int],
    lookup: RowLookup,
    assessment: Assessment,
) -> AnsResult:
    """The received file with code and label of each row's test, in the columns that it has for them or at its end.

    LOINC codes that it had already give way: the laboratory system would read them as ours. All else is untouched.
    """
    export = ANS_EXPORTS[kind]
    positions = dict(columns) or fixed_columns(export.source_kind)
    records = records_of(content, dialect)
    places = code_places(export.source_kind, table_of(records, dialect), positions, len(export.levels))
    rows: dict[int, _RowCodes] = {}
    changes: list[CodeChange] = []
    for record in records[dialect.header_rows :]:
        if not record.is_blank:
            tests = _tests_of_row(kind, record, positions, lookup)
            names = [assessment.names.get(test.id) if test else None for test in tests]
            rows[record.row_number] = row = _RowCodes(tests, names)
            changes += _changes(export, record, positions, places, row)
    # A last column of codes that is now empty is a column, and no separator at the end of each row.
    expected_width = max(len(ANS_COLUMNS[export.source_kind]), places.last + 1)
    appended = _written(export, content, dialect, places, rows, expected_width)
    unknown = tuple(number for number, row in rows.items() if row.tests[0] is None)
    coded = sum(row.names[0] is not None for row in rows.values())
    return AnsResult(appended, coded, unknown, tuple(changes))


def _written(
    export: AnsExport,
    content: bytes,
    dialect: Dialect,
    places: CodePlaces,
    rows: Mapping[int, _RowCodes],
    expected_width: int,
) -> Appended:
    """The file: what it has columns for is written there, the rest in columns after them."""
    replaced = Replaced(content)
    if places.codes:
        replaced = replace_cells(
            content, dialect, lambda record: new_cells(places, rows[record.row_number].texts)
        )
    held = [place is not None for pair in places.pairs for place in (pair.code, pair.label)]

    def missing(texts: Sequence[str]) -> list[str]:
        return [text for text, is_held in zip(texts, held, strict=True) if not is_held]

    if all(held):
        return Appended(replaced.content, len(rows), expected_width, replaced.adapted, (), replaced.short_rows)
    appended = append_columns(
        replaced.content,
        dialect,
        missing(export.headings),
        lambda record: missing([text for pair in rows[record.row_number].texts for text in pair]),
        expected_width,
    )
    short_rows = tuple(sorted({*appended.short_rows, *replaced.short_rows}))
    return dataclass_replace(appended, adapted=(*replaced.adapted, *appended.adapted), short_rows=short_rows)


def _changes(
    export: AnsExport, record: Record, positions: Mapping[str, int], places: CodePlaces, row: _RowCodes
) -> Iterable[CodeChange]:
    """The codes of a received row that are not those approved."""
    for number, (level, pair) in enumerate(zip(export.levels, places.pairs, strict=True)):
        # Columns of no level are told with the first one.
        columns = [*([] if pair.code is None else [pair.code]), *(() if number else places.others)]
        approved = row.texts[number][0]
        fields = _OWN_FIELDS.get(level, ("code", "label"))
        code, label = (cell_at(record.cells, positions, name) for name in fields)
        for received in gave_way(record.cells, columns, approved):
            yield CodeChange(record.row_number, level, code, label, received, approved)
