"""Deciding on a row: choosing a code, declaring that there is none, doubting, commenting, undoing."""

from collections.abc import Sequence
from dataclasses import replace

from sqlmodel import Session

from app.double_reading.asking import draw
from app.earlier import repository as earlier_repository
from app.earlier.wording import provenance
from app.errors import ConflictError, InvalidInputError
from app.models import Action, Decision, EarlierUse, Proposal, Relation, Status
from app.platform.identity import CatalogueAccess
from app.platform.written import require_written
from app.settings import Settings
from app.text import is_written, seen
from app.transcoding import repository
from app.transcoding.check_words import Check, CheckSeverity
from app.transcoding.checks import checks_of_choice, is_blocking
from app.transcoding.errors import JustificationNeededError
from app.transcoding.evidence import EvidenceLine, lines_of
from app.transcoding.facts import choice_in_force
from app.transcoding.gathering import MappingContext, Pair, mapping_context, mappings_of
from app.transcoding.ledger import DecisionContent, OpenRow, append, check_allowed, check_lengths, open_row
from app.transcoding.readers import blind_person, require_seen
from app.transcoding.weighing import NOTHING_WEIGHED, Weighed, evidence_of
from app.upgrades.tasks import open_task_of
from loinc_data.checkdigit import is_valid_loinc

DECISIONS = frozenset({Action.CHOOSE, Action.NO_LOINC, Action.OUT_OF_SCOPE, Action.DOUBT, Action.COMMENT})


def decide(
    session: Session,
    access: CatalogueAccess,
    local_test_id: int,
    expected_version: int,
    action: Action,
    *,
    settings: Settings,
    loinc_num: str = "",
    relation: str = Relation.EQUIVALENT,
    reason: str = "",
    comment: str = "",
    justification: str = "",
    weighed: Weighed = NOTHING_WEIGHED,
) -> Decision:
    """Record a decision on a row of the catalogue; `weighed` is what `weigh_choice` found before.

    Raises NotFoundError, NotAllowedError (the role), ConflictError (the state, or StaleVersionError when
    someone acted since `expected_version`), InvalidInputError (a reason or a comment is missing) and
    JustificationNeededError (a blocking check without justification). Nothing is written then.
    """
    if action not in DECISIONS:
        raise InvalidInputError("Cette action n'est pas une décision.")
    said = _statement(action, loinc_num.strip(), relation, reason, comment, justification)
    require_seen(session, access, local_test_id)
    row = open_row(session, access, local_test_id, expected_version)
    check_allowed(row, action, said.reason)
    if action is Action.COMMENT and not said.comment:
        raise InvalidInputError("Écrivez le commentaire.")
    _refuse_repetition(session, row, action, said)
    context = mapping_context(session, access.catalogue_id, access.laboratory_id, blind_person(access))
    release_id = context.release.id if context.release else None
    proposal = _proposal(session, row, said.loinc_num)
    if action is Action.CHOOSE and not said.reason:
        said = replace(said, reason=_provenance(session, local_test_id, said.loinc_num))
    if action is Action.CHOOSE:
        checks = chosen_checks(session, settings, context, row, said.loinc_num, proposal, weighed)
        _require_soundness(checks, said)
    fact = append(session, row, action, said, release_id=release_id, proposal_id=proposal.id if proposal else None)
    draw(session, access, fact)
    return fact


def undo(
    session: Session,
    access: CatalogueAccess,
    local_test_id: int,
    expected_version: int,
    reason: str = "",
    comment: str = "",
) -> Decision:
    """Take back one's own fact in force: a new fact, after which the row is as it was before that one."""
    check_lengths(reason=reason, comment=comment)
    require_seen(session, access, local_test_id)
    row = open_row(session, access, local_test_id, expected_version)
    check_allowed(row, Action.UNDO, reason)
    target = row.in_force
    if target is None:
        raise ConflictError("Il n'y a rien à annuler sur cette ligne.")
    if target.author_id != access.user_id:
        raise ConflictError("Vous ne pouvez annuler que votre propre décision, tant qu'elle est en vigueur.")
    if target.action == Action.REIMPORT:
        raise ConflictError("Le catalogue a changé sur cette ligne : décidez de nouveau.")
    said = DecisionContent(reason=reason, comment=comment)
    return append(session, row, Action.UNDO, said, release_id=target.release_id, undoes_id=target.id)


def chosen_checks(
    session: Session,
    settings: Settings,
    context: MappingContext,
    row: OpenRow,
    loinc_num: str,
    proposal: Proposal | None,
    weighed: Weighed = NOTHING_WEIGHED,
) -> list[Check]:
    """The checks of one code for this row, on the evidence of its proposal, weighed ahead, or computed now."""
    lines: Sequence[EvidenceLine] = (
        lines_of(proposal.evidence) if proposal else evidence_of(session, settings, row.test, loinc_num, weighed)
    )
    return checks_of_choice(mappings_of(session, context, [Pair(row.test, loinc_num, lines)])[0])


def _statement(
    action: Action, loinc_num: str, relation: str, reason: str, comment: str, justification: str
) -> DecisionContent:
    reason, comment, justification = seen(reason), seen(comment), seen(justification)
    check_lengths(reason=reason, comment=comment, justification=justification)
    if action is not Action.CHOOSE:
        named = loinc_num if action is Action.DOUBT else ""
        if named and not is_valid_loinc(named):
            raise InvalidInputError("Ce doute nomme un code qui n'est pas un code LOINC.")
        return DecisionContent(named, "", reason, comment, "")
    if not loinc_num:
        raise InvalidInputError("Choisissez un code.")
    if relation not in list(Relation):
        raise InvalidInputError("Choisissez la relation entre le code et l'analyse.")
    if relation == Relation.LOINC_NARROWER:
        require_written(comment, "Un code LOINC plus étroit que l'analyse demande un commentaire.")
    return DecisionContent(loinc_num, relation, reason, comment, justification)


def _refuse_repetition(session: Session, row: OpenRow, action: Action, said: DecisionContent) -> None:
    """Saying again what is already decided would only change its author.

    After a new release it says something: that the code was looked at again and still holds.
    """
    choice = choice_in_force(row.facts)
    if action is not Action.CHOOSE or row.state.status is not Status.DECIDED or choice is None:
        return
    same = choice.loinc_num == said.loinc_num and choice.relation == said.relation
    if same and row.test.id is not None and open_task_of(session, row.test.id) is not None:
        return
    if same and not said.comment and not said.justification:
        raise ConflictError(f"{said.loinc_num} est déjà la décision en vigueur sur cette ligne.")


def _provenance(session: Session, local_test_id: int, loinc_num: str) -> str:
    """Where the code comes from, when earlier work said it too and a person took it to be confirmed."""
    statements = earlier_repository.statements_on(session, local_test_id)
    taken = [
        item for item in statements if item.loinc_num == loinc_num and item.taken_as == EarlierUse.TO_CONFIRM
    ]
    return provenance(taken[0]) if taken else ""


def _proposal(session: Session, row: OpenRow, loinc_num: str) -> Proposal | None:
    """The proposal shown for this code, if it was proposed."""
    current = repository.runs_of(session, row.access.catalogue_id).current
    if current is None or current.id is None or row.test.id is None or not loinc_num:
        return None
    proposals = repository.proposals_of(session, current.id, row.test.id)
    return next((item for item in proposals if item.rank > 0 and item.loinc_num == loinc_num), None)


def _require_soundness(checks: list[Check], said: DecisionContent) -> None:
    refused = [check for check in checks if check.severity is CheckSeverity.REFUSED]
    if refused:
        raise InvalidInputError(" ".join(check.sentence for check in refused))
    if is_blocking(checks) and not is_written(said.justification):
        raise JustificationNeededError(checks, said.justification)
