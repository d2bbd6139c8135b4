"""Headers, cross-site refusal, error pages: the same for every page."""

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from starlette.datastructures import Headers

from app.main import create_app
from app.settings import Settings
from app.web.security import is_cross_site
from tests.conftest import READER, ClientFor


@pytest.mark.parametrize(
    ("origin", "https", "is_refused"),
    [
        ("https://labo.example", True, False),
        ("http://labo.example", True, True),
        ("http://labo.example", False, False),
        ("https://labo.example.ailleurs.fr", True, True),
        ("https://labo.example@ailleurs.fr", True, True),
        ("https://ailleurs.fr#labo.example", True, True),
        ("https://labo.example:8443", True, True),
        ("https://[", True, True),
        ("null", True, True),
        ("", True, True),
    ],
)
def test_an_origin_is_ours_by_its_name_and_where_tls_is_spoken_by_its_scheme(
    origin: str, https: bool, is_refused: bool
) -> None:
    headers = Headers({"origin": origin, "host": "labo.example"})
    assert is_cross_site("POST", headers, https=https) is is_refused


def test_a_page_without_tls_writes_nothing_where_tls_is_spoken(settings: Settings, engine: Engine) -> None:
    """Somebody on the way may have written that page; an old browser says nothing but its origin."""
    public = settings.model_copy(update={"public_address": "https://testserver"})
    client = TestClient(create_app(public, engine), follow_redirects=False)
    statuses = [
        client.post("/deconnexion", headers={"origin": f"{scheme}://{name}", "host": name}).status_code
        for name in ("testserver", "127.0.0.1")
        for scheme in ("https", "http")
    ]
    assert statuses == [303, 403, 303, 303]


@pytest.mark.same_sql("the address differs")
@pytest.mark.parametrize("path", ["/connexion", "/", "/nulle-part", "/static/css/common/base.css", "/static/x"])
def test_every_answer_has_the_security_headers(anonymous: TestClient, path: str) -> None:
    headers = anonymous.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert "strict-transport-security" not in headers


def test_pages_are_not_stored(anonymous: TestClient) -> None:
    assert anonymous.get("/connexion").headers["cache-control"] == "no-store"


@pytest.mark.same_sql("a header, refused as it is read")
@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://ailleurs.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site", "origin": "http://testserver"},
    ],
)
def test_a_write_sent_by_another_site_is_refused(client_for: ClientFor, headers: dict[str, str]) -> None:
    client = client_for(READER)
    answer = client.post("/deconnexion", headers=headers)
    assert answer.status_code == 403
    assert "content-security-policy" in answer.headers
    assert client.get("/compte").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [{"sec-fetch-site": "same-origin"}, {"sec-fetch-site": "none"}, {"origin": "http://testserver"}, {}],
)
def test_a_write_of_our_own_pages_passes(client_for: ClientFor, headers: dict[str, str]) -> None:
    assert client_for(READER).post("/deconnexion", headers=headers).status_code == 303


def test_reading_from_another_site_is_allowed(client_for: ClientFor) -> None:
    assert client_for(READER).get("/", headers={"sec-fetch-site": "cross-site"}).status_code == 200


def test_an_unknown_page_is_french_and_json_for_programs(anonymous: TestClient) -> None:
    page = anonymous.get("/nulle-part")
    assert page.status_code == 404
    assert "Cette page n&#39;existe pas." in page.text
    program = anonymous.get("/nulle-part", headers={"accept": "application/json"})
    assert program.json() == {"detail": "Cette page n'existe pas."}


def test_an_unexpected_error_says_nothing_of_its_cause(
    application: FastAPI, capfd: pytest.CaptureFixture[str]
) -> None:
    @application.get("/panne")
    def broken() -> None:
        raise RuntimeError("secret interne")

    with TestClient(application, raise_server_exceptions=False) as client:
        answer = client.get("/panne")
    assert answer.status_code == 500
    assert "erreur inattendue" in answer.text
    assert "secret interne" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_a_body_too_large_is_refused(client_for: ClientFor, application: FastAPI) -> None:
    limit = application.state.settings.max_upload_bytes
    answer = client_for(READER).post("/compte/mot-de-passe", content=b"x" * (3 * limit + 1_000_001))
    assert answer.status_code == 413


def test_no_interactive_documentation_is_served(anonymous: TestClient) -> None:
    assert anonymous.get("/docs").status_code == 404
    assert anonymous.get("/redoc").status_code == 404
