"""Signing in through a real provider: from the button to the session, and out again."""

import httpx2
import pytest
from sqlmodel import select

from app.models import AuditEvent
from app.platform.database import reading
from tests.app.accounts.people import PASSWORD
from tests.app.identity_providers.conftest import RPPS, SECRET, Journey
from tests.conftest import Logs


def test_the_first_time_is_confirmed_and_the_next_ones_are_not(journey: Journey, logs: Logs) -> None:
    journey.link(confirmed=False)
    assert "Se connecter avec Pro Santé Connect" in journey.client.get("/connexion").text
    first = journey.through()
    assert (first.status_code, first.headers["location"]) == (303, "/connexion/fournisseur/confirmer")
    assert not journey.is_signed_in()
    form = journey.client.get("/connexion/fournisseur/confirmer")
    assert RPPS in form.text
    wrong = journey.client.post("/connexion/fournisseur/confirmer", data={"password": "pas le bon du tout"})
    assert wrong.status_code == 401
    assert not journey.is_signed_in()
    done = journey.client.post("/connexion/fournisseur/confirmer", data={"password": PASSWORD})
    assert (done.status_code, done.headers["location"]) == (303, "/compte")
    page = journey.client.get("/compte").text
    assert RPPS in page
    assert "fournisseur d’identité, deux facteurs" in page
    (opened,) = journey.sessions()
    assert (opened.provider, opened.acr, opened.second_factor_at is not None) == (journey.issuer, "eidas1", True)
    assert (opened.expires_at - opened.created_at).total_seconds() == pytest.approx(4 * 3600, abs=5)

    out = journey.client.post("/deconnexion")
    assert out.headers["location"] == "/connexion?sorti=1"
    assert "/connexion/fournisseur/quitter" in journey.client.get(out.headers["location"]).text
    farewell = journey.client.get("/connexion/fournisseur/quitter").headers["location"]
    assert farewell.startswith(f"{journey.issuer}/session/end?client_id=atelier")
    assert httpx2.get(farewell).status_code == 200
    assert not journey.is_signed_in()

    again = journey.through(suite="/compte?fait=sessions")
    assert (again.status_code, again.headers["location"]) == (303, "/compte?fait=sessions")
    assert journey.is_signed_in()
    with reading(journey.engine) as session:
        trail = list(session.exec(select(AuditEvent).order_by("id")))
    assert [event.action for event in trail][1:] == [
        "identity.set", "session.refuse", "session.open", "identity.confirm", "session.close", "session.open",
    ]  # fmt: skip
    told = logs.text + "".join(str(event.details) for event in trail)
    assert SECRET not in told
    assert "eyJ" not in told


def test_a_password_that_somebody_else_knows_links_nothing(journey: Journey) -> None:
    journey.link(confirmed=False)
    with journey.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE user_account SET must_change_password = true")
    journey.through()
    answer = journey.client.post("/connexion/fournisseur/confirmer", data={"password": PASSWORD})
    assert answer.status_code == 401
    assert "provisoire" in answer.text
    assert journey.sessions() == []


def test_keys_changed_at_the_provider_are_fetched_again(journey: Journey) -> None:
    journey.link()
    assert journey.through().headers["location"] == "/compte"
    assert httpx2.get(f"{journey.issuer}/rotate").text == "ok"
    assert journey.through().headers["location"] == "/compte"
