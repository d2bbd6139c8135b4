"""A GET never writes, on any page, for anybody; only the trail may say that it was refused, or that a file left."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.routing import APIRoute
from sqlalchemy import Engine, event

from app.main import ROUTERS
from app.models import Job
from app.platform.database import transaction
from tests.conftest import ADMINISTRATOR, TRANSCODER, ClientFor, World

TRAIL = re.compile(r"\w+ (INTO|FROM)? ?(audit_event|chain_pending|chain_link|chain_head|text_salt) ")
"""A file that goes out, a refusal: events, and the links that chain them."""
WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE", "CREATE", "DROP", "ALTER", "BEGIN IMMEDIATE")


@pytest.fixture
def written(engine: Engine) -> Iterator[list[str]]:
    """The writing statements sent to the database while the test looks."""
    statements: list[str] = []

    def listen(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        is_trail = TRAIL.match(statement) is not None
        if statement.lstrip().upper().startswith(WRITES) and not is_trail:
            statements.append(statement)

    event.listen(engine, "before_cursor_execute", listen)
    yield statements
    event.remove(engine, "before_cursor_execute", listen)


def reading_paths() -> list[str]:
    """Every path that answers GET."""
    routes = [route for router in ROUTERS for route in router.routes]
    return sorted(
        route.path for route in routes if isinstance(route, APIRoute) and "GET" in (route.methods or ())
    )


@pytest.mark.parametrize("email", [TRANSCODER, ADMINISTRATOR])
def test_no_page_writes_when_it_is_read(
    client_for: ClientFor, world: World, written: list[str], email: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A stream of progress lasts for as long as its job waits.
    monkeypatch.setattr("app.jobs.streams.LONGEST_SECONDS", 0.0)
    catalogue = world.add_catalogue()
    with transaction(world.engine) as session:
        job = Job(kind="proposals", laboratory_id=world.laboratory_id, catalogue_id=catalogue.id)
        session.add(job)
    client = client_for(email)
    values = {
        "laboratory_id": world.laboratory_id,
        "catalogue_id": catalogue.id,
        "job_id": job.id,
        "user_id": world.user_id(email),
    }
    paths = reading_paths()
    assert {"/", "/compte", "/travaux/{job_id}", "/administration/comptes"} <= set(paths)
    assert written, "the watch itself does not work"
    written.clear()
    for path in paths:
        address = re.sub(r"\{(\w+)[^}]*\}", lambda found: str(values.get(found[1], "1")), path)
        answer = client.get(address)
        # The test's tables were not made by migrations: the installation is not ready, and says so.
        assert answer.status_code < 500 or (address, answer.status_code) == ("/readyz", 503), address
        assert written == [], address
