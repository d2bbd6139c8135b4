"""A real provider of identities on loopback, and a browser that goes there and back."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import select

from app.accounts.service import create_user
from app.audit.sampled import SampledJournal
from app.identity_providers import discovery
from app.identity_providers.profile import profile_of
from app.identity_providers.service import set_identifier
from app.main import create_app
from app.models import AuditEvent, ProviderIdentity, User, UserSession, utc_now
from app.platform.database import reading, transaction
from app.settings import Settings
from tests.app.accounts.people import EMAIL, PASSWORD
from tests.fhir.node import node

SCRIPT = Path(__file__).with_name("provider.mjs")
PUBLIC = "http://127.0.0.1:8000"
RPPS = "10003000014"
OTHER_RPPS = "10101010105"
SECRET = "secret-of-the-tests+/="


@pytest.fixture(scope="session")
def issuer() -> Iterator[str]:
    """The address of `oidc-provider`, run by Node for the whole session of tests."""
    command = [node(), str(SCRIPT), f"{PUBLIC}/connexion/fournisseur/retour"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=sys.stderr, text=True) as process:
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        assert port, "the provider did not start"
        yield f"http://127.0.0.1:{port}"
        process.terminate()


@dataclass
class Journey:
    """One installation that knows the provider, one person, one browser."""

    engine: Engine
    settings: Settings
    issuer: str
    client: TestClient
    person: User

    def leave(self, suite: str = "/compte") -> str:
        """The address at the provider where the sign-in page leads."""
        answer = self.client.get("/connexion/fournisseur", params={"suite": suite})
        assert answer.status_code == 303, answer.text
        return str(answer.headers["location"])

    def at_provider(self, address: str, *, who: str = f"8{RPPS}", acr: str = "eidas1") -> dict[str, str]:
        """What the provider sends back, once somebody signed in there (nobody: she gives up)."""
        with httpx2.Client(follow_redirects=False) as browser:
            answer = browser.get(address)
            for _step in range(5):
                place = str(httpx2.URL(address).join(answer.headers["location"]))
                if place.startswith(PUBLIC):
                    return {name: values[0] for name, values in parse_qs(urlsplit(place).query).items()}
                if "/interaction/" in place:
                    place = f"{place}?who={who}&acr={acr}"
                answer = browser.get(place)
        raise AssertionError("the provider sent nobody back")

    def back(self, sent: dict[str, str]) -> httpx2.Response:
        """The browser comes back with what the provider sent."""
        return self.client.get("/connexion/fournisseur/retour", params=sent)

    def through(self, *, who: str = f"8{RPPS}", acr: str = "eidas1", suite: str = "/compte") -> httpx2.Response:
        """The whole way."""
        return self.back(self.at_provider(self.leave(suite), who=who, acr=acr))

    def link(self, rpps: str = RPPS, *, confirmed: bool = True, user: User | None = None) -> None:
        """What the administrator enters, and what the person confirmed since."""
        profile = profile_of(self.settings)
        assert profile is not None
        with transaction(self.engine) as session:
            user = user or self.person
            set_identifier(session, profile, user, rpps, actor=self.person)
            session.flush()
            if confirmed:
                identity = session.get(ProviderIdentity, user.id)
                assert identity is not None
                identity.confirmed_at = utc_now()
                session.add(identity)

    def last_event(self) -> AuditEvent:
        """The end of the trail."""
        with reading(self.engine) as session:
            return session.exec(select(AuditEvent).order_by(AuditEvent.id.desc())).first()  # type: ignore

    def sessions(self) -> list[UserSession]:
        """The sessions that are open."""
        with reading(self.engine) as session:
            return list(session.exec(select(UserSession).where(UserSession.revoked_at.is_(None))))  # type: ignore

    def is_signed_in(self) -> bool:
        """Whether the browser opens the pages of its owner."""
        return self.client.get("/compte").status_code == 200


@pytest.fixture
def journey(
    engine: Engine, settings: Settings, issuer: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Journey]:
    monkeypatch.setattr(discovery, "AGAIN_AFTER_SECONDS", 0.0)
    ours = settings.model_copy(
        update={
            "public_address": PUBLIC,
            "oidc_issuer": issuer,
            "oidc_client_id": "atelier",
            "oidc_client_secret": SECRET,
            "oidc_profile": "pro-sante-connect",
        }
    )
    with transaction(engine) as session:
        person, _ = create_user(
            session, email=EMAIL, display_name="Marie Durand", password=PASSWORD, must_change_password=False
        )
    application = create_app(ours, engine)
    # Told each time: one that samples has a test of its own.
    application.state.journal = SampledJournal(engine, interval=0.0)
    with TestClient(application, follow_redirects=False) as client:
        yield Journey(engine, ours, issuer, client, person)
