"""What is typed in the review speaks of no patient; refused, it stays in its form."""

from html import unescape

import pytest
from sqlmodel import col, select

from app.models import AuditEvent
from app.patient_guard.texts import traces_in
from app.platform.database import reading
from tests.app.review.conftest import Desk
from tests.conftest import TRANSCODER, ClientFor
from tests.patient_guard.invented import keyed

NUMBER = keyed("1850578006084")
TYPED = f"Vu avec le SGL pour {NUMBER}"


def refusals(desk: Desk) -> list[AuditEvent]:
    with reading(desk.engine) as session:
        return list(session.exec(select(AuditEvent).where(col(AuditEvent.action) == "patient_data.refuse")))


@pytest.mark.parametrize("field", ["comment", "justification", "reason", "other_reason", "question"])
def test_a_decision_that_names_a_patient_is_refused_and_its_form_kept(
    desk: Desk, client_for: ClientFor, field: str
) -> None:
    data = {"version": desk.version(desk.sodium), "loinc_num": "2951-2", field: TYPED, "comment": TYPED}
    page = client_for(TRANSCODER).post(f"{desk.base}/revue/{desk.sodium}/decision", data=data)
    assert page.status_code == 422
    assert "numéro de sécurité sociale" in page.text
    assert TYPED in unescape(page.text)
    assert desk.facts(desk.sodium) == []
    (event,) = refusals(desk)
    assert NUMBER not in str(event.details)


def test_a_script_is_told_so_too(desk: Desk, client_for: ClientFor) -> None:
    data = {"version": desk.version(desk.sodium), "loinc_num": "2951-2", "comment": TYPED}
    address = f"{desk.base}/revue/{desk.sodium}/decision"
    answer = client_for(TRANSCODER).post(address, data=data, headers={"accept": "application/json"})
    assert answer.status_code == 422
    assert "aucune donnée de patient" in answer.json()["detail"]
    assert len(refusals(desk)) == 1


def test_another_form_gives_back_what_was_typed(desk: Desk, client_for: ClientFor) -> None:
    address = f"{desk.base}/revue/{desk.sodium}/repere"
    data = {"version": desk.version(desk.sodium), "action": "flag", "note": TYPED}
    page = client_for(TRANSCODER).post(address, data=data)
    assert page.status_code == 422, page.text
    assert "Ce que vous aviez saisi" in page.text
    assert TYPED in unescape(page.text)
    assert desk.facts(desk.sodium) == []
    assert len(refusals(desk)) == 1


@pytest.mark.parametrize(
    "text",
    [
        TYPED, "1 85 05 78 006 084", "patiente née le 12/05/1985", "DDN 12 mai 1985", "Mme DURAND Anne, 12/05/1985",
        "PID|1||80012||DURAND^Anne||19850512|F", '{"resourceType": "Patient"}',
    ],
)  # fmt: skip
def test_texts_that_speak_of_a_patient(text: str) -> None:
    assert traces_in(text)


@pytest.mark.parametrize(
    "text",
    [
        "Vu avec Mme Durand", "validé par Anne DURAND le 12/05/2024", "Rosa Waaler, depuis le 12/05/2024",
        "2951-2 et 14749-6", "EAN 3400930000120", "Bilirubine du nouveau-né, 3e jour", "tél. 01 23 45 67 89",
        "réunion du 12/05/2024 avec le Dr Martin",
    ],
)  # fmt: skip
def test_texts_that_do_not(text: str) -> None:
    assert traces_in(text) == []
