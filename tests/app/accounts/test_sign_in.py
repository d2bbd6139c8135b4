"""Signing in and out, as a browser does it."""

import threading
import time
from datetime import timedelta

import anyio
import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import Connection, Engine, event
from sqlmodel import Session, select

from app.accounts import signin, throttle
from app.accounts.passwords import HASHES_AT_ONCE
from app.accounts.throttle import SAME_ADDRESS, Rule
from app.errors import TooBusyError
from app.main import create_app
from app.models import AuditEvent, SignInAttempt, User, UserSession, utc_now
from app.platform.database import reading, transaction
from app.platform.open_transactions import own_ledger
from app.platform.web_sessions import SECURE_SESSION_COOKIE, SESSION_COOKIE, hash_token
from app.settings import Settings
from tests.app.accounts.people import EMAIL, PASSWORD
from tests.app.asgi import run_apart


def sign_in(client: TestClient, password: str = PASSWORD, email: str = EMAIL, suite: str = "/") -> Response:
    return client.post("/connexion", data={"email": email, "password": password, "suite": suite})


def actions(engine: Engine) -> list[str]:
    with reading(engine) as session:
        return list(session.exec(select(AuditEvent.action).order_by("id")))


def test_a_page_asked_without_session_leads_to_sign_in_and_back(anonymous: TestClient, marie: User) -> None:
    first = anonymous.get("/compte?fait=sessions")
    assert first.status_code == 303
    assert first.headers["location"] == "/connexion?suite=%2Fcompte%3Ffait%3Dsessions"
    form = anonymous.get(first.headers["location"])
    assert 'value="/compte?fait=sessions"' in form.text
    done = sign_in(anonymous, suite="/compte?fait=sessions")
    assert (done.status_code, done.headers["location"]) == (303, "/compte?fait=sessions")
    assert "Marie Durand" in anonymous.get("/compte").text


def test_a_program_without_session_gets_401(anonymous: TestClient) -> None:
    answer = anonymous.get("/compte", headers={"accept": "application/json"})
    assert (answer.status_code, answer.json()) == (401, {"detail": "Connectez-vous pour continuer."})


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(anonymous: TestClient, marie: User) -> None:
    cookie = sign_in(anonymous).headers["set-cookie"]
    assert cookie.startswith(f"{SESSION_COOKIE}=")
    for mark in ("HttpOnly", "SameSite=lax", "Path=/", "Max-Age=43200"):
        assert mark in cookie
    assert "Secure" not in cookie


def test_behind_https_the_cookie_is_bound_to_the_host(
    settings: Settings, engine: Engine, marie: User
) -> None:
    secure = settings.model_copy(update={"secure_cookies": True})
    application = create_app(secure, engine)
    with TestClient(application, base_url="https://testserver", follow_redirects=False) as client:
        answer = sign_in(client)
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith(f"{SECURE_SESSION_COOKIE}=")
        assert "Secure" in cookie
        assert "Domain" not in cookie
        assert "max-age=31536000" in answer.headers["strict-transport-security"]
        assert client.get("/compte").status_code == 200
        token = client.cookies[SECURE_SESSION_COOKIE]
    with TestClient(application, base_url="https://testserver", follow_redirects=False) as client:
        client.cookies.set(SESSION_COOKIE, token)
        assert client.get("/compte").status_code == 303


def test_the_address_is_compared_without_case_or_spaces(anonymous: TestClient, marie: User) -> None:
    assert sign_in(anonymous, email="  Marie.Durand@Exemple.FR ").status_code == 303


@pytest.mark.parametrize(("email", "password"), [(EMAIL, "faux"), ("inconnu@exemple.fr", PASSWORD), ("", "")])
def test_a_wrong_pair_is_refused_with_one_sentence(
    anonymous: TestClient, marie: User, email: str, password: str
) -> None:
    answer = sign_in(anonymous, password=password, email=email)
    assert answer.status_code == 401
    assert "Adresse ou mot de passe inconnu." in answer.text
    assert "set-cookie" not in answer.headers
    assert PASSWORD not in answer.text


def test_a_deactivated_account_is_refused_like_an_unknown_one(
    anonymous: TestClient, engine: Engine, marie: User
) -> None:
    with transaction(engine) as session:
        session.get_one(User, marie.id).is_active = False
    answer = sign_in(anonymous)
    assert answer.status_code == 401
    assert "Adresse ou mot de passe inconnu." in answer.text


def test_signing_in_forgets_the_failures(anonymous: TestClient, engine: Engine, marie: User) -> None:
    sign_in(anonymous, password="faux")
    sign_in(anonymous)
    with reading(engine) as session:
        assert [attempt.succeeded for attempt in session.exec(select(SignInAttempt))] == [True]


def test_attempts_are_kept_one_day_and_name_nobody(
    anonymous: TestClient, engine: Engine, marie: User
) -> None:
    with transaction(engine) as session:
        session.add(SignInAttempt(at=utc_now() - timedelta(days=2), account_hash="0" * 64, address="old"))
    sign_in(anonymous, password="faux")
    with reading(engine) as session:
        attempts = session.exec(select(SignInAttempt)).all()
    assert [attempt.address for attempt in attempts] == ["testclient"]
    assert EMAIL not in attempts[0].account_hash


def test_sessions_that_ended_a_month_ago_are_forgotten(
    anonymous: TestClient, engine: Engine, marie: User
) -> None:
    assert marie.id is not None
    with transaction(engine) as session:
        ended = utc_now() - timedelta(days=31)
        session.add(UserSession(token_hash="0" * 64, user_id=marie.id, expires_at=ended))
    sign_in(anonymous)
    with reading(engine) as session:
        assert session.get(UserSession, "0" * 64) is None


def test_each_sign_in_gives_a_new_token_and_closes_the_old_one(
    anonymous: TestClient, engine: Engine, marie: User
) -> None:
    sign_in(anonymous)
    first = anonymous.cookies[SESSION_COOKIE]
    sign_in(anonymous)
    second = anonymous.cookies[SESSION_COOKIE]
    assert first != second
    with reading(engine) as session:
        assert session.get_one(UserSession, hash_token(first)).revoked_at is not None
        assert session.get_one(UserSession, hash_token(second)).revoked_at is None


def test_a_token_chosen_by_the_browser_is_never_adopted(anonymous: TestClient, marie: User) -> None:
    chosen = {"cookie": f"{SESSION_COOKIE}=choisi-par-un-autre"}
    data = {"email": EMAIL, "password": PASSWORD}
    assert anonymous.post("/connexion", data=data, headers=chosen).status_code == 303
    anonymous.cookies.clear()
    anonymous.cookies.set(SESSION_COOKIE, "choisi-par-un-autre")
    assert anonymous.get("/compte").status_code == 303


def test_the_database_keeps_no_token(anonymous: TestClient, engine: Engine, marie: User) -> None:
    sign_in(anonymous)
    token = anonymous.cookies[SESSION_COOKIE]
    with reading(engine) as session:
        rows = session.exec(select(UserSession)).all()
    assert [row.token_hash for row in rows] == [hash_token(token)]
    assert token not in str(rows)


def test_signing_out_closes_the_session_on_the_server(
    anonymous: TestClient, engine: Engine, marie: User
) -> None:
    sign_in(anonymous)
    token = anonymous.cookies[SESSION_COOKIE]
    answer = anonymous.post("/deconnexion")
    assert (answer.status_code, answer.headers["location"]) == (303, "/connexion")
    anonymous.cookies.set(SESSION_COOKIE, token)
    assert anonymous.get("/compte").status_code == 303
    assert actions(engine)[-2:] == ["session.open", "session.close"]


def test_signing_out_twice_or_without_session_is_harmless(anonymous: TestClient, engine: Engine) -> None:
    assert anonymous.post("/deconnexion").status_code == 303


def test_a_person_signed_in_does_not_see_the_form_again(anonymous: TestClient, marie: User) -> None:
    sign_in(anonymous)
    answer = anonymous.get("/connexion?suite=/compte")
    assert (answer.status_code, answer.headers["location"]) == (303, "/compte")


def test_signing_in_never_leads_to_another_site(anonymous: TestClient, marie: User) -> None:
    assert "ailleurs" not in anonymous.get("/connexion?suite=https://ailleurs.example/").text
    assert sign_in(anonymous, suite="//ailleurs.example/x").headers["location"] == "/"


def _age(engine: Engine, **changes: object) -> None:
    with transaction(engine) as session:
        for row in session.exec(select(UserSession)):
            for name, value in changes.items():
                setattr(row, name, value)


def test_an_idle_session_ends(anonymous: TestClient, engine: Engine, settings: Settings, marie: User) -> None:
    sign_in(anonymous)
    _age(engine, last_seen_at=utc_now() - timedelta(minutes=settings.session_idle_minutes))
    assert anonymous.get("/compte").status_code == 303


def test_an_old_session_ends_even_when_in_use(anonymous: TestClient, engine: Engine, marie: User) -> None:
    sign_in(anonymous)
    _age(engine, expires_at=utc_now())
    assert anonymous.get("/compte").status_code == 303


def _last_seen(session: Session) -> list[object]:
    return [row.last_seen_at for row in session.exec(select(UserSession))]


def test_a_session_in_use_is_kept_alive_at_most_every_five_minutes(
    anonymous: TestClient, engine: Engine, marie: User
) -> None:
    sign_in(anonymous)
    earlier = utc_now() - timedelta(minutes=4)
    _age(engine, last_seen_at=earlier)
    anonymous.get("/compte")
    with reading(engine) as session:
        assert _last_seen(session) == [earlier]
    _age(engine, last_seen_at=utc_now() - timedelta(minutes=6))
    anonymous.get("/compte")
    with reading(engine) as session:
        assert all(utc_now() - moment < timedelta(minutes=1) for moment in _last_seen(session))  # type: ignore[operator]


def test_deactivation_ends_the_open_sessions(anonymous: TestClient, engine: Engine, marie: User) -> None:
    sign_in(anonymous)
    with transaction(engine) as session:
        session.get_one(User, marie.id).is_active = False
    assert anonymous.get("/compte").status_code == 303


def _begins(engine: Engine) -> list[str]:
    """Filled with what each transaction of this engine is for, from now on."""
    found: list[str] = []

    @event.listens_for(engine, "begin")
    def _seen(connection: Connection) -> None:
        options = connection.get_execution_options()
        found.append("read" if "sqlite_begin" in options or "postgresql_readonly" in options else "write")

    return found


@pytest.mark.parametrize("password", [PASSWORD, "faux"])
def test_an_attempt_writes_in_one_transaction(
    anonymous: TestClient, engine: Engine, marie: User, password: str
) -> None:
    sign_in(anonymous)
    begins = _begins(engine)
    sign_in(anonymous, password=password)
    assert begins == ["read", "write"]


def test_an_attempt_that_comes_too_early_only_reads_and_is_journaled_once(
    anonymous: TestClient, engine: Engine, marie: User
) -> None:
    for _ in range(SAME_ADDRESS.free):
        assert sign_in(anonymous, password="faux").status_code == 401
    assert sign_in(anonymous).status_code == 429
    begins = _begins(engine)
    assert sign_in(anonymous).status_code == 429
    assert begins == ["read"]
    assert actions(engine).count("session.block") == 1


def test_old_attempts_are_purged_now_and_then_only(anonymous: TestClient, engine: Engine, marie: User) -> None:
    sign_in(anonymous)
    with transaction(engine) as session:
        session.add(SignInAttempt(at=utc_now() - timedelta(days=2), account_hash="0" * 64, address="old"))
    sign_in(anonymous)
    with reading(engine) as session:
        assert "old" in [attempt.address for attempt in session.exec(select(SignInAttempt))]


def _concurrently(engine: Engine, settings: Settings, count: int, password: str) -> list[str]:
    """How so many attempts at once on one account end: the problem of each, empty for a success."""
    ends: list[str] = []

    async def one() -> None:
        try:
            with own_ledger():
                result = await signin.sign_in(engine, settings, email=EMAIL, password=password, address="1.2.3.4")
        except TooBusyError as error:
            ends.append(error.message)
        else:
            ends.append(result.problem)

    async def everybody() -> None:
        async with anyio.create_task_group() as group:
            for _ in range(count):
                group.start_soon(one)

    run_apart(everybody)
    return ends


def test_guesses_made_at_once_are_no_more_than_guesses_made_in_turn(
    engine: Engine, settings: Settings, marie: User
) -> None:
    ends = _concurrently(engine, settings, 30, "faux")
    assert ends.count(signin.WRONG_MESSAGE) == SAME_ADDRESS.free
    assert sum("Trop d'essais" in end for end in ends) == 30 - SAME_ADDRESS.free


def test_those_who_wait_are_limited_and_told(
    engine: Engine, settings: Settings, marie: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    running, most = [0], [0]
    lock = threading.Lock()

    def compare(_password: str, _known: str | None) -> bool:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        time.sleep(0.05)
        with lock:
            running[0] -= 1
        return True

    monkeypatch.setattr(signin, "verify_password", compare)
    monkeypatch.setattr(throttle, "SAME_ADDRESS", Rule(free=1000, first=1, longest=1))
    monkeypatch.setattr(throttle, "ANYWHERE", Rule(free=1000, first=1, longest=1))
    ends = _concurrently(engine, settings, 12, PASSWORD)
    assert ends == [""] * 12
    assert most == [HASHES_AT_ONCE]
    monkeypatch.setattr(signin, "MOST_WAITING", 3)
    ends = _concurrently(engine, settings, 12, PASSWORD)
    assert sorted(ends) == [""] * (HASHES_AT_ONCE + 3) + [signin.TOO_MANY_MESSAGE] * (12 - 3 - HASHES_AT_ONCE)


def test_too_many_people_at_once_are_asked_to_come_back(
    anonymous: TestClient, marie: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signin, "MOST_WAITING", -HASHES_AT_ONCE)
    answer = sign_in(anonymous)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert "Recommencez dans quelques secondes" in answer.text
