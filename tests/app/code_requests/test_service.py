"""Following requests: what is written, refused, and left as it was."""

import pytest
from sqlmodel import col, select

from app.code_requests import service
from app.code_requests.repository import Declared, counts_of, of_catalogue, page_of
from app.errors import ConflictError, InvalidInputError, NotAllowedError, NotFoundError
from app.models import Action, AuditEvent, Level, LocalTest, RequestAction, RequestStatus, ReviewState
from app.platform.database import reading, transaction
from tests.app.code_requests.conftest import OTHER_WAITING, WAITING, Requests
from tests.conftest import BIOLOGIST, READER

SEND, ACCEPT, REFUSE = RequestAction.SEND, RequestAction.ACCEPT, RequestAction.REFUSE


def test_rows_declared_without_code_are_requests_by_themselves(requests: Requests) -> None:
    desk = requests.desk
    with reading(desk.engine) as session:
        found = page_of(session, of_catalogue(desk.catalogue_id, None), limit=10)
        counts = counts_of(session, of_catalogue(desk.catalogue_id, None))
    assert {item.row_id: item.declared for item in found} == {
        requests.approved: Declared.APPROVED, requests.decided: Declared.DECIDED
    }
    assert counts == {
        (Declared.APPROVED, RequestStatus.TO_PREPARE): 1, (Declared.DECIDED, RequestStatus.TO_PREPARE): 1
    }
    row = requests.found(requests.approved)
    assert (row.reason, row.unit, row.volume) == ("Aucun terme pour cette analyse rare", "g/L", 3)
    assert row.declared_by
    assert row.approved_by


def test_an_answer_is_never_from_before_what_it_answers(requests: Requests) -> None:
    row = requests.approved
    requests.follow(row, SEND, recipient="ANS", day="2026-11-02")
    for action, said in ((ACCEPT, {"loinc_num": "2951-2"}), (REFUSE, {"reason": "Le terme existe déjà"})):
        with pytest.raises(InvalidInputError, match="avant l’envoi, le 02/11/2026"):
            requests.follow(row, action, day="2026-11-01", **said)
    assert requests.follow(row, ACCEPT, loinc_num="2951-2", day="2026-11-02") == 1


@pytest.mark.parametrize("code", ["19146-0", "0002951-2", "2951-3"])
def test_a_code_that_names_no_test_is_not_the_one_that_was_given(requests: Requests, code: str) -> None:
    requests.follow(requests.approved, SEND, recipient="ANS")
    with pytest.raises(InvalidInputError, match=r"ne désigne aucune analyse|n’est pas un code LOINC"):
        requests.follow(requests.approved, ACCEPT, loinc_num=code)


def test_an_exam_asks_for_a_code_and_a_chapter_does_not(requests: Requests) -> None:
    desk = requests.desk
    with transaction(desk.engine) as session:
        rows = [LocalTest(catalogue_id=desk.catalogue_id, level=level, code=level, label=level) for level in Level]
        session.add_all(rows)
        session.flush()
        ids = {row.level: row.id or 0 for row in rows}
    for row in ids.values():
        desk.decide(row, Action.NO_LOINC, reason="Aucun code pour ce niveau")
    with reading(desk.engine) as session:
        found = page_of(session, of_catalogue(desk.catalogue_id, None), limit=10)
    asked = {item.row_id for item in found} - {requests.approved, requests.decided}
    assert asked == {ids[Level.ANALYSIS], ids[Level.EXAM]}


def test_a_request_from_its_sending_to_its_code(requests: Requests) -> None:
    row = requests.approved
    requests.follow(row, SEND, recipient="ANS", reference="D-12", day="2026-11-02")
    assert requests.found(row).status is RequestStatus.SENT
    requests.follow(row, ACCEPT, email=BIOLOGIST, loinc_num="2951-2")
    found = requests.found(row)
    assert (found.status, found.loinc_num) == (RequestStatus.ACCEPTED, "2951-2")
    steps = requests.steps()
    assert [step.action for step in steps] == ["send", "accept"]
    assert [step.recipient for step in steps] == ["ANS", ""]
    assert steps[0].author_id != steps[1].author_id
    with reading(requests.desk.engine) as session:
        told = select(AuditEvent).where(col(AuditEvent.action).startswith("code_request."))
        events = session.exec(told.order_by(col(AuditEvent.id))).all()
        state = session.get_one(ReviewState, row)
    assert [event.action for event in events] == ["code_request.send", "code_request.accept"]
    assert events[0].laboratory_id == requests.desk.world.laboratory_id
    assert (events[0].details["recipient"], events[0].details["day"]) == ("ANS", "2026-11-02")
    assert (state.outcome, state.loinc_num) == ("no_loinc", ""), "a code that was given is told, not decided"


@pytest.mark.parametrize(
    ("action", "said", "told"),
    [
        (SEND, {}, "à qui la demande est envoyée"),
        (SEND, {"recipient": "x" * 121}, "120 caractères"),
        (SEND, {"recipient": "ANS", "day": "31/12/2026"}, "attendu AAAA-MM-JJ"),
        (SEND, {"recipient": "ANS", "day": "2999-01-01"}, "aujourd’hui"),
        (RequestAction.WITHDRAW, {"reason": " "}, "motif"),
        (RequestAction.WITHDRAW, {"reason": "x" * 501}, "500 caractères"),
        (RequestAction.WAITING_CODE, {"waiting_code": "ATT-99"}, "n’est pas un code d’attente de ce laboratoire"),
    ],
)
def test_what_is_missing_is_asked_for(
    requests: Requests, action: RequestAction, said: dict[str, str], told: str
) -> None:
    with pytest.raises(InvalidInputError, match=told):
        requests.follow(requests.approved, action, **said)
    assert requests.steps() == []


@pytest.mark.parametrize("number", ["", "2951-3", "glycémie", "29512"])
def test_an_acceptance_needs_a_loinc_code(requests: Requests, number: str) -> None:
    requests.follow(requests.approved, SEND, recipient="LOINC")
    with pytest.raises(InvalidInputError, match="code LOINC"):
        requests.follow(requests.approved, ACCEPT, loinc_num=number)
    assert len(requests.steps()) == 1


def test_readers_and_rows_that_ask_for_nothing(requests: Requests) -> None:
    with pytest.raises(NotAllowedError):
        requests.follow(requests.approved, SEND, email=READER, recipient="ANS")
    with pytest.raises(NotFoundError):
        requests.follow(requests.desk.sodium, SEND, recipient="ANS")
    with pytest.raises(ConflictError):
        requests.follow(requests.approved, REFUSE, reason="Trop local")
    assert requests.steps() == []


def test_a_row_decided_otherwise_is_closed_and_keeps_its_story(requests: Requests) -> None:
    requests.follow(requests.decided, SEND, recipient="ANS")
    requests.desk.decide(requests.decided, Action.CHOOSE, loinc_num="25428-4", justification="essai")
    found = requests.found(requests.decided)
    assert (found.declared, found.status, found.reason) == (Declared.CLOSED, RequestStatus.SENT, "")
    with pytest.raises(ConflictError, match="n’est plus déclarée"):
        requests.follow(requests.decided, ACCEPT, loinc_num="25428-4")
    requests.desk.undo(requests.decided)
    assert requests.found(requests.decided).declared is Declared.DECIDED, "an undo brings it back where it stood"


def test_a_form_of_before_is_refused(requests: Requests) -> None:
    requests.follow(requests.approved, SEND, recipient="ANS")
    desk = requests.desk
    with pytest.raises(ConflictError, match="Quelqu’un a suivi"), transaction(desk.engine) as session:
        service.follow(
            session, desk.settings, desk.access(), [requests.approved], REFUSE, service.Said(reason="Trop local"), 0
        )
    assert len(requests.steps()) == 1


def test_codes_of_the_list_are_given_taken_away_and_shared(requests: Requests) -> None:
    requests.allow(f"{WAITING} ; Générique", OTHER_WAITING)
    for row in (requests.approved, requests.decided):
        requests.give(row)
    assert [requests.found(row).waiting_code for row in (requests.approved, requests.decided)] == [WAITING, WAITING]
    with pytest.raises(ConflictError, match="déjà ce code"):
        requests.give(requests.approved)
    requests.give(requests.approved, "")
    assert requests.found(requests.approved).waiting_code == ""
    assert requests.found(requests.approved).status is RequestStatus.TO_PREPARE
    requests.follow(requests.decided, SEND, recipient="ANS")
    assert requests.found(requests.decided).waiting_code == WAITING, "what follows keeps it"
    requests.allow("AUTRE", system="1.2.3.4")
    found = requests.found(requests.decided)
    assert (found.waiting_system, found.waiting_code) == ("1.2.250.1.213.1.1.5.130", WAITING), "as it was given"
