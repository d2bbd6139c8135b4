"""The approval through the web: the list, one row, several rows, and the case page."""

import csv
import io

import pytest
from sqlmodel import select

from app.models import Action, LoincTerm, Status
from app.platform.database import transaction
from tests.app.approval.opened import read_case, word_of
from tests.app.review.conftest import Desk
from tests.conftest import BIOLOGIST, OUTSIDER, READER, TRANSCODER, ClientFor


def url(desk: Desk, row: int | None = None, query: str = "") -> str:
    return f"{desk.base}/approbation{f'/{row}' if row else ''}{query}"


def test_the_list_shows_what_waits_with_its_author_and_checks(desk: Desk, client_for: ClientFor) -> None:
    desk.decide(desk.sodium)
    desk.decide(desk.comment_row, Action.OUT_OF_SCOPE, reason="un commentaire")
    desk.decide(desk.strip, Action.DOUBT)
    html = client_for(BIOLOGIST).get(url(desk)).text
    assert "2 décisions en attente" in html
    assert "2951-2" in html
    assert "Tania Transcodeuse" in html
    assert "un commentaire" in html
    assert "GLUCOSE URINAIRE" not in html
    assert html.count("data-tick") >= 2


def test_facets_of_chapter_author_and_outcome(desk: Desk, client_for: ClientFor) -> None:
    desk.decide(desk.sodium)
    desk.decide(desk.glucose, loinc_num="14749-6", email=BIOLOGIST)
    desk.decide(desk.comment_row, Action.OUT_OF_SCOPE)
    client = client_for(BIOLOGIST)
    assert "GLYCÉMIE" not in client.get(url(desk, query="?decision=hors-perimetre")).text
    author = desk.world.user_id(TRANSCODER)
    html = client.get(url(desk, query=f"?auteur={author}&chapitre=Biochimie")).text
    assert "SODIUM" in html
    assert "GLYCÉMIE" not in html


def test_one_s_own_decision_cannot_be_ticked(desk: Desk, client_for: ClientFor) -> None:
    desk.decide(desk.sodium, email=BIOLOGIST)
    html = client_for(BIOLOGIST).get(url(desk)).text
    assert "À approuver par un autre biologiste" in html
    assert 'name="choix"' not in html


def test_a_contradiction_cannot_be_ticked_but_opened(desk: Desk, client_for: ClientFor) -> None:
    desk.decide(desk.sodium, loinc_num="2947-0", justification="sang total en fait")
    html = client_for(BIOLOGIST).get(url(desk)).text
    assert 'name="choix"' not in html
    assert "Ouvrir la ligne" in html
    assert "sang total en fait" in html


@pytest.mark.parametrize("email", [TRANSCODER, READER])
def test_others_follow_without_acting(desk: Desk, client_for: ClientFor, email: str) -> None:
    desk.decide(desk.sodium)
    client = client_for(email)
    html = client.get(url(desk)).text
    assert "SODIUM" in html
    assert "Seul un biologiste" in html
    assert 'name="choix"' not in html
    assert client.post(url(desk), data={"choix": [f"{desk.sodium}:1"]}).status_code == 403
    answer = client.post(url(desk, desk.sodium), data={"version": 1, "action": "approve"})
    assert answer.status_code == 403
    assert desk.state(desk.sodium).status == Status.DECIDED


def test_an_outsider_sees_nothing(desk: Desk, client_for: ClientFor) -> None:
    desk.decide(desk.sodium)
    client = client_for(OUTSIDER)
    assert client.get(url(desk)).status_code == 404
    assert client.get(url(desk, query="?format=csv")).status_code == 404
    assert client.post(url(desk), data={"choix": [f"{desk.sodium}:1"]}).status_code == 404
    assert client.post(url(desk, desk.sodium), data={"version": 1, "action": "approve"}).status_code == 404


def test_approving_one_row_comes_back_to_the_list(desk: Desk, client_for: ClientFor) -> None:
    desk.decide(desk.sodium)
    client = client_for(BIOLOGIST)
    answer = client.post(url(desk, desk.sodium, "?chapitre=Biochimie"), data={"version": 1, "action": "approve"})
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(f"{url(desk)}?chapitre=Biochimie&fait=")
    html = client.get(answer.headers["location"]).text
    assert "NA SODIUM : décision approuvée." in html
    assert desk.state(desk.sodium).status == Status.APPROVED


def test_sending_back_needs_its_reason(desk: Desk, client_for: ClientFor) -> None:
    desk.decide(desk.sodium)
    client = client_for(BIOLOGIST)
    refused = client.post(url(desk, desk.sodium), data={"version": 1, "action": "send_back", "reason": " "})
    assert refused.status_code == 422
    assert "Indiquez le motif" in refused.text
    client.post(url(desk, desk.sodium), data={"version": 1, "action": "send_back", "reason": "milieu à vérifier"})
    assert desk.state(desk.sodium).status == Status.SENT_BACK
    html = client_for(TRANSCODER).get(f"{desk.base}/revue/{desk.sodium}").text
    assert "milieu à vérifier" in html


def test_approving_from_the_case_goes_to_the_next_decision(desk: Desk, client_for: ClientFor) -> None:
    desk.decide(desk.sodium)
    desk.decide(desk.strip, loinc_num="25428-4")
    client = client_for(BIOLOGIST)
    html = client.get(f"{desk.base}/revue/{desk.sodium}?tri=fichier").text
    assert 'id="form-approuver"' in html
    answer = client.post(url(desk, desk.sodium, "?tri=fichier&depuis=revue"), data={"version": 1, "action": "approve"})
    assert answer.headers["location"].startswith(f"{desk.base}/revue/{desk.strip}?tri=fichier&fait=")


def test_the_author_is_told_why_she_cannot_approve(desk: Desk, client_for: ClientFor) -> None:
    desk.decide(desk.sodium, email=BIOLOGIST)
    client = client_for(BIOLOGIST)
    html = client.get(f"{desk.base}/revue/{desk.sodium}").text
    assert 'id="form-approuver"' not in html
    assert "un autre biologiste doit l" in html
    answer = client.post(url(desk, desk.sodium), data={"version": 1, "action": "approve"})
    assert answer.status_code == 403


def test_a_stale_approval_is_a_conflict_page(desk: Desk, client_for: ClientFor) -> None:
    desk.decide(desk.sodium)
    desk.decide(desk.sodium, Action.NO_LOINC, reason="finalement aucun")
    answer = client_for(BIOLOGIST).post(url(desk, desk.sodium), data={"version": 1, "action": "approve"})
    assert answer.status_code == 409
    assert "finalement aucun" in answer.text


def test_several_rows_each_with_its_answer(desk: Desk, client_for: ClientFor) -> None:
    desk.decide(desk.sodium)
    desk.decide(desk.glucose, loinc_num="14749-6", email=BIOLOGIST)
    client = client_for(BIOLOGIST)
    empty = client.post(url(desk), data={})
    assert empty.status_code == 422
    assert "Cochez au moins une ligne" in empty.text
    assert client.post(url(desk), data={"choix": ["a:b"]}).status_code == 422
    sent = {"choix": [f"{desk.sodium}:1", f"{desk.glucose}:1"], "confirme": "oui"}
    answer = client.post(url(desk), data=sent)
    assert answer.status_code == 303
    html = client.get(answer.headers["location"]).text
    assert "<strong>1 ligne approuvée</strong>" in html
    assert "un autre biologiste doit l" in html
    assert desk.state(desk.sodium).status == Status.APPROVED
    assert desk.state(desk.glucose).status == Status.DECIDED


def test_the_csv_holds_the_decisions_of_the_list(desk: Desk, client_for: ClientFor) -> None:
    desk.decide(desk.sodium)
    text = client_for(BIOLOGIST).get(url(desk, query="?format=csv")).text.removeprefix("\ufeff")
    rows = list(csv.DictReader(io.StringIO(text), delimiter=";"))
    assert [(row["Code"], row["État"]) for row in rows] == [("NA", "Décidée")]


def test_the_approver_justifies_what_nobody_did(desk: Desk, client_for: ClientFor) -> None:
    desk.decide(desk.sodium)
    with transaction(desk.engine) as session:
        term = session.exec(select(LoincTerm).where(LoincTerm.loinc_num == "2951-2")).one()
        term.status = "DEPRECATED"
        session.add(term)
    client = client_for(BIOLOGIST)
    assert 'id="justification-approbation"' in client.get(f"{desk.base}/revue/{desk.sodium}").text
    sent = {"version": 1, "action": "approve", "lu": read_case(client, desk.base, desk.sodium)}
    refused = client.post(url(desk, desk.sodium, "?depuis=revue"), data=sent)
    assert refused.status_code == 422
    data = {"version": 1, "action": "approve", "justification": "le remplaçant attend la prochaine version"}
    data["lu"] = word_of(refused)
    assert client.post(url(desk, desk.sodium, "?depuis=revue"), data=data).status_code == 303
    assert desk.facts(desk.sodium)[1].justification == "le remplaçant attend la prochaine version"


def test_the_case_says_who_approved_even_after_a_comment(desk: Desk, client_for: ClientFor) -> None:
    desk.decide(desk.sodium)
    client = client_for(BIOLOGIST)
    client.post(url(desk, desk.sodium), data={"version": 1, "action": "approve"})
    desk.decide(desk.sodium, Action.COMMENT, comment="merci")
    html = client.get(f"{desk.base}/revue/{desk.sodium}").text
    assert "— Béatrice Biologiste a approuvé" in html
