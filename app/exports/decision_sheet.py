"""The readable workbook: every row with its facts, the errors to expect, and what the export states."""

from collections.abc import Sequence
from dataclasses import dataclass

from openpyxl import Workbook

from app.exports.report import HEADINGS, error_lines
from app.exports.sheet_layout import CellValue, Column, fill_facts, fill_table, sign
from app.exports.workbook_bytes import workbook_bytes
from app.files.kinds import LEVEL_NAMES
from app.publication.assessment import Assessment
from app.publication.schemas import PublishedTest
from app.publication.statement import Statement
from app.publication.wording import DECISION_STATUS_LABELS, relation_text

_COLUMNS = (
    Column("Niveau", 10),
    Column("Code local", 12),
    Column("Libellé local", 26),
    Column("Synonyme", 14),
    Column("Milieu", 12),
    Column("Unité", 9),
    Column("Technique", 12),
    Column("Chapitre", 12),
    Column("Sous-traité", 8),
    Column("État", 10),
    Column("Code LOINC approuvé", 9),
    Column("Nom LOINC", 26),
    Column("Relation", 11),
    Column("Code décidé, non approuvé", 9),
    Column("Sans code : motif", 16),
    Column("Commentaire", 24),
    Column("Décidé par", 12),
    Column("Décidé le", 10),
    Column("Approuvé par", 12),
    Column("Approuvé le", 10),
    Column("Version LOINC de la décision", 10),
)
_ISSUE_COLUMNS = tuple(Column(*made) for made in zip(HEADINGS, (16, 14, 14, 40, 10, 80), strict=True))
_HELD = "D2"
"""The level, the code and the label stay in sight with the headings."""
_DATES = ("Dates et heures", "Heure de Paris.")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet that a room above adds: facts (heading and text) under its title, or a table."""

    title: str
    """Of its tab, 31 letters at most."""
    facts: Sequence[tuple[str, str]] = ()
    columns: Sequence[Column] = ()
    rows: Sequence[Sequence[CellValue]] = ()


def _row(test: PublishedTest, assessment: Assessment) -> list[CellValue]:
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
        test.decided_at,
        test.approved_by,
        test.approved_at,
        test.release_version,
    ]


def decision_workbook(assessment: Assessment, statement: Statement, more: Sequence[Sheet] = ()) -> bytes:
    """Three sheets: the statement, the decisions, the errors that the laboratory system will report; then `more`.

    Written row by row: a large catalogue would otherwise be millions of cells in memory.
    """
    workbook = Workbook(write_only=True)
    about, decisions, errors = (workbook.create_sheet(title) for title in ("À lire", "Décisions", "Erreurs attendues"))
    for sheet in (about, decisions, errors):
        sign(sheet, statement)
    facts = (*statement.lines(), _DATES, ("Notice LOINC", statement.copyright))
    fill_facts(about, "Transcodage LOINC", facts)
    fill_table(decisions, _COLUMNS, [_row(test, assessment) for test in assessment.tests], _HELD)
    rows = [
        [line.severity_label, line.level, line.test.code, line.test.label, line.loinc_num, line.message]
        for line in error_lines(assessment)
    ]
    fill_table(errors, _ISSUE_COLUMNS, rows)
    for added in more:
        sheet = workbook.create_sheet(added.title)
        sign(sheet, statement)
        if added.columns:
            fill_table(sheet, added.columns, added.rows)
        else:
            fill_facts(sheet, added.title, added.facts)
    workbook.properties.title = f"Transcodage LOINC — {statement.catalogue}"
    workbook.properties.creator = "Atelier de transcodage LOINC"
    workbook.properties.created = statement.made_at.replace(tzinfo=None)
    return workbook_bytes(workbook, statement.made_at)
