"""The readable workbook: every row with its facts, the errors to expect, and what the export states."""

from collections.abc import Iterable, Sequence
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from app.exports.report import HEADINGS, error_lines
from app.exports.workbook_bytes import workbook_bytes
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


def _heading(sheet: Any, text: str) -> Any:
    cell: Any = WriteOnlyCell(sheet, text)
    cell.font = _HEADING_FONT
    cell.fill = _HEADING_FILL
    cell.alignment = Alignment(vertical="center", wrap_text=True)
    return cell


def _fill(sheet: Any, columns: Sequence[tuple[str, int]], rows: Iterable[Sequence[str]]) -> None:
    """A sheet, row by row: what is above the rows in the file is settled before the first of them."""
    for position, (_heading_text, width) in enumerate(columns, start=1):
        sheet.column_dimensions[get_column_letter(position)].width = width
    sheet.freeze_panes = "A2"
    sheet.append([_heading(sheet, heading) for heading, _width in columns])
    last = 1
    for values in rows:
        sheet.append([_text(sheet, value) if value else None for value in values])
        last += 1
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(columns))}{last}"


def _text(sheet: Any, value: str) -> Any:
    cell: Any = WriteOnlyCell(sheet, _without_controls(value))
    # Codes keep their leading zeros, and a text that starts like a formula stays a text.
    cell.data_type = "s"
    cell.number_format = "@"
    return cell


def _without_controls(value: str) -> str:
    """XML cannot hold most control characters."""
    return "".join(char if char >= " " or char in "\t\n" else " " for char in value)


def _bold(sheet: Any, text: str, size: int | None = None) -> Any:
    cell: Any = WriteOnlyCell(sheet, text)
    cell.font = Font(bold=True, size=size)
    return cell


def _about(sheet: Any, statement: Statement) -> None:
    sheet.column_dimensions["A"].width = 26
    sheet.column_dimensions["B"].width = 110
    sheet.append([_bold(sheet, "Transcodage LOINC", 14)])
    sheet.append([])
    for heading, value in (*statement.lines(), ("Notice LOINC", statement.copyright)):
        text = _text(sheet, value)
        text.alignment = Alignment(wrap_text=True, vertical="top")
        sheet.append([_bold(sheet, heading), text])


def decision_workbook(assessment: Assessment, statement: Statement) -> bytes:
    """Three sheets: the statement, the decisions, the errors that the laboratory system will report.

    Written row by row: a large catalogue would otherwise be millions of cells in memory.
    """
    workbook = Workbook(write_only=True)
    _about(workbook.create_sheet("À lire"), statement)
    _fill(workbook.create_sheet("Décisions"), _COLUMNS, (_row(test, assessment) for test in assessment.tests))
    rows = (
        [line.severity_label, line.level, line.test.code, line.test.label, line.loinc_num, line.message]
        for line in error_lines(assessment)
    )
    _fill(workbook.create_sheet("Erreurs attendues"), _ISSUE_COLUMNS, rows)
    workbook.properties.title = f"Transcodage LOINC — {statement.catalogue}"
    workbook.properties.creator = "Atelier de transcodage LOINC"
    workbook.properties.created = statement.made_at.replace(tzinfo=None)
    return workbook_bytes(workbook, statement.made_at)
