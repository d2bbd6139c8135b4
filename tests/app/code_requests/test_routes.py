"""The pages of requests, their forms, and the walls between laboratories and between readers."""

import csv
import html
import io
from datetime import timedelta

import pytest
from sqlmodel import select

from app.code_requests.repository import of_member, page_of
from app.models import (
    Action,
    CodeRequestStep,
    LocalTest,
    Membership,
    ReadingRequest,
    RequestAction,
    ReviewState,
    Role,
    TaskKind,
    WaitingCodeRule,
    utc_now,
)
from app.platform.database import reading, transaction
from app.upgrades.tasks import open_task_of
from tests.app.code_requests.conftest import WAITING, Requests
from tests.conftest import BIOLOGIST, OUTSIDER, READER, TRANSCODER, ClientFor

ACROSS = "/demandes-de-code"


def text_of(page: str) -> str:
    return html.unescape(page)


def rows(answer: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.lstrip("\ufeff")), delimiter=";"))


def test_the_list_filters_sorts_and_exports(requests: Requests, client_for: ClientFor) -> None:
    client = client_for(READER)
    page = client.get(requests.base)
    assert page.status_code == 200
    assert "ANALYSE RARE" in page.text
    assert "GLUCOSE URINAIRE" not in page.text, "one that nobody approved is shown apart"
    assert "GLUCOSE URINAIRE" in client.get(f"{requests.base}?decision=decidee").text
    assert "Aucune demande dans cet état" in client.get(f"{requests.base}?etat=envoyee").text
    requests.follow(requests.approved, RequestAction.SEND, recipient="=ANS")
    (line,) = rows(client.get(f"{requests.base}?etat=envoyee&format=csv").text)
    assert (line["Libellé"], line["Destinataire"], line["État de la demande"]) == ("ANALYSE RARE", "'=ANS", "Envoyée")
    for order in ("libelle", "-volume", "etat", "-declaree", "code", "laboratoire"):
        assert client.get(f"{requests.base}?tri={order}").status_code == 200
    for wrong in ("tri=secret", "etat=perdue", "decision=autre", "page=0", "page=x"):
        assert client.get(f"{requests.base}?{wrong}").status_code == 422, wrong


def test_pages_of_a_long_list(requests: Requests, client_for: ClientFor, monkeypatch: pytest.MonkeyPatch) -> None:
    from app.code_requests import pages

    monkeypatch.setattr(pages, "PAGE", 1)
    requests.desk.decide(requests.desk.comment_row, Action.NO_LOINC, reason="Essai de pages")
    client, address = client_for(READER), f"{requests.base}?decision=decidee"
    first, second, beyond = (client.get(f"{address}&page={number}").text for number in (1, 2, 9))
    assert ("COMMENTAIRE" in first, "GLUCOSE URINAIRE" in first) == (True, False)
    assert ("COMMENTAIRE" in second, "GLUCOSE URINAIRE" in second) == (False, True)
    assert "GLUCOSE URINAIRE" in beyond, "a page that is no more is the last one"


def test_one_request_is_followed_from_its_page(requests: Requests, client_for: ClientFor) -> None:
    client, row = client_for(TRANSCODER), requests.approved
    sent = {"lignes": row, "vu": 0, "action": "envoyer", "destinataire": "ANS", "reference": "D-7"}
    answer = client.post(f"{requests.base}/suivi", data=sent, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{requests.base}/{row}")
    page = text_of(client.get(f"{requests.base}/{row}").text)
    assert "référence D-7" in page
    stale = client.post(f"{requests.base}/suivi", data=sent | {"action": "retirer", "motif": "Trouvé ailleurs"})
    assert stale.status_code == 409
    assert "Trouvé ailleurs" in text_of(stale.text), "what was typed is there"
    version = requests.found(row).version
    accepted = {"lignes": row, "vu": version, "action": "accepter", "code": "1-1"}
    wrong = client.post(f"{requests.base}/suivi", data=accepted)
    assert wrong.status_code == 422
    assert "n’est pas un code LOINC" in text_of(wrong.text)
    assert client.post(f"{requests.base}/suivi", data={"lignes": row, "action": "détruire"}).status_code == 422


def test_those_that_are_ticked_are_sent_together_or_not_at_all(requests: Requests, client_for: ClientFor) -> None:
    client = client_for(TRANSCODER)
    both = [requests.approved, requests.decided]
    requests.follow(requests.decided, RequestAction.WITHDRAW, reason="Pas encore approuvée")
    refused = client.post(f"{requests.base}/suivi", data={"lignes": both, "action": "envoyer", "destinataire": "ANS"})
    assert refused.status_code == 409
    assert len(requests.steps()) == 1
    requests.follow(requests.decided, RequestAction.REOPEN, reason="Envoyée quand même")
    done = client.post(
        f"{requests.base}/suivi", data={"lignes": both, "action": "envoyer", "destinataire": "ANS"},
        follow_redirects=False,
    )  # fmt: skip
    assert done.status_code == 303
    assert [requests.found(row).status for row in both] == ["sent", "sent"]
    assert client.post(f"{requests.base}/suivi", data={"action": "envoyer", "destinataire": "ANS"}).status_code == 422


def test_what_is_to_be_filled_is_told_before_the_file(requests: Requests, client_for: ClientFor) -> None:
    client = client_for(TRANSCODER)
    page = client.post(f"{requests.base}/loinc", data={"lignes": [requests.decided]})
    assert page.status_code == 200
    assert "À remplir avant l’envoi" in page.text
    assert "Grandeur (Property)" in page.text
    file = client.post(f"{requests.base}/fichier", data={"lignes": [requests.decided], "format": "xlsx"})
    assert file.headers["content-disposition"].startswith('attachment; filename="loinc_new_terms_catalogue_')
    assert client.post(f"{requests.base}/loinc", data={}).status_code == 422
    assert client.post(f"{requests.base}/fichier", data={"lignes": [999_999]}).status_code == 404
    assert client.post(f"{requests.base}/fichier", data={"lignes": "x"}).status_code == 422


def test_the_codes_of_a_laboratory_are_set_by_those_who_transcode(requests: Requests, client_for: ClientFor) -> None:
    address = f"/laboratoires/{requests.desk.world.laboratory_id}/codes-attente"
    form = {"systeme": "1.2.250.1.213.1.1.5.130", "codes": f"{WAITING} ; Générique", "vu": 0}
    assert client_for(READER).post(address, data=form).status_code == 403
    client = client_for(TRANSCODER)
    refused = client.post(address, data=form | {"codes": "2951-2"})
    assert refused.status_code == 422
    assert "forme d’un code LOINC" in text_of(refused.text)
    assert client.post(address, data=form, follow_redirects=False).status_code == 303
    assert WAITING in client_for(READER).get(address).text
    assert client.post(address, data=form | {"codes": "X"}).status_code == 409, "of before"


def test_a_code_that_the_release_holds_already_opens_its_task_at_once(requests: Requests) -> None:
    row = requests.approved
    requests.follow(row, RequestAction.SEND, recipient="LOINC")
    requests.follow(row, RequestAction.ACCEPT, loinc_num="1988-5")
    with reading(requests.desk.engine) as session:
        task = open_task_of(session, row)
    assert task is not None
    assert (task.kind, task.loinc_num) == (TaskKind.CODE_ARRIVED, "1988-5")
    requests.desk.decide(row, Action.CHOOSE, loinc_num="1988-5", reason="Code reçu", justification="essai")
    with reading(requests.desk.engine) as session:
        assert open_task_of(session, row) is None


def test_coverage_counts_requests_apart_and_leads_to_them(requests: Requests, client_for: ClientFor) -> None:
    requests.allow(WAITING)
    requests.give(requests.approved)
    page = text_of(client_for(READER).get(f"{requests.desk.base}/couverture").text)
    assert "1 demande de code LOINC" in page
    assert f'href="{requests.base}"' in page
    assert "1 ligne porte" in page


# ---- walls --------------------------------------------------------------------------------------------------


def test_another_laboratory_sees_nothing_and_touches_nothing(requests: Requests, client_for: ClientFor) -> None:
    requests.allow(WAITING)
    requests.follow(requests.approved, RequestAction.SEND, recipient="ANS")
    before = len(requests.steps())
    stranger = client_for(OUTSIDER)
    for method, address in (
        ("GET", requests.base), ("GET", f"{requests.base}/{requests.approved}"), ("POST", f"{requests.base}/suivi"),
        ("POST", f"{requests.base}/fichier"), ("POST", f"{requests.base}/liste-nationale"),
    ):  # fmt: skip
        data = {"lignes": requests.approved, "action": "retirer", "motif": "Attaque"} if method == "POST" else None
        assert stranger.request(method, address, data=data).status_code == 404, address
    assert "ANALYSE RARE" not in stranger.get(ACROSS).text
    assert "ANALYSE RARE" not in stranger.get(f"{ACROSS}?format=csv").text
    assert "ANALYSE RARE" not in stranger.post(f"{ACROSS}/liste-nationale", data={"format": "csv"}).text
    assert len(requests.steps()) == before


def test_the_rows_of_another_catalogue_are_not_followed_through_ones_own(
    requests: Requests, client_for: ClientFor
) -> None:
    """The stranger has a catalogue of her own, and sends the numbers of rows that are not hers."""
    world = requests.desk.world
    own = world.add_catalogue("À elle", world.other_laboratory.id)
    stranger = client_for(OUTSIDER)
    base = f"/catalogues/{own.id}/demandes-de-code"
    assert stranger.get(base).status_code == 200
    row = requests.approved
    said = {"lignes": row, "action": "retirer", "motif": "Attaque"}
    assert stranger.post(f"{base}/suivi", data=said).status_code == 404
    assert stranger.post(f"{base}/suivi", data=said | {"vu": 0}).status_code == 404
    assert stranger.post(f"{base}/loinc", data={"lignes": row}).status_code == 404
    assert stranger.post(f"{base}/fichier", data={"lignes": row}).status_code == 404
    assert stranger.get(f"{base}/{row}").status_code == 404
    assert requests.steps() == []
    requests.allow(WAITING)
    mine = f"/laboratoires/{world.other_laboratory.id}/codes-attente"
    assert WAITING not in stranger.get(mine).text, "nor are the codes of one laboratory those of another"


def test_a_row_is_followed_through_its_own_catalogue_only(requests: Requests, client_for: ClientFor) -> None:
    """Both catalogues are of the same laboratory."""
    second = requests.desk.world.add_catalogue("Second")
    client, base, row = client_for(TRANSCODER), f"/catalogues/{second.id}/demandes-de-code", requests.approved
    said = {"lignes": row, "action": "retirer", "motif": "Par erreur"}
    assert client.post(f"{base}/suivi", data=said).status_code == 404
    assert client.post(f"{base}/fichier", data={"lignes": row}).status_code == 404
    assert client.get(f"{base}/{row}").status_code == 404
    assert "ANALYSE RARE" not in client.get(base).text
    assert requests.steps() == []


def test_the_list_over_laboratories_follows_memberships(requests: Requests, client_for: ClientFor) -> None:
    """A person of two laboratories sees both, one line for the same test; once she leaves one, no more of it."""
    world, desk = requests.desk.world, requests.desk
    other = world.add_catalogue("Autre", world.other_laboratory.id)
    with transaction(desk.engine) as session:
        test = LocalTest(
            catalogue_id=other.id or 0, level="analysis", code="AUTRE", label="Analyse rare", unit="g/L",
            annual_volume=4,
        )  # fmt: skip
        session.add(test)
        session.flush()
        session.add(ReviewState(local_test_id=test.id, status="approved", outcome="no_loinc"))
        membership = Membership(
            user_id=world.user_id(BIOLOGIST), laboratory_id=world.other_laboratory.id or 0, role=Role.READER
        )
        session.add(membership)
    client = client_for(BIOLOGIST)
    assert "AUTRE" in client.get(ACROSS).text
    (line,) = rows(client.post(f"{ACROSS}/liste-nationale", data={"format": "csv"}).text)
    assert (line["Codes locaux"], line["Volume annuel"]) == ("AUTRE | XYZ", "7")
    assert line["Laboratoires"] == f"{world.other_laboratory.name} | {world.laboratory.name}"
    with transaction(desk.engine) as session:
        session.delete(
            session.exec(select(Membership).where(Membership.id == membership.id)).one()
        )
    assert "AUTRE" not in client.get(ACROSS).text


def test_a_decision_to_be_read_blind_is_no_request_for_its_reader(requests: Requests, client_for: ClientFor) -> None:
    """The transcoder who may read the row a second time learns neither what was decided nor what was done of it."""
    desk, row = requests.desk, requests.decided
    second = desk.world.user_id(READER)
    with transaction(desk.engine) as session:
        membership = session.exec(select(Membership).where(Membership.user_id == second)).one()
        membership.role = Role.TRANSCODER
        state = session.get_one(ReviewState, row)
        session.add(
            ReadingRequest(
                catalogue_id=desk.catalogue_id, local_test_id=row, decision_id=state.decision_id or 0,
                discipline="Biochimie", origin="draw", created_at=utc_now() - timedelta(minutes=1),
            )
        )  # fmt: skip
    blind = client_for(READER)
    for address in (f"{requests.base}?decision=decidee", f"{ACROSS}?decision=decidee"):
        assert "GLUCOSE URINAIRE" not in blind.get(address).text
        assert "GLUCOSE URINAIRE" in client_for(TRANSCODER).get(address).text
        assert "GLUCOSE URINAIRE" not in blind.get(f"{address}&format=csv").text
    sent = blind.get(f"{requests.base}/{row}", follow_redirects=False)
    assert sent.headers["location"] == f"{desk.base}/double-lecture/{row}"
    assert blind.post(f"{requests.base}/loinc", data={"lignes": row}).status_code == 404
    posted = blind.post(f"{requests.base}/suivi", data={"lignes": row, "action": "retirer", "motif": "Pour voir"})
    assert posted.status_code == 404
    with reading(desk.engine) as session:
        assert [item.row_id for item in page_of(session, of_member(second), limit=9)] == [requests.approved]


def test_what_is_written_is_the_laboratorys_own(requests: Requests) -> None:
    requests.allow(WAITING)
    requests.give(requests.approved)
    with reading(requests.desk.engine) as session:
        for model in (CodeRequestStep, WaitingCodeRule):
            assert {item.laboratory_id for item in session.exec(select(model))} == {
                requests.desk.world.laboratory_id
            }
