"""What must not open a session: each attack is refused in French, kept in the trail, and never a fault of ours."""

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import httpx2
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from sqlmodel import select

from app.accounts.service import create_user, set_active
from app.audit.sampled import SampledJournal
from app.errors import ConflictError
from app.identity_providers import discovery, tokens
from app.identity_providers.errors import SENTENCES, Refusal
from app.models import AuditEvent
from app.platform.database import reading, transaction
from tests.app.identity_providers.conftest import OTHER_RPPS, PUBLIC, RPPS, Journey

only_once = pytest.mark.only("sqlite", "no statement of it depends on the database")


def refused(journey: Journey, answer: httpx2.Response, reason: Refusal) -> None:
    """The answer says why, nobody is signed in, and the trail knows."""
    assert answer.status_code == (503 if reason is Refusal.UNREACHABLE else 401), answer.text
    assert SENTENCES[reason].split("'")[0] in answer.text
    assert journey.sessions() == []
    event = journey.last_event()
    assert (event.action, event.details["reason"]) == ("session.refuse", reason.value)


def test_an_answer_serves_once(journey: Journey) -> None:
    journey.link()
    address = journey.leave()
    kept = dict(journey.client.cookies)
    sent = journey.at_provider(address)
    assert journey.back(sent).headers["location"] == "/compte"
    journey.client.post("/deconnexion")
    # Without its cookie, then with the cookie put back.
    refused(journey, journey.back(sent), Refusal.STATE)
    journey.client.cookies.update(kept)
    refused(journey, journey.back(sent), Refusal.REUSED)


@only_once
def test_answers_of_somebody_elses_making(journey: Journey, monkeypatch: pytest.MonkeyPatch) -> None:
    journey.link()
    good = journey.at_provider(journey.leave())
    refused(journey, journey.back(good | {"state": "x" * 43}), Refusal.STATE)
    good = journey.at_provider(journey.leave())
    refused(journey, journey.back(good | {"state": "é"}), Refusal.STATE)
    refused(journey, journey.back({}), Refusal.STATE)
    # Mix-up: another provider, or one that no longer says who it is.
    good = journey.at_provider(journey.leave())
    refused(journey, journey.back(good | {"iss": "https://autre.exemple"}), Refusal.ISSUER)
    good = journey.at_provider(journey.leave())
    refused(journey, journey.back({name: good[name] for name in ("state", "code")}), Refusal.ISSUER)
    # A code of another sign-in, replayed in a new one: its verifier is not ours.
    stolen = journey.at_provider(journey.leave())["code"]
    good = journey.at_provider(journey.leave())
    refused(journey, journey.back(good | {"code": stolen}), Refusal.CODE)
    good = journey.at_provider(journey.leave())
    refused(journey, journey.back(good | {"code": "\x00é" * 50}), Refusal.CODE)
    refused(journey, journey.through(who=""), Refusal.DENIED)
    # Ten minutes and one second later.
    good = journey.at_provider(journey.leave())
    now = time.time()
    monkeypatch.setattr("app.identity_providers.state.time.time", lambda: now + 601)
    refused(journey, journey.back(good), Refusal.STATE)


@only_once
@pytest.mark.parametrize(("acr", "reason"), [("eidas2", Refusal.ACR), ("", Refusal.ACR)])
def test_a_level_that_is_not_asked_for(journey: Journey, acr: str, reason: Refusal) -> None:
    journey.link()
    refused(journey, journey.through(acr=acr), reason)


@only_once
def test_people_who_are_not_ours(journey: Journey) -> None:
    refused(journey, journey.through(), Refusal.UNKNOWN)
    journey.link()
    for name in (f"0{RPPS}", RPPS, f"8{RPPS[:-1]}5", f"8{RPPS}0", "nothing"):
        refused(journey, journey.through(who=name), Refusal.IDENTIFIER)
    refused(journey, journey.through(who=f"8{OTHER_RPPS}"), Refusal.UNKNOWN)
    with transaction(journey.engine) as session:
        create_user(session, email="admin2@exemple.fr", display_name="Autre", is_administrator=True)
        set_active(session, session.merge(journey.person), False)
    refused(journey, journey.through(), Refusal.SUSPENDED)


def test_a_number_belongs_to_one_account(journey: Journey) -> None:
    journey.link()
    with transaction(journey.engine) as session:
        other, _ = create_user(session, email="autre@exemple.fr", display_name="Autre")
    with pytest.raises(ConflictError):
        journey.link(user=other)


@only_once
def test_leaving_asks_for_everything_and_leads_nowhere_else(journey: Journey) -> None:
    asked = dict(parse_qsl(urlsplit(journey.leave()).query))
    assert asked["redirect_uri"] == f"{PUBLIC}/connexion/fournisseur/retour"
    assert (asked["code_challenge_method"], len(asked["code_challenge"])) == ("S256", 43)
    assert (asked["acr_values"], asked["scope"]) == ("eidas1", "openid scope_all")
    # Neither the host of the request nor the page to go on to sends anybody elsewhere.
    assert journey.client.get("/connexion/fournisseur", headers={"host": "mal.exemple"}).status_code == 421
    answer = journey.client.get("/connexion/fournisseur", headers={"host": "localhost"})
    assert dict(parse_qsl(urlsplit(answer.headers["location"]).query))["redirect_uri"].startswith(f"{PUBLIC}/")
    journey.link()
    for elsewhere in ("https://mal.exemple/", "//mal.exemple", "/\\mal.exemple"):
        assert journey.through(suite=elsewhere).headers["location"] == "/"
    # The provider itself refuses a sign-in whose challenge was taken away.
    address = journey.leave()
    query = {name: text for name, text in parse_qsl(urlsplit(address).query) if not name.startswith("code_ch")}
    sent = journey.at_provider(f"{address.partition('?')[0]}?{urlencode(query)}")
    assert sent["error"] == "invalid_request"
    journey.client.post("/deconnexion")
    refused(journey, journey.back(sent), Refusal.DENIED)


@only_once
@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_site_opens_no_session(journey: Journey, site: str) -> None:
    """She is signed in at the provider: without a button of ours to press, its answer would open a session."""
    answer = journey.client.get(
        "/connexion/fournisseur", params={"suite": "/compte?fait=x"}, headers={"sec-fetch-site": site}
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/connexion?suite=%2Fcompte%3Ffait%3Dx")
    assert "set-cookie" not in answer.headers
    for own in ("same-origin", "none"):
        answer = journey.client.get("/connexion/fournisseur", headers={"sec-fetch-site": own})
        assert answer.headers["location"].startswith(journey.issuer)


@only_once
def test_a_provider_that_redirects_is_not_followed(journey: Journey, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def moved(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return httpx.Response(302, headers={"location": "http://127.0.0.1/ailleurs"}, json={})

    real = httpx.Client
    monkeypatch.setattr(
        discovery.httpx, "Client", lambda **options: real(transport=httpx.MockTransport(moved), **options)
    )
    assert discovery.fetch_json("GET", f"{journey.issuer}/x") == (302, {})
    assert asked == ["/x"]


Forge = Callable[[dict[str, Any]], dict[str, Any]]
KEY = RSAKey.generate_key(2048, {"kid": "forged", "use": "sig", "alg": "RS256"})
TAMPERED: dict[str, Forge] = {
    "another audience": lambda claims: claims | {"aud": "autre"},
    "several audiences, no party": lambda claims: claims | {"aud": ["atelier", "autre"]},
    "another party": lambda claims: claims | {"azp": "autre"},
    "another issuer": lambda claims: claims | {"iss": "https://autre.exemple"},
    "another nonce": lambda claims: claims | {"nonce": "x"},
    "no nonce": lambda claims: {name: value for name, value in claims.items() if name != "nonce"},
    "too old": lambda claims: claims | {"exp": int(time.time()) - 120},
    "no end": lambda claims: {name: value for name, value in claims.items() if name != "exp"},
    "made long ago": lambda claims: claims | {"iat": int(time.time()) - 3600},
    "made tomorrow": lambda claims: claims | {"iat": int(time.time()) + 86400},
    "somebody else": lambda claims: claims | {"sub": "8" + OTHER_RPPS},
    "times that are no numbers": lambda claims: claims | {"iat": [], "exp": "demain"},
}


@only_once
def test_identity_tokens_that_were_tampered_with(journey: Journey, monkeypatch: pytest.MonkeyPatch) -> None:
    """Signed by a key that the provider publishes: only the claims are wrong."""
    journey.link()
    real, forge = tokens.fetch_json, dict[str, Any]()

    def tampering(method: str, address: str, **options: Any) -> tuple[int, dict[str, Any]]:
        status, content = real(method, address, **options)
        if "id_token" in content:
            content["id_token"] = forge["make"](content["id_token"])
        return status, content

    def keys(_self: discovery.Discovery, *, missing: bool = False) -> KeySet:
        return KeySet([KEY])

    true_keys = discovery.Discovery.keys
    monkeypatch.setattr(tokens, "fetch_json", tampering)

    def claims_of(token: str) -> dict[str, Any]:
        provider = journey.client.app.state.identity_provider  # type: ignore[attr-defined]
        return dict(jwt.decode(token, true_keys(provider.discovery), algorithms=["RS256"]).claims)

    def signed(change: Forge) -> Callable[[str], str]:
        return lambda token: jwt.encode({"alg": "RS256", "kid": "forged"}, change(claims_of(token)), KEY)

    # Not among the keys of the provider: refused, though its claims are right.
    forge["make"] = signed(dict)
    refused(journey, journey.through(), Refusal.TOKEN)
    # No signature at all, or another kind.
    for header in ("eyJhbGciOiJub25lIn0", "eyJhbGciOiJIUzI1NiJ9"):
        forge["make"] = lambda token, header=header: f"{header}.{token.split('.')[1]}."
        refused(journey, journey.through(), Refusal.TOKEN)
    forge["make"] = lambda token: token[:-8] + "AAAAAAAA"
    refused(journey, journey.through(), Refusal.TOKEN)
    monkeypatch.setattr(discovery.Discovery, "keys", keys)
    for change in TAMPERED.values():
        forge["make"] = signed(change)
        refused(journey, journey.through(), Refusal.TOKEN)
    # The same way of forging, with nothing changed, is believed: it was the claims that were refused.
    forge["make"] = signed(dict)
    assert journey.through().headers["location"] == "/compte"


@only_once
def test_a_provider_that_is_another_or_does_not_answer(
    journey: Journey, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = discovery.fetch_json

    def posing(method: str, address: str, **options: Any) -> tuple[int, dict[str, Any]]:
        status, content = real(method, address, **options)
        return status, content | {"issuer": "https://autre.exemple"}

    monkeypatch.setattr(discovery, "fetch_json", posing)
    answer = journey.client.get("/connexion/fournisseur")
    assert (answer.status_code, "autre" in answer.headers.get("location", "")) == (401, False)
    monkeypatch.setattr(discovery, "fetch_json", real)
    monkeypatch.setattr(discovery, "LARGEST_ANSWER", 100)
    assert journey.client.get("/connexion/fournisseur").status_code == 503
    monkeypatch.undo()
    sent = journey.at_provider(journey.leave())
    monkeypatch.setattr(tokens, "fetch_json", lambda *_args, **_options: real("GET", "http://127.0.0.1:1/"))
    refused(journey, journey.back(sent), Refusal.UNREACHABLE)


@only_once
def test_nobody_fills_the_trail_through_this_door(journey: Journey) -> None:
    journey.client.app.state.journal = SampledJournal(journey.engine)  # type: ignore[attr-defined]
    for _time in range(20):
        assert journey.back({"state": "x", "code": "y"}).status_code == 401
    with reading(journey.engine) as session:
        assert len(session.exec(select(AuditEvent).where(AuditEvent.action == "session.refuse")).all()) == 1
