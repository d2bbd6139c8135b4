"""How acts and refusals read, and what a tampered form may not say."""

import pytest

from app.models import Action
from tests.app.review.conftest import Desk
from tests.conftest import BIOLOGIST, TRANSCODER, ClientFor


@pytest.mark.parametrize(
    ("action", "said"),
    [
        (Action.DOUBT, "a annulé son signalement d&#39;un doute"),
        (Action.CHOOSE, "a annulé son choix d&#39;un code"),
        (Action.NO_LOINC, "a annulé sa déclaration qu&#39;aucun code LOINC n&#39;existe"),
        (Action.OUT_OF_SCOPE, "a annulé son classement hors périmètre"),
    ],
)
def test_an_undo_reads_well(desk: Desk, client_for: ClientFor, action: Action, said: str) -> None:
    desk.decide(desk.sodium, action)
    desk.undo(desk.sodium)
    page = client_for(TRANSCODER).get(f"{desk.base}/revue/{desk.sodium}").text
    assert said in page
    assert "son action" not in page


@pytest.mark.parametrize(("email", "is_own"), [(TRANSCODER, True), (BIOLOGIST, False)])
def test_a_conflict_with_oneself_says_so(desk: Desk, client_for: ClientFor, email: str, is_own: bool) -> None:
    desk.decide(desk.sodium, Action.NO_LOINC, email=email)
    client, address = client_for(TRANSCODER), f"{desk.base}/revue/{desk.sodium}/decision"
    data = {"version": 0, "action": "choose", "loinc_num": "2951-2"}
    page = client.post(address, data=data)
    told = client.post(address, data=data, headers={"Accept": "application/json"}).json()
    assert page.status_code == 409
    assert ("dans un autre onglet" in page.text, "avant vous" in page.text) == (is_own, not is_own)
    assert ("dans un autre onglet" in told["conflict"]["heading"]) is is_own
    assert told["conflict"]["status"]["text"] == "Décidée"


def test_a_doubt_names_no_code_that_is_none(desk: Desk, client_for: ClientFor) -> None:
    data = {"version": 0, "action": "doubt", "question": "sérum ou plasma ?", "loinc_num": "zzz"}
    answer = client_for(TRANSCODER).post(f"{desk.base}/revue/{desk.sodium}/decision", data=data)
    assert answer.status_code == 422
    assert "pas un code LOINC" in answer.text
    assert desk.facts(desk.sodium) == []


def test_only_a_candidate_of_the_row_is_set_aside(desk: Desk, client_for: ClientFor) -> None:
    data = {"version": 0, "action": "reject_code", "candidat": "1988-5"}
    client = client_for(TRANSCODER)
    answer = client.post(f"{desk.base}/revue/{desk.sodium}/candidat", data=data)
    assert answer.status_code == 422
    assert "1988-5 n&#39;est pas un candidat de cette ligne" in answer.text
    assert desk.facts(desk.sodium) == []
