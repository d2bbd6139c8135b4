"""A batch of approvals: named before it is confirmed, a fact of its own, taken back as a whole with a reason."""

import re
from datetime import timedelta

import pytest
from sqlmodel import col, select

from app.approval.batch_acts import take_back
from app.errors import ConflictError
from app.models import Action, AuditEvent, Batch, BatchAnswer, BatchRow, Status, UserSession, utc_now
from app.platform.database import reading, transaction
from tests.app.review.conftest import SECOND_BIOLOGIST, Desk
from tests.conftest import BIOLOGIST, OUTSIDER, READER, TRANSCODER, ClientFor


def url(desk: Desk, rest: str = "") -> str:
    return f"{desk.base}/approbation{rest}"


def ready(desk: Desk) -> dict[str, list[str]]:
    """Two rows without alert, and one with; what a form that ticked all three sends."""
    desk.decide(desk.sodium)
    desk.decide(desk.comment_row, Action.OUT_OF_SCOPE)
    desk.decide(desk.strip, Action.NO_LOINC)
    return {"choix": [f"{row}:1" for row in (desk.sodium, desk.comment_row, desk.strip)]}


def written(desk: Desk) -> tuple[int, int, int]:
    with reading(desk.engine) as session:
        found = [len(session.exec(select(model)).all()) for model in (Batch, BatchRow, BatchAnswer)]
    return found[0], found[1], found[2]


def confirmed(desk: Desk, client_for: ClientFor, email: str = BIOLOGIST) -> str:
    """Approve what `ready` made; the address of the batch."""
    answer = client_for(email).post(url(desk), data={**ready(desk), "confirme": "oui"})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].partition("?")[0]


def test_the_first_post_names_the_rows_and_writes_nothing(desk: Desk, client_for: ClientFor) -> None:
    html = client_for(BIOLOGIST).post(url(desk), data=ready(desk)).text
    assert "2 lignes seront approuvées" in html
    assert "1 ligne est laissée" in html
    assert "Rien n’est encore enregistré" in html
    going, left = html.split("<h2>Laissées</h2>")
    for said in ("NA", "SODIUM", "2951-2", "Sodium [Moles/volume] in Serum or Plasma", "COMMENTAIRE", "Hors périmètre"):
        assert said in going
    assert "GLUCOSE URINAIRE" in left
    assert "alors qu’un code est proposé : 25428-4" in left
    sent = re.findall(r'name="choix" value="([^"]+)"', html)
    assert sent == [f"{desk.sodium}:1", f"{desk.comment_row}:1"]
    assert written(desk) == (0, 0, 0)
    assert desk.state(desk.sodium).status == Status.DECIDED


def test_a_confirmed_batch_is_a_fact_with_its_audit(desk: Desk, client_for: ClientFor) -> None:
    address = confirmed(desk, client_for)
    assert desk.state(desk.sodium).status == desk.state(desk.comment_row).status == Status.APPROVED
    assert desk.state(desk.strip).status == Status.DECIDED
    with reading(desk.engine) as session:
        batch = session.exec(select(Batch)).one()
        answers = session.exec(select(BatchAnswer).order_by(col(BatchAnswer.batch_row_id))).all()
        events = session.exec(select(AuditEvent).where(col(AuditEvent.object_type) == "batch")).all()
    assert (batch.kind, batch.action, batch.title) == ("approval", "approve", "3 lignes cochées")
    assert [answer.decision_id is not None for answer in answers] == [True, True, False]
    assert "25428-4" in answers[2].message
    assert [event.action for event in events] == ["batch.asked", "batch.done"]
    assert events[1].details["written"] == 2
    html = client_for(TRANSCODER).get(address).text
    assert "2 lignes approuvées" in html
    assert "Reprendre ce lot" not in html
    # The batches of the catalogue lead to it, and the key that undoes decisions does not take it.
    assert address in client_for(READER).get(f"{desk.base}/lots").text
    assert client_for(BIOLOGIST).post(f"{desk.base}/lots/{batch.public_id}/reprise").status_code == 409


def test_a_batch_is_taken_back_with_a_reason_and_leaves_what_was_acted_upon(desk: Desk, client_for: ClientFor) -> None:
    address = confirmed(desk, client_for)
    client = client_for(BIOLOGIST)
    client.post(url(desk, f"/{desk.comment_row}"), data={"version": 2, "action": "send_back", "reason": "à revoir"})
    before = written(desk)
    refused = client.post(f"{address}/reprise", data={"reason": " "})
    assert refused.status_code == 422
    assert "Indiquez le motif" in refused.text
    assert written(desk) == before
    answer = client.post(f"{address}/reprise", data={"reason": "mauvais chapitre"})
    assert answer.status_code == 303
    assert desk.state(desk.sodium).status == Status.DECIDED
    assert desk.state(desk.comment_row).status == Status.SENT_BACK
    undo = desk.facts(desk.sodium)[-1]
    assert (undo.action, undo.reason) == ("undo", "mauvais chapitre")
    html = client.get(answer.headers["location"]).text
    assert "1 approbation reprise" in html
    assert "Quelqu’un a agi sur cette ligne depuis" in html
    assert "mauvais chapitre" in html
    again = client.post(f"{address}/reprise", data={"reason": "encore une fois"})
    assert again.status_code == 409
    back = client.post(f"{answer.headers['location'].partition('?')[0]}/reprise", data={"reason": "et retour"})
    assert back.status_code == 409


def test_only_who_approved_takes_the_batch_back(desk: Desk, client_for: ClientFor) -> None:
    address = confirmed(desk, client_for)
    with transaction(desk.engine) as session:
        batch = session.exec(select(Batch)).one()
        with pytest.raises(ConflictError, match="autre personne"):
            take_back(session, desk.access(SECOND_BIOLOGIST), batch, "pour voir")
    for email, status in ((TRANSCODER, 403), (READER, 403), (OUTSIDER, 404)):
        assert client_for(email).post(f"{address}/reprise", data={"reason": "pour voir"}).status_code == status
    assert client_for(OUTSIDER).get(address).status_code == 404
    assert desk.state(desk.sodium).status == Status.APPROVED


def test_a_batch_asks_again_who_one_is_after_a_while(desk: Desk, client_for: ClientFor) -> None:
    address = confirmed(desk, client_for)
    client = client_for(BIOLOGIST)
    with transaction(desk.engine) as session:
        for opened in session.exec(select(UserSession)):
            opened.authenticated_at = utc_now() - timedelta(days=1)
            session.add(opened)
    sent = {"choix": f"{desk.strip}:1", "confirme": "oui"}
    for path, data in ((url(desk), sent), (f"{address}/reprise", {"reason": "trop tard"})):
        assert client.post(path, data=data).status_code == 403, path
    assert desk.state(desk.sodium).status == Status.APPROVED


def test_rows_of_another_catalogue_are_neither_named_nor_written(desk: Desk, client_for: ClientFor) -> None:
    client = client_for(BIOLOGIST)
    desk.decide(desk.sodium)
    other = desk.world.add_catalogue("Autre catalogue")
    address = f"/catalogues/{other.id}/approbation"
    sent = {"choix": [f"{desk.sodium}:1", "987654:1"], "confirme": "oui"}
    assert client.post(address, data=sent).status_code == 404
    assert "SODIUM" not in client.post(address, data={"choix": sent["choix"]}).text
    assert written(desk) == (0, 0, 0)
    assert desk.state(desk.sodium).status == Status.DECIDED


def test_more_rows_than_a_person_reads_are_refused(desk: Desk, client_for: ClientFor) -> None:
    sent = {"choix": [f"{number}:1" for number in range(1, 102)], "confirme": "oui"}
    answer = client_for(BIOLOGIST).post(url(desk), data=sent)
    assert answer.status_code == 422
    assert "100 lignes au plus" in answer.text
    assert client_for(BIOLOGIST).post(url(desk, "?depuis=lecture"), data=sent).status_code == 422


@pytest.mark.same_sql("refused as it is read")
@pytest.mark.parametrize(
    "rest",
    ["/lot", "/lot?perimetre=chapitre", "/lot?perimetre=groupe&ligne=999", "/lot?perimetre=x",
     "/lot?perimetre=cochees", "/lots/inconnu"],
)  # fmt: skip
def test_what_is_asked_badly_is_said(rest: str, desk: Desk, client_for: ClientFor) -> None:
    assert client_for(BIOLOGIST).get(url(desk, rest)).status_code in (404, 422)


def test_a_chapter_takes_only_what_has_no_alert(desk: Desk, client_for: ClientFor) -> None:
    desk.decide(desk.sodium)
    desk.decide(desk.glucose, loinc_num="14749-6", justification="unité à confirmer")
    client = client_for(BIOLOGIST)
    html = client.get(url(desk, "/lot?perimetre=chapitre&chapitre=Biochimie&depuis=lecture")).text
    assert "Chapitre « Biochimie »" in html
    assert re.findall(r'name="choix" value="([^"]+)"', html) == [f"{desk.sodium}:1"]
    assert "unité à confirmer" in html
    data = {"choix": f"{desk.sodium}:1", "confirme": "oui", "perimetre": "chapitre"}
    answer = client.post(url(desk, "?chapitre=Biochimie&depuis=lecture"), data=data)
    assert answer.status_code == 303
    assert "Chapitre « Biochimie »" in client.get(answer.headers["location"]).text
    assert client.get(url(desk, f"/lot?perimetre=groupe&ligne={desk.sodium}")).status_code == 404


def test_a_chapter_decided_in_a_batch_is_read_row_by_row(desk: Desk, client_for: ClientFor) -> None:
    """Rows that a transcoder accepted in a batch were opened by nobody: the biologist ticks them herself."""
    desk.decide(desk.sodium)
    with transaction(desk.engine) as session:
        fact = desk.facts(desk.sodium)[-1]
        batch = Batch(catalogue_id=desk.catalogue_id, kind="filter", action="choose", author_id=fact.author_id)
        session.add(batch)
        session.flush()
        row = BatchRow(batch_id=batch.id or 0, local_test_id=desk.sodium, loinc_num="2951-2")
        session.add(row)
        session.flush()
        session.add(BatchAnswer(batch_row_id=row.id or 0, batch_id=batch.id or 0, decision_id=fact.id))
    client = client_for(BIOLOGIST)
    html = client.get(url(desk, "/lot?perimetre=chapitre&chapitre=Biochimie")).text
    assert "Décidée en lot" in html
    assert 'name="choix"' not in html
    ticked = client.post(url(desk), data={"choix": f"{desk.sodium}:1"}).text
    assert 'name="choix"' in ticked
    assert "en lot" in ticked
