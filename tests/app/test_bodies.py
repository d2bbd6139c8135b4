"""While a body is awaited no transaction is open, on any route; who may not send is refused before it is received."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import product
from typing import Any
from urllib.parse import urlencode

import anyio
import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import select

from app.catalogues.routes import get_fields, get_upload
from app.earlier.routes import get_upload as get_earlier_upload
from app.fhir.routes import body_of
from app.main import ROUTERS, create_app
from app.memory.routes import get_upload as get_memory_upload
from app.models import Membership, User
from app.platform import database, locks
from app.platform.authorising import AuthorisedRoute, Needs
from app.platform.database import make_engine, transaction
from app.platform.identity import RoleNeeded
from app.platform.open_transactions import count_open
from app.platform.request_session import SAFE_METHODS
from app.platform.web_sessions import SESSION_COOKIE, open_session
from app.settings import Settings
from app.tokens.service import create_token
from tests.app.asgi import FORM, MULTIPART, START, Answer, send_by_hand
from tests.conftest import BIOLOGIST, OUTSIDER, READER, World

RECEIVERS = {get_upload, get_fields, get_memory_upload, get_earlier_upload, body_of}
"""The dependencies that receive a body by themselves."""
TOO_BIG = str(2**63)


def _calls(dependant: Dependant) -> Iterator[Any]:
    yield dependant.call
    for inner in dependant.dependencies:
        yield from _calls(inner)


@dataclass(frozen=True)
class Unsafe:
    """A route that may change something."""

    method: str
    route: APIRoute

    @property
    def takes_a_body(self) -> bool:
        return self.route.body_field is not None or bool(RECEIVERS & set(_calls(self.route.dependant)))

    @property
    def content_type(self) -> str:
        receivers = {get_upload, get_memory_upload, get_earlier_upload} & set(_calls(self.route.dependant))
        is_upload = receivers or any("UploadFile" in str(item.field_info.annotation) for item in self._body_params())
        return MULTIPART if is_upload else FORM

    def _body_params(self) -> list[Any]:
        return list(self.route.dependant.body_params)

    def address(self, **values: str) -> str:
        path = self.route.path
        for name in self.route.param_convertors:
            path = path.replace(f"{{{name}}}", values.get(name, "1"))
        return path


def _unsafe_routes() -> list[Unsafe]:
    routes = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
    return [
        Unsafe(method, route) for route in routes for method in sorted(route.methods) if method not in SAFE_METHODS
    ]


UNSAFE = _unsafe_routes()
WITH_A_BODY = [item for item in UNSAFE if item.takes_a_body]
OF_PAGES = [item for item in UNSAFE if not item.route.path.startswith("/fhir")]


def name_of(item: Unsafe) -> str:
    return f"{item.method} {item.route.path}"


def test_every_route_of_the_pages_authorises_before_the_body() -> None:
    routes = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
    assert len(WITH_A_BODY) > 25
    others = {route.path for route in routes if not isinstance(route, AuthorisedRoute)}
    machines = {"/healthz", "/readyz", "/metrics"}
    assert all(path.startswith("/fhir/") or path in machines for path in others), others


def test_every_form_of_a_laboratory_says_whose_it_is() -> None:
    """A role that the handler alone looks at is looked at once the whole body has come."""
    found = [(item.route.path, Needs.of(item.route.dependant)) for item in WITH_A_BODY if item in OF_PAGES]
    of_laboratories = [(path, needs) for path, needs in found if needs.laboratory or needs.catalogue]
    assert len(of_laboratories) > 12
    assert [path for path, needs in of_laboratories if needs.roles is None and not needs.administrator] == []


@pytest.fixture
def everybody(world: World, settings: Settings) -> dict[str, str]:
    """The headers of a person and of a program who may send to every route."""
    world.add_catalogue()
    with transaction(world.engine) as session:
        person = session.get_one(User, world.user_id(BIOLOGIST))
        person.is_administrator = True
        cookie = open_session(session, person, settings)
        _, token = create_token(session, world.laboratory, name="SGL", lifetime="365", actor=person)
    return {"cookie": f"{SESSION_COOKIE}={cookie}", "authorization": f"Bearer {token}"}


def nobody_works(engine: Engine) -> bool:
    """Whether the database itself knows of no transaction."""
    if engine.dialect.name == "postgresql":
        query = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            # The server's own housekeeping (autovacuum) is nobody's transaction.
            "AND backend_type = 'client backend' AND pid <> pg_backend_pid() AND xact_start IS NOT NULL"
        )
        with engine.connect() as connection:
            return int(connection.exec_driver_sql(query).scalar_one()) == 0
    with closing(sqlite3.connect(engine.url.database or "", timeout=0, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("ROLLBACK")
    return True


@pytest.mark.parametrize("item", WITH_A_BODY, ids=name_of)
def test_nothing_is_open_while_a_body_is_awaited(
    application: FastAPI, settings: Settings, engine: Engine, everybody: dict[str, str], item: Unsafe
) -> None:
    # Told after: what fails while a body is read is answered as a body that cannot be read.
    awaited: list[tuple[int, bool]] = []

    async def stalling() -> dict[str, Any]:
        awaited.append((count_open(), nobody_works(engine)))
        if len(awaited) == 1:
            return {"type": "http.request", "body": START[item.content_type], "more_body": True}
        return {"type": "http.disconnect"}

    headers = everybody | {"content-type": item.content_type, "content-length": "1000"}
    send_by_hand(application, item.method, item.address(kind="xlsx"), stalling, headers=headers)
    assert awaited == [(0, True)] * 2


async def _never() -> dict[str, Any]:
    raise AssertionError("the body was asked for")


def test_nothing_is_received_from_whoever_is_not_signed_in(application: FastAPI, world: World) -> None:
    """One installation for all routes: nobody gets as far as to change it."""
    asked = [item for item in OF_PAGES if Needs.of(item.route.dependant).person]
    assert len(asked) > 50
    for item in asked:
        answer = send_by_hand(application, item.method, item.address(), _never, headers={"content-type": FORM})
        assert (answer.status, answer.headers["location"]) == (303, "/connexion"), name_of(item)


@pytest.mark.same_sql("the route differs, and the rights are asked for alike")
@pytest.mark.parametrize("item", WITH_A_BODY, ids=name_of)
def test_nothing_is_received_from_who_may_not_send(
    application: FastAPI, world: World, settings: Settings, item: Unsafe
) -> None:
    needs = Needs.of(item.route.dependant)
    world.add_catalogue()
    with transaction(world.engine) as session:
        people = {email: open_session(session, world.users[email], settings) for email in (OUTSIDER, READER)}
    refused = [(READER, 403)] if needs.roles or needs.administrator else []
    if needs.laboratory or needs.catalogue:
        refused.append((OUTSIDER, 404))
    for email, status in refused:
        headers = {"cookie": f"{SESSION_COOKIE}={people[email]}", "content-type": item.content_type}
        answer = send_by_hand(application, item.method, item.address(kind="xlsx"), _never, headers=headers)
        assert answer.status == status, email


def test_uploads_need_a_role_before_the_body() -> None:
    needed = {
        item.route.path
        for item in UNSAFE
        if any(isinstance(call, RoleNeeded) for call in _calls(item.route.dependant))
        or Needs.of(item.route.dependant).administrator
    }
    uploads = {item.route.path for item in WITH_A_BODY if item.content_type == MULTIPART}
    assert len(uploads) == 5
    assert uploads <= needed


@pytest.mark.parametrize("item", [item for item in OF_PAGES if item.route.param_convertors], ids=name_of)
def test_an_impossible_identifier_names_nothing(client_of_everything: TestClient, item: Unsafe) -> None:
    """One installation for all texts: what is refused leaves nothing behind."""
    for name, text in product(item.route.param_convertors, (TOO_BIG, "9" * 40, "²", "abc", "-1", "1.5")):
        answer = client_of_everything.request(item.method, item.address(**{"kind": "xlsx", name: text}))
        assert answer.status_code in (404, 422), (name, text)


def test_an_impossible_identifier_in_a_page_names_nothing(client_of_everything: TestClient) -> None:
    routes = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
    pages = [Unsafe("GET", route) for route in routes if "GET" in route.methods and route.param_convertors]
    for item in pages:
        for name in item.route.param_convertors:
            for text in (TOO_BIG, "²"):
                answer = client_of_everything.get(item.address(**{name: text}))
                assert answer.status_code in (401, 404, 422), (item.route.path, name, text)


@pytest.fixture
def client_of_everything(application: FastAPI, everybody: dict[str, str]) -> Iterator[TestClient]:
    with TestClient(application, follow_redirects=False, headers={"cookie": everybody["cookie"]}) as client:
        yield client


@pytest.mark.parametrize(
    ("address", "form"),
    [
        ("/administration/roles", {"utilisateur": TOO_BIG, "laboratoire": "1", "role": "reader"}),
        ("/administration/roles", {"utilisateur": "1", "laboratoire": TOO_BIG, "role": "reader"}),
        ("/catalogues/1/approbation", {"lignes": f"{TOO_BIG}:1"}),
        ("/catalogues/1/revue/1/decision", {"version": TOO_BIG, "loinc_num": "2951-2"}),
        ("/laboratoires/1/importer", {"catalogue": TOO_BIG, "nom": "x"}),
        ("/catalogues/1/exports/original?source=" + TOO_BIG, {"incomplet": "blank"}),
    ],
)
def test_an_impossible_number_in_a_form_is_no_fault_of_ours(
    client_of_everything: TestClient, address: str, form: dict[str, str]
) -> None:
    assert client_of_everything.post(address, data=form).status_code in (404, 409, 422)


@pytest.mark.parametrize("address", ["/terminologie?version=²", f"/terminologie?version={TOO_BIG}",
                                     f"/administration/journal?avant={TOO_BIG}"])  # fmt: skip
def test_an_impossible_number_in_an_address(client_of_everything: TestClient, address: str) -> None:
    assert client_of_everything.get(address).status_code in (200, 404, 422)


def _body(content: bytes, before: Callable[[], None] = lambda: None) -> Callable[[], Any]:
    sent: list[int] = []

    async def receive() -> dict[str, Any]:
        if sent:
            await anyio.sleep_forever()
        before()
        sent.append(1)
        return {"type": "http.request", "body": content, "more_body": False}

    return receive


def _rename(application: FastAPI, cookie: str, before: Callable[[], None]) -> Answer:
    content = urlencode({"nom": "Laboratoire volé"}).encode()
    headers = {"cookie": cookie, "content-type": FORM, "content-length": str(len(content))}
    headers["accept"] = "application/json"
    return send_by_hand(
        application, "POST", "/administration/laboratoires/1", _body(content, before), headers=headers
    )


def test_rights_lost_while_the_body_came_are_lost(
    application: FastAPI, world: World, everybody: dict[str, str]
) -> None:
    def demote() -> None:
        with transaction(world.engine) as session:
            session.get_one(User, world.user_id(BIOLOGIST)).is_administrator = False

    answer = _rename(application, everybody["cookie"], demote)
    assert answer.status == 403
    assert "Vos droits ont changé" in answer.text
    with transaction(world.engine) as session:
        assert session.get_one(type(world.laboratory), 1).name == "Laboratoire du Parc"


def test_an_account_closed_while_the_body_came_changes_nothing(
    application: FastAPI, world: World, everybody: dict[str, str]
) -> None:
    def deactivate() -> None:
        with transaction(world.engine) as session:
            session.get_one(User, world.user_id(BIOLOGIST)).is_active = False

    assert _rename(application, everybody["cookie"], deactivate).status == 401


@pytest.mark.parametrize("after", ["", "reader"])
def test_a_role_lost_while_the_body_came_is_lost(
    application: FastAPI, world: World, everybody: dict[str, str], after: str
) -> None:
    def change() -> None:
        with transaction(world.engine) as session:
            row = session.exec(select(Membership).where(Membership.user_id == world.user_id(BIOLOGIST))).one()
            if after:
                row.role = after
                session.add(row)
            else:
                session.delete(row)

    content = b"autoriser=1"
    headers = {"cookie": everybody["cookie"], "content-type": FORM, "content-length": str(len(content))}
    answer = send_by_hand(
        application, "POST", "/laboratoires/1/reutilisation", _body(content, change), headers=headers
    )
    assert answer.status == (403 if after else 404)
    with transaction(world.engine) as session:
        assert not session.get_one(type(world.laboratory), 1).allows_reuse


def _stalled(application: FastAPI, headers: dict[str, str], every: float) -> Answer:
    async def slow() -> dict[str, Any]:
        await anyio.sleep(every)
        return {"type": "http.request", "body": b"n", "more_body": True}

    sent = headers | {"content-type": FORM, "content-length": "1000"}
    return send_by_hand(application, "POST", "/administration/laboratoires/1", slow, headers=sent)


@pytest.mark.parametrize(("idle", "total", "every"), [(0.1, 60, 60), (60, 0.2, 0.02)])
def test_who_stops_sending_is_answered(
    settings: Settings, engine: Engine, everybody: dict[str, str], idle: float, total: float, every: float
) -> None:
    limited = settings.model_copy(update={"body_idle_seconds": idle, "body_total_seconds": total})
    answer = _stalled(create_app(limited, engine), everybody, every)
    assert answer.status == 408
    assert answer.headers["connection"] == "close"
    assert "envoi s&#39;est arrêté" in answer.text


def test_a_busy_database_is_said_and_not_a_fault(
    settings: Settings, world: World, everybody: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # On PostgreSQL zero would mean for ever.
    monkeypatch.setattr(database, "BUSY_SECONDS", 0 if settings.resolved_database_url.startswith("sqlite") else 1)
    impatient = make_engine(settings.resolved_database_url)
    headers = {"cookie": everybody["cookie"]}
    with TestClient(create_app(settings, impatient), headers=headers, follow_redirects=False) as client:
        with transaction(world.engine) as session:
            session.get_one(User, 1).display_name = "Quelqu'un écrit"
            session.flush()
            locks.lock_laboratory(session, world.laboratory_id)
            page = client.post("/laboratoires/1/reutilisation", data={"autoriser": "1"})
            told = client.post(
                "/laboratoires/1/reutilisation", data={"autoriser": "1"}, headers={"accept": "application/json"}
            )
            assert client.get("/laboratoires/1").status_code == 200
        assert client.post("/laboratoires/1/reutilisation", data={"autoriser": "1"}).status_code == 303
    impatient.dispose()
    assert (page.status_code, page.headers["retry-after"]) == (503, "2")
    assert "Rien n&#39;a été enregistré" in page.text
    assert (told.status_code, told.headers["retry-after"]) == (503, "2")
    assert "occupée" in told.json()["detail"]
