"""The acts of the double reading: reading a row a second time, and reconciling two readings that differ."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session

from app.audit.service import record
from app.double_reading import queue_sql
from app.double_reading.queue_sql import Disagreement
from app.errors import ConflictError, InvalidInputError, NotAllowedError, NotFoundError
from app.models import (
    CONTRIBUTORS,
    Action,
    Decision,
    LocalTest,
    Proposal,
    ReadingReconciliation,
    Relation,
    Role,
    SecondReading,
)
from app.platform.identity import CatalogueAccess
from app.platform.written import require_written
from app.settings import Settings
from app.text import is_written, seen
from app.transcoding import repository
from app.transcoding.check_words import CheckSeverity
from app.transcoding.checks import checks_of_choice, is_blocking
from app.transcoding.errors import JustificationNeededError
from app.transcoding.evidence import EvidenceLine, lines_of
from app.transcoding.gathering import Pair, mapping_context, mappings_of
from app.transcoding.ledger import DecisionContent, append, check_allowed, check_lengths, open_row
from app.transcoding.readers import blind_person
from app.transcoding.weighing import NOTHING_WEIGHED, Weighed, evidence_of
from app.transcoding.workflow import ALWAYS_WITH_REASON

ANSWERS = frozenset({Action.CHOOSE, Action.NO_LOINC, Action.OUT_OF_SCOPE, Action.DOUBT})
OUTCOMES = ANSWERS - {Action.DOUBT}
NO_SUCH_ROW = "Cette analyse n'existe pas ou ne vous est pas ouverte."
NOT_ASKED = (
    "Aucune deuxième lecture n’est attendue sur cette ligne : sa décision a changé, ou quelqu’un d’autre l’a déjà lue."
)
OWN_ROW = "Vous avez déjà agi sur cette ligne : sa deuxième lecture revient à quelqu’un d’autre."
NO_DISAGREEMENT = "Aucun désaccord n’attend sur cette ligne : il a été concilié, ou la décision a changé."
NOT_ARBITER = "Un biologiste ou un administrateur du laboratoire concilie les lectures."
ONE_OF_THE_TWO = "Vous êtes l’un des deux lecteurs de cette ligne : un autre biologiste doit concilier."


@dataclass(frozen=True, slots=True)
class Answer:
    """What a reader says of a row."""

    action: Action
    loinc_num: str = ""
    relation: str = Relation.EQUIVALENT
    reason: str = ""
    comment: str = ""
    justification: str = ""


@dataclass(frozen=True, slots=True)
class _Judged:
    """What an answer rests on."""

    release_id: int | None
    proposal_id: int | None


def read(
    session: Session,
    access: CatalogueAccess,
    local_test_id: int,
    request_public_id: str,
    answer: Answer,
    *,
    settings: Settings,
    weighed: Weighed = NOTHING_WEIGHED,
) -> SecondReading:
    """Record the second reading of a row; `weighed` is what `weigh_choice` found before.

    Raises NotFoundError, NotAllowedError (the role, or she has acted on the row), ConflictError (the request lapsed
    or was answered), InvalidInputError (something is missing) and JustificationNeededError. Nothing is written then.
    """
    access.require(*CONTRIBUTORS)
    said = _said(answer, ANSWERS)
    # Locked: neither another reader nor a decision comes between the look and the write.
    test = repository.local_test(session, access.catalogue_id, local_test_id, lock=True)
    if test is None:
        raise NotFoundError(NO_SUCH_ROW)
    asked = queue_sql.request_on(session, access.catalogue_id, local_test_id, access.user_id)
    if asked is None or asked.request.public_id != request_public_id:
        raise ConflictError(NOT_ASKED)
    if asked.is_own:
        raise NotAllowedError(OWN_ROW)
    judged = _judge(session, settings, access, test, said, weighed)
    agrees = said.action == asked.first.action and said.loinc_num == asked.first.loinc_num
    reading = SecondReading(
        request_id=asked.request.id or 0,
        action=said.action,
        loinc_num=said.loinc_num,
        relation=said.relation,
        reason=said.reason,
        comment=said.comment,
        justification=said.justification,
        release_id=judged.release_id,
        proposal_id=judged.proposal_id,
        is_agreement=agrees,
        author_id=access.user_id,
        author_role=access.role,
    )
    session.add(reading)
    session.flush()
    record(
        session,
        "double_reading.read",
        actor=access.user,
        object_type="local_test",
        object_id=test.id,
        laboratory_id=access.laboratory_id,
        local_code=test.code,
        loinc_num=said.loinc_num,
        decision_id=asked.first.id,
        is_agreement=agrees,
    )
    return reading


def may_reconcile(access: CatalogueAccess) -> bool:
    """Whether this person reconciles at all: a biologist, or an administrator who works on the catalogue."""
    return access.role is Role.BIOLOGIST or (access.user.is_administrator and access.role in CONTRIBUTORS)


def why_not(session: Session, access: CatalogueAccess, found: Disagreement) -> str:
    """Why this person may not reconcile this disagreement; empty when she may.

    One of the two readers does only where the laboratory has nobody else.
    """
    if not may_reconcile(access):
        return NOT_ARBITER
    readers = (found.first.author_id, found.second.author_id)
    if access.user_id in readers and queue_sql.has_other_arbiter(session, access.laboratory_id, readers):
        return ONE_OF_THE_TWO
    return ""


def reconcile(
    session: Session,
    access: CatalogueAccess,
    local_test_id: int,
    expected_version: int,
    reading_public_id: str,
    answer: Answer,
    *,
    settings: Settings,
    weighed: Weighed = NOTHING_WEIGHED,
) -> Decision:
    """End a disagreement with a decision and its reason; both are facts.

    Raises what `read` raises, and StaleVersionError when somebody acted on the row meanwhile.
    """
    if not may_reconcile(access):
        raise NotAllowedError(NOT_ARBITER)
    said = _said(answer, OUTCOMES)
    require_written(said.reason, "Écrivez le motif de la conciliation.")
    row = open_row(session, access, local_test_id, expected_version)
    open_now = queue_sql.disagreements(session, access.catalogue_id, local_test_id)
    found = next((item for item in open_now if item.second.public_id == reading_public_id), None)
    if found is None:
        raise ConflictError(NO_DISAGREEMENT)
    refusal = why_not(session, access, found)
    if refusal:
        raise NotAllowedError(refusal)
    check_allowed(row, said.action, said.reason)
    judged = _judge(session, settings, access, row.test, said, weighed)
    content = DecisionContent(said.loinc_num, said.relation, said.reason, said.comment, said.justification)
    fact = append(
        session, row, said.action, content, release_id=judged.release_id, proposal_id=judged.proposal_id
    )
    session.add(
        ReadingReconciliation(
            reading_id=found.second.id or 0,
            decision_id=fact.id or 0,
            reason=said.reason,
            author_id=access.user_id,
            author_role=access.role,
        )
    )
    session.flush()
    record(
        session,
        "double_reading.reconcile",
        actor=access.user,
        object_type="local_test",
        object_id=row.test.id,
        laboratory_id=access.laboratory_id,
        local_code=row.test.code,
        loinc_num=said.loinc_num,
        decision_id=fact.id,
        reason=said.reason,
    )
    return fact


def _said(answer: Answer, allowed: frozenset[Action]) -> Answer:
    """The answer as it is stored: what does not belong to its action is left out; refuses what lacks something."""
    if answer.action not in allowed:
        raise InvalidInputError("Cette action n’est pas une lecture.")
    reason, comment, justification = seen(answer.reason), seen(answer.comment), seen(answer.justification)
    check_lengths(reason=reason, comment=comment, justification=justification)
    if answer.action is Action.CHOOSE:
        code = answer.loinc_num.strip()
        if not code:
            raise InvalidInputError("Choisissez un code.")
        if answer.relation not in list(Relation):
            raise InvalidInputError("Choisissez la relation entre le code et l'analyse.")
        if answer.relation == Relation.LOINC_NARROWER:
            require_written(comment, "Un code LOINC plus étroit que l'analyse demande un commentaire.")
        return Answer(Action.CHOOSE, code, answer.relation, reason, comment, justification)
    if answer.action in ALWAYS_WITH_REASON:
        asks = answer.action is Action.DOUBT
        require_written(reason, "Écrivez la question que cette ligne vous pose." if asks else "Indiquez le motif.")
    return Answer(answer.action, "", "", reason, comment, "")


def _judge(
    session: Session,
    settings: Settings,
    access: CatalogueAccess,
    test: LocalTest,
    said: Answer,
    weighed: Weighed,
) -> _Judged:
    """What the answer rests on; refuses a code that a first reader could not have chosen either."""
    context = mapping_context(session, access.catalogue_id, access.laboratory_id, blind_person(access))
    release_id = context.release.id if context.release else None
    if said.action is not Action.CHOOSE:
        return _Judged(release_id, None)
    proposal = _proposal(session, access.catalogue_id, test.id or 0, said.loinc_num)
    lines: Sequence[EvidenceLine] = (
        lines_of(proposal.evidence) if proposal else evidence_of(session, settings, test, said.loinc_num, weighed)
    )
    checks = checks_of_choice(mappings_of(session, context, [Pair(test, said.loinc_num, lines)])[0])
    refused = [check for check in checks if check.severity is CheckSeverity.REFUSED]
    if refused:
        raise InvalidInputError(" ".join(check.sentence for check in refused))
    if is_blocking(checks) and not is_written(said.justification):
        raise JustificationNeededError(checks, said.justification)
    return _Judged(release_id, proposal.id if proposal else None)


def _proposal(session: Session, catalogue_id: int, local_test_id: int, loinc_num: str) -> Proposal | None:
    current = repository.runs_of(session, catalogue_id).current
    if current is None or current.id is None:
        return None
    proposals = repository.proposals_of(session, current.id, local_test_id)
    return next((item for item in proposals if item.rank > 0 and item.loinc_num == loinc_num), None)
