"""Exports of a large catalogue: written by jobs, the same bytes, once, and only for who asked."""

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func
from sqlmodel import col, select, update

from app.exports import jobs, service
from app.exports.schemas import ExportFile, ExportKind, Packaging
from app.exports.service import ExportRequest, make_export
from app.fhir_resources.values import Syntax
from app.jobs.queue import JobQueue
from app.jobs.runner import run_job
from app.models import (
    AuditEvent,
    ExportRecord,
    Job,
    JobStatus,
    LocalTest,
    Membership,
    Role,
    StoredFile,
    StoredFileChunk,
    User,
)
from app.platform.database import Transactions, reading, transaction
from app.settings import Settings
from app.storage import prepared, repository
from app.storage import service as storage
from tests.app.exports.sample import Sample
from tests.conftest import BIOLOGIST, OUTSIDER, READER, TRANSCODER, ClientFor, World

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
CHOICES = [
    *(ExportRequest(kind) for kind in ExportKind),
    *(ExportRequest(kind, packaging=Packaging.ZIP) for kind in ExportKind if kind is not ExportKind.XLSX),
    ExportRequest(ExportKind.FHIR_BUNDLE, syntax=Syntax.XML),
]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """An installation where every catalogue is a large one."""
    return settings.model_copy(update={"prepared_above_rows": 0})


class _KeptError(Exception):
    """The file is known, and must not be recorded."""


def immediate(sample: Sample, settings: Settings, request: ExportRequest) -> ExportFile:
    """The file that an immediate export gives now, without leaving a trace."""
    kept: list[ExportFile] = []

    def keep(file: ExportFile) -> None:
        kept.append(file)
        raise _KeptError

    world = sample.world
    with pytest.raises(_KeptError):
        make_export(
            Transactions(world.engine), settings, world.laboratory, sample.catalogue, request,
            world.users[BIOLOGIST], keep,
        )  # fmt: skip
    return kept[0]


def address(sample: Sample, request: ExportRequest) -> str:
    return (
        f"/catalogues/{sample.catalogue_id}/exports/{request.kind}?emballage={request.packaging}"
        f"&syntaxe={request.syntax}"
    )


def stored(world: World) -> list[StoredFile]:
    with reading(world.engine) as session:
        return list(session.exec(select(StoredFile).order_by(col(StoredFile.id))))


def count(world: World, model: type, *conditions: object) -> int:
    with reading(world.engine) as session:
        statement = select(func.count()).select_from(model)
        return session.exec(statement.where(*conditions)).one()  # type: ignore[arg-type]


def exports_told(world: World) -> int:
    return count(world, AuditEvent, AuditEvent.action == "export.create")


def ask(sample: Sample, client_for: ClientFor, kind: ExportKind = ExportKind.SSSOM) -> StoredFile:
    """An export asked for by the biologist and prepared at once."""
    answer = client_for(BIOLOGIST).post(address(sample, ExportRequest(kind)))
    assert answer.status_code == 303, answer.text
    return stored(sample.world)[-1]


@pytest.mark.parametrize("request_", CHOICES, ids=lambda item: f"{item.kind}-{item.packaging}-{item.syntax}")
def test_a_prepared_export_is_the_immediate_one_byte_for_byte(
    decided: Sample, client_for: ClientFor, settings: Settings, monkeypatch: pytest.MonkeyPatch, request_: ExportRequest
) -> None:
    monkeypatch.setattr(service, "utc_now", lambda: NOW)
    expected = immediate(decided, settings, request_)
    assert exports_told(decided.world) == 0
    client = client_for(BIOLOGIST)
    asked = client.post(address(decided, request_))
    assert asked.headers["location"] == f"/catalogues/{decided.catalogue_id}/fichiers-prepares"
    (file,) = stored(decided.world)
    answer = client.get(f"/catalogues/{decided.catalogue_id}/fichiers-prepares/{file.id}")
    assert answer.content == expected.content
    assert answer.headers["content-type"] == expected.media_type
    assert expected.name in answer.headers["content-disposition"]
    assert answer.headers["x-content-sha256"] == hashlib.sha256(expected.content).hexdigest() == file.sha256
    assert int(answer.headers["content-length"]) == len(expected.content)
    assert answer.headers["link"] == '<https://loinc.org/license/>; rel="license"'
    with reading(decided.world.engine) as session:
        record = session.exec(select(ExportRecord)).one()
    assert (record.sha256, record.created_by_id) == (file.sha256, decided.world.user_id(BIOLOGIST))
    assert file.stated_at == record.created_at == NOW
    assert exports_told(decided.world) == 1


def test_a_small_catalogue_is_exported_at_once(decided: Sample, client_for: ClientFor, settings: Settings) -> None:
    settings.prepared_above_rows = 1000
    answer = client_for(BIOLOGIST).post(f"/catalogues/{decided.catalogue_id}/exports/sssom")
    assert (answer.status_code, stored(decided.world)) == (200, [])


def test_the_threshold_is_a_number_of_rows(decided: Sample, settings: Settings) -> None:
    rows = count(decided.world, LocalTest, LocalTest.catalogue_id == decided.catalogue_id)
    with reading(decided.world.engine) as session:
        for above, is_large in ((rows - 1, True), (rows, False)):
            settings.prepared_above_rows = above
            assert prepared.is_large(session, settings, decided.catalogue_id) is is_large


def test_a_job_delivered_twice_gives_one_file_and_one_trace(
    decided: Sample, client_for: ClientFor, settings: Settings
) -> None:
    file = ask(decided, client_for)
    assert file.job_id is not None
    with reading(decided.world.engine) as session:
        payload = session.get_one(Job, file.job_id).payload
    said = jobs.run_export(decided.world.engine, settings, file.job_id, payload, lambda *_: None)
    assert "est prêt" in said
    assert [item.id for item in stored(decided.world)] == [file.id]
    assert exports_told(decided.world) == 1


def waiting(sample: Sample, kind: ExportKind = ExportKind.SSSOM) -> Job:
    """A job of export as it is recorded, that nobody runs."""
    with transaction(sample.world.engine) as session:
        job = Job(
            kind=jobs.EXPORT_KIND,
            laboratory_id=sample.world.laboratory_id,
            catalogue_id=sample.catalogue_id,
            created_by_id=sample.world.user_id(BIOLOGIST),
            payload={"title": "Essai", "format": kind.value, "incomplete": "blank", "packaging": "file",
                     "source": None, "syntax": "json"},
        )  # fmt: skip
        session.add(job)
    return job


def test_an_attempt_that_comes_second_leaves_the_file_of_the_first(decided: Sample, settings: Settings) -> None:
    """Another attempt begins and ends while this one, its file written, is about to record it."""
    world, job = decided.world, waiting(decided)
    assert job.id is not None
    job_id, others = job.id, list[bool]()

    def step(done: int, _total: int, _message: str) -> None:
        if done == 2 and not others:
            others.append(True)
            jobs.run_export(world.engine, settings, job_id, job.payload, step)

    said = jobs.run_export(world.engine, settings, job_id, job.payload, step)
    assert others
    assert "est prêt" in said
    (file,) = stored(world)
    assert exports_told(world) == 1
    assert count(world, StoredFileChunk) == file.chunk_count == 1


def test_an_attempt_whose_pieces_are_gone_stops(decided: Sample, settings: Settings) -> None:
    """It was taken for dead and taken over: its next piece is refused, and nothing of it is left."""
    world, job = decided.world, waiting(decided)
    assert job.id is not None
    with reading(world.engine) as session:
        order = prepared.read_order(session, job.id)

    def content() -> object:
        yield b"un"
        with transaction(world.engine) as session:
            repository.delete_drafts(session, order.job_id)
        yield b"deux"

    with pytest.raises(storage.DraftTakenOverError):
        storage.write_draft(world.engine, order.draft(), content())  # type: ignore[arg-type]
    assert stored(world) == []
    assert count(world, StoredFileChunk) == 0


def test_a_failure_while_the_file_is_written_leaves_nothing(
    decided: Sample, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_off(_content: bytes) -> object:
        yield b"un"
        raise OSError("plus de place")

    monkeypatch.setattr(storage, "pieces", break_off)
    job = waiting(decided)
    assert job.id is not None
    run_job(decided.world.engine, settings, job.id)
    with reading(decided.world.engine) as session:
        assert session.get_one(Job, job.id).status == JobStatus.FAILED
    assert (stored(decided.world), exports_told(decided.world)) == ([], 0)
    assert count(decided.world, StoredFileChunk) == 0


KILLED = """
import sys, time
from app.main import JOBS
from app.jobs.queue import JobQueue
from app.jobs.runner import run_job
from app.platform.database import make_engine
from app.settings import Settings
from app.storage import service

def slowly(content):
    for start in range(0, len(content), 50):
        yield content[start : start + 50]
        time.sleep(0.05)

service.pieces = slowly
settings = Settings(data_dir=sys.argv[1], database_url=sys.argv[2], run_jobs_in_server=False)
run_job(make_engine(settings.resolved_database_url), settings, int(sys.argv[3]))
"""


def kill_when(command: list[str], is_time: Callable[[], bool]) -> None:
    """Start a process and kill it, without warning, at a moment."""
    process = subprocess.Popen(command, cwd=Path(jobs.__file__).parents[2])
    try:
        deadline = time.monotonic() + 120
        while not is_time():
            assert process.poll() is None, "it ended before it was killed"
            assert time.monotonic() < deadline
            time.sleep(0.02)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()


def test_a_job_killed_while_it_writes_is_done_once_by_the_next_attempt(
    decided: Sample, client_for: ClientFor, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, job = decided.world, waiting(decided)
    assert job.id is not None
    command = [sys.executable, "-c", KILLED, str(settings.data_dir), settings.database_url, str(job.id)]
    kill_when(command, lambda: count(world, StoredFileChunk) >= 3)
    (half,) = stored(world)
    assert (half.published_key, exports_told(world)) == (None, 0)
    client = client_for(BIOLOGIST)
    assert client.get(f"/catalogues/{decided.catalogue_id}/fichiers-prepares/{half.id}").status_code == 404
    monkeypatch.setattr(service, "utc_now", lambda: NOW)
    expected = immediate(decided, settings, ExportRequest(ExportKind.SSSOM))
    with transaction(world.engine) as session:
        session.execute(update(Job).where(col(Job.id) == job.id).values(status=JobStatus.WAITING))
    run_job(world.engine, settings, job.id)
    (file,) = stored(world)
    assert (file.sha256, exports_told(world)) == (hashlib.sha256(expected.content).hexdigest(), 1)
    assert client.get(f"/catalogues/{decided.catalogue_id}/fichiers-prepares/{file.id}").content == expected.content
    assert count(world, StoredFileChunk) == 1


def test_only_who_asked_sees_a_prepared_file(decided: Sample, client_for: ClientFor) -> None:
    file = ask(decided, client_for)
    path = f"/catalogues/{decided.catalogue_id}/fichiers-prepares"
    for email in (OUTSIDER, TRANSCODER, READER):
        assert client_for(email).get(f"{path}/{file.id}").status_code == 404
    assert client_for(OUTSIDER).get(path).status_code == 404
    assert file.sha256 not in client_for(TRANSCODER).get(path).text
    assert file.sha256 in client_for(BIOLOGIST).get(path).text


def test_a_file_is_not_found_under_another_catalogue(decided: Sample, client_for: ClientFor) -> None:
    file = ask(decided, client_for)
    other = decided.world.add_catalogue("Autre")
    assert client_for(BIOLOGIST).get(f"/catalogues/{other.id}/fichiers-prepares/{file.id}").status_code == 404


def test_rights_are_read_again_at_the_download(decided: Sample, client_for: ClientFor) -> None:
    file = ask(decided, client_for)
    client, path = client_for(BIOLOGIST), f"/catalogues/{decided.catalogue_id}/fichiers-prepares/{file.id}"
    hers = col(Membership.user_id) == decided.world.user_id(BIOLOGIST)
    assert client.get(path).status_code == 200
    with transaction(decided.world.engine) as session:
        session.execute(update(Membership).where(hers).values(role=Role.READER))
    assert client.get(path).status_code == 403
    assert file.sha256 not in client.get(f"/catalogues/{decided.catalogue_id}/fichiers-prepares").text
    with transaction(decided.world.engine) as session:
        session.execute(Membership.__table__.delete().where(hers))  # type: ignore[attr-defined]
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("is_closed", [False, True])
def test_an_order_of_a_person_who_lost_her_rights_is_refused(
    decided: Sample, settings: Settings, is_closed: bool
) -> None:
    job = waiting(decided)
    assert job.id is not None
    with transaction(decided.world.engine) as session:
        if is_closed:
            session.get_one(User, decided.world.user_id(BIOLOGIST)).is_active = False
        else:
            hers = col(Membership.user_id) == decided.world.user_id(BIOLOGIST)
            session.execute(update(Membership).where(hers).values(role=Role.READER))
    run_job(decided.world.engine, settings, job.id)
    with reading(decided.world.engine) as session:
        done = session.get_one(Job, job.id)
    assert (done.status, stored(decided.world)) == (JobStatus.FAILED, [])
    assert "plus le droit" in done.message


def test_asking_twice_waits_for_the_same_job(
    decided: Sample, client_for: ClientFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(JobQueue, "_send", lambda _self, _job_id: None)
    client = client_for(BIOLOGIST)
    for kind in (ExportKind.SSSOM, ExportKind.SSSOM, ExportKind.XLSX):
        assert client.post(address(decided, ExportRequest(kind))).status_code == 303
    client_for(TRANSCODER).post(address(decided, ExportRequest(ExportKind.SSSOM)))
    assert count(decided.world, Job) == 3


def test_a_cancelled_order_is_over(decided: Sample, client_for: ClientFor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(JobQueue, "_send", lambda _self, _job_id: None)
    client, path = client_for(BIOLOGIST), f"/catalogues/{decided.catalogue_id}/fichiers-prepares"
    order = address(decided, ExportRequest(ExportKind.SSSOM))
    client.post(order)
    with reading(decided.world.engine) as session:
        job = session.exec(select(Job)).one()
    assert f'data-stream="/travaux/{job.id}/flux"' in client.get(path).text
    assert client.post(f"/travaux/{job.id}/annuler").status_code == 303
    page = client.get(path).text
    assert "Annulé" in page
    assert "Fichier en préparation" not in page
    assert "jobWatch" not in page
    client.post(order)
    assert count(decided.world, Job) == 2, "the cancelled job gives no file: another is asked for"


def test_files_expire(decided: Sample, client_for: ClientFor, settings: Settings) -> None:
    file = ask(decided, client_for)
    client, path = client_for(BIOLOGIST), f"/catalogues/{decided.catalogue_id}/fichiers-prepares"
    with transaction(decided.world.engine) as session:
        session.execute(update(StoredFile).values(expires_at=NOW))
    answer = client.get(f"{path}/{file.id}")
    assert answer.status_code == 404
    assert "a expiré" in answer.text
    assert "Expiré" in client.get(path).text
    assert storage.expire(decided.world.engine, settings) == 1
    assert count(decided.world, StoredFileChunk) == 0
    assert [item.removed_at is None for item in stored(decided.world)] == [False]
    assert file.job_id is not None
    said = jobs.run_export(decided.world.engine, settings, file.job_id, {}, lambda *_: None)
    assert "a expiré depuis" in said
    assert exports_told(decided.world) == 1


@pytest.mark.parametrize("limit", [{"prepared_per_laboratory": 2}, {"prepared_total_bytes": 1}])
def test_files_are_bounded_in_number_and_in_size(
    decided: Sample, client_for: ClientFor, settings: Settings, limit: dict[str, int]
) -> None:
    for kind in (ExportKind.SSSOM, ExportKind.CONCEPT_MAP, ExportKind.LOINC_6):
        ask(decided, client_for, kind)
    (name, value), = limit.items()
    setattr(settings, name, value)
    assert storage.expire(decided.world.engine, settings) == 3 - value
    kept = [item.title for item in stored(decided.world) if item.removed_at is None]
    assert kept == [item.title for item in stored(decided.world)][-value:], "the newest are kept"


def test_what_was_begun_long_ago_and_never_published_leaves(decided: Sample, settings: Settings) -> None:
    storage.write_draft(decided.world.engine, StoredFile(title="Abandonné"), [b"x"])
    storage.write_draft(decided.world.engine, StoredFile(title="En cours"), [b"x"])
    with transaction(decided.world.engine) as session:
        old = datetime.now(UTC) - timedelta(days=2)
        session.execute(update(StoredFile).where(col(StoredFile.title) == "Abandonné").values(created_at=old))
    storage.expire(decided.world.engine, settings)
    assert [item.title for item in stored(decided.world)] == ["En cours"]


def test_the_page_says_each_state(
    decided: Sample, client_for: ClientFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, path = client_for(BIOLOGIST), f"/catalogues/{decided.catalogue_id}/fichiers-prepares"
    assert "Aucun fichier n'a été préparé" in client.get(path).text
    ask(decided, client_for)
    monkeypatch.setattr(JobQueue, "_send", lambda _self, _job_id: None)
    client.post(address(decided, ExportRequest(ExportKind.XLSX)))
    job = waiting(decided, ExportKind.LOINC_4)
    with transaction(decided.world.engine) as session:
        session.execute(
            update(Job).where(col(Job.id) == job.id).values(status=JobStatus.FAILED, message="Aucun fichier LOINC_1.")
        )
    page = client.get(path).text
    assert "Prêt, expire le" in page
    assert "Fichier en préparation" in page
    assert "Aucun fichier LOINC_1." in page
    assert "style=" not in page
    exports = client.get(f"/catalogues/{decided.catalogue_id}/exports").text
    assert "Prêt, expire le" in exports
    assert "Préparer le rapport des exports" in exports


def test_a_refused_export_says_why(decided: Sample, client_for: ClientFor) -> None:
    answer = client_for(BIOLOGIST).post(address(decided, ExportRequest(ExportKind.XLSX)), data={"incomplet": "blank"})
    assert answer.status_code == 303
    client_for(BIOLOGIST).post(address(decided, ExportRequest(ExportKind.SSSOM)), data={"incomplet": "refuse"})
    page = client_for(BIOLOGIST).get(f"/catalogues/{decided.catalogue_id}/fichiers-prepares").text
    assert "Export refusé, comme demandé" in page
    assert exports_told(decided.world) == 1


def test_the_report_is_prepared_too(decided: Sample, client_for: ClientFor, settings: Settings) -> None:
    reader, path = client_for(READER), f"/catalogues/{decided.catalogue_id}"
    assert reader.get(f"{path}/exports/rapport.csv").status_code == 409
    assert reader.post(f"{path}/exports/rapport").status_code == 303
    (file,) = stored(decided.world)
    prepared_report = reader.get(f"{path}/fichiers-prepares/{file.id}").content
    settings.prepared_above_rows = 1000
    assert prepared_report == reader.get(f"{path}/exports/rapport.csv").content
    assert exports_told(decided.world) == 0
