"""What helps those who review and decides nothing: candidates set aside, and flags on rows."""

from sqlmodel import Session

from app.earlier.repository import statements_on
from app.errors import ConflictError, InvalidInputError
from app.models import Action, Decision
from app.platform.identity import CatalogueAccess
from app.text import seen
from app.transcoding import repository
from app.transcoding.facts import flag_on, rejected_candidates
from app.transcoding.ledger import DecisionContent, append, check_allowed, check_lengths, open_row
from app.transcoding.readers import require_seen
from loinc_data.checkdigit import is_valid_loinc

CANDIDATE_MARKS = frozenset({Action.REJECT_CANDIDATE, Action.RESTORE_CANDIDATE})
FLAG_MARKS = frozenset({Action.FLAG, Action.UNFLAG})


def mark_candidate(
    session: Session, access: CatalogueAccess, local_test_id: int, expected_version: int, action: Action, loinc_num: str
) -> Decision:
    """Set a candidate of the row aside, or take it back among the others: a new fact either way.

    Raises NotFoundError, NotAllowedError, StaleVersionError, InvalidInputError (no such code) and ConflictError (the
    code is the one decided, is aside already, or is not). Nothing is written then.
    """
    if action not in CANDIDATE_MARKS:
        raise InvalidInputError("On écarte un candidat, ou on le reprend.")
    number = loinc_num.strip()
    if not is_valid_loinc(number):
        raise InvalidInputError("Choisissez d'abord un candidat.")
    require_seen(session, access, local_test_id)
    row = open_row(session, access, local_test_id, expected_version)
    check_allowed(row, action, "")
    aside = rejected_candidates(row.facts).get(number)
    if action is Action.RESTORE_CANDIDATE:
        if aside is None:
            raise ConflictError(f"{number} n'est pas écarté sur cette ligne.")
        return append(session, row, action, DecisionContent(number), undoes_id=aside.id)
    if aside is not None:
        raise ConflictError(f"{number} est déjà écarté sur cette ligne.")
    if row.state.loinc_num == number:
        raise ConflictError(f"{number} est le code décidé : annulez la décision, ou décidez autrement.")
    current = repository.runs_of(session, access.catalogue_id).current
    proposals = repository.proposals_of(session, current.id or 0, local_test_id) if current else []
    proposal = next((item for item in proposals if item.rank > 0 and item.loinc_num == number), None)
    if proposal is None and number not in {item.loinc_num for item in statements_on(session, local_test_id)}:
        raise InvalidInputError(f"{number} n'est pas un candidat de cette ligne : il n'y a rien à écarter.")
    return append(
        session,
        row,
        action,
        DecisionContent(number),
        release_id=current.release_id if current else None,
        proposal_id=proposal.id if proposal else None,
    )


def mark_row(
    session: Session, access: CatalogueAccess, local_test_id: int, expected_version: int, action: Action, note: str = ""
) -> Decision:
    """Put a flag on the row, with a note or without, or take it off; flagging again changes the note.

    Raises as `mark_candidate` does.
    """
    if action not in FLAG_MARKS:
        raise InvalidInputError("On pose un repère, ou on le retire.")
    check_lengths(reason=note)
    require_seen(session, access, local_test_id)
    row = open_row(session, access, local_test_id, expected_version)
    check_allowed(row, action, note)
    flag = flag_on(row.facts)
    if action is Action.UNFLAG:
        if flag is None:
            raise ConflictError("Cette ligne n'a pas de repère.")
        return append(session, row, action, undoes_id=flag.id)
    if flag is not None and flag.reason == seen(note):
        raise ConflictError("Cette ligne a déjà ce repère.")
    return append(session, row, action, DecisionContent(reason=note))
