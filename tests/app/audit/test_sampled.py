"""What may happen a thousand times in a row is journaled, and does not fill the trail."""

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from sqlmodel import select

from app.audit import sampled
from app.audit.sampled import SampledJournal
from app.models import AuditEvent
from app.platform.database import reading
from tests.app.exports.sample import Sample
from tests.conftest import OUTSIDER, TRANSCODER, ClientFor, World


def events(engine: Engine, action: str) -> list[AuditEvent]:
    with reading(engine) as session:
        return list(session.exec(select(AuditEvent).where(AuditEvent.action == action).order_by("id")))


@pytest.mark.only("sqlite", "counting is done in memory")
def test_the_next_ones_are_counted_and_told_with_the_first_after_the_interval(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    monkeypatch.setattr(sampled.time, "monotonic", lambda: now)
    monkeypatch.setattr(sampled, "MOST_KINDS", 3)
    journal = SampledJournal(engine, interval=60)
    for kind in ("a", "a", "b", "a"):
        journal.tell("access.refuse", kind, object_id=kind)
    now = 61.0
    journal.tell("access.refuse", "a", object_id="a")
    told = [(event.object_id, event.details["times"]) for event in events(engine, "access.refuse")]
    assert told == [("a", 1), ("b", 1), ("a", 3)]
    for kind in "cdef":
        journal.tell("access.refuse", kind)
    assert len(journal._kinds) == 3


@pytest.mark.only("sqlite", "the fault is made by hand")
def test_a_database_that_cannot_write_fails_nobody(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_engine: Engine) -> None:
        raise OperationalError("INSERT", {}, Exception("disk full"))

    monkeypatch.setattr(sampled, "transaction", full)
    SampledJournal(engine).tell("access.refuse", "a")


def test_a_refused_access_is_journaled_without_the_words_of_its_address(
    world: World, client_for: ClientFor, engine: Engine
) -> None:
    catalogue = world.add_catalogue()
    outsider, transcoder = client_for(OUTSIDER), client_for(TRANSCODER)
    for _ in range(3):
        assert outsider.get(f"/catalogues/{catalogue.id}?q=secret").status_code == 404
    assert transcoder.get("/administration/comptes").status_code == 403
    first, second = events(engine, "access.refuse")
    assert (first.actor_id, first.laboratory_id) == (world.user_id(OUTSIDER), None)
    assert first.details == {
        "route": "GET /catalogues/{catalogue_id}", "numbers": {"catalogue_id": catalogue.id}, "http_status": 404,
        "times": 1,
    }  # fmt: skip
    assert (second.actor_id, second.details["http_status"]) == (world.user_id(TRANSCODER), 403)


def test_a_download_is_journaled(narrow: Sample, client_for: ClientFor, engine: Engine) -> None:
    client = client_for(TRANSCODER)
    page = f"/catalogues/{narrow.catalogue_id}/exports"
    assert client.get(page).status_code == client.get(f"{page}/rapport.csv").status_code == 200
    (event,) = events(engine, "file.download")
    assert event.laboratory_id == narrow.world.laboratory_id
    assert event.details["route"] == "/catalogues/{catalogue_id}/exports/rapport.csv"
