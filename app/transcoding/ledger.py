"""Appending one fact to a row, and its derived state, in the transaction of the request."""

from dataclasses import dataclass

from sqlmodel import Session

from app.audit.service import record
from app.errors import InvalidInputError, NotFoundError
from app.models import Action, Decision, LocalTest, utc_now
from app.platform.identity import CatalogueAccess
from app.transcoding import repository
from app.transcoding.errors import StaleVersionError
from app.transcoding.facts import StateValues, derive_state, in_force
from app.transcoding.workflow import Transition, require

LIMITS = {"reason": 500, "comment": 4000, "justification": 2000}
"""The most characters of what a person writes with a fact, as wide as the columns."""


@dataclass(frozen=True, slots=True)
class OpenRow:
    """A row as found by the person who acts on it, locked until her transaction ends."""

    access: CatalogueAccess
    test: LocalTest
    facts: list[Decision]
    state: StateValues

    @property
    def in_force(self) -> Decision | None:
        """The fact that gives the row its present state."""
        return in_force(self.facts)


@dataclass(frozen=True, slots=True)
class DecisionContent:
    """What a person says with a fact."""

    loinc_num: str = ""
    relation: str = ""
    reason: str = ""
    comment: str = ""
    justification: str = ""


NOTHING_SAID = DecisionContent()


def check_lengths(**texts: str) -> None:
    """Refuse a text longer than its column."""
    for name, text in texts.items():
        if len(text) > LIMITS[name]:
            raise InvalidInputError(f"Ce texte est trop long : {LIMITS[name]} caractères au plus.")


def open_row(session: Session, access: CatalogueAccess, local_test_id: int, expected_version: int) -> OpenRow:
    """The row to act on, if nobody acted since this version was read; else StaleVersionError."""
    test = repository.local_test(session, access.catalogue_id, local_test_id, lock=True)
    if test is None:
        raise NotFoundError("Cette analyse n'existe pas ou ne vous est pas ouverte.")
    facts = repository.facts_of(session, local_test_id)
    if len(facts) != expected_version:
        raise StaleVersionError(facts[expected_version:] if 0 <= expected_version <= len(facts) else facts)
    return OpenRow(access, test, facts, derive_state(facts))


def check_allowed(row: OpenRow, action: Action, reason: str) -> Transition:
    """The transition of this action, once the state machine allows it and a needed reason is there."""
    found = require(row.state.status, row.state.outcome, action, row.access.role)
    if found.needs_reason and not reason.strip():
        raise InvalidInputError("Indiquez le motif.")
    return found


def append(
    session: Session,
    row: OpenRow,
    action: Action,
    said: DecisionContent = NOTHING_SAID,
    *,
    release_id: int | None = None,
    proposal_id: int | None = None,
    undoes_id: int | None = None,
) -> Decision:
    """Add a fact after `check_allowed`, store the state it leads to, and record it in the audit trail."""
    before = row.in_force
    assert row.test.id is not None
    fact = Decision(
        local_test_id=row.test.id,
        action=action,
        loinc_num=said.loinc_num,
        relation=said.relation,
        reason=said.reason.strip(),
        comment=said.comment.strip(),
        justification=said.justification.strip(),
        release_id=release_id,
        proposal_id=proposal_id,
        author_id=row.access.user_id,
        author_role=row.access.role,
        created_at=utc_now(),
        supersedes_id=None if before is None or action is Action.COMMENT else before.id,
        undoes_id=undoes_id,
    )
    session.add(fact)
    session.flush()
    state = derive_state([*row.facts, fact])
    repository.store_state(session, row.test.id, state)
    record(
        session,
        f"decision.{action}",
        actor=row.access.user,
        object_type="local_test",
        object_id=row.test.id,
        laboratory_id=row.access.laboratory_id,
        decision_id=fact.id,
        local_code=row.test.code,
        loinc_num=fact.loinc_num,
        status=state.status,
        undoes_id=undoes_id,
    )
    return fact
