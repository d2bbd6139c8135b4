"""Of every batch, some rows are read again by somebody who does not see what the batch said."""

from sqlmodel import select

from app.double_reading import queue_sql
from app.double_reading.repository import newest_share
from app.double_reading.service import Answer, read
from app.double_reading.shares import GENERAL, set_shares
from app.models import Action, Batch, ReadingOrigin, ReadingRequest, User
from app.platform.database import reading, transaction
from tests.app.batches.test_batches import add_rows, post_batch
from tests.app.review.conftest import SECOND_BIOLOGIST, Desk
from tests.conftest import BIOLOGIST, TRANSCODER, ClientFor


def requests(desk: Desk) -> list[ReadingRequest]:
    with reading(desk.engine) as session:
        return list(session.exec(select(ReadingRequest)))


def test_every_batch_gives_one_row_at_least(desk: Desk, client_for: ClientFor) -> None:
    add_rows(desk, 120)
    address = post_batch(client_for(TRANSCODER), desk)
    (asked,) = requests(desk)
    with reading(desk.engine) as session:
        batch = session.exec(select(Batch)).one()
    assert (asked.origin, asked.batch_public_id) == (ReadingOrigin.BATCH, batch.public_id)
    page = client_for(TRANSCODER).get(address).text
    assert "Échantillon relu à l’aveugle : 1 ligne ; 1 attend sa deuxième lecture." in page


def test_the_shares_draw_more_of_it(desk: Desk, client_for: ClientFor, real_draw: None) -> None:
    add_rows(desk, 120)
    with transaction(desk.engine) as session:
        seen = newest_share(session, desk.world.laboratory_id)
        set_shares(session, desk.access(BIOLOGIST), {GENERAL: 100}, seen)
    post_batch(client_for(TRANSCODER), desk)
    assert len(requests(desk)) == 120


def test_its_readings_are_told_and_a_batch_taken_back_asks_no_more(desk: Desk, client_for: ClientFor) -> None:
    add_rows(desk, 10)
    client = client_for(TRANSCODER)
    address = post_batch(client, desk)
    (asked,) = requests(desk)
    with transaction(desk.engine) as session:
        answer = Answer(Action.NO_LOINC, reason="aucun")
        read(
            session, desk.access(BIOLOGIST), asked.local_test_id, asked.public_id, answer, settings=desk.settings
        )
    page = client.get(address).text
    assert "1 lue autrement." in page
    assert "1 désaccord est à concilier." in page
    assert client.post(f"{desk.base}/revue/annuler", data={}).status_code == 303
    assert len(requests(desk)) == 1, "what is taken back is not read"
    assert "à concilier" not in client.get(address).text
    with reading(desk.engine) as session:
        assert queue_sql.disagreements(session, desk.catalogue_id) == []


def test_where_there_is_no_second_reader_the_batch_says_so(desk: Desk, client_for: ClientFor) -> None:
    add_rows(desk, 10)
    with transaction(desk.engine) as session:
        for email in (BIOLOGIST, SECOND_BIOLOGIST):
            user = session.get(User, desk.world.user_id(email))
            assert user is not None
            user.is_active = False
    client = client_for(TRANSCODER)
    page = client.get(post_batch(client, desk)).text
    assert "Le laboratoire n’a pas de deuxième lecteur pour 1 ligne." in page


def test_no_byte_of_the_case_tells_of_the_batch(desk: Desk, client_for: ClientFor) -> None:
    add_rows(desk, 10)
    client = client_for(BIOLOGIST)
    post_batch(client_for(TRANSCODER), desk)
    (asked,) = requests(desk)
    page = client.get(f"{desk.base}/double-lecture/{asked.local_test_id}").text
    assert "Accepté en lot" not in page
    assert "/lots/" not in page
    assert asked.batch_public_id not in page
