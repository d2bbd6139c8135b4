"""Of every batch, some rows are read again by somebody who does not see what the batch said."""

from sqlmodel import col, select

from app.double_reading import queue_sql
from app.double_reading.asking import LEAST_OF_BATCH
from app.double_reading.repository import newest_share
from app.double_reading.service import Answer, read
from app.double_reading.shares import GENERAL, set_shares
from app.models import Action, Batch, BatchAnswer, ReadingOrigin, ReadingRequest, User
from app.platform.database import reading, transaction
from tests.app.batches.test_batches import add_rows, post_batch
from tests.app.review.conftest import SECOND_BIOLOGIST, Desk
from tests.conftest import BIOLOGIST, TRANSCODER, ClientFor


def requests(desk: Desk) -> list[ReadingRequest]:
    with reading(desk.engine) as session:
        return list(session.exec(select(ReadingRequest)))


def test_every_batch_gives_three_rows_at_least(desk: Desk, client_for: ClientFor) -> None:
    add_rows(desk, 120)
    address = post_batch(client_for(TRANSCODER), desk)
    asked = requests(desk)
    assert len(asked) == LEAST_OF_BATCH == 3, "of the whole batch, not of each of its writings"
    with reading(desk.engine) as session:
        batch = session.exec(select(Batch)).one()
    assert {(item.origin, item.batch_public_id) for item in asked} == {(ReadingOrigin.BATCH, batch.public_id)}
    page = client_for(TRANSCODER).get(address).text
    assert "Échantillon relu à l’aveugle : 3 lignes ; 3 attendent leur deuxième lecture." in page


def test_a_batch_of_fewer_rows_is_read_whole(desk: Desk, client_for: ClientFor) -> None:
    add_rows(desk, 1)
    post_batch(client_for(TRANSCODER), desk)
    with reading(desk.engine) as session:
        written = session.exec(select(BatchAnswer).where(col(BatchAnswer.decision_id).is_not(None))).all()
    assert 0 < len(written) < LEAST_OF_BATCH
    assert {item.decision_id for item in requests(desk)} == {item.decision_id for item in written}


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
    asked = requests(desk)[0]
    with transaction(desk.engine) as session:
        answer = Answer(Action.NO_LOINC, reason="aucun")
        read(
            session, desk.access(BIOLOGIST), asked.local_test_id, asked.public_id, answer, settings=desk.settings
        )
    page = client.get(address).text
    assert "1 lue autrement, 2 attendent" in page
    assert "1 désaccord est à concilier." in page
    assert client.post(f"{desk.base}/revue/annuler", data={}).status_code == 303
    assert len(requests(desk)) == LEAST_OF_BATCH, "what is taken back is not read"
    page = client.get(address).text
    assert "attendent leur deuxième lecture" not in page
    assert "1 désaccord est à concilier." in page, "taking a batch back does not erase what two readers said"
    with reading(desk.engine) as session:
        assert [item.test.id for item in queue_sql.disagreements(session, desk.catalogue_id)] == [asked.local_test_id]


def test_where_there_is_no_second_reader_the_batch_says_so(desk: Desk, client_for: ClientFor) -> None:
    add_rows(desk, 10)
    with transaction(desk.engine) as session:
        for email in (BIOLOGIST, SECOND_BIOLOGIST):
            user = session.get(User, desk.world.user_id(email))
            assert user is not None
            user.is_active = False
    client = client_for(TRANSCODER)
    page = client.get(post_batch(client, desk)).text
    assert "Le laboratoire n’a pas de deuxième lecteur pour 3 lignes." in page


def test_no_byte_of_the_case_tells_of_the_batch(desk: Desk, client_for: ClientFor) -> None:
    add_rows(desk, 10)
    client = client_for(BIOLOGIST)
    post_batch(client_for(TRANSCODER), desk)
    asked = requests(desk)[0]
    page = client.get(f"{desk.base}/double-lecture/{asked.local_test_id}").text
    assert "Accepté en lot" not in page
    assert "/lots/" not in page
    assert asked.batch_public_id not in page
