"""Everything that the report of a catalogue says, read at one moment. The documents are written from it alone."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from app.code_requests.statuses import CountedStatus, by_status
from app.coverage.pages import ListedRow, emptied_rows, listed, without_code_rows
from app.coverage.report import CoverageReport
from app.coverage.service import as_seen, coverage_report
from app.double_reading import queue_sql
from app.double_reading.agreement import Agreement, agreement_of
from app.effective.last_run import reported_section
from app.effective.reported import UNMEASURED, EffectiveSection
from app.errors import ConflictError
from app.exports.report import error_lines
from app.exports.service import READ_FIRST
from app.files.kinds import LEVEL_NAMES
from app.models import Catalogue, Laboratory, Level
from app.publication.assessment import Assessment
from app.publication.schemas import PublishedTest
from app.publication.service import CatalogueFacts, gather, statement_of
from app.publication.statement import Statement
from app.publication.wording import DECISION_STATUS_LABELS, relation_text
from app.text import is_written, paris_time
from app.transcoding.readers import approved_unread_by
from app.versions.told import label_of as version_label

LINES = 500
"""Of each list, how many lines a document holds: the file of the rows holds them all."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A list of a document, cut to what is read, with how many lines there are in all."""

    lines: tuple[tuple[str, ...], ...]
    total: int

    @classmethod
    def of(cls, lines: Iterable[Sequence[str]]) -> "Listed":
        """The first lines of these."""
        every = [tuple(line) for line in lines]
        return cls(tuple(every[:LINES]), len(every))

    @property
    def left(self) -> int:
        """How many are in the file of the rows alone."""
        return self.total - len(self.lines)


@dataclass(frozen=True, slots=True)
class ReportContent:
    """What the report says."""

    version: str
    """Which version of the mapping it carries: « PROJET… » unless all of it is signed as it stands."""
    coverage: CoverageReport
    statement: Statement
    facts: CatalogueFacts
    assessment: Assessment
    statuses: tuple[tuple[str, int], ...]
    """Words of a status, and how many analyses have it."""
    excluded: Listed
    """Level, code, label, chapter, reason, who approved."""
    without_code: Listed
    justified: Listed
    """Code, label, LOINC code, relation, justification, who decided, who approved, when."""
    anomalies: Listed
    """Severity, code, label, LOINC code, message."""
    agreement: Agreement
    reconciled: int
    """Disagreements that were reconciled."""
    in_disagreement: int
    """Approved rows whose two readings differ."""
    effective: EffectiveSection | None = None
    """What the last kept run of emitted reports told; None where none stood then."""
    unmeasured: str = ""
    """What is said instead; empty where nothing is."""
    requests: tuple[CountedStatus, ...] | None = None
    """Requests of codes by where they stand; None where the report does not speak of them."""

    @property
    def rows(self) -> tuple[PublishedTest, ...]:
        """Every row of the catalogue, then those that no newer export holds."""
        return (*self.assessment.tests, *self.assessment.removed)


def read_report(
    session: Session,
    laboratory: Laboratory,
    catalogue: Catalogue,
    made_by: str,
    blind_to: int | None,
    *,
    is_claim: bool = False,
) -> ReportContent:
    """Read what a report says, for who asks; raises ConflictError when no release is loaded.

    In an evidence pack (`is_claim`) what emitted reports carried is put in from the facts, or is not spoken of, and
    requests of codes are no fact.

    Also where approved rows are hidden from a `blind_person`: a report without them would be false. Of other rows that
    wait for her second reading it says nothing.
    """
    if approved_unread_by(session, blind_to, catalogue.id or 0):
        raise ConflictError(READ_FIRST)
    coverage = as_seen(session, coverage_report(session, laboratory, catalogue), blind_to)
    facts = gather(session, laboratory, catalogue, blind_to)
    assessment = facts.assessment(row_by_row=True)
    effective = None if is_claim else reported_section(session, coverage, facts.tests, blind_to)
    statement = statement_of(facts, assessment, coverage.context.computed_at, made_by)
    return ReportContent(
        version=version_label(session, facts.catalogue_id),
        coverage=coverage,
        statement=statement,
        facts=facts,
        assessment=assessment,
        statuses=_statuses(assessment.tests),
        excluded=excluded_of(coverage),
        without_code=without_code_of(coverage),
        justified=Listed.of(_justified(assessment.tests)),
        anomalies=Listed.of(
            (line.severity_label, line.test.code, line.test.label, line.loinc_num, line.message)
            for line in error_lines(assessment)
        ),
        agreement=agreement_of(queue_sql.counted_readings(session, facts.catalogue_id)),
        reconciled=queue_sql.reconciled(session, facts.catalogue_id),
        in_disagreement=queue_sql.approved_in_disagreement(session, facts.catalogue_id),
        effective=effective,
        unmeasured="" if effective or is_claim else UNMEASURED,
        requests=None if is_claim else by_status(session, facts.catalogue_id, blind_to),
    )


def excluded_of(coverage: CoverageReport) -> Listed:
    """The rows that leave the denominator, with the reason."""
    return _listed((*(listed(item) for item in coverage.out_of_scope), *emptied_rows(coverage)))


def without_code_of(coverage: CoverageReport) -> Listed:
    """The approved rows that are not transcoded, with the cause."""
    return _listed(without_code_rows(coverage))


def _listed(rows: Iterable[ListedRow]) -> Listed:
    return Listed.of((row.level, row.code, row.label, row.chapter, row.cause, row.approved_by) for row in rows)


def _statuses(tests: Iterable[PublishedTest]) -> tuple[tuple[str, int], ...]:
    counts = Counter(test.status for test in tests if test.level is Level.ANALYSIS)
    return tuple((label, counts[status]) for status, label in DECISION_STATUS_LABELS.items() if counts[status])


def _justified(tests: Iterable[PublishedTest]) -> Iterable[Sequence[str]]:
    """Approved codes for which somebody had to write why: an alert was overruled, or the relation is not exact."""
    for test in tests:
        if test.is_approved and test.loinc_num and is_written(test.justification):
            yield (
                test.code, test.label, test.loinc_num, relation_text(test.relation), test.justification,
                test.decided_by, test.approved_by, paris_time(test.approved_at),
            )  # fmt: skip


def level_of(test: PublishedTest) -> str:
    """The level of a row, in French."""
    return LEVEL_NAMES[test.level]
