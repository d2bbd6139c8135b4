"""One installation with something in each place, and who attacks it."""

from dataclasses import dataclass

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.models import User
from app.platform.database import transaction
from app.platform.web_sessions import SESSION_COOKIE, open_session
from app.settings import Settings
from app.tokens.service import create_token
from tests.app.review.sample import fill
from tests.conftest import ADMINISTRATOR, BIOLOGIST, OUTSIDER, READER, TRANSCODER, World

PEOPLE = (TRANSCODER, BIOLOGIST, READER, ADMINISTRATOR, OUTSIDER)
EVERYBODY = "tout"
"""A biologist who administers the installation too: nothing is closed to her."""
NOBODY = ""


@dataclass
class Besieged:
    """The installation under attack."""

    world: World
    settings: Settings
    application: FastAPI
    known: dict[str, str]
    token: str

    def client(self, email: str) -> TestClient:
        """A browser of this person, signed in anew; NOBODY for one that nobody signed in with. Faults become 500."""
        client = TestClient(self.application, follow_redirects=False, raise_server_exceptions=False)
        if email:
            self.sign_in(client, email)
        return client

    def sign_in(self, client: TestClient, email: str) -> None:
        """Open another session for this person, whose account a request may have closed."""
        with transaction(self.world.engine) as session:
            person = session.get_one(User, self.world.user_id(BIOLOGIST if email == EVERYBODY else email))
            person.is_active, person.must_change_password = True, False
            person.is_administrator = email in (EVERYBODY, ADMINISTRATOR)
            cookie = open_session(session, person, self.settings)
        client.cookies.clear()
        client.cookies.set(SESSION_COOKIE, cookie)

    def program(self) -> TestClient:
        """A program that shows a token."""
        headers = {"authorization": f"Bearer {self.token}"}
        return TestClient(
            self.application, follow_redirects=False, raise_server_exceptions=False, headers=headers
        )


@pytest.fixture
def besieged(world: World, settings: Settings, application: FastAPI) -> Besieged:
    """An installation with a catalogue of 60 proposed and decided rows."""
    catalogue = world.add_catalogue()
    assert catalogue.id is not None
    sample = fill(world.engine, catalogue.id, 60, author_id=world.user_id(TRANSCODER))
    with transaction(world.engine) as session:
        person = session.get_one(User, world.user_id(BIOLOGIST))
        _, token = create_token(session, world.laboratory, name="SGL", lifetime="365", actor=person)
    known = {
        "laboratory_id": str(world.laboratory_id),
        "catalogue_id": str(catalogue.id),
        "test_id": str(sample.test_ids[0]),
        "release_id": str(sample.release.id),
        "user_id": str(world.user_id(READER)),
        "kind": "xlsx",
    }
    return Besieged(world, settings, application, known, token)
