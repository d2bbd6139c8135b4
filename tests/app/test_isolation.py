"""Every page of a laboratory or of a catalogue is closed to those who have no role there."""

import re

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from app.main import ROUTERS
from tests.conftest import ADMINISTRATOR, OUTSIDER, ClientFor, World

ROUTES = sorted(
    {
        (method, route.path)
        for router in ROUTERS
        for route in router.routes
        if isinstance(route, APIRoute) and not route.path.startswith("/administration")
        for method in route.methods or ()
        if "{laboratory_id" in route.path or "{catalogue_id" in route.path
    }
)


def test_there_is_something_to_protect() -> None:
    assert ("GET", "/laboratoires/{laboratory_id}") in ROUTES


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_outsiders_get_the_answer_of_what_does_not_exist(
    client_for: ClientFor, world: World, method: str, path: str
) -> None:
    """Both in one installation: who is refused leaves nothing behind."""
    catalogue = world.add_catalogue()
    values = {"laboratory_id": world.laboratory_id, "catalogue_id": catalogue.id}
    address = re.sub(r"\{(\w+)[^}]*\}", lambda found: str(values.get(found[1], "1")), path)
    for email in (OUTSIDER, ADMINISTRATOR):
        assert client_for(email).request(method, address).status_code in (404, 422), email


def test_nobody_passes_without_signing_in(anonymous: TestClient, world: World) -> None:
    """On every route of one installation: nobody gets as far as to change it."""
    for method, path in ROUTES:
        answer = anonymous.request(method, re.sub(r"\{(\w+)[^}]*\}", "1", path))
        assert answer.status_code in (303, 422), (method, path)
        if answer.status_code == 303:
            assert answer.headers["location"].startswith("/connexion"), (method, path)
