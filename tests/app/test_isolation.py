"""Every page of a laboratory or of a catalogue is closed to those who have no role there."""

import re

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from sqlalchemy import event
from sqlalchemy.orm import ORMExecuteState

from app.errors import NotFoundError
from app.jobs.service import open_job
from app.main import ROUTERS
from app.models import Job, User
from app.platform.database import reading, transaction
from app.platform.identity import catalogue_access, laboratory_access
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


def test_what_is_anothers_takes_no_more_work_than_what_does_not_exist(world: World) -> None:
    """The same statements, and nothing of it is loaded: no answer comes later because there is something."""
    catalogue = world.add_catalogue()
    with transaction(world.engine) as session:
        job = Job(kind="proposals", laboratory_id=world.laboratory_id, payload={})
        session.add(job)
    for ask, number in ((laboratory_access, world.laboratory_id), (catalogue_access, catalogue.id), (open_job, job.id)):
        done = {}
        for asked in (number or 0, 10**9):
            with reading(world.engine) as session:
                person = session.get_one(User, world.user_id(OUTSIDER))
                statements: list[str] = []
                event.listen(session, "do_orm_execute", lambda state, seen=statements: seen.append(_said(state)))
                with pytest.raises(NotFoundError):
                    ask(session, person, asked)
                loaded = [type(item) for item in session.identity_map.values() if not isinstance(item, User)]
                done[asked == number] = (statements, loaded)
        assert done[True] == done[False]
        assert done[True][1] == []


def _said(state: ORMExecuteState) -> str:
    return str(state.statement)
