"""Which decisions are read twice."""

import pytest
from sqlmodel import Session, select

from app.double_reading.asking import ask, draw, sample_of
from app.double_reading.repository import newest_share
from app.double_reading.shares import FROM_THE_START, GENERAL, Shares, read_percents, set_shares, shares_of
from app.errors import ConflictError, InvalidInputError, NotAllowedError
from app.models import Action, AuditEvent, LoincTerm, ReadingOrigin, ReadingRequest
from app.platform.database import reading, transaction
from tests.app.double_reading.conftest import Readings
from tests.app.review.conftest import Desk
from tests.conftest import BIOLOGIST, READER, REAL_DRAW, TRANSCODER


def requests(desk: Desk) -> list[ReadingRequest]:
    with reading(desk.engine) as session:
        return list(session.exec(select(ReadingRequest)))


def test_the_draw_keeps_to_its_share() -> None:
    drawn = [sum(REAL_DRAW(f"décision {number}", percent) for number in range(4000)) for percent in (0, 5, 20, 100)]
    assert drawn[0] == 0
    assert drawn[3] == 4000
    assert 130 < drawn[1] < 280
    assert 680 < drawn[2] < 920


def test_what_a_small_share_draws_a_larger_one_draws_too() -> None:
    names = [f"décision {number}" for number in range(500)]
    assert {name for name in names if REAL_DRAW(name, 5)} <= {name for name in names if REAL_DRAW(name, 20)}


def share(desk: Desk, **percents: int | None) -> int:
    wanted = {GENERAL if key == "general" else key: value for key, value in percents.items()}
    with transaction(desk.engine) as session:
        seen = _newest(session, desk)
        return set_shares(session, desk.access(BIOLOGIST), wanted, seen)


def _newest(session: Session, desk: Desk) -> int:
    return newest_share(session, desk.world.laboratory_id)


def test_a_decision_is_drawn_when_it_is_made(desk: Desk, real_draw: None) -> None:
    share(desk, general=100)
    fact = desk.decide(desk.sodium)
    (asked,) = requests(desk)
    assert (asked.decision_id, asked.local_test_id, asked.catalogue_id) == (fact.id, desk.sodium, desk.catalogue_id)
    assert (asked.discipline, asked.origin, asked.created_at) == ("chemistry", "share", fact.created_at)


def test_no_share_draws_nothing_and_a_doubt_is_never_drawn(desk: Desk, real_draw: None) -> None:
    share(desk, general=0, hematology=0, transfusion=0)
    desk.decide(desk.sodium)
    share(desk, general=100)
    desk.decide(desk.glucose, Action.DOUBT, comment="lequel ?")
    assert requests(desk) == []


def test_each_discipline_has_its_share(desk: Desk, real_draw: None) -> None:
    share(desk, general=0, chemistry=None, hematology=100)
    desk.decide(desk.glucose, loinc_num="14749-6")
    assert requests(desk) == []
    with transaction(desk.engine) as session:
        for term in session.exec(select(LoincTerm).where(LoincTerm.loinc_num == "2951-2")):
            term.class_name = "HEM/BC"
    desk.decide(desk.sodium)
    assert [item.discipline for item in requests(desk)] == ["hematology"]


def test_where_no_code_was_chosen_the_best_candidate_says_the_discipline(readings: Readings) -> None:
    desk = readings.desk
    readings.decide_and_ask(desk.sodium, Action.NO_LOINC)
    readings.decide_and_ask(desk.unproposed, Action.NO_LOINC)
    assert [item.discipline for item in requests(desk)] == ["chemistry", "other"]


def test_a_decision_is_asked_for_once_and_in_its_catalogue(readings: Readings) -> None:
    desk = readings.desk
    fact = readings.decide_and_ask(desk.sodium)
    assert readings.ask(fact) == 0
    other = desk.world.add_catalogue("Autre")
    elsewhere = desk.decide(desk.glucose, loinc_num="14749-6")
    with transaction(desk.engine) as session:
        assert ask(session, other.id or 0, [elsewhere.id or 0], ReadingOrigin.BATCH, "lot") == 0


def test_the_sample_of_a_batch_has_at_least_one(desk: Desk) -> None:
    facts = [desk.decide(desk.sodium), desk.decide(desk.glucose, loinc_num="14749-6")]
    ids = [fact.id or 0 for fact in facts]
    with reading(desk.engine) as session:
        assert len(sample_of(session, desk.catalogue_id, ids, Shares({GENERAL: 0}))) == 1
        assert set(sample_of(session, desk.catalogue_id, ids, Shares({GENERAL: 0}), least=5)) == set(ids)
        assert sample_of(session, desk.catalogue_id, [], Shares()) == []


def test_the_draw_of_an_undo_or_a_comment_asks_nothing(desk: Desk, real_draw: None) -> None:
    share(desk, general=100)
    with transaction(desk.engine) as session:
        comment = desk.decide(desk.sodium, Action.COMMENT, comment="à voir")
        assert draw(session, desk.access(), comment) is False


def test_blood_counts_and_groups_are_read_more_from_the_start(desk: Desk) -> None:
    with reading(desk.engine) as session:
        shares = shares_of(session, desk.world.laboratory_id)
    assert (shares.of("hematology"), shares.of("transfusion"), shares.of("chemistry")) == (20, 20, 5)
    assert shares.largest == 20
    assert shares.general == FROM_THE_START[GENERAL]


def test_the_shares_keep_their_history_and_their_event(desk: Desk) -> None:
    assert share(desk, general=10, hematology=30) == 2
    assert share(desk, general=10, hematology=None) == 1
    with reading(desk.engine) as session:
        shares = shares_of(session, desk.world.laboratory_id)
        events = session.exec(select(AuditEvent).where(AuditEvent.action == "double_reading.set_shares")).all()
    assert (shares.of("hematology"), shares.general) == (10, 10)
    assert events[0].details["after"] == ["Part générale : 10\u00a0%", "Hématologie et cytologie sanguine : 30\u00a0%"]
    assert len(events) == 2


def test_who_saw_another_state_is_told(desk: Desk) -> None:
    share(desk, general=10)
    with pytest.raises(ConflictError, match="changées entre-temps"), transaction(desk.engine) as session:
        set_shares(session, desk.access(BIOLOGIST), {GENERAL: 12}, 0)


@pytest.mark.parametrize("email", [TRANSCODER, READER])
def test_who_may_not_say_the_shares(desk: Desk, email: str) -> None:
    with pytest.raises(NotAllowedError), transaction(desk.engine) as session:
        set_shares(session, desk.access(email), {GENERAL: 12}, 0)


def test_what_a_form_says() -> None:
    assert read_percents({"generale": " 7 %", "hematology": ""}) == {GENERAL: 7, "hematology": None}
    for wrong in ({"generale": ""}, {"generale": "101"}, {"chemistry": "-1"}, {"chemistry": "½"}, {"chimie": "5"}):
        with pytest.raises(InvalidInputError):
            read_percents(wrong)
