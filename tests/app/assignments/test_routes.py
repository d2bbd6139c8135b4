"""The pages and forms of sharing out, and what queue, case and catalogue say of the work."""

import re
from urllib.parse import quote

import pytest

from app.assignments.panel import order_words
from app.models import Action
from app.worklist.query import ReviewQuery
from tests.app.assignments.test_service import EVERYTHING, assignees, give
from tests.app.review.conftest import SECOND_BIOLOGIST, Desk, desk
from tests.conftest import BIOLOGIST, OUTSIDER, READER, TRANSCODER, ClientFor

__all__ = ["desk"]
JSON = {"accept": "application/json"}


def plain(text: str) -> str:
    """A page without its tags, on one line."""
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


def test_a_biologist_shares_out_a_chapter(desk: Desk, client_for: ClientFor) -> None:
    client = client_for(BIOLOGIST)
    data = {"personne": desk.world.user_id(TRANSCODER), "chapitre": "=Biochimie"}
    answer = client.post(f"{desk.base}/repartition", data=data)
    assert answer.status_code == 303
    page = plain(client.get(answer.headers["location"]).text)
    assert "2 lignes attribuées." in page
    assert "à Tania Transcodeuse Chapitre : Biochimie" in page
    mine = str(desk.world.user_id(TRANSCODER))
    assert assignees(desk) == {desk.sodium: mine, desk.glucose: mine}


def test_the_filtered_rows_of_the_queue_are_shared_out(desk: Desk, client_for: ClientFor) -> None:
    client = client_for(BIOLOGIST)
    queue = client.get(f"{desk.base}/revue?milieu=Urines").text
    assert f'href="{desk.base}/repartition?milieu=Urines"' in queue
    page = client.get(f"{desk.base}/repartition?milieu=Urines").text
    assert "Milieu : Urines" in page
    assert f'action="{desk.base}/repartition?milieu=Urines"' in page
    answer = client.post(f"{desk.base}/repartition?milieu=Urines", data={"personne": desk.world.user_id(BIOLOGIST)})
    assert answer.headers["location"].endswith("fait=1")
    assert set(assignees(desk)) == {desk.strip}


def test_free_rows_of_a_range_then_a_release(desk: Desk, client_for: ClientFor) -> None:
    client, path = client_for(BIOLOGIST), f"{desk.base}/repartition"
    give(desk, EVERYTHING, TRANSCODER)
    client.post(path, data={"personne": "personne", "de": "1", "a": "2"})
    assert set(assignees(desk)) == {desk.strip, desk.comment_row, desk.unproposed}
    answer = client.post(path, data={"personne": desk.world.user_id(BIOLOGIST), "parmi": "libres"})
    assert answer.headers["location"].endswith("fait=2")
    assert assignees(desk)[desk.sodium] == str(desk.world.user_id(BIOLOGIST))
    assert assignees(desk)[desk.strip] == str(desk.world.user_id(TRANSCODER))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({}, "Choisissez à qui vont ces lignes."),
        ({"personne": "999999"}, "ne décide pas dans ce laboratoire"),
        ({"personne": "٣"}, "Choisissez à qui vont ces lignes."),
        ({"personne": "personne", "de": "x"}, "nombre entier à partir de 1"),
        ({"personne": "personne", "de": "0"}, "nombre entier à partir de 1"),
        ({"personne": "personne", "a": "99999999999"}, "nombre entier à partir de 1"),
        ({"personne": "personne", "de": "4", "a": "2"}, "après la dernière"),
        ({"personne": "personne", "chapitre": "=Nulle part"}, "Aucune ligne ne répond"),
        ({"personne": "personne", "chapitre": "=\0"}, "caractère nul"),
        ({"personne": "personne", "parmi": "\0"}, "caractère nul"),
        ({"personne": "personne", "parmi": "\x07"}, "que des caractères de contrôle"),
        ({"personne": "personne", "parmi": "autres"}, "Choisissez parmi quelles lignes"),
    ],
)
def test_what_cannot_be_is_said_in_french(
    desk: Desk, client_for: ClientFor, data: dict[str, str], said: str
) -> None:
    answer = client_for(BIOLOGIST).post(f"{desk.base}/repartition", data=data)
    assert answer.status_code in (400, 409, 422)
    assert said in plain(answer.text)
    assert assignees(desk) == {}


@pytest.mark.parametrize(
    "address", ["parmi=%00", "milieux=Urines", "q=%00", "q=%20", "milieu=%00", "etat=", "sauf-=x"]
)
def test_an_act_whose_filter_cannot_be_read_gives_no_row(desk: Desk, client_for: ClientFor, address: str) -> None:
    data = {"personne": desk.world.user_id(TRANSCODER)}
    answer = client_for(BIOLOGIST).post(f"{desk.base}/repartition?{address}", data=data)
    assert answer.status_code == 422
    assert "adresse contient un filtre" in plain(answer.text) or "ne contient rien à chercher" in plain(answer.text)
    assert assignees(desk) == {}


def test_others_read_and_outsiders_see_nothing(desk: Desk, client_for: ClientFor) -> None:
    path = f"{desk.base}/repartition"
    for email in (TRANSCODER, READER):
        page = client_for(email).get(path)
        assert page.status_code == 200
        assert "Attribuer ces lignes" not in page.text
        assert client_for(email).post(path, data={"personne": "personne"}).status_code == 403
    assert client_for(OUTSIDER).get(path).status_code == 404
    assert client_for(READER).post(f"{desk.base}/presence/{desk.sodium}").status_code == 403
    assert client_for(OUTSIDER).post(f"{desk.base}/presence/{desk.sodium}").status_code == 404


def test_my_queue_is_a_link_of_the_queue_and_of_the_catalogue(desk: Desk, client_for: ClientFor) -> None:
    give(desk, EVERYTHING, TRANSCODER)
    desk.decide(desk.sodium)
    client, mine = client_for(TRANSCODER), desk.world.user_id(TRANSCODER)
    page = client.get(f"{desk.base}/revue").text
    assert f'href="{desk.base}/revue?attribuee={mine}">Ma file : 4 à décider sur 5</a>' in page
    assert "Attribuée à" in plain(client.get(f"{desk.base}/revue?sauf-attribuee={mine}").text)
    assert "Aucune ligne ne répond" in client.get(f"{desk.base}/revue?sauf-attribuee={mine}").text
    overview = plain(client.get(desk.base).text)
    assert "Tania Transcodeuse vous 5 4 1 1" in overview
    assert "Personne (lignes libres) 0 0" in overview


def test_a_row_open_elsewhere_is_said_in_queue_and_case(desk: Desk, client_for: ClientFor) -> None:
    tania, beatrice = client_for(TRANSCODER), client_for(BIOLOGIST)
    # A page that is only fetched claims nothing.
    assert "En cours chez" not in plain(beatrice.get(f"{desk.base}/revue/{desk.sodium}").text).replace(
        "En cours chez . Vous", ""
    )
    assert tania.post(f"{desk.base}/presence/{desk.sodium}").json() == {"others": ""}
    case = plain(beatrice.get(f"{desk.base}/revue/{desk.sodium}").text)
    assert "En cours chez Tania Transcodeuse" in case
    assert "En cours chez Tania Transcodeuse" in plain(beatrice.get(f"{desk.base}/revue").text)
    assert "En cours chez Tania" not in plain(tania.get(f"{desk.base}/revue").text)
    assert tania.post(f"{desk.base}/presence/{desk.sodium}/fin").status_code == 204
    assert "En cours chez Tania" not in plain(beatrice.get(f"{desk.base}/revue").text)
    assert tania.post(f"{desk.base}/presence/999999").status_code == 404


def test_a_refused_decision_carries_the_other_one(desk: Desk, client_for: ClientFor) -> None:
    desk.decide(desk.sodium, comment="vu avec le fournisseur")
    data = {"version": "0", "action": "choose", "loinc_num": "2947-0", "comment": "le mien", "justification": "essai"}
    answer = client_for(BIOLOGIST).post(f"{desk.base}/revue/{desk.sodium}/decision", data=data, headers=JSON)
    assert answer.status_code == 409
    conflict = answer.json()["conflict"]
    (fact,) = conflict["newer"]
    assert (fact["who"], fact["what"], fact["code"]) == ("Tania Transcodeuse", "a choisi un code", "2951-2")
    assert "vu avec le fournisseur" in fact["said"]
    assert fact["name"]
    assert re.fullmatch(r"\d\d/\d\d/\d{4} \d\d:\d\d", fact["when"])
    assert conflict["mine"]["code"] == "2947-0"
    assert "le mien" in conflict["mine"]["said"]
    assert conflict["case_url"] == f"{desk.base}/revue/{desk.sodium}"


def test_a_refused_approval_carries_the_other_one(desk: Desk, client_for: ClientFor) -> None:
    desk.decide(desk.sodium)
    desk.decide(desk.sodium, Action.NO_LOINC, email=SECOND_BIOLOGIST)
    data = {"version": "1", "action": "approve"}
    answer = client_for(BIOLOGIST).post(f"{desk.base}/approbation/{desk.sodium}", data=data, headers=JSON)
    assert answer.status_code == 409
    assert answer.json()["conflict"]["newer"][0]["what"] == "a déclaré qu'aucun code LOINC n'existe"


def test_the_order_is_explained(desk: Desk, client_for: ClientFor) -> None:
    client = client_for(TRANSCODER)
    assert "Ordre : volume annuel × incertitude" in plain(client.get(f"{desk.base}/revue").text)
    assert "Ordre : libellé, croissant." in plain(client.get(f"{desk.base}/revue?tri=libelle").text)
    assert order_words(ReviewQuery(), False).startswith("analyses usuelles d’abord")


def test_the_bars_say_what_coverage_says(desk: Desk, client_for: ClientFor) -> None:
    page = client_for(TRANSCODER).get(f"{desk.base}/revue").text
    assert "Lignes transcodées : 0,00\u00a0% : 0 sur 5 analyses, et 0 à approuver. Repère : 80\u00a0%." in page
    assert "sur 35\u202f003 actes" in page
    assert page.count('<line class="target"') == 2


def test_a_filter_that_names_nobody_is_no_fault(desk: Desk, client_for: ClientFor) -> None:
    client = client_for(BIOLOGIST)
    for word in ("999999999999999999999", "abc", quote("é")):
        assert client.get(f"{desk.base}/repartition?attribuee={word}").status_code == 200
        assert client.get(f"{desk.base}/revue?attribuee={word}").status_code == 200
