"""Each request has an identifier and one line, with the template of its route and nothing that was sent."""

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from starlette.types import Message, Receive, Scope, Send

from app.main import create_app
from app.settings import Settings
from app.web.proxies import TrustedProxies
from app.web.request_log import WELL_FORMED, RequestLogMiddleware
from tests.conftest import ADMINISTRATOR, READER, ClientFor, Logs, World

GIVEN = "requete-0123456789"
PROXY = ("192.0.2.10", 4000)


def one(logs: Logs) -> dict[str, object]:
    (line,) = logs.events("request")
    return line


def test_a_request_has_one_line(client_for: ClientFor, world: World, logs: Logs) -> None:
    catalogue = world.add_catalogue()
    answer = client_for(READER).get(f"/catalogues/{catalogue.id}/revue?texte=glucose")
    assert answer.status_code == 200
    line = one(logs)
    assert line["request_id"] == answer.headers["x-request-id"]
    assert line["method"] == "GET"
    assert line["route"] == "/catalogues/{catalogue_id}/revue"
    assert line["status"] == 200
    assert line["user_id"] == world.user_id(READER)
    assert line["laboratory_id"] == world.laboratory_id
    duration = line["duration_ms"]
    assert isinstance(duration, float)
    assert 0 < duration < 60_000
    assert set(line) == {
        "event", "level", "logger", "timestamp", "request_id", "method", "route", "status", "duration_ms", "user_id",
        "laboratory_id",
    }  # fmt: skip


def test_a_laboratory_that_is_closed_to_the_person_is_not_said(client_for: ClientFor, world: World, logs: Logs) -> None:
    assert client_for(ADMINISTRATOR).get(f"/laboratoires/{world.laboratory_id}").status_code == 404
    assert "laboratory_id" not in one(logs)
    assert one(logs)["user_id"] == world.user_id(ADMINISTRATOR)


@pytest.mark.same_sql("the address differs")
@pytest.mark.parametrize(
    ("method", "address", "route", "status"),
    [
        ("GET", "/connexion?suite=/x", "/connexion", 200),
        ("GET", "/nulle/part", "unrouted", 404),
        ("DELETE", "/connexion", "/connexion", 405),
        ("GET", "/static/app.css?v=1", "/static/{path}", None),
        ("INVENTE", "/connexion", "/connexion", 405),
    ],
)
def test_the_route_is_a_template(
    anonymous: TestClient, logs: Logs, method: str, address: str, route: str, status: int | None
) -> None:
    answer = anonymous.request(method, address)
    line = one(logs)
    assert line["route"] == route
    assert line["status"] == answer.status_code
    assert status in (None, answer.status_code)
    assert line["method"] == (method if method != "INVENTE" else "OTHER")


def test_what_another_site_sends_has_its_line_too(anonymous: TestClient, logs: Logs) -> None:
    answer = anonymous.post("/connexion", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert (one(logs)["status"], one(logs)["route"]) == (403, "unrouted")
    assert answer.headers["x-request-id"] == one(logs)["request_id"]


def identifier(application: FastAPI, client: tuple[str, int], given: str) -> str:
    with TestClient(application, client=client) as browser:
        return str(browser.get("/connexion", headers={"X-Request-ID": given}).headers["x-request-id"])


def test_only_a_trusted_proxy_gives_the_identifier(engine: Engine, settings: Settings) -> None:
    behind = create_app(settings.model_copy(update={"trusted_proxies": "192.0.2.0/24"}), engine)
    assert identifier(behind, PROXY, GIVEN) == GIVEN
    assert identifier(behind, ("198.51.100.1", 4000), GIVEN) != GIVEN
    assert identifier(create_app(settings, engine), PROXY, GIVEN) != GIVEN


@pytest.mark.same_sql("a header, as it is read")
@pytest.mark.parametrize("given", ["", "court", "x" * 65, "deux mots 12345", "a@exemple.fr", 'a"};{"b":"12345'])
def test_an_ill_formed_identifier_is_replaced(engine: Engine, settings: Settings, given: str) -> None:
    behind = create_app(settings.model_copy(update={"trusted_proxies": "192.0.2.10"}), engine)
    made = identifier(behind, PROXY, given)
    assert made != given
    assert WELL_FORMED.fullmatch(made)


def test_two_requests_have_two_identifiers(anonymous: TestClient) -> None:
    seen = {anonymous.get("/connexion").headers["x-request-id"] for _ in range(3)}
    assert len(seen) == 3


def test_the_address_of_the_browser_is_believed_from_a_trusted_proxy_only(engine: Engine, settings: Settings) -> None:
    for trusted, expected in (("192.0.2.10", "203.0.113.9 https"), ("", "192.0.2.10 http")):
        application = create_app(settings.model_copy(update={"trusted_proxies": trusted}), engine)

        @application.get("/qui")
        def who(request: Request) -> str:
            assert request.client is not None
            return f"{request.client.host} {request.url.scheme} {request.state.peer}"

        with TestClient(application, client=PROXY) as browser:
            headers = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}
            assert browser.get("/qui", headers=headers).json() == f"{expected} 192.0.2.10"


def test_a_fault_of_ours_has_its_identifier_and_its_line(application: FastAPI, logs: Logs) -> None:
    @application.get("/panne/{word}")
    def fail(word: str) -> str:
        raise RuntimeError(word)

    with TestClient(application, raise_server_exceptions=False) as browser:
        answer = browser.get("/panne/mot-cache")
    assert answer.status_code == 500
    assert answer.headers["content-security-policy"]
    failed, line = logs.events("request.failed")[0], one(logs)
    assert line["status"] == 500
    assert line["route"] == failed["route"] == "/panne/{word}"
    assert failed["request_id"] == line["request_id"] == answer.headers["x-request-id"]
    assert "mot-cache" not in logs.text


def test_every_answer_of_a_page_with_a_handler_in_a_thread_carries_the_identifier(
    application: FastAPI, logs: Logs
) -> None:
    import structlog

    @application.get("/dit")
    def say() -> str:
        structlog.get_logger("app.essai").info("said")
        return "dit"

    with TestClient(application) as browser:
        answer = browser.get("/dit")
    (said,) = logs.events("said")
    assert said["request_id"] == answer.headers["x-request-id"]
    assert re.fullmatch(r"[0-9a-f]{32}", said["request_id"])


def test_a_request_that_the_stop_of_the_server_cuts_is_no_fault(logs: Logs) -> None:
    sent: list[Message] = []

    async def cut(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise asyncio.CancelledError

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    scope = {"type": "http", "method": "POST", "path": "/connexion", "headers": [], "client": PROXY}
    middleware = RequestLogMiddleware(cut, TrustedProxies(""), lambda _request: None)
    # In a thread of its own: where browser tests ran before in this process, theirs has a loop for good.
    with ThreadPoolExecutor(1) as apart:
        apart.submit(lambda: asyncio.run(middleware(scope, receive, send))).result()
    assert sent[0]["status"] == 503
    assert (b"retry-after", b"10") in sent[0]["headers"]
    assert "rouvrez la page" in sent[1]["body"].decode()
    assert [event["level"] for event in logs.events("request.abandoned")] == ["info"]
    assert one(logs)["status"] == 503
