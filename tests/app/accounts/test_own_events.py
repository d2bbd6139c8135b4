"""What happened to an account is told to its owner, until she says that she has read it."""

from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import select

from app.accounts.service import change_password
from app.audit.service import record
from app.models import AuditEvent, User, UserSession
from app.platform.database import reading, transaction
from tests.app.accounts.people import EMAIL, PASSWORD

BAR = "votre compte, à lire"


def sign_in(client: TestClient, password: str = PASSWORD) -> int:
    client.cookies.clear()
    return client.post("/connexion", data={"email": EMAIL, "password": password}).status_code


def tell(engine: Engine, marie: User, action: str, address: str) -> None:
    with transaction(engine) as session:
        record(session, action, actor_label="visiteur", object_type="user", object_id=marie.id, address=address)


def test_nothing_is_told_at_first_nor_of_ones_own_mistyping(anonymous: TestClient, marie: User) -> None:
    assert [sign_in(anonymous), sign_in(anonymous, "autre chose que cela"), sign_in(anonymous)] == [303, 401, 303]
    page = anonymous.get("/compte").text
    assert BAR not in page
    assert "Connexion refusée" in page


def test_what_others_tried_is_told_on_every_page_until_it_is_read(
    anonymous: TestClient, marie: User, engine: Engine
) -> None:
    sign_in(anonymous)
    tell(engine, marie, "session.refuse", "203.0.113.9")
    tell(engine, marie, "second_factor.add", "203.0.113.9")
    # A session that somebody else opens in between hides nothing.
    sign_in(anonymous)
    sign_in(anonymous)
    for path in ("/", "/compte"):
        assert f"2 événements concernent {BAR}" in anonymous.get(path).text
    page = anonymous.get("/compte").text
    assert "203.0.113.9" in page
    assert "Second facteur mis en place" in page
    answer = anonymous.post("/compte/evenements")
    assert (answer.status_code, answer.headers["location"]) == (303, "/compte")
    assert BAR not in anonymous.get("/").text
    sign_in(anonymous)
    assert BAR not in anonymous.get("/").text
    assert anonymous.post("/compte/evenements").status_code == 303
    with reading(engine) as session:
        told = session.exec(select(AuditEvent).where(AuditEvent.action == "session.read_news")).all()
    assert [event.actor_id for event in told] == [marie.id], "once, when there was something to read"


def test_a_changed_password_is_told_and_only_to_its_owner(
    anonymous: TestClient, marie: User, engine: Engine
) -> None:
    sign_in(anonymous)
    with transaction(engine) as session:
        owner = session.get_one(User, marie.id)
        record(session, "session.refuse", actor_label="visiteur", object_type="user", object_id=(marie.id or 0) + 10)
        change_password(session, owner, owner.password_hash)
    sign_in(anonymous)
    assert f"1 événement concerne {BAR}" in anonymous.get("/").text
    with reading(engine) as session:
        counts = session.exec(select(UserSession.news)).all()
    assert sorted(counts) == [0, 1]
