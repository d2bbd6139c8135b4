"""Batches end to end: a filter, its answers row by row, and taking it back."""

import csv
import io
import re
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, col, func, select

from app.batches import carrying, routes
from app.batches.asking import Asked, Sifted
from app.jobs.runner import run_job
from app.models import (
    Action,
    Batch,
    BatchAnswer,
    BatchRow,
    Decision,
    Job,
    JobStatus,
    LocalTest,
    Proposal,
    ReadingRequest,
    Status,
)
from app.platform.database import reading, transaction
from app.platform.identity import CatalogueAccess
from app.review.marks import mark_row
from app.transcoding import repository
from tests.app.approval.opened import approve
from tests.app.batches.sample import add_rows, statuses
from tests.app.review.conftest import Desk
from tests.conftest import BIOLOGIST, OUTSIDER, READER, TRANSCODER, ClientFor


def post_batch(client: TestClient, desk: Desk, filters: str = "chapitre=Lot") -> str:
    answer = client.post(f"{desk.base}/lots?{filters}")
    assert answer.status_code == 303, answer.text[:2000]
    return answer.headers["location"]


def test_a_thousand_rows_with_three_contradictions_answer_997_and_3(desk: Desk, client_for: ClientFor) -> None:
    ids = add_rows(desk, 1000, contradicted=(5, 500, 999))
    client = client_for(TRANSCODER)
    gate = client.get(f"{desk.base}/lots/nouveau?chapitre=Lot").text
    assert "<strong>997</strong> lignes passent, 3 restent à une personne" in gate
    assert "La ligne contredit le code proposé." in gate
    assert "Accepter 997 lignes" in gate
    address = post_batch(client, desk)
    page = client.get(address).text
    assert "<strong>997</strong> lignes enregistrées" in page
    assert "<strong>3</strong> laissées sur 1\u202f000" in page
    rows = list(csv.reader(io.StringIO(client.get(f"{address}?format=csv").text.lstrip("\ufeff")), delimiter=";"))
    results = [row[9] for row in rows[1:]]
    assert (results.count("Enregistrée"), results.count("Laissée"), len(results)) == (997, 3, 1000)
    assert {row[3] for row in rows[1:] if row[9] == "Laissée"} == {"S0005", "S0500", "S0999"}
    done = statuses(desk, ids)
    assert (done.count(Status.DECIDED), done.count(Status.TODO)) == (997, 3)
    # One key takes it all back, whatever server answers: nothing of it was kept in memory.
    undone = client_for(TRANSCODER).post(f"{desk.base}/revue/annuler", data={})
    assert undone.status_code == 303
    back = client.get(undone.headers["location"]).text
    assert "<strong>997</strong> lignes enregistrées" in back
    assert set(statuses(desk, ids)) == {Status.TODO}
    with reading(desk.engine) as session:
        assert session.exec(select(func.count()).select_from(Decision)).one() == 2 * 997, "nothing was rewritten"


def test_the_history_and_the_trail_say_that_nobody_looked_at_the_row(desk: Desk, client_for: ClientFor) -> None:
    (first, *_) = add_rows(desk, 3)
    post_batch(client_for(TRANSCODER), desk)
    (fact,) = desk.facts(first)
    assert re.fullmatch(r"Accepté en lot n° \d+ : Chapitre : Lot", fact.reason)
    assert "Accepté en lot n°" in client_for(READER).get(f"{desk.base}/revue/{first}").text
    assert [event for event in desk.audit() if event.startswith("batch")] == ["batch.asked", "batch.done"]
    assert "en lot" in client_for(BIOLOGIST).get(f"{desk.base}/approbation").text


def test_filtered_rows_this_page_and_ticked_rows_are_three_things(desk: Desk, client_for: ClientFor) -> None:
    ids = add_rows(desk, 60)
    client = client_for(TRANSCODER)
    page = client.get(f"{desk.base}/lots/nouveau?chapitre=Lot&taille=50&perimetre=page").text
    assert "Accepter 50 lignes" in page
    assert re.search(r"Toutes les lignes filtrées <span class=\"num\">60</span>", page)
    ticked = client.get(f"{desk.base}/lots/nouveau?chapitre=Lot&ligne={ids[3]}&ligne={ids[4]}").text
    assert "Accepter 2 lignes" in ticked
    answer = client.post(f"{desk.base}/lots?chapitre=Lot&perimetre=cochees", data={"ligne": [ids[3], ids[4]]})
    assert answer.status_code == 303
    assert [row for row, state in zip(ids, statuses(desk, ids), strict=True) if state != Status.TODO] == ids[3:5]


def test_what_is_not_sure_is_let_through_only_when_asked_for(desk: Desk, client_for: ClientFor) -> None:
    client = client_for(TRANSCODER)
    assert client.post(f"{desk.base}/lots?q=GLYC").status_code == 409
    answer = client.post(f"{desk.base}/lots?q=GLYC&confiance_min=a-verifier")
    assert answer.status_code == 303
    assert statuses(desk, [desk.glucose]) == [Status.DECIDED]


def test_a_row_on_which_somebody_acted_meanwhile_keeps_what_was_done(
    desk: Desk, client_for: ClientFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = add_rows(desk, 4)
    rows = carrying.repository.unanswered

    def overtaken_before_writing(session: object, batch_id: int, row_ids: object = None) -> object:
        if not desk.facts(ids[1]):
            desk.decide(ids[1], Action.NO_LOINC, email=BIOLOGIST)
        return rows(session, batch_id, row_ids)  # type: ignore[arg-type]

    # In the planning of the job: after the batch was asked for, before any of its rows is written.
    monkeypatch.setattr(carrying.repository, "unanswered", overtaken_before_writing)
    page = client_for(TRANSCODER).get(post_batch(client_for(TRANSCODER), desk)).text
    assert carrying.ACTED_SINCE.replace("'", "&#39;") in page
    assert desk.state(ids[1]).outcome == "no_loinc"
    assert statuses(desk, [ids[0], ids[2], ids[3]]) == [Status.DECIDED] * 3


def test_a_killed_batch_goes_on_where_it_was(
    desk: Desk, client_for: ClientFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = add_rows(desk, 120)
    done = carrying.answer_rows
    calls = 0

    def killed(*args: object) -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise MemoryError("killed")
        done(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(carrying, "answer_rows", killed)
    address = post_batch(client_for(TRANSCODER), desk)
    first = statuses(desk, ids).count(Status.DECIDED)
    assert 0 < first < 120
    with transaction(desk.engine) as session:
        job = session.exec(select(Job).where(Job.kind == carrying.JOB_KIND)).one()
        job.status, job.not_before = JobStatus.WAITING, None
        job_id = job.id or 0
    run_job(desk.engine, desk.settings, job_id)
    assert statuses(desk, ids).count(Status.DECIDED) == 120
    assert "<strong>120</strong> lignes enregistrées" in client_for(TRANSCODER).get(address).text
    with reading(desk.engine) as session:
        assert session.exec(select(func.count()).select_from(Decision)).one() == 120, "no row was decided twice"


def test_rows_approved_since_are_named_and_left(desk: Desk, client_for: ClientFor) -> None:
    ids = add_rows(desk, 8)
    address = post_batch(client_for(TRANSCODER), desk)
    with transaction(desk.engine) as session:
        # Those of the blind sample wait for their second reading.
        sample = set(session.exec(select(ReadingRequest.local_test_id)))
        one = next(row_id for row_id in ids if row_id not in sample)
        approve(session, desk.access(BIOLOGIST), one, 1, settings=desk.settings)
    back = client_for(TRANSCODER).post(f"{address}/reprise")
    page = client_for(TRANSCODER).get(back.headers["location"]).text
    assert "Béatrice Biologiste l&#39;a approuvée" in page
    assert statuses(desk, ids) == [Status.APPROVED if row_id == one else Status.TODO for row_id in ids]
    again = client_for(TRANSCODER).post(f"{address}/reprise")
    assert again.status_code == 409, "once is enough"
    assert "Plus aucune ligne de ce lot ne peut être reprise" in again.text


def test_what_was_said_of_the_rows_keeps_its_capitals(desk: Desk, client_for: ClientFor) -> None:
    ids = add_rows(desk, 2, label="SODIUM")
    data = {"lignes": [f"{row}:0" for row in ids], "action": "no_loinc", "reason": "Réactif maison"}
    answer = client_for(TRANSCODER).post(f"{desk.base}/revue/{ids[0]}/groupe", data=data)
    page = client_for(TRANSCODER).get(answer.headers["location"]).text
    assert "Déclaré qu&#39;aucun code LOINC n&#39;existe" in page


def test_a_row_that_a_colleague_flagged_or_questioned_is_left(desk: Desk, client_for: ClientFor) -> None:
    ids = add_rows(desk, 4)
    with transaction(desk.engine) as session:
        mark_row(session, desk.access(BIOLOGIST), ids[1], 0, Action.FLAG, "attention, ne pas accepter")
    desk.decide(ids[2], Action.DOUBT, email=BIOLOGIST)
    client = client_for(TRANSCODER)
    gate = client.get(f"{desk.base}/lots/nouveau?chapitre=Lot").text
    assert "<strong>2</strong> lignes passent, 2 restent à une personne" in gate
    flagged = "Marquée d&#39;un repère par Béatrice Biologiste : une personne doit la regarder."
    questioned = "Question ouverte de Béatrice Biologiste : une personne doit répondre."
    assert flagged in gate
    assert questioned in gate
    page = client.get(post_batch(client, desk)).text
    assert flagged in page
    assert questioned in page
    assert statuses(desk, ids) == [Status.DECIDED, Status.TODO, Status.DOUBT, Status.DECIDED]


def test_rows_read_in_part_are_left_until_they_are_asked_for(desk: Desk, client_for: ClientFor) -> None:
    ids = add_rows(desk, 5)
    with transaction(desk.engine) as session:
        # However the explanation words it: only what the search noted counts.
        for number, unread in enumerate(("words", "specimen words", "specimen")):
            proposal = session.exec(select(Proposal).where(Proposal.local_test_id == ids[number])).one()
            proposal.unread = unread
        unit = session.get(LocalTest, ids[3])
        assert unit is not None
        unit.unit = "zork"
    client = client_for(TRANSCODER)
    gate = client.get(f"{desk.base}/lots/nouveau?chapitre=Lot&confiance_min=a-verifier").text
    assert "<strong>1</strong> ligne passe, 4 restent à une personne" in gate
    assert "Pas lu en entier : des mots du libellé." in gate
    assert "Pas lu en entier : des mots du libellé, le milieu « Sérum »." in gate
    assert "Pas lu en entier : le milieu « Sérum »." in gate
    assert "Pas lu en entier : l&#39;unité « zork »." in gate
    assert 'Lignes lues en partie <span class="num">4</span>' in gate
    page = client.get(post_batch(client, desk)).text
    assert "<strong>1</strong> ligne enregistrée" in page
    assert "Pas lu en entier : des mots du libellé." in page
    assert statuses(desk, ids) == [Status.TODO] * 4 + [Status.DECIDED]
    taken = client.get(f"{desk.base}/lots/nouveau?chapitre=Lot&etat=a-traiter&non_lues=oui").text
    assert "Accepter 4 lignes" in taken
    assert "non_lues=oui" in taken.split('<form method="post"')[1]
    page = client.get(post_batch(client, desk, "chapitre=Lot&etat=a-traiter&non_lues=oui")).text
    assert "lignes lues en partie comprises" in page
    assert statuses(desk, ids) == [Status.DECIDED] * 5


def test_an_older_search_that_does_not_say_what_it_read_never_passes_by_itself(
    desk: Desk, client_for: ClientFor
) -> None:
    ids = add_rows(desk, 3)
    with transaction(desk.engine) as session:
        session.exec(select(Proposal).where(Proposal.local_test_id == ids[1])).one().unread = None
    client = client_for(TRANSCODER)
    gate = client.get(f"{desk.base}/lots/nouveau?chapitre=Lot").text
    assert "<strong>2</strong> lignes passent, 1 reste à une personne" in gate
    assert "Cette recherche est trop ancienne pour dire si tout a été lu : relancez les propositions." in gate
    post_batch(client, desk)
    assert statuses(desk, ids) == [Status.DECIDED, Status.TODO, Status.DECIDED]
    taken = client.get(f"{desk.base}/lots/nouveau?chapitre=Lot&etat=a-traiter&non_lues=oui").text
    assert "Accepter 1 ligne" in taken


def test_my_batches_are_apart_from_those_of_the_others(desk: Desk, client_for: ClientFor) -> None:
    add_rows(desk, 2)
    post_batch(client_for(TRANSCODER), desk)
    mine, others = (client_for(email).get(f"{desk.base}/lots?de=moi").text for email in (TRANSCODER, BIOLOGIST))
    assert "Chapitre : Lot" in mine
    assert "Chapitre : Lot" not in others
    assert "Vous n&#39;avez encore fait aucun lot" in others or "Vous n'avez encore fait aucun lot" in others
    assert f'href="{desk.base}/lots?de=moi"' in client_for(BIOLOGIST).get(f"{desk.base}/lots").text
    assert client_for(TRANSCODER).get(f"{desk.base}/lots?de=autre").status_code == 422


def test_only_its_author_takes_a_batch_back(desk: Desk, client_for: ClientFor) -> None:
    ids = add_rows(desk, 2)
    address = post_batch(client_for(TRANSCODER), desk)
    assert client_for(BIOLOGIST).post(f"{address}/reprise").status_code == 409
    assert client_for(READER).post(f"{address}/reprise").status_code == 403
    assert client_for(OUTSIDER).post(f"{address}/reprise").status_code == 404
    assert client_for(OUTSIDER).get(address).status_code == 404
    assert statuses(desk, ids) == [Status.DECIDED] * 2


def test_a_comment_made_since_does_not_stand_in_the_way(desk: Desk, client_for: ClientFor) -> None:
    ids = add_rows(desk, 2)
    address = post_batch(client_for(TRANSCODER), desk)
    desk.decide(ids[0], Action.COMMENT, comment="vu", version=1)
    client_for(TRANSCODER).post(f"{address}/reprise")
    assert statuses(desk, ids) == [Status.TODO] * 2


@pytest.mark.parametrize(
    "path",
    ["lots/nouveau?confiance_min=tout", "lots/nouveau?perimetre=x", "lots/nouveau?ligne=x", "lots?avant=-1",
     "lots/nouveau?chapitre=Rien&etat=zzz"],
)  # fmt: skip
def test_odd_addresses_are_refused_in_french(desk: Desk, client_for: ClientFor, path: str) -> None:
    assert client_for(TRANSCODER).get(f"{desk.base}/{path}").status_code in (400, 422)


@pytest.mark.parametrize(
    "address",
    ["chapitres=Lot", "q=%00", "q=%20", "chapitre=%00", "perimetre=cochees", "perimetre=page&chapitre=Rien", "parmi=x"],
)
def test_a_filter_that_cannot_be_read_never_becomes_every_row(
    desk: Desk, client_for: ClientFor, address: str
) -> None:
    ids = add_rows(desk, 3)
    answer = client_for(TRANSCODER).post(f"{desk.base}/lots?{address}")
    assert answer.status_code == 422
    assert "Action impossible" in answer.text
    assert statuses(desk, ids) == [Status.TODO] * 3


def test_everybody_sees_the_batches_and_a_reader_asks_for_none(desk: Desk, client_for: ClientFor) -> None:
    add_rows(desk, 2)
    post_batch(client_for(TRANSCODER), desk)
    page = client_for(READER).get(f"{desk.base}/lots").text
    assert "Chapitre : Lot" in page
    assert "Tania Transcodeuse" in page
    assert client_for(READER).get(f"{desk.base}/lots/nouveau").status_code == 403
    assert client_for(READER).post(f"{desk.base}/lots").status_code == 403
    assert client_for(OUTSIDER).get(f"{desk.base}/lots").status_code == 404


def test_each_row_has_one_answer_and_each_fact_its_batch(desk: Desk, client_for: ClientFor) -> None:
    add_rows(desk, 7, contradicted=(2,))
    post_batch(client_for(TRANSCODER), desk)
    with reading(desk.engine) as session:
        batch = session.exec(select(Batch)).one()
        rows = session.exec(select(func.count()).select_from(BatchRow)).one()
        answers = session.exec(select(BatchAnswer)).all()
        facts = [answer.decision_id for answer in answers if answer.decision_id]
        known = repository.batches_of(session, facts)
    assert rows == len(answers) == 7
    assert set(known.values()) == {batch.public_id}
    assert len(known) == 6


def test_a_row_on_which_one_acted_oneself_says_so(
    desk: Desk, client_for: ClientFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = add_rows(desk, 2)
    rows = carrying.repository.unanswered

    def overtaken(session: object, batch_id: int, row_ids: object = None) -> object:
        if not desk.facts(ids[1]):
            desk.decide(ids[1], Action.NO_LOINC)
        return rows(session, batch_id, row_ids)  # type: ignore[arg-type]

    monkeypatch.setattr(carrying.repository, "unanswered", overtaken)
    page = client_for(TRANSCODER).get(post_batch(client_for(TRANSCODER), desk)).text
    assert "Vous avez agi sur cette ligne depuis, dans un autre onglet" in page
    assert "Quelqu&#39;un a agi" not in page


def press_undo(client: TestClient, desk: Desk) -> str:
    """Where the key that undoes leads, or what it says."""
    answer = client.post(f"{desk.base}/revue/annuler", data={})
    return answer.headers["location"] if answer.status_code == 303 else answer.text


def back_rows(desk: Desk) -> list[int]:
    """How many rows each take-back is about."""
    with reading(desk.engine) as session:
        backs = session.exec(select(Batch).where(Batch.kind == "take_back").order_by(col(Batch.id))).all()
        counted = select(func.count()).select_from(BatchRow)
        return [session.exec(counted.where(BatchRow.batch_id == back.id)).one() for back in backs]


@pytest.mark.parametrize("by_key", [True, False], ids=["by the key", "on its page"])
def test_a_row_in_force_again_is_taken_back_in_its_turn(desk: Desk, client_for: ClientFor, by_key: bool) -> None:
    desk.decide(desk.glucose, Action.NO_LOINC)
    ids = add_rows(desk, 5)
    client = client_for(TRANSCODER)
    address = post_batch(client, desk)
    with transaction(desk.engine) as session:
        # Those of the blind sample wait for their second reading.
        sample = set(session.exec(select(ReadingRequest.local_test_id)))
        one = next(row_id for row_id in ids if row_id not in sample)
        approve(session, desk.access(BIOLOGIST), one, 1, settings=desk.settings)
    assert "/lots/" in press_undo(client, desk)
    assert statuses(desk, ids) == [Status.APPROVED if row_id == one else Status.TODO for row_id in ids]
    desk.undo(one, BIOLOGIST, "approuvée par erreur")
    assert "/reprise" in client.get(address).text
    if by_key:
        assert "/lots/" in press_undo(client, desk)
    else:
        assert client.post(f"{address}/reprise").status_code == 303
    assert statuses(desk, ids) == [Status.TODO] * 5
    assert back_rows(desk) == [5, 1]
    # Only then the older decision, and the batch is done with.
    assert client.post(f"{address}/reprise").status_code == 409
    assert f"/revue/{desk.glucose}" in press_undo(client, desk)


def test_a_batch_of_which_nothing_stands_is_refused_by_name(desk: Desk, client_for: ClientFor) -> None:
    ids = add_rows(desk, 1)
    client = client_for(TRANSCODER)
    address = post_batch(client, desk)
    desk.decide(ids[0], Action.NO_LOINC, email=BIOLOGIST)
    for said in (press_undo(client, desk), client.post(f"{address}/reprise").text):
        assert "Plus aucune ligne de ce lot ne peut être reprise" in said
        assert "SODIUM 0 : Béatrice Biologiste a décidé depuis" in said
    assert back_rows(desk) == []


def test_others_write_while_the_gate_reads_its_rows(
    desk: Desk, client_for: ClientFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = add_rows(desk, 3)
    sift = routes.sift

    def read_slowly(session: Session, access: CatalogueAccess, asked: Asked) -> Sifted:
        found = sift(session, access, asked)
        desk.decide(ids[1], Action.NO_LOINC, email=BIOLOGIST)
        return found

    monkeypatch.setattr(routes, "sift", read_slowly)
    page = client_for(TRANSCODER).get(post_batch(client_for(TRANSCODER), desk)).text
    assert "<strong>2</strong> lignes enregistrées" in page
    assert len(desk.facts(ids[1])) == 1, "what the colleague said stands"


def test_a_batch_is_not_asked_for_on_proposals_that_are_no_more(
    desk: Desk, client_for: ClientFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = add_rows(desk, 2)
    sift = routes.sift
    monkeypatch.setattr(routes, "sift", lambda *asked: replace(sift(*asked), run_id=0))
    answer = client_for(TRANSCODER).post(f"{desk.base}/lots?chapitre=Lot")
    assert answer.status_code == 409
    assert "Les propositions viennent d&#39;être recalculées" in answer.text
    assert statuses(desk, ids) == [Status.TODO] * 2
