"""The files of the report of a large catalogue are prepared by jobs, the same bytes as at once."""

import re
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine
from sqlmodel import select

from app.coverage import jobs, printed, service
from app.coverage.files import Document
from app.models import AuditEvent, Job, LocalTest, StoredFile
from app.platform.database import reading, transaction
from app.settings import Settings
from app.upgrades.service import load_starter
from tests.conftest import OUTSIDER, READER, ClientFor, World


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """An installation where every catalogue is a large one."""
    return settings.model_copy(update={"prepared_above_rows": 0})


@pytest.fixture
def address(world: World) -> str:
    """The address of a catalogue with a row."""
    catalogue = world.add_catalogue()
    with transaction(world.engine) as session:
        load_starter(session)
        session.add(LocalTest(catalogue_id=catalogue.id or 0, level="analysis", code="NA", label="Sodium"))
    return f"/catalogues/{catalogue.id}"


def stored(engine: Engine) -> list[StoredFile]:
    with reading(engine) as session:
        return list(session.exec(select(StoredFile)))


HEAD = re.compile(r"(Chaîne d’audit;)?maillon \d+, empreinte [0-9a-f]{64}(\r\n)?")


@pytest.mark.parametrize("document", list(Document))
def test_a_prepared_document_is_the_immediate_one(
    address: str, client_for: ClientFor, settings: Settings, engine: Engine, document: Document,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(service, "utc_now", lambda: datetime(2026, 11, 20, 9, 30, tzinfo=UTC))
    client = client_for(READER)
    direct = f"{address}/couverture/{document}.{'json' if document is Document.REPORT else 'csv'}"
    refused = client.get(direct)
    assert refused.status_code == 409
    assert "se prépare" in refused.text
    answer = client.post(f"{address}/couverture/fichiers/{document}")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{address}/fichiers-prepares")
    (file,) = stored(engine)
    given = client.get(f"{address}/fichiers-prepares/{file.id}")
    settings.prepared_above_rows = 1000
    immediate = client.get(direct)
    # Each is journaled when it goes out: the head of the chain that a report prints is that of its moment.
    told, at_once = (HEAD.sub("", answer.text).replace('head": null', 'head": ""') for answer in (given, immediate))
    assert told == at_once
    for header in ("content-type", "content-disposition"):
        assert given.headers[header] == immediate.headers[header]
    assert client_for(OUTSIDER).get(f"{address}/fichiers-prepares/{file.id}").status_code == 404
    assert client_for(OUTSIDER).post(f"{address}/couverture/fichiers/{document}").status_code == 404


def test_a_job_delivered_twice_prepares_one_file(
    address: str, client_for: ClientFor, settings: Settings, engine: Engine
) -> None:
    client_for(READER).post(f"{address}/couverture/fichiers/rapport")
    with reading(engine) as session:
        job = session.exec(select(Job)).one()
    assert job.id is not None
    assert "est prêt" in jobs.run_job(engine, settings, job.id, job.payload, lambda *_: None)
    assert len(stored(engine)) == 1


def test_no_document_leaves_whose_figures_are_not_journaled(
    address: str, client_for: ClientFor, settings: Settings, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_said: object, **_told: object) -> None:
        raise OSError("the machine stops")

    with monkeypatch.context() as broken:
        broken.setattr(printed, "record", stop)
        client_for(READER).post(f"{address}/couverture/fichiers/rapport")
        assert stored(engine) == []
    with reading(engine) as session:
        job = session.exec(select(Job)).one()
    jobs.run_job(engine, settings, job.id or 0, job.payload, lambda *_: None)
    with reading(engine) as session:
        events = session.exec(select(AuditEvent).where(AuditEvent.action == printed.PRINTED)).all()
    assert (len(stored(engine)), len(events)) == (1, 1)


def test_the_page_offers_to_prepare(address: str, client_for: ClientFor, settings: Settings) -> None:
    page = client_for(READER).get(f"{address}/couverture").text
    assert "Préparer le rapport de couverture (JSON)" in page
    assert "couverture/rapport.json" not in page
    settings.prepared_above_rows = 1000
    page = client_for(READER).get(f"{address}/couverture").text
    assert "couverture/rapport.json" in page
    assert "Préparer" not in page
