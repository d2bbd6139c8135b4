"""The reading of a chapter: what waits, the riskiest first, with its reasons; doubts are answered."""

import re
from html import unescape

import pytest

from app.models import Action, Level, LocalTest, Relation, Status
from app.platform.database import transaction
from tests.app.review.conftest import Desk
from tests.conftest import BIOLOGIST, OUTSIDER, READER, TRANSCODER, ClientFor


def url(desk: Desk, query: str = "") -> str:
    return f"{desk.base}/approbation/lecture{query}"


def shown(html: str) -> list[int]:
    return [int(found) for found in re.findall(r'<tr id="ligne-(\d+)"', html)]


def test_the_reading_shows_all_that_a_biologist_needs(desk: Desk, client_for: ClientFor) -> None:
    with transaction(desk.engine) as session:
        test = session.get(LocalTest, desk.sodium)
        assert test is not None
        test.technique, test.nabm, test.synonym = "Potentiométrie indirecte", "1610", "natrémie"
        session.add(test)
    desk.decide(desk.sodium, relation=Relation.LOINC_WIDER, comment="vu avec le fournisseur")
    html = client_for(BIOLOGIST).get(url(desk, "?chapitre=Biochimie")).text
    for said in ("SODIUM", "natrémie", "mmol/L", "Sérum", "Potentiométrie indirecte", "NABM 1610", "2951-2",
                 "LOINC plus large", "vu avec le fournisseur", "Pas équivalent", "15\u202f000 par an"):  # fmt: skip
        assert said in html, said
    # A row with an alert is opened, never ticked.
    assert 'name="choix"' not in html
    assert "Ouvrir" in html


def test_the_riskiest_rows_come_first(desk: Desk, client_for: ClientFor) -> None:
    with transaction(desk.engine) as session:
        plain = LocalTest(
            catalogue_id=desk.catalogue_id, level=Level.ANALYSIS, position=0, code="PL", label="SANS RISQUE",
            chapter="Biochimie",
        )  # fmt: skip
        narrower = LocalTest(
            catalogue_id=desk.catalogue_id, level=Level.ANALYSIS, position=9, code="PE", label="PLUS ETROIT",
            chapter="Biochimie", specimen="Urines", unit="mmol/L",
        )  # fmt: skip
        session.add_all((plain, narrower))
        session.flush()
        plain_id, narrower_id = plain.id or 0, narrower.id or 0
    desk.decide(plain_id, Action.OUT_OF_SCOPE)
    desk.decide(desk.sodium)
    narrow = {"relation": Relation.LOINC_NARROWER, "comment": "plus précis", "justification": "oui, ici"}
    desk.decide(narrower_id, loinc_num="2955-3", **narrow)
    desk.decide(desk.glucose, Action.DOUBT, reason="plasma ou sang total ?")
    html = client_for(BIOLOGIST).get(url(desk, "?chapitre=Biochimie")).text
    assert shown(html) == [narrower_id, desk.glucose, desk.sodium, plain_id]
    assert "plasma ou sang total ?" in html
    # To whom decisions may be hidden, the order tells nothing of them: it is that of the file.
    seen = client_for(TRANSCODER).get(url(desk, "?chapitre=Biochimie")).text
    assert shown(seen) == [desk.sodium, plain_id, desk.glucose, narrower_id]


def test_the_first_chapter_where_something_waits_is_offered(desk: Desk, client_for: ClientFor) -> None:
    empty = client_for(BIOLOGIST).get(url(desk)).text
    assert "Rien n’attend de lecture ici" in empty
    desk.decide(desk.comment_row, Action.OUT_OF_SCOPE)
    desk.decide(desk.strip, Action.NO_LOINC)
    html = client_for(BIOLOGIST).get(url(desk)).text
    assert shown(html) == [desk.comment_row]
    assert "Divers (1)" in html
    assert "chapitre=Urines" in html
    assert shown(client_for(BIOLOGIST).get(url(desk, "?chapitre=Urines")).text) == [desk.strip]


def test_exams_and_chapters_have_their_reading(desk: Desk, client_for: ClientFor) -> None:
    with transaction(desk.engine) as session:
        exam = LocalTest(
            catalogue_id=desk.catalogue_id, level=Level.EXAM, position=10, code="IONO", label="IONOGRAMME",
            chapter="Biochimie",
        )  # fmt: skip
        session.add(exam)
        session.flush()
        exam_id = exam.id or 0
    desk.decide(exam_id, Action.OUT_OF_SCOPE)
    desk.decide(desk.sodium)
    client = client_for(BIOLOGIST)
    html = client.get(url(desk, "?chapitre=Biochimie")).text
    assert set(shown(html)) == {exam_id, desk.sodium}
    assert "niveau=examen" in html
    assert shown(client.get(url(desk, "?chapitre=Biochimie&niveau=examen")).text) == [exam_id]


def test_twelve_rows_a_screen(desk: Desk, client_for: ClientFor) -> None:
    with transaction(desk.engine) as session:
        tests = [
            LocalTest(catalogue_id=desk.catalogue_id, level=Level.ANALYSIS, position=number, code=f"S{number}",
                      label=f"SÉROLOGIE {number}", chapter="Sérologie")
            for number in range(30)
        ]  # fmt: skip
        session.add_all(tests)
        session.flush()
        ids = [test.id or 0 for test in tests]
    for row_id in ids:
        desk.decide(row_id, Action.OUT_OF_SCOPE)
    client = client_for(BIOLOGIST)
    pages = [shown(client.get(url(desk, f"?chapitre=Sérologie&page={number}")).text) for number in (1, 2, 3, 99)]
    assert [len(page) for page in pages] == [12, 12, 6, 6]
    assert [row_id for page in pages[:3] for row_id in page] == ids


def test_approving_and_sending_back_come_back_to_the_reading(desk: Desk, client_for: ClientFor) -> None:
    desk.decide(desk.sodium)
    desk.decide(desk.glucose, Action.NO_LOINC)
    client = client_for(BIOLOGIST)
    base = f"{desk.base}/approbation"
    approve = {"version": 1, "action": "approve"}
    done = client.post(f"{base}/{desk.sodium}?chapitre=Biochimie&depuis=lecture", data=approve)
    assert done.headers["location"].startswith(f"{base}/lecture?chapitre=Biochimie")
    assert desk.state(desk.sodium).status == Status.APPROVED
    assert "décision approuvée" in client.get(done.headers["location"]).text
    back = {"version": 1, "action": "send_back", "reason": "quel tube ?"}
    answer = client.post(f"{base}/{desk.glucose}?chapitre=Biochimie&depuis=lecture", data=back)
    assert answer.headers["location"].startswith(f"{base}/lecture?chapitre=Biochimie")
    assert desk.state(desk.glucose).status == Status.SENT_BACK


def test_a_doubt_is_answered_where_its_author_reads_it(desk: Desk, client_for: ClientFor) -> None:
    desk.decide(desk.sodium, Action.DOUBT, reason="sérum ou plasma ?")
    client = client_for(BIOLOGIST)
    address = f"{desk.base}/approbation/{desk.sodium}/reponse"
    empty = client.post(address, data={"version": 1, "comment": " "})
    assert empty.status_code == 422
    assert "Écrivez la réponse" in empty.text
    done = client.post(address, data={"version": 1, "comment": "du sérum, toujours"})
    assert done.status_code == 303
    state = desk.state(desk.sodium)
    assert (state.status, state.version) == (Status.DOUBT, 2)
    assert "Répondue" in client.get(url(desk, "?chapitre=Biochimie")).text
    assert "du sérum, toujours" in client_for(TRANSCODER).get(f"{desk.base}/revue/{desk.sodium}").text
    assert client.post(address, data={"version": 1, "comment": "trop tard, déjà dit"}).status_code == 409
    desk.decide(desk.sodium)
    assert client.post(address, data={"version": 3, "comment": "plus de question"}).status_code == 409


def test_others_follow_without_acting(desk: Desk, client_for: ClientFor) -> None:
    desk.decide(desk.sodium)
    desk.decide(desk.glucose, Action.DOUBT)
    for email in (TRANSCODER, READER):
        client = client_for(email)
        html = client.get(url(desk, "?chapitre=Biochimie")).text
        assert "SODIUM" in html
        assert "<form method=\"post\" action=\"/catalogues" not in html
        assert client.post(f"{desk.base}/approbation/{desk.glucose}/reponse", data={"version": 1}).status_code == 403
        assert client.get(f"{desk.base}/approbation/lot?perimetre=chapitre&chapitre=Biochimie").status_code == 403
    assert client_for(OUTSIDER).get(url(desk)).status_code == 404


def test_after_an_act_the_reading_goes_on_where_it_was(desk: Desk, client_for: ClientFor) -> None:
    with transaction(desk.engine) as session:
        tests = [
            LocalTest(catalogue_id=desk.catalogue_id, level=Level.ANALYSIS, position=number, code=f"S{number}",
                      label=f"SÉROLOGIE {number}", chapter="Sérologie")
            for number in range(30)
        ]  # fmt: skip
        session.add_all(tests)
        session.flush()
        ids = [test.id or 0 for test in tests]
    for row_id in ids:
        desk.decide(row_id, Action.OUT_OF_SCOPE)
    client = client_for(BIOLOGIST)
    html = client.get(url(desk, "?chapitre=Sérologie&page=2")).text
    row_id = ids[16]
    judge = unescape(next(iter(re.findall(rf'action="([^"]*/approbation/{row_id}\?[^"]*)"', html))))
    done = client.post(judge, data={"version": 1, "action": "approve"}).headers["location"]
    assert "page=2" in done
    assert done.endswith("#rang-5")
    assert shown(client.get(done).text)[4] == ids[17]
    # A batch of this screen comes back to it as well.
    ticked = unescape(next(iter(re.findall(r'id="form-lecture" method="post" action="([^"]*)"', html))))
    confirmed = {"choix": [f"{ids[18]}:1"], "confirme": "oui"}
    batch = client.get(client.post(ticked, data=confirmed).headers["location"]).text
    assert "page=2" in next(iter(re.findall(r'href="([^"]*)"[^>]*data-key="u"', batch)))


def test_an_answered_doubt_stays_and_the_next_row_is_read(desk: Desk, client_for: ClientFor) -> None:
    desk.decide(desk.sodium, Action.DOUBT, reason="sérum ou plasma ?")
    address = f"{desk.base}/approbation/{desk.sodium}/reponse?depuis=lecture&rang=1"
    done = client_for(BIOLOGIST).post(address, data={"version": 1, "comment": "du sérum"}).headers["location"]
    assert done.endswith("#rang-2")


@pytest.mark.parametrize("rank", ["0", "-3", "x", "٣", "999999999"])
def test_a_rank_that_is_none_is_left_aside(rank: str, desk: Desk, client_for: ClientFor) -> None:
    desk.decide(desk.sodium)
    address = f"{desk.base}/approbation/{desk.sodium}?depuis=lecture&rang={rank}"
    done = client_for(BIOLOGIST).post(address, data={"version": 1, "action": "approve"})
    assert done.status_code == 303
    assert "#" not in done.headers["location"]


def test_a_row_opened_from_the_reading_leads_back_to_it(desk: Desk, client_for: ClientFor) -> None:
    desk.decide(desk.sodium)
    client = client_for(BIOLOGIST)
    opened = re.search(r'href="([^"]*)" data-open', client.get(url(desk, "?chapitre=Biochimie&niveau=analyse")).text)
    assert opened is not None
    case = unescape(opened[1])

    def back_of(html: str) -> tuple[str, str]:
        found = re.search(r'<a href="([^"]*)" data-key="u">(\w+)</a>', html)
        assert found is not None
        return unescape(found[1]), found[2]

    address, name = back_of(client.get(case).text)
    assert name == "Lecture"
    assert address.startswith(f"{desk.base}/approbation/lecture?")
    assert address.endswith(f"#ligne-{desk.sodium}")
    assert shown(client.get(address).text) == [desk.sodium]
    # The transcoder's work is in the queue, and a row of the queue leads back to it.
    assert back_of(client_for(TRANSCODER).get(case).text)[1] == "Revue"
    assert back_of(client.get(f"{desk.base}/revue/{desk.sodium}?chapitre=Biochimie").text)[1] == "Revue"
    # Once nothing of the chapter is left to judge, the reading says what was done.
    judge = f"{desk.base}/approbation/{desk.sodium}?{case.partition('?')[2]}&depuis=revue"
    done = client.post(judge, data={"version": 1, "action": "approve"}).headers["location"]
    assert done.startswith(f"{desk.base}/approbation/lecture?")
    assert "décision approuvée" in client.get(done).text
