"""The pace of work is what the dated facts say of it."""

from datetime import UTC, datetime, timedelta

import pytest

from app.assignments import pace
from app.assignments.pace import Pace, duration_words, paces_of, remaining_words
from app.models import Action, Decision, Role
from app.platform.database import reading, transaction
from tests.app.review.conftest import Desk, desk
from tests.conftest import BIOLOGIST, TRANSCODER

__all__ = ["desk"]

WEDNESDAY = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "utc_now", lambda: WEDNESDAY + timedelta(hours=3))


def add(desk: Desk, row: int, at: datetime, action: Action = Action.CHOOSE, email: str = TRANSCODER) -> int:
    with transaction(desk.engine) as session:
        fact = Decision(
            local_test_id=row, action=action, author_id=desk.world.user_id(email), author_role=Role.TRANSCODER,
            created_at=at,
        )  # fmt: skip
        session.add(fact)
        session.flush()
        return fact.id or 0


def paces(desk: Desk) -> dict[int, Pace]:
    people = [desk.world.user_id(email) for email in (TRANSCODER, BIOLOGIST)]
    with reading(desk.engine) as session:
        return paces_of(session, desk.catalogue_id, people)


def test_rows_of_today_and_of_the_week_and_the_hours_of_work(desk: Desk) -> None:
    # On Sunday evening in UTC it is already Monday in Paris: 23:30 UTC counts, 22:30 UTC does not.
    add(desk, desk.strip, datetime(2026, 11, 22, 22, 30, tzinfo=UTC))
    add(desk, desk.sodium, datetime(2026, 11, 22, 23, 30, tzinfo=UTC))
    add(desk, desk.glucose, WEDNESDAY)
    add(desk, desk.glucose, WEDNESDAY + timedelta(minutes=2))
    add(desk, desk.unproposed, WEDNESDAY + timedelta(minutes=5), Action.COMMENT)
    # A pause of more than ten minutes is no work; one of ten is.
    add(desk, desk.strip, WEDNESDAY + timedelta(minutes=30))
    add(desk, desk.comment_row, WEDNESDAY + timedelta(minutes=40), Action.NO_LOINC)
    found = paces(desk)
    assert set(found) == {desk.world.user_id(TRANSCODER)}
    mine = found[desk.world.user_id(TRANSCODER)]
    assert (mine.today, mine.week) == (3, 4)
    assert mine.seconds_today == pytest.approx(15 * 60, abs=0.1)
    assert mine.seconds_week == pytest.approx(15 * 60, abs=0.1)


def test_a_decision_taken_back_is_not_counted(desk: Desk) -> None:
    fact = add(desk, desk.sodium, WEDNESDAY)
    with transaction(desk.engine) as session:
        session.add(
            Decision(
                local_test_id=desk.sodium, action=Action.UNDO, author_id=desk.world.user_id(TRANSCODER),
                author_role=Role.TRANSCODER, created_at=WEDNESDAY + timedelta(minutes=1), undoes_id=fact,
            )
        )  # fmt: skip
    mine = paces(desk)[desk.world.user_id(TRANSCODER)]
    assert (mine.today, mine.week) == (0, 0)
    assert mine.seconds_today == pytest.approx(60, abs=0.1)


def test_another_catalogue_is_another_work(desk: Desk) -> None:
    add(desk, desk.sodium, WEDNESDAY)
    with reading(desk.engine) as session:
        assert paces_of(session, desk.catalogue_id + 1, [desk.world.user_id(TRANSCODER)]) == {}


def test_too_little_work_gives_no_pace() -> None:
    assert Pace(week=9, seconds_week=3600).per_hour is None
    assert Pace(week=10, seconds_week=299).per_hour is None
    assert Pace(week=10, seconds_week=300).per_hour == 120
    assert remaining_words(250, Pace(week=200, seconds_week=3600)) == "1 h 15"
    assert remaining_words(250, Pace(week=3, seconds_week=3600)) == ""
    assert remaining_words(0, Pace(week=200, seconds_week=3600)) == ""


@pytest.mark.parametrize(("seconds", "words"), [(5, "1 min"), (3540, "59 min"), (3600, "1 h 00"), (11_100, "3 h 05")])
def test_durations_in_words(seconds: float, words: str) -> None:
    assert duration_words(seconds) == words
