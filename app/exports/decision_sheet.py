"""The readable workbook: every row with its facts, the errors to expect, and what the export states."""

import io
from collections.abc import Iterable, Sequence

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from app.exports.report import HEADINGS, error_lines
from app.files.kinds import LEVEL_NAMES
from app.publication.assessment import Assessment
from app.publication.schemas import PublishedTest
from app.publication.statement import Statement
from app.publication.wording import DECISION_STATUS_LABELS, moment_text, relation_text

_COLUMNS: tuple[tuple[str, int], ...] = (
    ("Niveau", 14),
    ("Code local", 14),
    ("Libellé local", 36),
    ("Synonyme", 22),
    ("Milieu", 18),
    ("Unité", 14),
    ("Technique", 22),
    ("Chapitre", 18),
    ("Sous-traité", 11),
    ("État", 20),
    ("Code LOINC approuvé", 14),
    ("Nom LOINC", 48),
    ("Relation", 18),
    ("Code décidé, non approuvé", 16),
    ("Sans code : motif", 32),
    ("Commentaire", 40),
    ("Décidé par", 22),
    ("Décidé le", 20),
    ("Approuvé par", 22),
    ("Approuvé le", 20),
    ("Version LOINC de la décision", 18),
)
_ISSUE_COLUMNS = tuple(zip(HEADINGS, (20, 14, 14, 40, 12, 80), strict=True))

_HEADING_FONT = Font(bold=True, color="FFFFFF")
_HEADING_FILL = PatternFill("solid", fgColor="1F4E5F")


def _row(test: PublishedTest, assessment: Assessment) -> list[str]:
    name = assessment.names.get(test.id)
    reason = assessment.reasons.get(test.id)
    why = [reason.label, test.reason] if reason else []
    waiting = test.loinc_num if name is None and test.loinc_num else ""
    return [
        LEVEL_NAMES[test.level],
        test.code,
        test.label,
        test.synonym,
        test.specimen or test.specimen_code,
        test.unit or test.unit_code,
        test.technique,
        test.chapter,
        "oui" if test.is_subcontracted else "",
        DECISION_STATUS_LABELS[test.status],
        name.loinc_num if name else "",
        name.label if name else "",
        relation_text(test.relation) if name else "",
        waiting,
        " : ".join(text for text in why if text),
        test.comment,
        test.decided_by,
        moment_text(test.decided_at),
        test.approved_by,
        moment_text(test.approved_at),
        test.release_version,
    ]


def _fill(sheet: Worksheet, columns: Sequence[tuple[str, int]], rows: Iterable[Sequence[str]]) -> None:
    for position, (heading, width) in enumerate(columns, start=1):
        cell = sheet.cell(1, position, heading)
        cell.font = _HEADING_FONT
        cell.fill = _HEADING_FILL
        cell.alignment = Alignment(vertical="center", wrap_text=True)
        sheet.column_dimensions[get_column_letter(position)].width = width
    number = 1
    for number, values in enumerate(rows, start=2):
        for position, value in enumerate(values, start=1):
            if value:
                _write_text(sheet, number, position, value)
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(columns))}{max(number, 1)}"


def _write_text(sheet: Worksheet, row: int, column: int, value: str) -> None:
    cell = sheet.cell(row, column)
    cell.value = _without_controls(value)
    # Codes keep their leading zeros, and a text that starts like a formula stays a text.
    cell.data_type = "s"
    cell.number_format = "@"


def _without_controls(value: str) -> str:
    """XML cannot hold most control characters."""
    return "".join(char if char >= " " or char in "\t\n" else " " for char in value)


def _about(sheet: Worksheet, statement: Statement) -> None:
    sheet.column_dimensions["A"].width = 26
    sheet.column_dimensions["B"].width = 110
    sheet.cell(1, 1, "Transcodage LOINC").font = Font(bold=True, size=14)
    lines = [*statement.lines(), ("Notice LOINC", statement.copyright)]
    for number, (heading, value) in enumerate(lines, start=3):
        sheet.cell(number, 1, heading).font = Font(bold=True)
        _write_text(sheet, number, 2, value)
        sheet.cell(number, 2).alignment = Alignment(wrap_text=True, vertical="top")


def decision_workbook(assessment: Assessment, statement: Statement) -> bytes:
    """Three sheets: the statement, the decisions, the errors that the laboratory system will report."""
    workbook = Workbook()
    about = workbook.active
    assert isinstance(about, Worksheet)
    about.title = "À lire"
    _about(about, statement)
    decisions = workbook.create_sheet("Décisions")
    _fill(decisions, _COLUMNS, (_row(test, assessment) for test in assessment.tests))
    issues = workbook.create_sheet("Erreurs attendues")
    rows = [
        [line.severity_label, line.level, line.test.code, line.test.label, line.loinc_num, line.message]
        for line in error_lines(assessment)
    ]
    _fill(issues, _ISSUE_COLUMNS, rows)
    workbook.properties.title = f"Transcodage LOINC — {statement.catalogue}"
    workbook.properties.creator = "Atelier de transcodage LOINC"
    workbook.properties.created = statement.made_at.replace(tzinfo=None)
    workbook.properties.modified = statement.made_at.replace(tzinfo=None)
    buffer = io.BytesIO()
    workbook.save(buffer)
    return buffer.getvalue()
