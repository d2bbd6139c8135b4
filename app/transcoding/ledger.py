"""Appending facts to rows, and their derived states, in the transaction of the request."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from app.audit.service import record
from app.errors import InvalidInputError, NotFoundError
from app.models import MARKS, Action, Decision, LocalTest, Status, utc_now
from app.platform.identity import CatalogueAccess
from app.platform.written import require_written
from app.proposals.habits import note_changes, received_codes
from app.text import seen
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
    return _opened(access, test, repository.facts_of(session, local_test_id), expected_version)


def _opened(access: CatalogueAccess, test: LocalTest, facts: list[Decision], expected_version: int) -> OpenRow:
    if len(facts) != expected_version:
        newer = facts[expected_version:] if 0 <= expected_version <= len(facts) else facts
        raise StaleVersionError(newer, is_own={fact.author_id for fact in newer} == {access.user_id})
    return OpenRow(access, test, facts, derive_state(facts))


@dataclass(frozen=True, slots=True)
class OpenRows:
    """Several rows to act on, locked until the transaction ends."""

    tests: dict[int, LocalTest]
    """Those that are there and open to the person; each is in one of the next two."""
    rows: dict[int, OpenRow]
    stale: dict[int, StaleVersionError]
    """Rows that somebody acted on since their version was read."""


def open_rows(session: Session, access: CatalogueAccess, versions: Mapping[int, int]) -> OpenRows:
    """What `open_row` does, for rows by identifier with the version that was read of each: two statements."""
    tests = repository.local_tests_locked(session, access.catalogue_id, versions)
    facts = repository.facts_of_many(session, tests)
    found = OpenRows(tests, {}, {})
    for row_id, test in tests.items():
        try:
            found.rows[row_id] = _opened(access, test, facts[row_id], versions[row_id])
        except StaleVersionError as error:
            found.stale[row_id] = error
    return found


def check_allowed(row: OpenRow, action: Action, reason: str) -> Transition:
    """The transition of this action, once the state machine allows it and a needed reason is there."""
    found = require(row.state.status, row.state.outcome, action, row.access.role)
    if found.needs_reason:
        asked = "Écrivez la question que pose ce doute." if action is Action.DOUBT else "Indiquez le motif."
        require_written(reason, asked)
    return found


@dataclass(frozen=True, slots=True)
class NewFact:
    """A fact to add to an open row after `check_allowed`."""

    row: OpenRow
    action: Action
    said: DecisionContent = NOTHING_SAID
    release_id: int | None = None
    proposal_id: int | None = None
    undoes_id: int | None = None


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
    return append_many(session, [NewFact(row, action, said, release_id, proposal_id, undoes_id)])[0]


def append_many(session: Session, asked: Sequence[NewFact]) -> list[Decision]:
    """The same for one fact each of several rows, in this order, in as many statements as for one."""
    if not asked:
        return []
    facts = [_fact(item) for item in asked]
    session.add_all(facts)
    session.flush()
    added = list(zip(asked, facts, strict=True))
    states = {fact.local_test_id: derive_state([*item.row.facts, fact]) for item, fact in added}
    assert len(states) == len(facts), "one fact a row: a second one would not know of the first"
    repository.store_states(session, states)
    _note_habits(session, asked, states)
    for item, fact in added:
        access, test = item.row.access, item.row.test
        record(
            session,
            f"decision.{item.action}",
            actor=access.user,
            object_type="local_test",
            object_id=test.id,
            laboratory_id=access.laboratory_id,
            decision_id=fact.id,
            local_code=test.code,
            loinc_num=fact.loinc_num,
            status=states[fact.local_test_id].status,
            undoes_id=item.undoes_id,
        )
    return facts


TAKEN_BACK = 5
"""How many new decisions one that is taken back stands for, in what is to be learned of a catalogue."""


def _note_habits(session: Session, asked: Sequence[NewFact], states: Mapping[int, StateValues]) -> None:
    """Count the rows whose code to learn from came, went or changed: once they are many, workers learn from them.

    One that is taken back counts for several: what it showed is no longer so, and must not be quoted for long. A code
    of an earlier transcoding counts once, when a biologist approves it.
    """
    pairs = [(item, states[item.row.test.id or 0]) for item in asked]
    moved = [(item, after) for item, after in pairs if _standing(item.row.state) != _standing(after)]
    received = received_codes(session, [item.row.test.id or 0 for item, _ in moved])
    changed: Counter[int] = Counter()
    for item, state in moved:
        known = received.get(item.row.test.id or 0, frozenset())
        before, after = _learned_code(item.row.state, known), _learned_code(state, known)
        if before != after:
            changed[item.row.access.catalogue_id] += TAKEN_BACK if before else 1
    for catalogue_id, changes in sorted(changed.items()):
        note_changes(session, catalogue_id, changes)


def _standing(state: StateValues) -> tuple[str, bool]:
    """The decided code and whether it is approved: where neither changes, there is nothing to look up."""
    is_decided = bool(state.loinc_num) and state.status in (Status.DECIDED, Status.APPROVED)
    return (state.loinc_num, state.status == Status.APPROVED) if is_decided else ("", False)


def _learned_code(state: StateValues, received: Collection[str]) -> str:
    """The code that a row shows habits by, as `habits_repository.decided_codes` reads it; empty when it shows none."""
    code, is_approved = _standing(state)
    return code if is_approved or code not in received else ""


def _fact(asked: NewFact) -> Decision:
    row, said, before = asked.row, asked.said, asked.row.in_force
    supersedes = before is not None and asked.action is not Action.COMMENT and asked.action not in MARKS
    assert row.test.id is not None
    return Decision(
        local_test_id=row.test.id,
        action=asked.action,
        loinc_num=said.loinc_num,
        relation=said.relation,
        reason=seen(said.reason),
        comment=seen(said.comment),
        justification=seen(said.justification),
        release_id=asked.release_id,
        proposal_id=asked.proposal_id,
        author_id=row.access.user_id,
        author_role=row.access.role,
        created_at=utc_now(),
        supersedes_id=before.id if before is not None and supersedes else None,
        undoes_id=asked.undoes_id,
    )
