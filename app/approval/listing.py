"""The rows that the biologist judges: decision, author, checks and the evidence that counts most."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlmodel import Session

from app.cases.alerts import Alert, alerts_of
from app.models import Action, Decision, Level, LocalTest, LoincRelease, LoincTerm, Outcome, Relation, Status
from app.platform.identity import CatalogueAccess
from app.settings import Settings
from app.terminology.naming import TermName, name_of
from app.transcoding import repository, workflow
from app.transcoding.answers import answer_of, other_answers
from app.transcoding.check_words import Check, Checked
from app.transcoding.checks import CheckedMapping, checks_of, checks_without_code
from app.transcoding.evidence import EvidenceLine, by_axis, lines_of, weightiest
from app.transcoding.facts import choice_in_force
from app.transcoding.gathering import Pair, evidence_now, mapping_context, mappings_of
from app.transcoding.readers import BLIND, blind_person, blind_url, hidden_from, kept_by_readings
from app.transcoding.readings import READING, ReadingStanding, reading_standings, reconciliation_url
from app.transcoding.repository import Runs
from app.transcoding.unheld import unheld_word
from app.web.wording import LEVEL, RELATION_SHORT, STATUS, Word
from app.worklist import queue_sql
from app.worklist.navigation import case_url
from app.worklist.query import ReviewQuery
from app.worklist.queue import decision_text, run_id_of
from matcher.types import Verdict

KEY_EVIDENCE = 2


@dataclass(frozen=True, slots=True)
class ApprovalRow(Checked):
    """One decision to judge."""

    id: int
    version: int
    url: str
    code: str
    occurrence: int
    label: str
    synonym: str
    level: str
    specimen: str
    unit: str
    technique: str
    nabm: str
    volume: int | None
    status: Word
    is_decided: bool
    """Whether a decision waits to be approved."""
    outcome: str
    decision: str
    is_code: bool
    unheld: Word | None
    """Where the release in use does not hold the decided code: nobody can approve it."""
    name: TermName | None
    relation: str
    reason: str
    comment: str
    justification: str
    author: str
    decided_at: datetime | None
    evidence: list[EvidenceLine]
    agreeing: int
    has_contradiction: bool
    checks: list[Check]
    alerts: list[Alert]
    """All that keeps the row from being approved with others; its checks are among them."""
    batch_url: str
    """The batch that wrote the decision, when nobody looked at the row alone; empty otherwise."""
    is_own: bool
    can_approve: bool
    can_send_back: bool
    reading: Word | None
    """What is known of the second reading of the decision."""
    reconcile_url: str
    """Where two readings that differ are reconciled; empty where they do not."""
    waits_for: str
    """Why its readings keep the row from being approved; empty where they do not."""
    blind_url: str
    """Where the person reads the row a second time, when nothing of its decision is shown to her before."""

    @property
    def can_tick(self) -> bool:
        """Whether the row may be approved without being opened: no alert of any kind."""
        return self.can_approve and not self.alerts

    @property
    def said_alerts(self) -> list[Alert]:
        """The alerts that are no check: these are shown on their own."""
        shown = {check.sentence for check in self.checks}
        return [alert for alert in self.alerts if alert.sentence not in shown]


@dataclass(frozen=True, slots=True)
class _Judged:
    """What was read of one row."""

    row: Any
    test: LocalTest
    facts: list[Decision]
    choice: Decision | None
    lines: list[EvidenceLine]


def rows_to_judge(
    session: Session,
    settings: Settings,
    access: CatalogueAccess,
    runs: Runs,
    query: ReviewQuery,
    shown: Sequence[int],
    known: Mapping[int, str],
) -> list[ApprovalRow]:
    """The rows of the page, checked as they stand now; `known` are names of people who decided."""
    found = queue_sql.rows_of_ids(session, access.catalogue_id, run_id_of(runs), shown)
    ids = [row.id for row in found]
    rows = repository.judgeables(session, ids)
    choices = {row_id: choice_in_force(rows[row_id].facts) for row_id in ids}
    lines = {row.id: _stored_lines(row, rows[row.id], choices[row.id]) for row in found}
    unexplained = [row for row in found if lines[row.id] is None]
    pairs = [(rows[row.id].test, row.loinc_num) for row in unexplained]
    weighed = evidence_now(session, settings, access.catalogue_id, pairs)
    lines |= {row.id: found_now for row, found_now in zip(unexplained, weighed, strict=True)}
    judged = [
        _Judged(row, rows[row.id].test, rows[row.id].facts, choices[row.id], lines[row.id] or []) for row in found
    ]
    coded = [item for item in judged if item.row.outcome == Outcome.CODE]
    context = mapping_context(session, access.catalogue_id, access.laboratory_id, blind_person(access))
    mappings = mappings_of(session, context, [Pair(item.test, item.row.loinc_num, item.lines) for item in coded])
    checked = {item.row.id: mapping for item, mapping in zip(coded, mappings, strict=True)}
    batches = repository.batches_of(session, [choice.id or 0 for choice in choices.values() if choice])
    deciders = {choice.author_id for choice in choices.values() if choice}
    # Those of the rows with a code came with all that is checked of it.
    asked = [(item.test, None if item.row.id in checked else answer_of(item.row.outcome, "")) for item in judged]
    answers = other_answers(session, access.catalogue_id, asked, blind_person(access))
    authors = {**known, **repository.names_of(session, deciders - known.keys())}
    readings = reading_standings(session, ids)
    kept = kept_by_readings(session, readings, access.laboratory_id)
    hidden = hidden_from(session, access, [row_id for row_id in ids if readings.get(row_id) is ReadingStanding.WAITING])
    checks = [_checks(item, checked.get(item.row.id), others) for item, others in zip(judged, answers, strict=True)]
    shown_rows = [
        _row(
            access,
            query,
            item,
            checked.get(item.row.id),
            context.release,
            authors,
            found,
            batches,
            readings.get(item.row.id),
            kept.get(item.row.id, ""),
        )
        for item, found in zip(judged, checks, strict=True)
    ]
    return [_blind(access, row) if row.id in hidden else row for row in shown_rows]


def _blind(access: CatalogueAccess, row: ApprovalRow) -> ApprovalRow:
    """The row without anything of its decision, for who may be its second reader."""
    return replace(
        row, status=BLIND, outcome="", decision="", is_code=False, unheld=None, name=None, relation="", reason="",
        comment="", justification="", author="", decided_at=None, evidence=[], agreeing=0, has_contradiction=False,
        checks=[], alerts=[], batch_url="", reading=None, waits_for="",
        blind_url=blind_url(access.catalogue_id, row.id),
    )  # fmt: skip


def _stored_lines(row: Any, known: repository.Judgeable, choice: Decision | None) -> list[EvidenceLine] | None:
    """The evidence stored for a decided code; None when it is to be weighed, as no proposal explains the code."""
    if row.outcome != Outcome.CODE or choice is None:
        return []
    proposal = known.proposals.get(choice.proposal_id or 0)
    return None if proposal is None else lines_of(proposal.evidence)


def _row(
    access: CatalogueAccess,
    query: ReviewQuery,
    item: _Judged,
    mapping: CheckedMapping | None,
    release: LoincRelease | None,
    authors: Mapping[int, str],
    checks: list[Check],
    batches: Mapping[int, str],
    reading: ReadingStanding | None,
    waits_for: str,
) -> ApprovalRow:
    batch = batches.get(item.choice.id or 0, "") if item.choice else ""
    row, choice = item.row, item.choice
    status, outcome = Status(row.status), Outcome(row.outcome)
    is_own = choice is not None and choice.author_id == access.user_id
    verdicts = [finding.verdict for finding in by_axis(item.lines).values()]
    differs = reading is ReadingStanding.DISAGREED
    held = {row.loinc_num} if mapping is not None and mapping.term is not None else set()
    unheld = unheld_word(row.loinc_num, release, held) if outcome is Outcome.CODE else None
    return ApprovalRow(
        id=row.id,
        version=row.version,
        url=case_url(access.catalogue_id, row.id, query),
        code=row.code,
        occurrence=row.occurrence,
        label=row.label,
        synonym=item.test.synonym,
        level=LEVEL[Level(row.level)],
        specimen=row.specimen,
        unit=row.unit,
        technique=item.test.technique,
        nabm=item.test.nabm,
        volume=row.volume if row.volume >= 0 else None,
        status=STATUS[status],
        is_decided=status is Status.DECIDED,
        outcome=row.outcome,
        decision=decision_text(row.outcome, row.loinc_num),
        is_code=outcome is Outcome.CODE,
        unheld=unheld,
        name=name_of(_term(mapping)) if mapping else None,
        relation=RELATION_SHORT[Relation(choice.relation)] if choice and choice.relation else "",
        reason=choice.reason if choice else "",
        comment=choice.comment if choice else "",
        justification=choice.justification if choice else "",
        author=authors.get(choice.author_id, "") if choice else "",
        decided_at=choice.created_at if choice else None,
        evidence=weightiest(item.lines, KEY_EVIDENCE),
        agreeing=sum(verdict is Verdict.AGREE for verdict in verdicts),
        has_contradiction=Verdict.CONTRADICT in verdicts,
        checks=checks,
        alerts=alerts_of(row, item.facts, checks, item.lines, reading),
        batch_url=f"/catalogues/{access.catalogue_id}/lots/{batch}" if batch else "",
        is_own=is_own,
        can_approve=not is_own and not waits_for and unheld is None and _may(access, status, outcome, Action.APPROVE),
        can_send_back=_may(access, status, outcome, Action.SEND_BACK),
        reading=READING[reading] if reading else None,
        reconcile_url=reconciliation_url(access.catalogue_id, row.id) if differs else "",
        waits_for=waits_for,
        blind_url="",
    )


def _checks(item: _Judged, mapping: CheckedMapping | None, others: Sequence[str]) -> list[Check]:
    if mapping is not None:
        return checks_of(mapping)
    row = item.row
    return checks_without_code(row.outcome, row.best_loinc, row.band, row.contradiction == "1", row.code, others)


def _term(mapping: CheckedMapping) -> LoincTerm | None:
    return mapping.term


def _may(access: CatalogueAccess, status: Status, outcome: Outcome, action: Action) -> bool:
    return workflow.transition(status, outcome, action, access.role) is not None


def needs_opening(rows: Sequence[ApprovalRow]) -> int:
    """How many rows of the page are approved only once opened, because of an alert."""
    return sum(row.can_approve and bool(row.alerts) for row in rows)
