"""One's own account: password and sessions."""

from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import Engine

from app.accounts.device_cookie import COOKIE
from app.accounts.passwords import verify_password
from app.accounts.service import reset_password
from app.accounts.throttle import known_hash
from app.models import User
from app.platform.database import reading, transaction
from app.platform.web_sessions import SESSION_COOKIE
from tests.app.accounts.people import EMAIL, PASSWORD

NEW = "girafe bleue sur un vélo"


def change(client: TestClient, current: str = PASSWORD, new: str = NEW, again: str = NEW) -> Response:
    data = {"actuel": current, "nouveau": new, "confirmation": again}
    return client.post("/compte/mot-de-passe", data=data)


def signed_in(application: FastAPI, password: str = PASSWORD) -> TestClient:
    client = TestClient(application, follow_redirects=False)
    assert client.post("/connexion", data={"email": EMAIL, "password": password}).status_code == 303
    return client


def test_changing_the_password_closes_the_other_sessions(application: FastAPI, marie: User) -> None:
    here, elsewhere = signed_in(application), signed_in(application)
    before = here.cookies[SESSION_COOKIE]
    answer = change(here)
    assert (answer.status_code, answer.headers["location"]) == (303, "/compte?fait=mot-de-passe")
    assert here.cookies[SESSION_COOKIE] != before
    assert "Votre mot de passe a été changé" in here.get("/compte?fait=mot-de-passe").text
    assert elsewhere.get("/compte").status_code == 303
    signed_in(application, NEW)


def test_changing_the_password_forgets_the_other_browsers(application: FastAPI, engine: Engine, marie: User) -> None:
    here, elsewhere = signed_in(application), signed_in(application)
    known = elsewhere.cookies[COOKIE]
    change(here)
    with reading(engine) as session:
        assert known_hash(session, known, marie.id) == "", "whoever had it has it no more"
        assert known_hash(session, here.cookies[COOKIE], marie.id)


def test_a_refused_change_says_why_and_changes_nothing(
    application: FastAPI, engine: Engine, marie: User
) -> None:
    client = signed_in(application)
    for answer, reason in (
        (change(client, current="faux"), "n&#39;est pas le bon"),
        (change(client, again="autre"), "diffèrent"),
        (change(client, new=PASSWORD, again=PASSWORD), "identique"),
        (change(client, new="court", again="court"), "au moins 12"),
    ):
        assert answer.status_code == 422
        assert reason in answer.text
    with reading(engine) as session:
        assert verify_password(PASSWORD, session.get_one(User, marie.id).password_hash)


def test_other_sessions_can_be_closed(application: FastAPI, marie: User) -> None:
    here, elsewhere = signed_in(application), signed_in(application)
    assert "Fermer mes autres sessions" in here.get("/compte").text
    assert here.post("/compte/sessions/fermer").headers["location"] == "/compte?fait=sessions"
    assert here.get("/compte").status_code == 200
    assert elsewhere.get("/compte").status_code == 303
    assert "Fermer mes autres sessions" not in here.get("/compte").text


def test_a_provisional_password_must_be_changed_before_anything_else(
    application: FastAPI, engine: Engine, marie: User
) -> None:
    with transaction(engine) as session:
        provisional = reset_password(session, session.get_one(User, marie.id))
    client = signed_in(application, provisional)
    answer = client.get("/")
    assert (answer.status_code, answer.headers["location"]) == (303, "/compte")
    program = client.get("/", headers={"accept": "application/json"})
    assert program.status_code == 403
    assert "connu de l&#39;administrateur" in client.get("/compte").text.replace("'", "&#39;")
    assert change(client, current=provisional).status_code == 303
    assert client.get("/").status_code == 200
