"""What is known now of the decisions that somebody asks to approve: their checks and every alert of their rows."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session

from app.cases.alerts import Alert, alerts_of
from app.models import Decision, Outcome
from app.platform.identity import CatalogueAccess
from app.settings import Settings
from app.transcoding import repository
from app.transcoding.answers import answer_of, other_answers
from app.transcoding.check_words import Check
from app.transcoding.checks import CheckedMapping, checks_of, checks_without_code
from app.transcoding.evidence import EvidenceLine, lines_of
from app.transcoding.gathering import Pair, mapping_context, mappings_of
from app.transcoding.ledger import OpenRow
from app.transcoding.readings import reading_standings
from app.transcoding.weighing import Weighed, evidence_of
from app.worklist import queue_sql
from app.worklist.queue import run_id_of


@dataclass(frozen=True, slots=True)
class ToApprove:
    """A row to approve, and the choice in force on it."""

    row: OpenRow
    choice: Decision


@dataclass(frozen=True, slots=True)
class Looked:
    """The checks of a decision as they stand now, and every alert of its row."""

    checks: Sequence[Check] = ()
    alerts: Sequence[Alert] = ()


def look_again(
    session: Session, settings: Settings, access: CatalogueAccess, asked: Sequence[ToApprove], weighed: Weighed
) -> list[Looked]:
    """What is known now of each decision, in order; in as many statements for many as for one."""
    if not asked:
        return []
    ids = [item.row.test.id or 0 for item in asked]
    run_id = run_id_of(repository.runs_of(session, access.catalogue_id))
    proposed = {row.id: row for row in queue_sql.rows_of_ids(session, access.catalogue_id, run_id, ids)}
    mappings = _mappings(session, settings, access, asked, weighed)
    bare = [item for item in asked if item.row.test.id not in mappings]
    answers = other_answers(
        session, access.catalogue_id, [(item.row.test, answer_of(item.row.state.outcome, "")) for item in bare]
    )
    others = {item.row.test.id: said for item, said in zip(bare, answers, strict=True)}
    readings = reading_standings(session, ids)
    found = []
    for item, row_id in zip(asked, ids, strict=True):
        row, mapping = proposed[row_id], mappings.get(row_id)
        checks = (
            checks_of(mapping)
            if mapping is not None
            else checks_without_code(
                row.outcome, row.best_loinc, row.band, row.contradiction == "1", row.code, others.get(row_id, ())
            )
        )
        lines = mapping.lines if mapping is not None else ()
        found.append(Looked(checks, alerts_of(row, item.row.facts, checks, lines, readings.get(row_id))))
    return found


def _mappings(
    session: Session, settings: Settings, access: CatalogueAccess, asked: Sequence[ToApprove], weighed: Weighed
) -> dict[int | None, CheckedMapping]:
    """Row -> its decided code with all that is checked of it; rows decided without code are left out."""
    coded = [item for item in asked if item.row.state.outcome is Outcome.CODE]
    if not coded:
        return {}
    proposals = repository.proposals_by_id(
        session, [item.choice.proposal_id for item in coded if item.choice.proposal_id]
    )
    pairs = []
    for item in coded:
        proposal = proposals.get(item.choice.proposal_id or 0)
        lines: Sequence[EvidenceLine] = (
            lines_of(proposal.evidence)
            if proposal is not None
            else evidence_of(session, settings, item.row.test, item.choice.loinc_num, weighed)
        )
        pairs.append(Pair(item.row.test, item.choice.loinc_num, lines))
    context = mapping_context(session, access.catalogue_id, access.laboratory_id)
    return {mapping.test.id: mapping for mapping in mappings_of(session, context, pairs)}
