"""Asking for one answer on the rows of a group: its gate is passed before the write, as that of every batch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlmodel import Session

from app.batches import repository
from app.batches.asking import MOST, candidates_of, store
from app.batches.gate import Candidate, held_for
from app.errors import ConflictError, InvalidInputError, NotFoundError
from app.jobs.queue import JobQueue
from app.models import Action, Batch, BatchKind, Relation
from app.platform.identity import CatalogueAccess
from app.platform.written import require_written
from app.text import seen
from app.transcoding.check_words import CheckSeverity
from app.transcoding.checks import OF_THE_CODE, checks_of_choice
from app.transcoding.gathering import Pair, mapping_context, mappings_of
from app.transcoding.ledger import check_lengths
from app.transcoding.readers import blind_person
from app.transcoding.repository import local_test, runs_of
from app.transcoding.workflow import ALWAYS_WITH_REASON
from app.worklist import groups
from app.worklist.queue import run_id_of

OF_GROUP = frozenset({Action.CHOOSE, Action.NO_LOINC, Action.OUT_OF_SCOPE, Action.DOUBT})


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said of every row of a group."""

    action: Action
    loinc_num: str = ""
    relation: str = Relation.EQUIVALENT
    reason: str = ""
    comment: str = ""


@dataclass(frozen=True, slots=True)
class SiftedGroup:
    """The rows of a group with the answer to write, those that are left with why, and the run of their proposals."""

    rows: Sequence[Candidate]
    refusals: Mapping[int, str]
    answer: Answer
    title: str
    run_id: int | None


def sift_group(
    session: Session, access: CatalogueAccess, local_test_id: int, versions: Mapping[int, int], answer: Answer
) -> SiftedGroup:
    """Pass these rows (row -> version read) through the gate; they must say the same as `local_test_id`.

    InvalidInputError when the answer may not be given to a group, or when a row is of another one.
    """
    answer = _checked(answer)
    test = local_test(session, access.catalogue_id, local_test_id)
    members = set(groups.ids_of_group(session, access.catalogue_id, local_test_id, MOST))
    if test is None or not members:
        raise NotFoundError("Cette analyse n'existe pas ou ne vous est pas ouverte.")
    strangers = versions.keys() - members
    if strangers:
        raise InvalidInputError("Une des lignes cochées ne fait pas partie de ce groupe : rouvrez-le.")
    if not versions:
        raise InvalidInputError("Cochez au moins une ligne.")
    is_choice = answer.action is Action.CHOOSE
    code = answer.loinc_num.strip() if is_choice else ""
    if is_choice:
        _require_code(session, access, local_test_id, code)
    found = candidates_of(session, access, MOST, None, list(versions))
    run_id = run_id_of(runs_of(session, access.catalogue_id))
    proposed = repository.proposals_of_code(session, run_id, list(versions), code) if is_choice else {}
    told = []
    for row in found:
        # The confidence of another code says nothing of this one.
        proposal_id, confidence = proposed.get(row.local_test_id, (None, 0.0))
        told.append(
            Candidate(
                local_test_id=row.local_test_id,
                # What she saw: an act since then answers that row, and that row only.
                version=versions[row.local_test_id],
                status=row.status,
                loinc_num=code,
                proposal_id=proposal_id,
                confidence=confidence,
            )
        )
    held = {row.local_test_id: held_for(row, access.user_id) for row in found}
    refusals = {row_id: reason for row_id, reason in held.items() if reason}
    return SiftedGroup(told, refusals, answer, f"« {test.label} »"[:500], run_id)


def ask_for_group(session: Session, queue: JobQueue, access: CatalogueAccess, sifted: SiftedGroup) -> Batch:
    """Ask for one answer on these rows; ConflictError when they were proposed anew since the gate."""
    if run_id_of(runs_of(session, access.catalogue_id)) != sifted.run_id:
        raise ConflictError("Les propositions viennent d'être recalculées : relisez le groupe avant de décider.")
    answer = sifted.answer
    batch = Batch(
        catalogue_id=access.catalogue_id,
        kind=BatchKind.GROUP,
        title=sifted.title,
        action=answer.action,
        relation=answer.relation if answer.action is Action.CHOOSE else "",
        reason=answer.reason,
        comment=answer.comment,
        author_id=access.user_id,
    )
    return store(session, queue, access, batch, sifted.rows, sifted.refusals)


def _checked(answer: Answer) -> Answer:
    """The answer as it is kept; InvalidInputError when something of it is missing."""
    if answer.action not in OF_GROUP:
        raise InvalidInputError("Cette action n'est pas une décision.")
    answer = replace(answer, reason=seen(answer.reason), comment=seen(answer.comment))
    check_lengths(reason=answer.reason, comment=answer.comment)
    if answer.action is Action.CHOOSE and not answer.loinc_num.strip():
        raise InvalidInputError("Choisissez un code.")
    if answer.action is Action.DOUBT:
        # The question is the reason of a doubt, whichever field it was written in.
        answer = replace(answer, reason=answer.reason or answer.comment[:500])
        require_written(answer.reason, "Écrivez la question à laquelle répondre.")
    if answer.action in ALWAYS_WITH_REASON:
        require_written(answer.reason, "Indiquez le motif.")
    if answer.relation not in list(Relation):
        raise InvalidInputError("Choisissez la relation entre le code et l'analyse.")
    if answer.relation == Relation.LOINC_NARROWER:
        require_written(answer.comment, "Un code LOINC plus étroit que l'analyse demande un commentaire.")
    return answer


def _require_code(session: Session, access: CatalogueAccess, local_test_id: int, code: str) -> None:
    """Refuse a code that no row can have, or not without a justification, which is written on a row by itself."""
    test = local_test(session, access.catalogue_id, local_test_id)
    assert test is not None, "a row of the group"
    context = mapping_context(session, access.catalogue_id, access.laboratory_id, blind_person(access))
    (mapping,) = mappings_of(session, context, [Pair(test, code, ())])
    found = [check for check in checks_of_choice(mapping) if check.code in OF_THE_CODE]
    stopping = [check for check in found if check.severity is not CheckSeverity.WARNING]
    if not stopping:
        return
    said = " ".join(check.sentence for check in stopping)
    if any(check.severity is CheckSeverity.REFUSED for check in stopping):
        raise InvalidInputError(said)
    raise InvalidInputError(f"{said} Il demande une justification écrite : décidez ces lignes une à une.")
