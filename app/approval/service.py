"""The biologist's act: approving a decision, or sending it back. Nobody approves a decision she authored."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from app.errors import ConflictError, InvalidInputError, NotAllowedError, WorkbenchError
from app.models import Action, Decision, LocalTest, Outcome
from app.platform.database import Transactions
from app.platform.identity import CatalogueAccess
from app.settings import Settings
from app.transcoding import repository
from app.transcoding.checks import Check, CheckSeverity, checks_of, is_blocking
from app.transcoding.errors import JustificationNeededError
from app.transcoding.evidence import EvidenceLine, by_axis, lines_of
from app.transcoding.facts import choice_in_force
from app.transcoding.gathering import Pair, mapping_context, mappings_of
from app.transcoding.ledger import DecisionContent, OpenRow, append, check_allowed, check_lengths, open_row
from app.transcoding.weighing import NOTHING_WEIGHED, Weighed, evidence_of, weigh_decided
from matcher.types import Verdict

OWN_DECISION = "Vous avez pris cette décision : un autre biologiste doit l'approuver."
OPEN_THE_ROW = "Une contradiction demande d'ouvrir la ligne avant de l'approuver."
ROWS_AT_ONCE = 10
NOT_RECORDED = "Non enregistrée : la base est occupée. Cochez de nouveau cette ligne dans un instant."


@dataclass(frozen=True, slots=True)
class RowAnswer:
    """What became of one row of a bulk approval."""

    local_test_id: int
    code: str
    label: str
    is_approved: bool
    message: str


def approve(
    session: Session,
    access: CatalogueAccess,
    local_test_id: int,
    expected_version: int,
    *,
    settings: Settings,
    comment: str = "",
    justification: str = "",
    is_opened: bool = True,
    weighed: Weighed = NOTHING_WEIGHED,
) -> Decision:
    """Approve the decision in force on a row; `weighed` is what `weigh_decided` found before.

    `is_opened` says that the biologist had the whole case before her eyes: a row with a contradiction is not
    approved otherwise. A blocking check needs a justification, the transcoder's or the biologist's.
    """
    check_lengths(comment=comment, justification=justification)
    row = open_row(session, access, local_test_id, expected_version)
    check_allowed(row, Action.APPROVE, "")
    choice = choice_in_force(row.facts)
    if choice is None:
        raise ConflictError("Aucune décision n'est en vigueur sur cette ligne.")
    if choice.author_id == access.user_id:
        raise NotAllowedError(OWN_DECISION)
    if row.state.outcome is Outcome.CODE:
        checks, contradicts = _look_again(session, settings, row, choice, weighed)
        if not is_opened and (contradicts or is_blocking(checks)):
            raise ConflictError(OPEN_THE_ROW)
        _require_justification(checks, f"{choice.justification}{justification}")
    said = DecisionContent(choice.loinc_num, choice.relation, "", comment, justification)
    return append(session, row, Action.APPROVE, said, release_id=choice.release_id, proposal_id=choice.proposal_id)


def send_back(
    session: Session,
    access: CatalogueAccess,
    local_test_id: int,
    expected_version: int,
    reason: str,
    comment: str = "",
) -> Decision:
    """Give a decision back to the transcoder, with the reason."""
    check_lengths(reason=reason, comment=comment)
    row = open_row(session, access, local_test_id, expected_version)
    check_allowed(row, Action.SEND_BACK, reason)
    return append(session, row, Action.SEND_BACK, DecisionContent(reason=reason, comment=comment))


def approve_many(
    transactions: Transactions, access: CatalogueAccess, ticked: Sequence[tuple[int, int]], settings: Settings
) -> list[RowAnswer]:
    """Approve the ticked (row, version) pairs one by one; each row has its own answer, none stops the others.

    A few rows at a time have a transaction of their own, so that others can write in between. When one of these
    cannot be written, its rows say so; when the very first cannot, nothing was recorded and the error is raised.
    """
    weighed = weigh_decided(transactions, settings, access, (row_id for row_id, _ in ticked))
    answers: list[RowAnswer] = []
    for start in range(0, len(ticked), ROWS_AT_ONCE):
        rows = ticked[start : start + ROWS_AT_ONCE]
        try:
            with transactions.writing() as session:
                done = [_approve_one(session, access, row_id, version, settings, weighed) for row_id, version in rows]
        except (OperationalError, WorkbenchError) as error:
            if not answers:
                raise
            message = error.message if isinstance(error, WorkbenchError) else NOT_RECORDED
            with transactions.reading() as session:
                done = [_unrecorded(session, access, row_id, message) for row_id, _ in rows]
        answers += done
    return answers


def _unrecorded(session: Session, access: CatalogueAccess, local_test_id: int, message: str) -> RowAnswer:
    test = repository.local_test(session, access.catalogue_id, local_test_id)
    return _answer(test, False, message) if test else RowAnswer(local_test_id, "?", "", False, message)


def _approve_one(
    session: Session,
    access: CatalogueAccess,
    local_test_id: int,
    version: int,
    settings: Settings,
    weighed: Weighed,
) -> RowAnswer:
    test = repository.local_test(session, access.catalogue_id, local_test_id)
    if test is None:
        return RowAnswer(local_test_id, "?", "", False, "Cette ligne n'existe pas ou ne vous est pas ouverte.")
    try:
        approve(session, access, local_test_id, version, settings=settings, is_opened=False, weighed=weighed)
    except WorkbenchError as error:
        # Every refusal of `approve` comes before its first write: nothing of this row is pending.
        return _answer(test, False, error.message)
    return _answer(test, True, "Approuvée.")


def _answer(test: LocalTest, is_approved: bool, message: str) -> RowAnswer:
    return RowAnswer(test.id or 0, test.code, test.label, is_approved, message)


def _look_again(
    session: Session, settings: Settings, row: OpenRow, choice: Decision, weighed: Weighed
) -> tuple[list[Check], bool]:
    """The checks of the decided code as they stand now, and whether an axis contradicts it."""
    proposals = repository.proposals_by_id(session, [choice.proposal_id] if choice.proposal_id else [])
    proposal = proposals.get(choice.proposal_id or 0)
    lines: Sequence[EvidenceLine] = (
        lines_of(proposal.evidence)
        if proposal is not None
        else evidence_of(session, settings, row.test, choice.loinc_num, weighed)
    )
    context = mapping_context(session, row.access.catalogue_id, row.access.laboratory_id)
    checks = checks_of(mappings_of(session, context, [Pair(row.test, choice.loinc_num, lines)])[0])
    contradicts = any(finding.verdict is Verdict.CONTRADICT for finding in by_axis(lines).values())
    return checks, contradicts


def _require_justification(checks: list[Check], justification: str) -> None:
    refused = [check.sentence for check in checks if check.severity is CheckSeverity.REFUSED]
    if refused:
        raise InvalidInputError(" ".join(refused))
    if is_blocking(checks) and not justification.strip():
        raise JustificationNeededError(checks)
