"""The state is what the facts say, always."""

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from sqlalchemy import func
from sqlmodel import select

from app.approval import service as approval
from app.errors import WorkbenchError
from app.models import Action, Decision, LocalTest, Outcome, ReviewState, Role, Status
from app.platform.database import transaction
from app.transcoding.facts import StateValues, derive_state, in_force
from tests.app.review.conftest import SECOND_BIOLOGIST, Desk
from tests.conftest import BIOLOGIST, READER, TRANSCODER
from tests.hypothesis_profiles import costly


def fact(number: int, action: Action, author: int = 1, undoes: int | None = None, **said: str) -> Decision:
    return Decision(
        id=number,
        local_test_id=1,
        action=action,
        author_id=author,
        author_role=Role.TRANSCODER,
        undoes_id=undoes,
        **said,
    )


CHOSEN = fact(1, Action.CHOOSE, loinc_num="2951-2")


def test_no_fact_is_a_row_to_do() -> None:
    assert derive_state([]) == StateValues()


def test_a_choice_decides() -> None:
    state = derive_state([CHOSEN])
    assert (state.status, state.outcome, state.loinc_num, state.decided_by_id) == (
        Status.DECIDED, Outcome.CODE, "2951-2", 1,
    )  # fmt: skip


def test_a_comment_changes_nothing_but_the_comment_flag() -> None:
    state = derive_state([CHOSEN, fact(2, Action.COMMENT, comment="à revoir")])
    assert state.status is Status.DECIDED
    assert state.has_comment
    assert state.version == 2


def test_a_doubt_has_no_outcome() -> None:
    state = derive_state([CHOSEN, fact(2, Action.DOUBT, loinc_num="2951-2")])
    assert (state.status, state.outcome, state.loinc_num) == (Status.DOUBT, Outcome.NONE, "")


def test_an_approval_names_its_author_and_keeps_the_choice() -> None:
    state = derive_state([CHOSEN, fact(2, Action.APPROVE, author=7)])
    assert (state.status, state.decision_id, state.approval_id, state.approved_by_id) == (Status.APPROVED, 1, 2, 7)


def test_sending_back_keeps_the_choice_without_approval() -> None:
    state = derive_state([CHOSEN, fact(2, Action.SEND_BACK, author=7)])
    assert (state.status, state.outcome, state.approved_by_id) == (Status.SENT_BACK, Outcome.CODE, None)


def test_a_reimport_that_changed_the_row_sends_it_back() -> None:
    facts = [CHOSEN, fact(2, Action.APPROVE, author=7), fact(3, Action.REIMPORT, reason="unité : g/L → mmol/L")]
    state = derive_state(facts)
    assert (state.status, state.loinc_num, state.approved_by_id) == (Status.SENT_BACK, "2951-2", None)


def test_an_undo_restores_the_state_before() -> None:
    facts = [CHOSEN, fact(2, Action.NO_LOINC), fact(3, Action.UNDO, undoes=2)]
    assert derive_state(facts).loinc_num == "2951-2"
    assert in_force(facts) is CHOSEN
    assert derive_state([*facts, fact(4, Action.UNDO, undoes=1)]).status is Status.TODO


def test_undoing_a_reopening_restores_the_approval() -> None:
    facts = [CHOSEN, fact(2, Action.APPROVE, author=7), fact(3, Action.NO_LOINC), fact(4, Action.UNDO, undoes=3)]
    state = derive_state(facts)
    assert (state.status, state.approved_by_id, state.version) == (Status.APPROVED, 7, 4)


PEOPLE = (TRANSCODER, BIOLOGIST, SECOND_BIOLOGIST, READER)
MOVES = st.lists(
    st.tuples(st.sampled_from(list(Action)), st.sampled_from(PEOPLE), st.sampled_from(("", "motif"))), max_size=12
)


def _move(desk: Desk, row_id: int, action: Action, email: str, reason: str) -> None:
    version = desk.version(row_id)
    with transaction(desk.engine) as session:
        access = desk.access(email)
        if action is Action.APPROVE:
            approval.approve(session, access, row_id, version, settings=desk.settings)
        elif action is Action.SEND_BACK:
            approval.send_back(session, access, row_id, version, reason)
    if action is Action.UNDO:
        desk.undo(row_id, email, reason)
    elif action not in (Action.APPROVE, Action.SEND_BACK):
        desk.decide(row_id, action, email, reason=reason, comment="vu" if action is Action.COMMENT else "")


@costly(4, HealthCheck.function_scoped_fixture)
@given(moves=MOVES)
def test_the_stored_state_is_always_the_derived_one(desk: Desk, moves: list[tuple[Action, str, str]]) -> None:
    with transaction(desk.engine) as session:
        count = session.exec(select(func.count()).select_from(LocalTest)).one()
        row = LocalTest(
            catalogue_id=desk.catalogue_id,
            level="analysis",
            code=f"H{count}",
            label="SODIUM",
            specimen="Sérum",
            unit="mmol/L",
        )
        session.add(row)
        session.flush()
        row_id = row.id or 0
    for action, email, reason in moves:
        before = desk.facts(row_id)
        try:
            _move(desk, row_id, action, email, reason)
        except WorkbenchError:
            assert desk.facts(row_id) == before
        facts = desk.facts(row_id)
        stored, derived = desk.state(row_id), derive_state(facts)
        assert {name: getattr(stored, name) for name in StateValues.__slots__} == {
            name: getattr(derived, name) for name in StateValues.__slots__
        }
        if derived.status is Status.APPROVED:
            assert derived.approved_by_id != derived.decided_by_id


def test_a_row_without_fact_needs_no_stored_state(desk: Desk) -> None:
    with transaction(desk.engine) as session:
        assert session.get(ReviewState, desk.sodium) is None
    assert desk.state(desk.sodium).status == Status.TODO


@pytest.mark.parametrize("action", [Action.APPROVE, Action.SEND_BACK, Action.REIMPORT])
def test_a_judgement_alone_decides_nothing(action: Action) -> None:
    assert derive_state([fact(1, action)]).status is Status.TODO
