"""The report read before the download: what the laboratory system will say, row by row."""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from app.exports.original import guarded
from app.exports.schemas import READ_ROW_BY_ROW, ExportKind, ReceivedNote
from app.files.kinds import LEVEL_NAMES
from app.publication.assessment import Assessment
from app.publication.schemas import PublishedTest, SglSeverity, UncodedReason
from app.publication.statement import VERSION

HEADINGS = ("Gravité pour le SGL", "Niveau", "Code local", "Libellé local", "Code LOINC", "Message")
SEVERITY_LABELS = {SglSeverity.BLOCKING: "bloquante", SglSeverity.WARNING: "non bloquante"}
_CODES_SHOWN = 5
WITHOUT_CODE = "ligne sans code"


@dataclass(frozen=True, slots=True)
class ReportLine:
    """One line of the report."""

    severity: SglSeverity | None
    """None for a row that leaves without a code: nothing is wrong in it."""
    test: PublishedTest
    loinc_num: str
    message: str

    @property
    def is_blocking(self) -> bool:
        """Whether the laboratory system would refuse it."""
        return self.severity is SglSeverity.BLOCKING

    @property
    def severity_label(self) -> str:
        """The severity in French."""
        return SEVERITY_LABELS[self.severity] if self.severity else WITHOUT_CODE

    @property
    def level(self) -> str:
        """The level in French."""
        return LEVEL_NAMES[self.test.level]


def error_lines(assessment: Assessment) -> list[ReportLine]:
    """The errors that the laboratory system will report, blocking ones first."""
    issues = [*assessment.blocking, *assessment.warnings]
    return [ReportLine(issue.severity, issue.test, issue.test.loinc_num, issue.message) for issue in issues]


def lines_without_code(assessment: Assessment) -> Iterator[ReportLine]:
    """The rows that leave without a code, and why."""
    for test in assessment.tests:
        reason = assessment.reasons.get(test.id)
        if reason is not None:
            said = f" : {test.reason}" if test.reason else ""
            yield ReportLine(None, test, "", f"{reason.label}{said}")


def ambiguous_note(assessment: Assessment, kind: ExportKind) -> list[str]:
    """What became of rows that share their local code and not their answer, in French; nothing without such rows."""
    codes = list(dict.fromkeys(test.code.strip() for test in assessment.ambiguous))
    if not codes:
        return []
    some = ", ".join(codes[:_CODES_SHOWN]) + (", …" if len(codes) > _CODES_SHOWN else "")
    said = f"Codes locaux auxquels des lignes donnent des réponses approuvées différentes : {len(codes)} ({some})"
    if kind in READ_ROW_BY_ROW:
        return [f"{said}. Chaque ligne porte ici son code ; les fichiers que le SGL lit n'en portent aucun."]
    return [f"{said}. Leurs lignes sortent sans code : le SGL refuserait ces codes locaux."]


def status_notes(assessment: Assessment) -> list[str]:
    """How many rows leave without their approved code, or with a code that LOINC no longer advises: for whoever does
    not open the report."""
    refused = sum(reason is UncodedReason.BLOCKED for reason in assessment.reasons.values())
    retired = sum(reason is UncodedReason.DEPRECATED for reason in assessment.reasons.values())
    warned = sum(issue.rule == "status" for issue in assessment.issues)
    notes = (
        (refused, "Lignes approuvées sans code dans ce fichier, le SGL le refuserait"),
        (retired, "Lignes approuvées sans code dans ce fichier, LOINC l'a retiré et la date limite est passée"),
        (warned, "Codes retirés de LOINC ou déconseillés, donnés avec un avertissement"),
    )
    return [f"{said} : {count}. Le rapport les nomme." for count, said in notes if count]


def _cells(line: ReportLine) -> Iterable[str]:
    return (line.severity_label, line.level, line.test.code, line.test.label, line.loinc_num, line.message)


def report_csv(assessment: Assessment, received: Iterable[ReceivedNote], version_label: str) -> bytes:
    """The whole report for a spreadsheet, what was left out as the files came in, then which version this is.

    UTF-8 with its mark, semicolons, nothing that would be computed.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=";", lineterminator="\r\n")
    writer.writerow(HEADINGS)
    for line in (*error_lines(assessment), *lines_without_code(assessment)):
        writer.writerow([guarded(cell) for cell in _cells(line)])
    for note in received:
        cells = (note.severity, note.level, note.code, note.label, "", note.message)
        writer.writerow([guarded(cell) for cell in cells])
    writer.writerow([guarded(cell) for cell in ("information", "", "", "", "", f"{VERSION} : {version_label}")])
    return buffer.getvalue().encode("utf-8-sig")
