"""Deciding and undoing: who may, what is written, what is refused."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from app.errors import ConflictError, InvalidInputError, NotAllowedError, NotFoundError
from app.models import Action, Outcome, Relation, Status
from app.platform.database import transaction
from app.review import service
from app.transcoding.errors import JustificationNeededError, StaleVersionError
from tests.app.review.conftest import Desk
from tests.conftest import BIOLOGIST, READER, TRANSCODER


def test_a_choice_records_release_proposal_relation_and_author(desk: Desk) -> None:
    fact = desk.decide(desk.sodium, relation=Relation.LOINC_WIDER, comment="vu avec le SGL")
    assert fact.release_id == desk.release.id
    assert fact.proposal_id is not None
    assert fact.relation == Relation.LOINC_WIDER
    assert fact.author_id == desk.world.user_id(TRANSCODER)
    assert fact.author_role == "transcoder"
    assert fact.created_at.tzinfo is not None
    state = desk.state(desk.sodium)
    assert (state.status, state.outcome, state.loinc_num, state.version) == ("decided", "code", "2951-2", 1)
    assert state.has_comment
    assert desk.audit() == ["decision.choose"]


def test_a_code_that_was_not_proposed_is_weighed_on_the_spot(desk: Desk) -> None:
    fact = desk.decide(desk.glucose, loinc_num="1988-5", justification="essai", version=0)
    assert fact.proposal_id is None


def test_a_new_decision_supersedes_the_one_in_force(desk: Desk) -> None:
    first = desk.decide(desk.sodium)
    second = desk.decide(desk.sodium, Action.NO_LOINC)
    assert second.supersedes_id == first.id
    assert desk.state(desk.sodium).outcome == Outcome.NO_LOINC


def test_a_biologist_may_decide_too(desk: Desk) -> None:
    desk.decide(desk.sodium, email=BIOLOGIST)
    assert desk.state(desk.sodium).decided_by_id == desk.world.user_id(BIOLOGIST)


@pytest.mark.parametrize("action", [Action.CHOOSE, Action.NO_LOINC, Action.OUT_OF_SCOPE, Action.DOUBT, Action.COMMENT])
def test_a_reader_decides_nothing(desk: Desk, action: Action) -> None:
    with pytest.raises(NotAllowedError):
        desk.decide(desk.sodium, action, email=READER, comment="x")
    assert desk.facts(desk.sodium) == []
    assert desk.audit() == []


@pytest.mark.parametrize("action", [Action.NO_LOINC, Action.OUT_OF_SCOPE])
def test_no_code_needs_a_reason(desk: Desk, action: Action) -> None:
    with pytest.raises(InvalidInputError, match="motif"):
        desk.decide(desk.sodium, action, reason="  ")


def test_a_comment_needs_a_text(desk: Desk) -> None:
    with pytest.raises(InvalidInputError, match="commentaire"):
        desk.decide(desk.sodium, Action.COMMENT)


def test_a_narrower_code_needs_a_comment(desk: Desk) -> None:
    with pytest.raises(InvalidInputError, match="plus étroit"):
        desk.decide(desk.sodium, relation=Relation.LOINC_NARROWER)
    desk.decide(desk.sodium, relation=Relation.LOINC_NARROWER, comment="le code impose le sang artériel")


@pytest.mark.parametrize("code", ["2951-3", "abc", "19146-0"])
def test_a_code_that_is_none_is_refused(desk: Desk, code: str) -> None:
    with pytest.raises(InvalidInputError):
        desk.decide(desk.sodium, loinc_num=code, justification="j'insiste")


def test_a_blocking_check_needs_a_justification(desk: Desk) -> None:
    with pytest.raises(JustificationNeededError) as caught:
        desk.decide(desk.sodium, loinc_num="2823-3")
    assert [check.code for check in caught.value.checks] == ["absent"]
    assert desk.facts(desk.sodium) == []
    fact = desk.decide(desk.sodium, loinc_num="2823-3", justification="code de la prochaine version")
    assert fact.justification == "code de la prochaine version"


def test_someone_acting_first_is_a_conflict_that_shows_her_facts(desk: Desk) -> None:
    desk.decide(desk.sodium, email=BIOLOGIST)
    with pytest.raises(StaleVersionError) as caught:
        desk.decide(desk.sodium, Action.NO_LOINC, version=0)
    assert len(caught.value.newer) == 1
    assert desk.version(desk.sodium) == 1


def test_saying_the_same_again_does_not_change_the_author(desk: Desk) -> None:
    desk.decide(desk.sodium)
    with pytest.raises(ConflictError, match="déjà"):
        desk.decide(desk.sodium, email=BIOLOGIST)
    desk.decide(desk.sodium, email=BIOLOGIST, comment="je confirme autrement")


def test_reopening_an_approved_row_needs_a_reason(desk: Desk, approved: Callable[[int], None]) -> None:
    approved(desk.sodium)
    with pytest.raises(InvalidInputError, match="motif"):
        desk.decide(desk.sodium, loinc_num="2947-0", justification="vu avec lui")
    desk.decide(desk.sodium, loinc_num="2947-0", justification="vu avec lui", reason="le tube a changé")
    assert desk.state(desk.sodium).status == Status.DECIDED
    desk.undo(desk.sodium)
    assert desk.state(desk.sodium).status == Status.APPROVED


def test_a_row_of_another_catalogue_does_not_exist(desk: Desk) -> None:
    other = desk.world.add_catalogue("Autre", desk.world.other_laboratory.id)
    access = desk.world.catalogue_access(TRANSCODER, other)
    with transaction(desk.engine) as session, pytest.raises(NotFoundError):
        service.decide(session, access, desk.sodium, 0, Action.CHOOSE, settings=desk.settings, loinc_num="2951-2")


def test_a_text_longer_than_its_column_is_refused(desk: Desk) -> None:
    with pytest.raises(InvalidInputError, match="trop long"):
        desk.decide(desk.sodium, Action.NO_LOINC, reason="x" * 501)


def test_undo_takes_back_one_s_own_fact_in_force_step_by_step(desk: Desk) -> None:
    first = desk.decide(desk.sodium)
    desk.decide(desk.sodium, Action.DOUBT)
    undone = desk.undo(desk.sodium)
    assert undone.undoes_id == desk.facts(desk.sodium)[1].id
    assert desk.state(desk.sodium).decision_id == first.id
    desk.undo(desk.sodium)
    assert desk.state(desk.sodium).status == Status.TODO
    with pytest.raises(ConflictError, match="rien à annuler"):
        desk.undo(desk.sodium)
    assert len(desk.facts(desk.sodium)) == 4


def test_undo_leaves_the_decision_of_someone_else(desk: Desk) -> None:
    desk.decide(desk.sodium)
    with pytest.raises(ConflictError, match="votre propre"):
        desk.undo(desk.sodium, BIOLOGIST)
    desk.decide(desk.sodium, Action.DOUBT, email=BIOLOGIST)
    with pytest.raises(ConflictError, match="votre propre"):
        desk.undo(desk.sodium)


def test_undoing_an_approval_is_the_biologist_s_with_a_reason(desk: Desk, approved: Callable[[int], None]) -> None:
    approved(desk.sodium)
    with pytest.raises(NotAllowedError):
        desk.undo(desk.sodium, reason="je me suis trompée")
    with pytest.raises(InvalidInputError, match="motif"):
        desk.undo(desk.sodium, BIOLOGIST)
    desk.undo(desk.sodium, BIOLOGIST, "approuvée par erreur")
    assert desk.state(desk.sodium).status == Status.DECIDED


def test_of_two_people_at_the_same_instant_one_is_recorded(desk: Desk) -> None:
    barrier = Barrier(2)

    def act(email: str) -> str:
        barrier.wait()
        try:
            desk.decide(desk.sodium, Action.NO_LOINC, email=email, version=0)
        except StaleVersionError:
            return "conflict"
        return "recorded"

    with ThreadPoolExecutor(2) as pool:
        outcomes = sorted(pool.map(act, (TRANSCODER, BIOLOGIST)))
    assert outcomes == ["conflict", "recorded"]
    assert len(desk.facts(desk.sodium)) == 1
