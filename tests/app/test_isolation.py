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
from app.models import Job, LocalTest, User
from app.platform.database import Transactions, reading, transaction
from app.platform.identity import catalogue_access, laboratory_access
from app.settings import Settings
from app.transcoding.weighing import weigh_decided
from tests.conftest import ADMINISTRATOR, BIOLOGIST, OUTSIDER, ClientFor, World

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


def test_rows_that_a_form_names_are_read_in_the_catalogue_of_the_person_only(world: World, settings: Settings) -> None:
    """Whoever ticks numbers of rows may write any: those of another catalogue are not even loaded."""
    own, other = world.add_catalogue(), world.add_catalogue(laboratory_id=world.other_laboratory.id)
    with transaction(world.engine) as session:
        rows = [
            LocalTest(catalogue_id=catalogue.id or 0, code="NA", label="Sodium", level="analysis")
            for catalogue in (own, other)
        ]
        session.add_all(rows)
        session.flush()
        ids = [row.id or 0 for row in rows]
    loaded: list[int] = []

    def note(row: LocalTest, _context: object) -> None:
        loaded.append(row.id or 0)

    event.listen(LocalTest, "load", note)
    try:
        weighed = weigh_decided(
            Transactions(world.engine), settings, world.catalogue_access(BIOLOGIST, own), [*ids, 10**9]
        )
    finally:
        event.remove(LocalTest, "load", note)
    assert (weighed, loaded) == ({}, ids[:1])
