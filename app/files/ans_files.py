"""The three files by which a laboratory system (SGL) sends its catalogue, as the ANS requires them.

Semicolon-separated, fixed column order. The requirement fixes neither encoding, nor header row, nor quoting.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.files.earlier_fields import EARLIER_FIELDS
from app.files.fields import fold_heading, guess_columns
from app.files.kinds import FileKind
from app.files.loinc_cells import CellFinding, read_code


@dataclass(frozen=True, slots=True)
class AnsColumn:
    """A column of an ANS file: our field, the heading of the requirement, and whether a cell may be empty."""

    field: str
    heading: str
    mandatory: bool = False


ANS_COLUMNS: dict[FileKind, tuple[AnsColumn, ...]] = {
    FileKind.LOINC_1: (
        AnsColumn("chapter_code", "Code chapitre"),
        AnsColumn("chapter", "Libellé chapitre", mandatory=True),
        AnsColumn("subchapter_code", "Code sous-chapitre"),
        AnsColumn("subchapter", "Libellé sous-chapitre"),
    ),
    FileKind.LOINC_2: (
        AnsColumn("code", "Code examen", mandatory=True),
        AnsColumn("label", "Libellé examen", mandatory=True),
        AnsColumn("synonym", "Synonyme"),
        AnsColumn("chapter_code", "Code chapitre"),
        AnsColumn("subchapter_code", "Code sous-chapitre"),
        AnsColumn("specimen", "Milieu"),
        AnsColumn("nabm", "Codes NABM ou mention HN"),
        AnsColumn("analysis_code", "Code analyse", mandatory=True),
        AnsColumn("analysis_label", "Libellé analyse", mandatory=True),
    ),
    FileKind.LOINC_3: (
        AnsColumn("code", "Code analyse", mandatory=True),
        AnsColumn("label", "Libellé analyse", mandatory=True),
        AnsColumn("synonym", "Synonyme"),
        AnsColumn("property_kind", "Grandeur"),
        AnsColumn("unit_code", "Code unité principale"),
        AnsColumn("unit", "Libellé unité principale"),
        AnsColumn("timing", "Temporalité PT/24H"),
        AnsColumn("specimen_code", "Code milieu"),
        AnsColumn("specimen", "Libellé milieu"),
        AnsColumn("scale", "Echelle QN/ORD"),
        AnsColumn("technique", "Technique"),
        AnsColumn("nabm", "Codes NABM ou mention HN"),
    ),
}

BESIDE_ANALYSES = ("reference_range", "results", "exam")
"""What columns that a laboratory added to LOINC_3 may say of an analysis, by their headings."""

SIDE_FIELDS = ("is_subcontracted", "executing_laboratory", "annual_volume", "is_retired")
"""What a side file tells of an analysis, joined by its code."""

MANDATORY: dict[FileKind, tuple[str, ...]] = {
    **{kind: tuple(c.field for c in columns if c.mandatory) for kind, columns in ANS_COLUMNS.items()},
    FileKind.TABULAR: ("code", "label"),
    FileKind.SIDE_DATA: ("code",),
    FileKind.FHIR: ("level", "label"),
}

COMPLETED_COLUMNS = 8
"""What the product adds to each row of a file that it completes: code, name, relation, comment, people, dates."""
_NAME = re.compile(r"loinc[\s_.-]*([1-6])(?!\d)", re.IGNORECASE)
_SIDE_NAME = re.compile(r"annexe", re.IGNORECASE)
_HEADING_FIELDS = {
    kind: {fold_heading(column.heading): column.field for column in columns} for kind, columns in ANS_COLUMNS.items()
}


def kind_of_name(file_name: str) -> FileKind | None:
    """What the name of a file says it is: `LOINC_2_export_demandes_20261101.csv`, `donnees_annexes.csv`.

    LOINC_4, 5 and 6 are LOINC_1, 2 and 3 with the codes that somebody gave them.
    """
    found = _NAME.search(file_name)
    if found is not None:
        return FileKind(f"LOINC_{(int(found[1]) - 1) % 3 + 1}")
    return FileKind.SIDE_DATA if _SIDE_NAME.search(file_name) else None


def _earlier_columns(headings: Sequence[str]) -> dict[str, int]:
    """The columns that tell of an earlier transcoding."""
    return {name: column for name, column in guess_columns(headings).items() if name in EARLIER_FIELDS}


def _beside_analyses(kind: FileKind, headings: Sequence[str]) -> dict[str, int]:
    """The columns beside those of LOINC_3 that tell of reference values, results and the exam."""
    if kind is not FileKind.LOINC_3:
        return {}
    return {name: column for name, column in guess_columns(headings).items() if name in BESIDE_ANALYSES}


def _earlier_headings(headings: Sequence[str]) -> list[str]:
    """Their headings, and those of the names that go with LOINC codes."""
    columns = set(_earlier_columns(headings).values())
    return [
        heading
        for column, heading in enumerate(headings)
        if column in columns or (columns and "loinc" in fold_heading(heading).split())
    ]


def kind_of_headings(headings: Sequence[str]) -> FileKind | None:
    """What the headings say a file is: an ANS file has all its headings, a side file a code and no label."""
    folded = {fold_heading(heading) for heading in headings if heading.strip()}
    earlier = {fold_heading(heading) for heading in _earlier_headings(headings)}
    for kind, fields in _HEADING_FIELDS.items():
        if folded - earlier == set(fields):
            return kind
    guessed = guess_columns(headings)
    if "code" in guessed and "label" not in guessed and any(field in guessed for field in SIDE_FIELDS):
        return FileKind.SIDE_DATA
    return None


def kind_of_shape(rows: Sequence[Sequence[str]]) -> FileKind | None:
    """What the columns of a file without headings say it is: their number, and values found nowhere else."""
    widths = {len(row) for row in rows}
    if not rows or len(widths) != 1:
        return None
    width = widths.pop()
    for received in (12, 9, 4):
        # With code and label of what somebody gave each row, LOINC_4 of its chapter and of its sub-chapter.
        if width == received + (4 if received == 4 else 2) and _holds_codes([row[received] for row in rows]):
            return kind_of_shape([row[:received] for row in rows])
    if width == 12 and (_mostly(rows, 6, {"pt", "24h"}) or _mostly(rows, 9, {"qn", "ord", "nom"})):
        return FileKind.LOINC_3
    # An exam with several analyses takes several rows: its code comes back.
    if width == 9 and all(row[0].strip() and row[7].strip() for row in rows):
        return FileKind.LOINC_2
    if width == 4 and len({row[1] for row in rows}) < len(rows) and all(row[1].strip() for row in rows):
        return FileKind.LOINC_1
    return None


def _mostly(rows: Sequence[Sequence[str]], column: int, values: set[str]) -> bool:
    """Whether most filled cells of a column are among these values."""
    filled = [cell for row in rows if (cell := row[column].strip().lower())]
    return bool(filled) and sum(cell in values for cell in filled) >= 0.8 * len(filled)


def _columns_by_heading(kind: FileKind, headings: Sequence[str]) -> dict[str, int]:
    fields = _HEADING_FIELDS[kind]
    by_heading: dict[str, int] = {}
    for column, heading in enumerate(headings):
        field = fields.get(fold_heading(heading))
        if field is not None:
            by_heading.setdefault(field, column)
    return by_heading


def has_ans_headings(kind: FileKind, headings: Sequence[str]) -> bool:
    """Whether the headings name at least the mandatory columns of the requirement."""
    return set(MANDATORY[kind]) <= set(_columns_by_heading(kind, headings))


def ans_columns(kind: FileKind, headings: Sequence[str], rows: Sequence[Sequence[str]] = ()) -> dict[str, int]:
    """Which column of an ANS file holds which field.

    Its headings tell when they are those of the requirement, otherwise the fixed order does. Codes that somebody gave
    the rows stand in columns after them; of a file without headings, its first `rows` tell.
    """
    if has_ans_headings(kind, headings):
        columns = _columns_by_heading(kind, headings)
        others = _earlier_columns(headings) | _beside_analyses(kind, headings)
        return columns | {name: column for name, column in others.items() if column not in columns.values()}
    columns = {column.field: position for position, column in enumerate(ANS_COLUMNS[kind])}
    return columns | _added_codes(kind, rows)


def _added_codes(kind: FileKind, rows: Sequence[Sequence[str]]) -> dict[str, int]:
    """Where the rows of a file without headings have LOINC codes, as this product writes them: code and label, of
    LOINC_4 those of the chapter, then of the sub-chapter. Of several sets, the one that was added last counts."""
    received = len(ANS_COLUMNS[kind])
    names = ("earlier_code", "earlier_subchapter_code")[: 2 if kind is FileKind.LOINC_1 else 1]
    size = 2 * len(names)
    widest = max(map(len, rows), default=0)

    def held(start: int) -> dict[str, int]:
        places = {name: start + 2 * number for number, name in enumerate(names)}
        return {
            name: column
            for name, column in places.items()
            if _holds_codes([row[column] for row in rows if column < len(row)])
        }

    # Codes that came with the file stand before all the columns that complete it.
    if held(received) and widest == received + size + COMPLETED_COLUMNS:
        return {"earlier_code": received + size}
    # Beyond two sets a file is none of ours: the width of its rows then refuses it.
    return held(received + size) or held(received)


def completed_width(kind: FileKind, columns: Mapping[str, int]) -> int:
    """How many columns an ANS file may have that this product completed and that comes back; 0 for any other file.

    Without headings, the codes that it holds where the product writes them tell.
    """
    received = len(ANS_COLUMNS.get(kind, ()))
    code = columns.get("earlier_code", -1)
    return code + COMPLETED_COLUMNS if received and code >= received else 0


def _holds_codes(cells: Sequence[str]) -> bool:
    """Whether most filled cells of a column are LOINC codes."""
    findings = [finding for cell in cells if (finding := read_code(cell).finding) is not CellFinding.EMPTY]
    known = sum(finding in (CellFinding.CODE, CellFinding.NO_CODE) for finding in findings)
    return CellFinding.CODE in findings and known >= 0.8 * len(findings)


def heading_of(kind: FileKind, field: str) -> str:
    """The heading of the requirement for a field, or an empty text."""
    return next((column.heading for column in ANS_COLUMNS.get(kind, ()) if column.field == field), "")
