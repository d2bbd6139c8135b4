"""That a case was opened is proved by what its page carries, and by nothing that a person could write herself."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import Session, func, select

from app.approval.service import OPEN_AGAIN, OPEN_THE_ROW
from app.cases import opened
from app.models import Action, AuditEvent, Decision, Status, UserSession, utc_now
from app.platform.database import reading, transaction
from app.settings import Settings
from app.transcoding.ledger import DecisionContent, append, open_row
from tests.app.approval.opened import read_case, word_of
from tests.app.approval.test_alerts import add_task
from tests.app.review.conftest import SECOND_BIOLOGIST, Desk
from tests.conftest import BIOLOGIST, ClientFor

Forged = Callable[[Desk, ClientFor], str]
"""What is sent in place of the word of the case of sodium, which is to be approved by the biologist."""


@pytest.fixture
def risky(desk: Desk) -> Desk:
    """Sodium and the strip are decided with a justification: each has an alert."""
    desk.decide(desk.sodium, justification="vu avec le fournisseur")
    desk.decide(desk.strip, loinc_num="25428-4", justification="vu avec le fournisseur")
    return desk


def post(desk: Desk, client_for: ClientFor, word: str | None, **said: str | int):  # type: ignore[no-untyped-def]
    data: dict[str, str | int] = {"version": desk.version(desk.sodium), "action": "approve"} | said
    if word is not None:
        data["lu"] = word
    return client_for(BIOLOGIST).post(f"{desk.base}/approbation/{desk.sodium}?depuis=revue", data=data)


def _hers(desk: Desk, client_for: ClientFor) -> str:
    return read_case(client_for(BIOLOGIST), desk.base, desk.sodium)


def _of_another_row(desk: Desk, client_for: ClientFor) -> str:
    return read_case(client_for(BIOLOGIST), desk.base, desk.strip)


def _of_another_person(desk: Desk, client_for: ClientFor) -> str:
    return read_case(client_for(SECOND_BIOLOGIST), desk.base, desk.sodium)


def _decided_again(desk: Desk, client_for: ClientFor) -> str:
    word = _hers(desk, client_for)
    desk.decide(desk.sodium, loinc_num="2947-0", justification="sang total en fait")
    return word


def _commented(desk: Desk, client_for: ClientFor) -> str:
    word = _hers(desk, client_for)
    desk.decide(desk.sodium, Action.COMMENT, comment="le fournisseur a répondu")
    return word


def _flagged(desk: Desk, client_for: ClientFor) -> str:
    word = _hers(desk, client_for)
    with transaction(desk.engine) as session:
        row = open_row(session, desk.access(), desk.sodium, 1)
        append(session, row, Action.FLAG, DecisionContent(reason="à revoir avec Paul"))
    return word


def _one_more_alert(desk: Desk, client_for: ClientFor) -> str:
    """Nobody touched the row: another label was given its code meanwhile."""
    word = _hers(desk, client_for)
    desk.decide(desk.glucose, loinc_num="2951-2", justification="faute de frappe")
    return word


def _task_since(desk: Desk, client_for: ClientFor) -> str:
    word = _hers(desk, client_for)
    with transaction(desk.engine) as session:
        add_task(session, desk, desk.facts(desk.sodium)[-1].id or 0)
    return word


def _one_digit_otherwise(desk: Desk, client_for: ClientFor) -> str:
    word = _hers(desk, client_for)
    return word[:-1] + ("0" if word[-1] != "0" else "1")


def _later_hour(desk: Desk, client_for: ClientFor) -> str:
    issued_at, _, signature = _hers(desk, client_for).partition(".")
    return f"{int(issued_at) + 1}.{signature}"


FORGED: dict[str, Forged] = {
    "another row": _of_another_row,
    "another person": _of_another_person,
    "decided again since": _decided_again,
    "commented since": _commented,
    "flagged since": _flagged,
    "one more alert since": _one_more_alert,
    "a new release asks since": _task_since,
    "one digit otherwise": _one_digit_otherwise,
    "a later hour": _later_hour,
    "made up": lambda _desk, _client_for: "oui",
    "no signature": lambda _desk, _client_for: f"{int(utc_now().timestamp())}.",
    "digits that are none": lambda _desk, _client_for: "²³.é",
    "a huge hour": lambda _desk, _client_for: "9" * 90 + ".0",
}


@pytest.mark.parametrize("kind", FORGED)
def test_a_word_that_is_not_of_this_very_reading_is_refused(kind: str, risky: Desk, client_for: ClientFor) -> None:
    answer = post(risky, client_for, FORGED[kind](risky, client_for))
    assert (answer.status_code, OPEN_AGAIN in answer.text) == (409, True)
    assert risky.state(risky.sodium).status == Status.DECIDED
    # The answer is the case as it is now: read there, it is approved.
    assert post(risky, client_for, word_of(answer), justification="lu, et d'accord").status_code == 303
    assert risky.state(risky.sodium).status == Status.APPROVED


@pytest.mark.parametrize("word", [None, ""])
def test_without_a_word_the_person_is_told_to_open_the_case(
    word: str | None, risky: Desk, client_for: ClientFor
) -> None:
    answer = post(risky, client_for, word)
    assert (answer.status_code, OPEN_THE_ROW in answer.text) == (409, True)
    assert risky.state(risky.sodium).status == Status.DECIDED


def test_a_word_much_too_long_is_refused_as_any_form(risky: Desk, client_for: ClientFor) -> None:
    assert post(risky, client_for, "1" * 10_000).status_code == 422
    assert risky.state(risky.sodium).status == Status.DECIDED


def test_the_word_of_an_opened_case_approves_once(risky: Desk, client_for: ClientFor) -> None:
    word = _hers(risky, client_for)
    assert post(risky, client_for, word).status_code == 303
    risky.undo(risky.sodium, BIOLOGIST, "trop vite")
    assert risky.state(risky.sodium).status == Status.DECIDED
    # The row is as it was, and somebody acted meanwhile: it is read again.
    again = post(risky, client_for, word)
    assert (again.status_code, OPEN_AGAIN in again.text) == (409, True)


@pytest.mark.parametrize(("age", "status"), [(opened.LASTS - timedelta(minutes=1), 303), (opened.LASTS * 1.01, 409)])
def test_a_page_is_worth_a_day_of_work(
    age: timedelta, status: int, risky: Desk, client_for: ClientFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opened, "utc_now", lambda: utc_now() - age)
    word = _hers(risky, client_for)
    monkeypatch.undo()
    assert post(risky, client_for, word).status_code == status


def test_a_word_of_an_hour_to_come_is_refused(
    risky: Desk, client_for: ClientFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opened, "utc_now", lambda: utc_now() + timedelta(hours=1))
    word = _hers(risky, client_for)
    monkeypatch.undo()
    assert post(risky, client_for, word).status_code == 409


def test_the_word_of_another_installation_is_worth_nothing(risky: Desk, tmp_path: Path) -> None:
    access = risky.access(BIOLOGIST)
    elsewhere = Settings(data_dir=tmp_path, secret_key="ab" * 32)
    with reading(risky.engine) as session:
        ours = opened.token_of_case(session, risky.settings, access, risky.sodium)
        theirs = opened.token_of_case(session, elsewhere, access, risky.sodium)
    assert ours.partition(".")[2] != theirs.partition(".")[2]


def test_no_batch_takes_the_word(risky: Desk, client_for: ClientFor) -> None:
    risky.decide(risky.comment_row, Action.OUT_OF_SCOPE)
    client = client_for(BIOLOGIST)
    word = _hers(risky, client_for)
    for scope in ("cochees", "groupe", "chapitre"):
        data = {"choix": [f"{risky.sodium}:1"], "confirme": "oui", "perimetre": scope, "lu": word}
        client.post(f"{risky.base}/approbation?depuis=revue", data=data)
        assert risky.state(risky.sodium).status == Status.DECIDED, scope


def test_the_page_carries_it_where_the_person_may_approve_and_writes_nothing(
    risky: Desk, client_for: ClientFor
) -> None:
    def facts(session: Session) -> tuple[int, int, list[object]]:
        counts = [session.exec(select(func.count()).select_from(table)).one() for table in (Decision, AuditEvent)]
        return counts[0], counts[1], list(session.exec(select(UserSession.last_seen_at)).all())

    client = client_for(BIOLOGIST)
    client.get(risky.base)
    with reading(risky.engine) as session:
        before = facts(session)
    page = client.get(f"{risky.base}/revue/{risky.sodium}")
    assert re.search(r'<form id="form-approuver".*?name="lu" value="\d+\.[0-9a-f]{64}".*?</form>', page.text, re.DOTALL)
    with reading(risky.engine) as session:
        assert facts(session) == before
    # Her own decision, and one that nobody took, are not hers to approve.
    risky.decide(risky.unproposed, Action.NO_LOINC, email=BIOLOGIST)
    for row in (risky.unproposed, risky.glucose):
        assert word_of(client.get(f"{risky.base}/revue/{row}")) == ""


def test_a_row_without_alert_needs_no_word(desk: Desk, client_for: ClientFor) -> None:
    desk.decide(desk.sodium)
    assert post(desk, client_for, None).status_code == 303
