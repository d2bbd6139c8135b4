"""The second reading, the disagreement and its end: who, when, and what an approval waits for."""

from collections.abc import Callable

import pytest
from sqlmodel import select

from app.approval.service import approve_many
from app.double_reading import queue_sql
from app.double_reading.service import Answer
from app.errors import ConflictError, InvalidInputError, NotAllowedError, NotFoundError
from app.models import Action, Catalogue, Laboratory, LocalTest, Membership, Role, Status
from app.platform.database import Transactions, reading, transaction
from app.publication.repository import export_tests
from app.publication.state import state_of
from app.transcoding.errors import JustificationNeededError
from app.transcoding.readers import AWAITED
from app.transcoding.readings import DISAGREEMENT, ReadingStanding
from tests.app.double_reading.conftest import SECOND_BIOLOGIST, SODIUM, SODIUM_IN_BLOOD, Readings, other_code
from tests.app.review.conftest import Desk
from tests.conftest import BIOLOGIST, NAMES, READER, TRANSCODER

SAME = Answer(Action.CHOOSE, SODIUM)


def test_the_same_code_is_an_agreement(readings: Readings) -> None:
    desk = readings.desk
    readings.decide_and_ask(desk.sodium)
    assert readings.standing(desk.sodium) is ReadingStanding.WAITING
    said = readings.read(desk.sodium, SAME)
    assert said.is_agreement
    assert readings.standing(desk.sodium) is ReadingStanding.AGREED
    assert desk.audit()[-1] == "double_reading.read"
    assert readings.waiting().second == 0


@pytest.mark.parametrize(
    ("answer", "agrees"),
    [
        (other_code(), False),
        (Answer(Action.NO_LOINC, reason="aucun"), False),
        (Answer(Action.OUT_OF_SCOPE, reason="texte"), False),
        (Answer(Action.DOUBT, reason="sérum ou sang ?"), False),
    ],
)
def test_any_other_answer_is_a_disagreement(readings: Readings, answer: Answer, agrees: bool) -> None:
    desk = readings.desk
    readings.decide_and_ask(desk.sodium)
    assert readings.read(desk.sodium, answer).is_agreement is agrees
    assert readings.standing(desk.sodium) is ReadingStanding.DISAGREED


def test_no_code_agrees_with_no_code_whatever_the_reasons(readings: Readings) -> None:
    desk = readings.desk
    readings.decide_and_ask(desk.strip, Action.NO_LOINC)
    assert readings.read(desk.strip, Answer(Action.NO_LOINC, reason="autrement dit")).is_agreement


def test_the_first_reader_is_not_the_second(readings: Readings) -> None:
    desk = readings.desk
    readings.decide_and_ask(desk.sodium)
    assert (readings.waiting(TRANSCODER).mine, readings.waiting(BIOLOGIST).mine) == (0, 1)
    with pytest.raises(NotAllowedError, match="déjà agi"):
        readings.read(desk.sodium, SAME, TRANSCODER)


def test_whoever_commented_the_row_is_not_the_second_reader(readings: Readings) -> None:
    desk = readings.desk
    readings.decide_and_ask(desk.sodium)
    desk.decide(desk.sodium, Action.COMMENT, BIOLOGIST, comment="vu")
    with pytest.raises(NotAllowedError, match="déjà agi"):
        readings.read(desk.sodium, SAME)
    assert readings.waiting(SECOND_BIOLOGIST).mine == 1


def test_a_reader_of_the_laboratory_does_not_read(readings: Readings) -> None:
    readings.decide_and_ask(readings.desk.sodium)
    with pytest.raises(NotAllowedError):
        readings.read(readings.desk.sodium, SAME, READER)


def test_a_row_is_read_once(readings: Readings) -> None:
    desk = readings.desk
    readings.decide_and_ask(desk.sodium)
    readings.read(desk.sodium, SAME)
    with pytest.raises(ConflictError, match="Aucune deuxième lecture"):
        readings.read(desk.sodium, SAME, SECOND_BIOLOGIST)


def test_a_request_lapses_with_its_decision(readings: Readings) -> None:
    desk = readings.desk
    readings.decide_and_ask(desk.sodium)
    desk.undo(desk.sodium)
    assert readings.standing(desk.sodium) is ReadingStanding.NONE
    with pytest.raises(ConflictError, match="Aucune deuxième lecture"):
        readings.read(desk.sodium, SAME)
    assert readings.waiting().second == 0


def test_a_request_of_before_does_not_answer_the_new_one(readings: Readings) -> None:
    desk = readings.desk
    readings.decide_and_ask(desk.sodium)
    before = readings.request(desk.sodium).public_id
    desk.undo(desk.sodium)
    readings.decide_and_ask(desk.sodium, Action.NO_LOINC)
    with pytest.raises(ConflictError):
        readings.read(desk.sodium, SAME, request=before)


def test_a_row_of_another_catalogue_is_not_there(readings: Readings) -> None:
    desk = readings.desk
    readings.decide_and_ask(desk.sodium)
    other = desk.world.add_catalogue("Autre")
    with transaction(desk.engine) as session:
        test = LocalTest(catalogue_id=other.id or 0, level="analysis", code="X", label="X", position=0)
        session.add(test)
        session.flush()
        elsewhere = test.id or 0
    with pytest.raises(NotFoundError):
        readings.read(elsewhere, SAME, request=readings.request(desk.sodium).public_id)


@pytest.mark.parametrize(
    "answer",
    [
        Answer(Action.CHOOSE, ""),
        Answer(Action.CHOOSE, SODIUM, "presque"),
        Answer(Action.CHOOSE, SODIUM, "loinc_narrower"),
        Answer(Action.NO_LOINC, reason="  "),
        Answer(Action.DOUBT),
        Answer(Action.APPROVE),
        Answer(Action.CHOOSE, SODIUM, reason="x" * 501),
    ],
)
def test_what_a_reading_lacks_is_said(readings: Readings, answer: Answer) -> None:
    readings.decide_and_ask(readings.desk.sodium)
    with pytest.raises(InvalidInputError):
        readings.read(readings.desk.sodium, answer)
    assert readings.standing(readings.desk.sodium) is ReadingStanding.WAITING


def test_a_blocked_code_needs_its_justification_as_in_the_review(readings: Readings) -> None:
    desk = readings.desk
    with pytest.raises(JustificationNeededError):
        desk.decide(desk.glucose, loinc_num="5792-7")
    readings.decide_and_ask(desk.glucose, loinc_num="14749-6")
    with pytest.raises(JustificationNeededError):
        readings.read(desk.glucose, Answer(Action.CHOOSE, "5792-7"))


def test_a_disagreement_is_not_approved(readings: Readings, differing: Callable[[], None]) -> None:
    desk = readings.desk
    differing()
    with pytest.raises(ConflictError) as refused:
        readings.approve(desk.sodium, SECOND_BIOLOGIST)
    assert refused.value.message == DISAGREEMENT
    assert desk.state(desk.sodium).status == Status.DECIDED


def test_nor_is_it_among_others(readings: Readings, differing: Callable[[], None]) -> None:
    desk = readings.desk
    differing()
    desk.decide(desk.glucose, loinc_num="14749-6")
    ticked = [(row, desk.version(row)) for row in (desk.sodium, desk.glucose)]
    answers = approve_many(Transactions(desk.engine), desk.access(SECOND_BIOLOGIST), ticked, desk.settings)
    assert [answer.is_approved for answer in answers] == [False, True]
    assert answers[0].message == DISAGREEMENT


def test_what_was_chosen_for_a_second_reading_waits_for_it(readings: Readings) -> None:
    desk = readings.desk
    readings.decide_and_ask(desk.glucose, loinc_num="14749-6")
    with pytest.raises(ConflictError) as refused:
        readings.approve(desk.glucose, SECOND_BIOLOGIST)
    assert refused.value.message == AWAITED
    ticked = [(desk.glucose, desk.version(desk.glucose))]
    answers = approve_many(Transactions(desk.engine), desk.access(SECOND_BIOLOGIST), ticked, desk.settings)
    assert [(answer.is_approved, answer.message) for answer in answers] == [(False, AWAITED)]
    readings.read(desk.glucose, Answer(Action.CHOOSE, "14749-6"))
    readings.approve(desk.glucose, SECOND_BIOLOGIST)
    assert desk.state(desk.glucose).status == Status.APPROVED


def test_where_nobody_can_read_it_again_it_is_approved(readings: Readings) -> None:
    desk = readings.desk
    readings.decide_and_ask(desk.sodium)
    desk.decide(desk.sodium, Action.COMMENT, SECOND_BIOLOGIST, comment="vu")
    with pytest.raises(ConflictError):
        readings.approve(desk.sodium, SECOND_BIOLOGIST)
    desk.decide(desk.sodium, Action.COMMENT, BIOLOGIST, comment="vu")
    readings.approve(desk.sodium, SECOND_BIOLOGIST)
    with reading(desk.engine) as session:
        assert queue_sql.approved_unread(session, desk.catalogue_id) == 1, "and it is told"


def test_saying_the_same_again_does_not_end_a_disagreement(
    readings: Readings, differing: Callable[[], None]
) -> None:
    desk = readings.desk
    differing()
    desk.decide(desk.sodium, comment="je maintiens")
    assert readings.standing(desk.sodium) is ReadingStanding.DISAGREED
    desk.undo(desk.sodium)
    desk.undo(desk.sodium)
    assert desk.state(desk.sodium).status == Status.TODO, "one's own decision can be taken back"
    assert readings.standing(desk.sodium) is ReadingStanding.DISAGREED
    desk.decide(desk.sodium)
    with pytest.raises(ConflictError):
        readings.approve(desk.sodium, SECOND_BIOLOGIST)


OTHERWISE: dict[str, Callable[[Desk], object]] = {
    "the second reader decides what she read": lambda desk: desk.decide(
        desk.sodium, email=BIOLOGIST, loinc_num=SODIUM_IN_BLOOD, justification="sang total"
    ),
    "the second reader says that there is none": lambda desk: desk.decide(
        desk.sodium, Action.NO_LOINC, BIOLOGIST, reason="aucun"
    ),
    "the first reader comes round": lambda desk: desk.decide(
        desk.sodium, loinc_num=SODIUM_IN_BLOOD, justification="sang total"
    ),
    "the first reader leaves it out": lambda desk: desk.decide(desk.sodium, Action.OUT_OF_SCOPE, reason="texte"),
    "a doubt comes between": lambda desk: (
        desk.decide(desk.sodium, Action.DOUBT, BIOLOGIST, reason="lequel ?"),
        desk.decide(desk.sodium, email=BIOLOGIST),
    ),
    "another person decides the same": lambda desk: desk.decide(desk.sodium, email=BIOLOGIST, comment="moi aussi"),
    "it is taken back, then decided by another": lambda desk: (
        desk.undo(desk.sodium),
        desk.decide(desk.sodium, email=BIOLOGIST),
    ),
}


@pytest.mark.parametrize("way", OTHERWISE)
def test_no_decision_ends_a_disagreement(readings: Readings, differing: Callable[[], None], way: str) -> None:
    desk = readings.desk
    differing()
    OTHERWISE[way](desk)
    assert readings.standing(desk.sodium) is ReadingStanding.DISAGREED
    assert readings.waiting().reconciliation == 1
    with pytest.raises(ConflictError) as refused:
        readings.approve(desk.sodium, SECOND_BIOLOGIST)
    assert refused.value.message == DISAGREEMENT
    readings.reconcile(desk.sodium, other_code(reason="tube de sang total"))
    assert readings.standing(desk.sodium) is ReadingStanding.RECONCILED
    readings.approve(desk.sodium, BIOLOGIST)


def test_a_row_in_disagreement_is_not_asked_for_again(readings: Readings, differing: Callable[[], None]) -> None:
    desk = readings.desk
    differing()
    assert readings.ask(desk.decide(desk.sodium, Action.NO_LOINC, reason="aucun")) == 0
    assert readings.waiting().second == 0
    readings.reconcile(desk.sodium, other_code(reason="tube de sang total"))
    assert readings.ask(desk.decide(desk.sodium, Action.NO_LOINC, reason="aucun")) == 1, "it ended: as any other row"


def test_a_third_person_reconciles(readings: Readings, differing: Callable[[], None]) -> None:
    desk = readings.desk
    differing()
    fact = readings.reconcile(desk.sodium, other_code(reason="tube de sang total"))
    assert (fact.action, fact.loinc_num, fact.reason) == (Action.CHOOSE, SODIUM_IN_BLOOD, "tube de sang total")
    assert [item.action for item in desk.facts(desk.sodium)] == ["choose", "choose"]
    assert readings.standing(desk.sodium) is ReadingStanding.RECONCILED
    assert desk.audit()[-2:] == ["decision.choose", "double_reading.reconcile"]
    readings.approve(desk.sodium, BIOLOGIST)


def test_the_first_answer_may_be_kept(readings: Readings, differing: Callable[[], None]) -> None:
    desk = readings.desk
    differing()
    readings.reconcile(desk.sodium, Answer(Action.CHOOSE, SODIUM, reason="sérum écrit"))
    assert desk.state(desk.sodium).loinc_num == SODIUM
    assert readings.standing(desk.sodium) is ReadingStanding.RECONCILED
    readings.approve(desk.sodium, BIOLOGIST)


def test_a_reconciliation_needs_a_reason_and_an_outcome(readings: Readings, differing: Callable[[], None]) -> None:
    differing()
    with pytest.raises(InvalidInputError, match="motif"):
        readings.reconcile(readings.desk.sodium, Answer(Action.CHOOSE, SODIUM))
    with pytest.raises(InvalidInputError):
        readings.reconcile(readings.desk.sodium, Answer(Action.DOUBT, reason="je ne sais pas"))


def test_one_of_the_two_does_not_reconcile_where_there_is_another(
    readings: Readings, differing: Callable[[], None]
) -> None:
    differing()
    with pytest.raises(NotAllowedError, match="l’un des deux"):
        readings.reconcile(readings.desk.sodium, Answer(Action.CHOOSE, SODIUM, reason="c'est le mien"), BIOLOGIST)
    with pytest.raises(NotAllowedError, match="biologiste ou un administrateur"):
        readings.reconcile(readings.desk.sodium, Answer(Action.CHOOSE, SODIUM, reason="c'est le mien"), TRANSCODER)


def test_one_of_the_two_does_where_there_is_nobody_else(readings: Readings, differing: Callable[[], None]) -> None:
    desk = readings.desk
    differing()
    with transaction(desk.engine) as session:
        member = session.exec(
            select(Membership).where(Membership.user_id == desk.world.user_id(SECOND_BIOLOGIST))
        ).one()
        member.role = Role.READER
    readings.reconcile(desk.sodium, Answer(Action.CHOOSE, SODIUM, reason="vu ensemble"), BIOLOGIST)
    assert readings.standing(desk.sodium) is ReadingStanding.RECONCILED


def test_an_approved_row_in_disagreement_is_reopened_by_its_reconciliation(readings: Readings) -> None:
    desk = readings.desk
    readings.approve_then_ask(desk.sodium)
    readings.read(desk.sodium, other_code())
    assert readings.standing(desk.sodium) is ReadingStanding.DISAGREED
    readings.reconcile(desk.sodium, other_code(reason="sang total"))
    assert desk.state(desk.sodium).status == Status.DECIDED


def test_an_approved_row_in_disagreement_does_not_go_out_as_approved(readings: Readings) -> None:
    desk = readings.desk

    def published() -> tuple[Status, bool, str, str]:
        with reading(desk.engine) as session:
            catalogue = session.get_one(Catalogue, desk.catalogue_id)
            state = state_of(session, session.get_one(Laboratory, catalogue.laboratory_id), catalogue)
            (test,) = export_tests(session, desk.catalogue_id, None, [desk.sodium])
        return test.status, test.is_withdrawn, test.approved_by, state.version_id

    readings.approve_then_ask(desk.sodium)
    before = published()
    assert before[:3] == (Status.APPROVED, False, "Bruno Biologiste")
    readings.read(desk.sodium, other_code())
    after = published()
    assert after[:3] == (Status.DECIDED, True, "")
    assert after[3] != before[3], "what changed has another version"
    with reading(desk.engine) as session:
        assert queue_sql.approved_in_disagreement(session, desk.catalogue_id) == 1
    readings.reconcile(desk.sodium, Answer(Action.CHOOSE, SODIUM, reason="sérum écrit"))
    readings.approve(desk.sodium, BIOLOGIST)
    assert published()[:3] == (Status.APPROVED, False, NAMES[BIOLOGIST])


def test_where_everybody_has_acted_the_row_waits_for_somebody(readings: Readings) -> None:
    desk = readings.desk
    readings.decide_and_ask(desk.sodium)
    assert readings.waiting().nobodys == 0
    for email in (BIOLOGIST, SECOND_BIOLOGIST):
        desk.decide(desk.sodium, Action.COMMENT, email, comment="vu")
    assert (readings.waiting().second, readings.waiting().nobodys) == (1, 1)
    # What they did there does not keep them from another row.
    readings.decide_and_ask(desk.strip, Action.NO_LOINC)
    assert (readings.waiting().second, readings.waiting().mine, readings.waiting().nobodys) == (2, 1, 1)


def test_undoing_a_reconciliation_brings_the_first_decision_back(
    readings: Readings, differing: Callable[[], None], desk: Desk
) -> None:
    differing()
    readings.reconcile(desk.sodium, other_code(reason="sang total"))
    desk.undo(desk.sodium, SECOND_BIOLOGIST)
    assert desk.state(desk.sodium).loinc_num == SODIUM
    assert readings.standing(desk.sodium) is ReadingStanding.DISAGREED
    readings.reconcile(desk.sodium, other_code(reason="sang total, vu de nouveau"))
    assert readings.standing(desk.sodium) is ReadingStanding.RECONCILED


@pytest.mark.parametrize("text", ["\u200b\u200b\u200b", "\u2800\u3164\u00ad", "...", "vv"])
def test_neither_a_reading_nor_its_end_rests_on_words_that_nobody_wrote(readings: Readings, text: str) -> None:
    desk = readings.desk
    readings.decide_and_ask(desk.sodium)
    with pytest.raises(JustificationNeededError):
        readings.read(desk.sodium, Answer(Action.CHOOSE, SODIUM_IN_BLOOD, justification=text))
    for action in (Action.NO_LOINC, Action.OUT_OF_SCOPE, Action.DOUBT):
        with pytest.raises(InvalidInputError):
            readings.read(desk.sodium, Answer(action, reason=text))
    readings.read(desk.sodium, other_code())
    with pytest.raises(InvalidInputError, match="motif de la conciliation"):
        readings.reconcile(desk.sodium, Answer(Action.CHOOSE, SODIUM, reason=text))
