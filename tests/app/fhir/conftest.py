"""Fixtures of the FHIR service: the decided sample of the exports, and programs that read with a token."""

from collections.abc import Callable, Iterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.models import Laboratory
from app.platform.database import transaction
from app.tokens.service import create_token
from tests.app.exports.conftest import decided, narrow, sample
from tests.app.exports.sample import Sample
from tests.conftest import ADMINISTRATOR, BIOLOGIST, World

__all__ = ["decided", "narrow", "sample"]

ProgramFor = Callable[[Laboratory], TestClient]


def new_token(world: World, laboratory: Laboratory, lifetime: str = "365", scope: str = "read") -> str:
    """The text of a new token of this laboratory, by its biologist or by the administrator."""
    actor = world.users[BIOLOGIST if laboratory.id == world.laboratory_id else ADMINISTRATOR]
    with transaction(world.engine) as session:
        _, text = create_token(session, laboratory, name="SGL", lifetime=lifetime, scope=scope, actor=actor)
    return text


@pytest.fixture
def program_for(application: FastAPI, world: World) -> Iterator[ProgramFor]:
    """`program_for(laboratory)`: a client that sends a token of this laboratory, and no cookie."""
    clients: list[TestClient] = []

    def make(laboratory: Laboratory) -> TestClient:
        token = new_token(world, laboratory)
        client = TestClient(application, follow_redirects=False, headers={"Authorization": f"Bearer {token}"})
        clients.append(client)
        return client

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def program(program_for: ProgramFor, narrow: Sample) -> TestClient:
    """A program that reads the laboratory of the decided sample."""
    return program_for(narrow.world.laboratory)
