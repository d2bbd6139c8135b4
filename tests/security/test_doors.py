"""The doors of the web: other names, other sites, headers of every answer, bodies, extra fields, replays."""

import os
import re
from itertools import product
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import col, func, select

from app.main import create_app
from app.models import AuditEvent, User
from app.platform.bodies import FORM_BYTES, STRANGERS_FORM_BYTES
from app.platform.database import make_engine, reading
from app.platform.request_session import SAFE_METHODS
from app.settings import Settings
from app.web.hosts import host_name
from tests.app.asgi import FORM, send_by_hand
from tests.app.test_bodies import MULTIPART, WITH_A_BODY
from tests.conftest import ADMINISTRATOR, BIOLOGIST, READER, ClientFor
from tests.security.attacks import targets
from tests.security.conftest import EVERYBODY, Besieged

once = pytest.mark.only("sqlite", "nothing of it is asked of the database")
UNSAFE = [target for target in targets() if target.method not in SAFE_METHODS and not target.is_of_programs]
HEADERS = {
    "content-security-policy", "x-content-type-options", "referrer-policy", "permissions-policy",
    "cross-origin-opener-policy", "cross-origin-resource-policy", "cache-control",
}  # fmt: skip
STRANGE_HOSTS = (
    "ailleurs.example", "testserver.ailleurs.example", "ailleurs.example:80", "testserver@ailleurs.example",
    "testserver/x", "", " ", "testserver, ailleurs.example", "[::1", "10.9.8.7", "testserver:99999999",
)  # fmt: skip


@once
def test_another_name_is_answered_nothing(anonymous: TestClient) -> None:
    paths = ("/connexion", "/fhir/metadata", "/static/css/common/base.css", "/nulle-part")
    for path, host in product(paths, STRANGE_HOSTS):
        answer = anonymous.get(path, headers={"host": host})
        assert (host, answer.status_code) == (host, 421)
        assert answer.headers.keys() >= HEADERS
        assert "ailleurs" not in answer.text


@once
def test_the_names_of_this_installation_are(anonymous: TestClient) -> None:
    for host in ("testserver", "TestServer:8000", "testserver.", "localhost", "127.0.0.1:8000", "[::1]"):
        assert anonymous.get("/connexion", headers={"host": host}).status_code == 200, host


@once
def test_a_second_host_is_refused(anonymous: TestClient) -> None:
    headers = [("host", "testserver"), ("host", "ailleurs.example")]
    assert anonymous.get("/connexion", headers=headers).status_code == 421


@once
def test_the_public_address_is_a_name_and_is_what_programs_are_told(settings: Settings, engine: Engine) -> None:
    settings = settings.model_copy(update={"public_address": "https://atelier.exemple.fr"})
    with TestClient(create_app(settings, engine), base_url="http://localhost") as client:
        told = client.get("/fhir/metadata").json()["implementation"]["url"]
        assert told == "https://atelier.exemple.fr/fhir"
        answer = client.get("/connexion", headers={"host": "atelier.exemple.fr"})
    assert answer.status_code == 200
    assert "max-age=" in answer.headers["strict-transport-security"]


@once
@pytest.mark.parametrize(("proxies", "is_sent"), [("192.0.2.7", False), ("", False), ("127.0.0.1", True)])
def test_hsts_follows_what_a_trusted_proxy_says_and_nobody_else(
    settings: Settings, engine: Engine, proxies: str, is_sent: bool
) -> None:
    application = create_app(settings.model_copy(update={"trusted_proxies": proxies}), engine)

    async def nothing() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    answer = send_by_hand(application, "GET", "/connexion", nothing, headers={"x-forwarded-proto": "https"})
    assert ("strict-transport-security" in answer.headers) is is_sent


@pytest.mark.parametrize(("host", "name"), [("A.b:80", "a.b"), ("[::1]:80", "::1"), ("a b", None), ("a\r\nb", None)])
def test_the_name_in_a_header(host: str, name: str | None) -> None:
    assert host_name(host) == name


@once
def test_every_kind_of_answer_has_the_headers(besieged: Besieged) -> None:
    @besieged.application.get("/panne")
    def broken() -> None:
        raise RuntimeError("secret interne")

    client = besieged.client(BIOLOGIST)
    answers = {
        200: client.get("/compte"),
        303: besieged.client("").get("/"),
        403: client.post("/deconnexion", headers={"origin": "http://ailleurs.example"}),
        404: client.get("/static/absent.js?v=0123456789ab"),
        405: client.put("/connexion"),
        413: client.post("/connexion", content=b"x" * (STRANGERS_FORM_BYTES + 1), headers={"content-type": FORM}),
        401: besieged.client("").get("/fhir/ConceptMap"),
        500: client.get("/panne"),
    }
    for status, answer in answers.items():
        assert (answer.status_code, HEADERS - answer.headers.keys()) == (status, set())
        assert answer.headers["cache-control"] == "no-store", status
        assert "secret" not in answer.text
    assert client.get("/fhir/absent").headers.keys() >= HEADERS
    assert client.get("/static/css/common/base.css").headers.keys() >= HEADERS


@once
@pytest.mark.parametrize(
    "path", ["/static", "/static/", "/static/js", "/static/js/", "/static/..%2fapp/main.py", "/.git/HEAD"]
)
def test_no_folder_is_listed_and_no_other_file_is_served(anonymous: TestClient, path: str) -> None:
    answer = anonymous.get(path, follow_redirects=True)
    assert answer.status_code == 404
    assert "import_preview" not in answer.text


@once
@pytest.mark.parametrize("method", ["TRACE", "TRACK", "CONNECT", "DEBUG"])
def test_a_request_is_never_sent_back_to_its_sender(besieged: Besieged, method: str) -> None:
    for path in ("/", "/connexion", "/compte", "/static/css/common/base.css", "/fhir/metadata"):
        answer = besieged.client(BIOLOGIST).request(method, path, headers={"x-marque": "repetez-moi"})
        assert (path, answer.status_code) == (path, 405)
        assert "repetez-moi" not in answer.text


@once
def test_no_other_site_reads_an_answer(besieged: Besieged) -> None:
    """Nothing is shared with another origin, whoever asks; a browser that asks first is refused."""
    client = besieged.client(BIOLOGIST)
    other = {"origin": "https://ailleurs.example", "access-control-request-method": "POST"}
    for path in ("/", "/connexion", "/fhir/metadata", "/fhir/ConceptMap/$translate", "/static/css/common/base.css"):
        for method in ("GET", "OPTIONS"):
            answer = client.request(method, path, headers=other, follow_redirects=False)
            assert [name for name in answer.headers if name.startswith("access-control-")] == []


@once
def test_every_text_says_its_encoding(besieged: Besieged) -> None:
    client = besieged.client(BIOLOGIST)
    answers = [client.get(path) for path in ("/", "/nulle-part", "/healthz", "/static/css/common/base.css")]
    answers += [client.post("/deconnexion", headers={"origin": "http://ailleurs.example"})]
    answers += [client.get("/connexion", headers={"host": "ailleurs.example"})]
    for answer in answers:
        kind = answer.headers["content-type"]
        assert kind.startswith("text/"), answer.url
        assert kind.endswith("charset=utf-8"), answer.url


@once
def test_no_write_of_another_site_passes(besieged: Besieged) -> None:
    """Every route that may change something, asked by the person to whom nothing is closed."""
    client = besieged.client(EVERYBODY)
    assert len(UNSAFE) > 55
    before = _events(besieged)
    for target in UNSAFE:
        for headers in ({"sec-fetch-site": "cross-site"}, {"origin": "http://ailleurs.example"}, {"origin": "http://["}):
            answer = client.request(target.method, target.address(besieged.known), headers=headers)
            assert (target.name, answer.status_code) == (target.name, 403)
    assert _events(besieged) == before


def _events(besieged: Besieged) -> int:
    with reading(besieged.world.engine) as session:
        return session.exec(select(func.count(col(AuditEvent.id)))).one()


EXTRA = {
    "is_administrator": "true", "administrateur_": "on", "password_hash": "x", "id": "1", "user_id": "1",
    "laboratory_id": "2", "catalogue_id": "2", "author_id": "1", "actor_id": "1", "is_active": "true",
    "role_": "biologist",
}  # fmt: skip


@once
def test_fields_that_no_form_has_change_nothing(besieged: Besieged) -> None:
    """The columns of our tables are sent along with every form; nobody's rights change."""
    def rights() -> list[tuple[object, ...]]:
        with reading(besieged.world.engine) as session:
            people = session.exec(select(User).order_by(col(User.id))).all()
            return [(item.id, item.is_administrator, item.is_active, item.password_hash) for item in people]

    client = besieged.client(READER)
    before = rights()
    for target in UNSAFE:
        client.request(target.method, target.address(besieged.known), data=EXTRA)
        besieged.sign_in(client, READER)
    assert rights() == before


@once
def test_no_header_can_be_added_through_an_address_or_a_form(anonymous: TestClient) -> None:
    for suite in ("/x%0d%0aSet-Cookie:%20a=b", "//ailleurs.example", "/%5c%5cailleurs.example", "javascript:alert(1)"):
        answer = anonymous.get(f"/?suite={suite}")
        assert "set-cookie" not in answer.headers
        assert not re.match(r"(https?:)?//|javascript", answer.headers.get("location", ""))
        page = anonymous.get(f"/connexion?suite={suite}")
        assert "set-cookie" not in page.headers
        assert "javascript:alert" not in page.text


@once
def test_a_form_is_no_file_and_is_refused_before_it_is_read(application: FastAPI, client_for: ClientFor) -> None:
    async def never() -> dict[str, object]:
        raise AssertionError("the body was asked for")

    cookie = "; ".join(f"{name}={value}" for name, value in client_for(ADMINISTRATOR).cookies.items())
    for address, limit in (("/connexion", STRANGERS_FORM_BYTES), ("/administration/roles", FORM_BYTES)):
        headers = {"content-type": FORM, "content-length": str(limit + 1), "cookie": cookie}
        assert send_by_hand(application, "POST", address, never, headers=headers).status == 413


@once
def test_a_request_that_says_its_length_in_two_ways_is_refused(anonymous: TestClient) -> None:
    """A proxy that believed the other length would read two requests where there is one."""
    for path in ("/connexion", "/fhir/metadata", "/nulle-part"):
        headers = {"transfer-encoding": "chunked", "content-length": "3", "content-type": FORM}
        answer = anonymous.post(path, headers=headers, content=b"a=b")
        assert (answer.status_code, answer.headers["connection"]) == (400, "close")


@once
def test_a_body_that_does_not_tell_its_length_is_cut(application: FastAPI) -> None:
    asked: list[int] = []

    async def endless() -> dict[str, object]:
        asked.append(1)
        return {"type": "http.request", "body": b"a=" + b"x" * 20_000, "more_body": True}

    assert send_by_hand(application, "POST", "/connexion", endless, headers={"content-type": FORM}).status == 413
    assert len(asked) <= 1 + STRANGERS_FORM_BYTES // 20_000 + 1


def test_only_the_routes_of_files_receive_more() -> None:
    files = {item.route.path for item in UNSAFE if getattr(item.route.endpoint, "takes_files", False)}
    assert files >= {item.route.path for item in WITH_A_BODY if item.content_type == MULTIPART}
    assert len(files) == 6


@once
@pytest.mark.parametrize("umask", [0o000, 0o022])
def test_the_files_of_a_database_are_private_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        engine = make_engine(f"sqlite:///{tmp_path / 'base.sqlite3'}")
        with engine.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE essai (a)")
            modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    finally:
        os.umask(before)
        engine.dispose()
    assert len(modes) == 3
    assert set(modes.values()) == {0o600}


@once
def test_a_database_that_was_open_to_others_is_closed(tmp_path: Path) -> None:
    place = tmp_path / "base.sqlite3"
    place.touch()
    place.chmod(0o644)
    engine = make_engine(f"sqlite:///{place}")
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE essai (a)")
    engine.dispose()
    assert place.stat().st_mode & 0o777 == 0o600
