"""Every row of a catalogue in one table: where it stands, its code, who decided, who approved, and when."""

import csv
import io
from collections.abc import Iterator

from app.exports.decision_sheet import decision_workbook
from app.exports.original import guarded
from app.publication.schemas import PublishedTest
from app.publication.wording import DECISION_STATUS_LABELS, relation_text
from app.reports.content import ReportContent, level_of
from app.reports.effective_file import effective_sheets
from app.text import paris_time
from loinc_data.notice import LOINC_NOTICE

CSV_TYPE = "text/csv; charset=utf-8"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
HEADINGS = (
    "Niveau", "Code local", "Libellé local", "Chapitre", "Milieu", "Unité", "Technique", "Codes NABM", "Sous-traité",
    "Retiré", "État", "Code LOINC approuvé", "Nom LOINC", "Producteur du nom", "Relation", "Code décidé, non approuvé",
    "Sans code : motif", "Justification", "Commentaires", "Décidé par", "Décidé le", "Approuvé par", "Approuvé le",
    "Version LOINC de la décision",
)  # fmt: skip

AMBIGUOUS = "ne compte pas : une autre ligne du même code local a une autre réponse approuvée"
"""Why a row that has an approved code is not transcoded: the laboratory system would refuse its local code."""


def rows_csv(content: ReportContent) -> bytes:
    """UTF-8 with its mark, semicolons, hours of Paris; the first lines say what it is, and nothing is computed.

    It depends on the facts and on nothing else: two made of one state are the same, whenever they are made.
    """
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=";", lineterminator="\r\n")
    for heading, value in _head(content):
        writer.writerow([heading, guarded(value)])
    writer.writerow([])
    writer.writerow(HEADINGS)
    ambiguous = {test.id for test in content.assessment.ambiguous}
    for test in content.rows:
        writer.writerow([guarded(cell) for cell in _cells(test, content, test.id in ambiguous)])
    return buffer.getvalue().encode("utf-8-sig")


def rows_workbook(content: ReportContent) -> bytes:
    """The same as a workbook, with the errors that the laboratory system will report, and what reports carried."""
    return decision_workbook(content.assessment, content.statement, effective_sheets(content))


def _head(content: ReportContent) -> Iterator[tuple[str, str]]:
    context = content.coverage.context
    yield "Laboratoire", context.laboratory
    yield "Catalogue", context.catalogue
    yield "Version du transcodage", content.version
    yield "Version de LOINC", context.release_title
    yield "État du", paris_time(content.facts.state.changed_at)
    yield "LOINC", LOINC_NOTICE


def _cells(test: PublishedTest, content: ReportContent, is_ambiguous: bool) -> Iterator[str]:
    name = content.assessment.names.get(test.id)
    reason = content.assessment.reasons.get(test.id)
    yield level_of(test)
    yield from (test.code, test.label, test.chapter, test.specimen or test.specimen_code, test.unit or test.unit_code)
    yield from (test.technique, test.nabm)
    yield "oui" if test.is_subcontracted else "non"
    yield "oui" if test.is_retired or test.retired_at is not None else "non"
    yield DECISION_STATUS_LABELS[test.status]
    yield from (name.loinc_num, name.label, name.french_producer or "LOINC") if name else ("", "", "")
    yield relation_text(test.relation) if name else ""
    yield test.loinc_num if name is None else ""
    why = AMBIGUOUS if is_ambiguous else reason.label if reason else ""
    yield " : ".join(text for text in (why, test.reason) if text)
    yield test.justification
    yield " ".join(test.comments)
    yield test.decided_by
    yield paris_time(test.decided_at) if test.decided_at else ""
    yield test.approved_by
    yield paris_time(test.approved_at) if test.approved_at else ""
    yield test.release_version
