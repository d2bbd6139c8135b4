"""A person chooses her password by a link that serves once; nobody else ever knows it."""

import re
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import Engine
from sqlmodel import select

from app.accounts.links import DEAD_LINK, use_link
from app.errors import NotFoundError
from app.models import AuditEvent, KnownDevice, OneTimeLink, User, UserSession, utc_now
from app.platform.database import reading, transaction
from app.platform.web_sessions import SESSION_COOKIE
from tests.conftest import ADMINISTRATOR, BIOLOGIST, ClientFor, World

NEW = "girafe bleue sur un vélo"
EMAIL = "nina@exemple.fr"


def link_in(answer: Response) -> str:
    (found,) = re.findall(r"http://testserver(/invitation/[A-Za-z0-9_-]{43})", answer.text)
    return str(found)


def choose(client: TestClient, link: str, password: str = NEW, again: str = "") -> Response:
    return client.post(link, data={"nouveau": password, "confirmation": again or password})


def invited(client_for: ClientFor) -> str:
    answer = client_for(ADMINISTRATOR).post("/administration/comptes", data={"email": EMAIL, "nom": "Nina"})
    assert answer.status_code == 201
    return link_in(answer)


def is_dead(client: TestClient, link: str) -> bool:
    """Whether neither the page nor the form of the link opens, with the sentence that is said of every dead link."""
    answers = [client.get(link), choose(client, link)]
    texts = [answer.text.replace("&#39;", "'") for answer in answers]
    return [answer.status_code for answer in answers] == [404, 404] and all(DEAD_LINK in text for text in texts)


def person(engine: Engine, email: str = EMAIL) -> User:
    with reading(engine) as session:
        return session.exec(select(User).where(User.email == email)).one()


def events(engine: Engine, action: str) -> list[AuditEvent]:
    with reading(engine) as session:
        return list(session.exec(select(AuditEvent).where(AuditEvent.action == action).order_by("id")))


def test_an_invitation_serves_once(engine: Engine, world: World, client_for: ClientFor, anonymous: TestClient) -> None:
    link = invited(client_for)
    secret = link.rpartition("/")[2]
    assert person(engine).password_hash == ""
    for password in ("", NEW):
        assert anonymous.post("/connexion", data={"email": EMAIL, "password": password}).status_code == 401
    # To look at it, as mail programs do, does not use it; nor does a password that is refused.
    assert EMAIL in anonymous.get(link).text
    refused = ((NEW, "autre", "diffèrent"), ("motdepasse123", "", "parmi les plus"), ("court", "", "12"))
    for password, again, said in refused:
        answer = choose(anonymous, link, password, again)
        assert (answer.status_code, said in answer.text) == (422, True)
        assert password not in answer.text
    done = choose(anonymous, link)
    assert (done.status_code, done.headers["location"]) == (303, "/connexion?fait=mot-de-passe")
    # It opens no session: what the browser had, planted or not, is nobody's.
    assert SESSION_COOKIE not in done.headers.get("set-cookie", "")
    assert anonymous.get("/compte").status_code == 303
    assert "connectez-vous avec lui" in anonymous.get(done.headers["location"]).text
    assert is_dead(anonymous, link)
    assert anonymous.post("/connexion", data={"email": EMAIL, "password": NEW}).status_code == 303
    assert not person(engine).must_change_password
    (given,), (chosen,) = events(engine, "user.invite"), events(engine, "user.choose_password")
    assert (given.actor_id, chosen.actor_id) == (world.user_id(ADMINISTRATOR), person(engine).id)
    with reading(engine) as session:
        kept = [*session.exec(select(OneTimeLink)), *session.exec(select(AuditEvent))]
    assert secret not in repr(kept)


def test_a_link_ends_and_is_replaced_and_is_worth_nothing_while_the_account_is_closed(
    engine: Engine, world: World, client_for: ClientFor, anonymous: TestClient
) -> None:
    administrator = client_for(ADMINISTRATOR)
    first = invited(client_for)
    page = f"/administration/comptes/{person(engine).id}"
    assert "mot de passe à choisir par un lien" in administrator.get(page).text
    second = link_in(administrator.post(f"{page}/mot-de-passe"))
    assert is_dead(anonymous, first)
    administrator.post(f"{page}/etat", data={"actif": "false"})
    assert is_dead(anonymous, second)
    administrator.post(f"{page}/etat", data={"actif": "true"})
    assert anonymous.get(second).status_code == 200
    with transaction(engine) as session:
        (link,) = session.exec(select(OneTimeLink).where(OneTimeLink.ended_at.is_(None)))  # type: ignore[union-attr]
        assert timedelta(hours=71) < link.expires_at - utc_now() <= timedelta(hours=72)
        link.expires_at = utc_now()
    assert is_dead(anonymous, second)
    assert is_dead(anonymous, "/invitation/" + "x" * 43)
    assert is_dead(anonymous, "/invitation/" + "é" * 5000)
    # Told once, without the link.
    (refused,) = events(engine, "user.refuse_link")
    assert "invitation" not in repr(refused.details)


def test_a_reset_takes_the_old_password_the_sessions_and_the_devices_away(
    engine: Engine, world: World, client_for: ClientFor, anonymous: TestClient
) -> None:
    biologist = client_for(BIOLOGIST)
    user_id = world.user_id(BIOLOGIST)
    with transaction(engine) as session:
        session.add(KnownDevice(token_hash="0" * 64, user_id=user_id))
    link = link_in(client_for(ADMINISTRATOR).post(f"/administration/comptes/{user_id}/mot-de-passe"))
    assert biologist.get("/compte").status_code == 303
    assert person(engine, BIOLOGIST).password_hash == ""
    with reading(engine) as session:
        assert session.get(KnownDevice, ("0" * 64, user_id)) is None
    # The name of her laboratory is refused here too.
    assert choose(anonymous, link, f"{world.laboratory.name} 2026!").status_code == 422
    assert choose(anonymous, link).status_code == 303
    assert [event.details["is_invitation"] for event in events(engine, "user.invite")] == [False]


def test_of_two_uses_at_once_one_is_refused(engine: Engine, world: World, client_for: ClientFor) -> None:
    """Both were shown the form; the second comes to the write when the first is through."""
    secret = invited(client_for).rpartition("/")[2]
    with transaction(engine) as session:
        use_link(session, secret, "first")
    with pytest.raises(NotFoundError), transaction(engine) as session:
        use_link(session, secret, "second")
    assert person(engine).password_hash == "first"


def test_using_a_link_closes_what_was_open(engine: Engine, world: World, client_for: ClientFor) -> None:
    secret = invited(client_for).rpartition("/")[2]
    user_id = person(engine).id
    assert user_id is not None
    with transaction(engine) as session:
        expires_at = utc_now() + timedelta(hours=1)
        session.add(UserSession(token_hash="1" * 64, user_id=user_id, expires_at=expires_at))
    with transaction(engine) as session:
        use_link(session, secret, "x")
    with reading(engine) as session:
        assert session.get_one(UserSession, "1" * 64).revoked_at is not None


@pytest.mark.only("sqlite", "the refusal comes before the database")
def test_another_site_posts_to_none_of_these_forms(engine: Engine, world: World, client_for: ClientFor) -> None:
    link = invited(client_for)
    account = f"/administration/comptes/{person(engine).id}/mot-de-passe"
    data = {"nouveau": NEW, "confirmation": NEW, "email": "x@exemple.fr", "nom": "X", "password": NEW}
    for elsewhere in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://ailleurs.example"}, {"Origin": "null"}):
        for path in (link, account, "/administration/comptes", "/connexion", "/compte/mot-de-passe"):
            assert client_for(ADMINISTRATOR).post(path, data=data, headers=elsewhere).status_code == 403
    assert person(engine).password_hash == ""
    assert len(events(engine, "user.invite")) == 1
