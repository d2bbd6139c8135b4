"""A guesser is slowed; nobody is locked out by him, nor a hospital behind one address."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine, event
from sqlmodel import select

from app.accounts import passwords, signin, throttle
from app.accounts.device_cookie import COOKIE
from app.accounts.signin import account_hash
from app.accounts.throttle import ACCOUNTS_OF_ADDRESS, ANYWHERE, OWN_DEVICE, PASSWORD_CHANGE, SAME_ADDRESS, Rule
from app.main import create_app
from app.models import AuditEvent, KnownDevice, SignInAttempt, User, utc_now
from app.platform.database import reading, transaction
from app.platform.web_sessions import hash_token
from app.settings import Settings
from tests.app.accounts.people import EMAIL, PASSWORD

Browser = Callable[..., TestClient]


@pytest.fixture
def browser(application: FastAPI) -> Browser:
    """`browser("1.2.3.4")`: a new browser at this address."""
    return lambda address="1.2.3.4": TestClient(application, follow_redirects=False, client=(address, 50000))


def status(client: TestClient, password: str = PASSWORD, email: str = EMAIL) -> int:
    return client.post("/connexion", data={"email": email, "password": password}).status_code


def fail(engine: Engine, count: int, *, address: str = "6.6.6.6", email: str = EMAIL, each: bool = False) -> None:
    """So many failures of this moment, on one account or (`each`) on as many."""
    with transaction(engine) as session:
        for number in range(count):
            key = account_hash(f"{number}{email}" if each else email)
            session.add(SignInAttempt(account_hash=key, address=address))


def age(engine: Engine, seconds: float) -> None:
    """The same failures, earlier."""
    with transaction(engine) as session:
        for attempt in session.exec(select(SignInAttempt)):
            attempt.at -= timedelta(seconds=seconds)


def events(engine: Engine, action: str) -> list[AuditEvent]:
    with reading(engine) as session:
        return list(session.exec(select(AuditEvent).where(AuditEvent.action == action).order_by("id")))


@pytest.mark.parametrize(("failures", "seconds"), [(0, 0), (4, 0), (5, 2), (6, 4), (8, 16), (12, 256), (5000, 300)])
def test_the_wait_doubles_up_to_a_longest_one(failures: int, seconds: float) -> None:
    assert Rule(free=5, first=2, longest=300).wait(failures) == seconds


def test_a_guesser_waits_longer_and_longer_and_the_answer_is_the_same_for_nobody(
    engine: Engine, marie: User, browser: Browser
) -> None:
    guesser = browser()
    texts = []
    for email in (EMAIL, "inconnue@exemple.fr"):
        assert [status(guesser, "faux", email) for _ in range(SAME_ADDRESS.free)] == [401] * SAME_ADDRESS.free
        answer = guesser.post("/connexion", data={"email": email, "password": PASSWORD})
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "2")
        texts.append(answer.text.replace(email, ""))
    assert texts[0] == texts[1]
    # What came too early was not compared and pushes nobody back; the next failure makes the wait longer.
    age(engine, 2)
    assert status(guesser, "faux") == 401
    assert guesser.post("/connexion", data={"email": EMAIL, "password": "x"}).headers["retry-after"] == "4"
    age(engine, 4)
    assert status(guesser) == 303
    blocked = events(engine, "session.block")
    assert [event.object_id for event in blocked] == [str(marie.id), ""]
    assert {event.details["address"] for event in blocked} == {"1.2.3.4"}


def test_the_person_is_locked_out_neither_elsewhere_nor_on_a_browser_that_she_used(
    engine: Engine, marie: User, browser: Browser
) -> None:
    hers = browser("6.6.6.6")
    assert status(hers) == 303
    fail(engine, 24)
    assert status(browser("6.6.6.6")) == 429
    assert status(browser("9.9.9.9")) == 303
    # Guessed from the whole world, and from her own address: a new browser waits a minute at most, hers never does.
    fail(engine, 500)
    fail(engine, 500, address="7.7.7.7")
    new = browser("9.9.9.9").post("/connexion", data={"email": EMAIL, "password": PASSWORD})
    assert (new.status_code, int(new.headers["retry-after"]) <= ANYWHERE.longest) == (429, True)
    assert status(hers) == 303
    with reading(engine) as session:
        assert len(session.exec(select(SignInAttempt).where(SignInAttempt.succeeded == False)).all()) >= 1000  # noqa: E712


def test_a_known_browser_is_no_way_to_guess_and_spares_nobody_else(
    engine: Engine, marie: User, browser: Browser
) -> None:
    hers = browser()
    assert status(hers) == 303
    planted = hers.cookies[COOKIE]
    assert status(hers) == 303
    # Each sign-in gives a new token: an older copy is a stranger, and so is a made-up one.
    assert planted != hers.cookies[COOKIE]
    fail(engine, 500)
    for token in (planted, "invente", hash_token(hers.cookies[COOKIE])):
        stranger = browser("6.6.6.6")
        stranger.cookies.set(COOKIE, token)
        assert status(stranger) == 429
    assert [status(hers, "faux") for _ in range(OWN_DEVICE.free)] == [401] * OWN_DEVICE.free
    assert status(hers) == 429
    # Her browser is known to her account only.
    fail(engine, 500, address="1.2.3.4", email="autre@exemple.fr")
    assert status(hers, email="autre@exemple.fr") == 429


def test_a_browser_that_several_people_share_is_known_to_each(engine: Engine, marie: User, browser: Browser) -> None:
    with transaction(engine) as session:
        session.add(User(email="zoe@exemple.fr", display_name="Zoé", password_hash=marie.password_hash))
    shared = browser()
    assert status(shared) == status(shared, email="zoe@exemple.fr") == 303
    fail(engine, 500)
    fail(engine, 500, email="zoe@exemple.fr")
    assert status(shared) == status(shared, email="zoe@exemple.fr") == 303
    with reading(engine) as session:
        devices = session.exec(select(KnownDevice)).all()
    assert len({device.token_hash for device in devices}) == 1
    assert shared.cookies[COOKIE] not in repr(devices)


def test_a_hospital_behind_one_address_goes_on(engine: Engine, marie: User, browser: Browser) -> None:
    """Many failures of few people are a morning; failures on many accounts are a guesser, who waits."""
    for number in range(ACCOUNTS_OF_ADDRESS.free - 1):
        fail(engine, 4, address="1.2.3.4", email=f"{number}@exemple.fr")
    assert status(browser()) == 303
    fail(engine, ACCOUNTS_OF_ADDRESS.free + 3, address="1.2.3.4", each=True)
    assert status(browser()) == 429
    assert status(browser("9.9.9.9")) == 303


@pytest.mark.only("sqlite", "addresses are read before the database")
def test_a_local_caller_is_not_believed_about_where_it_comes_from(
    engine: Engine, settings: Settings, marie: User
) -> None:
    """Neither past the waits nor in the journal; only a proxy that was configured is."""
    for proxies, expected, journaled in (("", 429, "127.0.0.1"), ("127.0.0.1", 401, "203.0.113.9")):
        application = create_app(settings.model_copy(update={"trusted_proxies": proxies}), engine)
        client = TestClient(application, follow_redirects=False, client=("127.0.0.1", 50000))
        data = {"email": EMAIL, "password": "faux"}
        for number in range(SAME_ADDRESS.free):
            client.post("/connexion", data=data, headers={"X-Forwarded-For": f"203.0.113.{number}"})
        last = client.post("/connexion", data=data, headers={"X-Forwarded-For": "203.0.113.9"})
        assert last.status_code == expected
        assert events(engine, "session.refuse" if proxies else "session.block")[-1].details["address"] == journaled


def test_the_present_password_is_not_guessed_in_the_form_that_changes_it(
    engine: Engine, marie: User, browser: Browser
) -> None:
    client = browser()
    assert status(client) == 303
    new = {"nouveau": "girafe bleue sur un vélo", "confirmation": "girafe bleue sur un vélo"}
    wrong = [client.post("/compte/mot-de-passe", data={"actuel": f"faux{number}", **new}) for number in range(7)]
    assert [answer.status_code for answer in wrong] == [422] * PASSWORD_CHANGE.free + [429] * 2
    assert "Recommencez dans 2 s" in wrong[-1].text
    refused = events(engine, "user.refuse_password_change")
    assert len(refused) == PASSWORD_CHANGE.free
    assert "faux" not in repr(refused)
    # The door is another matter, and a new password that is refused is no guess.
    assert status(browser()) == 303
    age(engine, 3)
    for _ in range(PASSWORD_CHANGE.free + 2):
        weak = {"actuel": PASSWORD, "nouveau": "123456789012", "confirmation": "123456789012"}
        assert "chiffres" in client.post("/compte/mot-de-passe", data=weak).text
    assert client.post("/compte/mot-de-passe", data={"actuel": PASSWORD, **new}).status_code == 303


def test_every_outcome_is_journaled_without_secrets(engine: Engine, marie: User, browser: Browser) -> None:
    client = browser()
    status(client, "devine-1")
    status(client, "devine-2", "inconnue@exemple.fr")
    with transaction(engine) as session:
        session.get_one(User, marie.id).is_active = False
    status(client)
    with transaction(engine) as session:
        user = session.get_one(User, marie.id)
        user.is_active, user.password_expires_at = True, utc_now()
    answer = client.post("/connexion", data={"email": EMAIL, "password": PASSWORD})
    assert (answer.status_code, "plus valable" in answer.text) == (401, True)
    refused = events(engine, "session.refuse")
    outcomes = ["wrong_password", "unknown_account", "inactive_account", "expired_password"]
    assert [event.details["outcome"] for event in refused] == outcomes
    assert [event.object_id for event in refused] == [str(marie.id), "", str(marie.id), str(marie.id)]
    for secret in ("devine", PASSWORD, "inconnue"):
        assert secret not in repr(refused)


@pytest.mark.only("sqlite", "the purge is one statement")
def test_browsers_that_nobody_uses_are_forgotten(engine: Engine, marie: User, browser: Browser) -> None:
    assert marie.id is not None
    with transaction(engine) as session:
        long_ago = utc_now() - timedelta(days=181)
        session.add(KnownDevice(token_hash="0" * 64, user_id=marie.id, last_used_at=long_ago))
    assert status(browser()) == 303
    with reading(engine) as session:
        assert session.get(KnownDevice, ("0" * 64, marie.id)) is None


def test_an_unknown_account_takes_the_same_statements_and_the_same_hash_as_a_wrong_password(
    engine: Engine, marie: User, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Work is counted, not timed; also from a browser known to somebody else, and for an account without password."""
    work: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *arguments: work.append(arguments[2]))
    verify = passwords.verify_password
    monkeypatch.setattr(signin, "verify_password", lambda *pair: work.append("hash") or verify(*pair))
    with transaction(engine) as session:
        session.add(User(email="sans@exemple.fr", display_name="Sans", password_hash=""))
        session.add(User(email="zoe@exemple.fr", display_name="Zoé", password_hash=marie.password_hash))
    client = browser()
    assert status(client) == 303
    ways = []
    for email in ("zoe@exemple.fr", "inconnue@exemple.fr", "sans@exemple.fr"):
        work.clear()
        assert status(client, "faux", email) == 401
        ways.append(list(work))
    assert ways[0] == ways[1] == ways[2]
    assert ways[0].count("hash") == 1


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("192.0.2.7", "192.0.2.7"), ("::ffff:192.0.2.7", "192.0.2.7"), ("testclient", "testclient"), ("", ""),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"), ("2001:DB8:1:2::9", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"), ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
    ],
)  # fmt: skip
def test_a_subscriber_of_ipv6_is_one_place(address: str, place: str) -> None:
    assert throttle.place_of(address) == place
