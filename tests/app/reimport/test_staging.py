"""An import is stored in chunks that nobody sees: killed, failed or delivered twice, it shows all or nothing."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, func
from sqlmodel import SQLModel, col, select, update

from app.catalogues import drafts, staging
from app.catalogues.service import create_catalogue
from app.files.choices import IncomingFile
from app.jobs.queue import JobQueue
from app.jobs.runner import run_job
from app.models import (
    Catalogue,
    ExamAnalysis,
    Job,
    JobStatus,
    LocalTest,
    ReviewState,
    SourceFile,
    SourceRow,
    UploadDraft,
    UploadDraftFile,
    WorklistEntry,
)
from app.platform.database import reading, transaction
from app.reimport import jobs
from app.settings import Settings
from tests.app.catalogues.conftest import Importer, loinc_1, loinc_2, loinc_3, side_file
from tests.conftest import TRANSCODER, ClientFor, World

ROOT = Path(jobs.__file__).parents[2]
ROWS = 400
SLOW = """
import sys, time
from app.main import JOBS
from app.catalogues import staging
from app.jobs.runner import run_job
from app.platform.database import make_engine
from app.settings import Settings

staging.CHUNK = 7
tell = staging.Work.__call__

def slowly(*arguments):
    tell(*arguments)
    time.sleep(0.03)

staging.Work.__call__ = slowly
settings = Settings(data_dir=sys.argv[1], run_jobs_in_server=False, database_url=sys.argv[2])
run_job(make_engine(settings.resolved_database_url), settings, int(sys.argv[3]))
"""


def large() -> IncomingFile:
    lines = [f"A{number};Analyse {number};mmol/L" for number in range(ROWS)]
    return IncomingFile("grand.csv", "\n".join(["Code;Libellé;Unité", *lines, ""]).encode())


def count(engine: Engine, model: type[SQLModel]) -> int:
    with reading(engine) as session:
        return session.exec(select(func.count()).select_from(model)).one()


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Jobs are recorded, and nobody runs them."""
    return settings.model_copy(update={"jobs_immediate": False})


Confirm = Callable[..., tuple[int, int]]


@pytest.fixture
def confirm(engine: Engine, settings: Settings, world: World) -> Confirm:
    """Confirms the import of files: (job, catalogue)."""

    def ask(*files: IncomingFile, catalogue_id: int | None = None) -> tuple[int, int]:
        with transaction(engine) as session:
            draft = UploadDraft(
                user_id=world.user_id(TRANSCODER), laboratory_id=world.laboratory_id, catalogue_id=catalogue_id,
                catalogue_name="Grand",
            )  # fmt: skip
            session.add(draft)
            session.flush()
            assert draft.id is not None
            for file in files:
                session.add(
                    UploadDraftFile(
                        draft_id=draft.id, file_name=file.name, content=file.content, choices=file.choices.to_json()
                    )
                )
            access = world.access(TRANSCODER)
            found = drafts.confirm(session, access, draft.id, JobQueue(settings, engine))
            job_id = session.exec(select(Job.id).order_by(col(Job.id).desc())).first()
        assert job_id is not None
        return job_id, found

    return ask


def job_of(engine: Engine, job_id: int) -> Job:
    with reading(engine) as session:
        return session.get_one(Job, job_id)


def deliver(engine: Engine, settings: Settings, job_id: int) -> Job:
    """Once more, whatever became of it."""
    with transaction(engine) as session:
        session.execute(update(Job).where(col(Job.id) == job_id).values(status=JobStatus.WAITING, attempts=0))
    run_job(engine, settings, job_id)
    return job_of(engine, job_id)


def assert_whole(engine: Engine, catalogue_id: int, sent: IncomingFile, tests: int) -> None:
    with reading(engine) as session:
        (file,) = session.exec(select(SourceFile).where(SourceFile.catalogue_id == catalogue_id)).all()
        rows = session.exec(select(SourceRow).where(SourceRow.source_file_id == file.id)).all()
        found = session.exec(select(LocalTest).where(LocalTest.catalogue_id == catalogue_id)).all()
    assert file.content == sent.content
    assert sorted(row.row_number for row in rows) == list(range(1, tests + 2))
    by_id = {row.id: row for row in rows}
    assert len(found) == tests
    assert all(by_id[test.source_row_id].cells[0] == test.code for test in found)
    assert count(engine, LocalTest) == count(engine, ReviewState) == count(engine, WorklistEntry) == tests


@pytest.mark.parametrize("model", [SourceRow, LocalTest, ReviewState])
def test_an_import_killed_in_the_middle_of_its_chunks_is_taken_up(
    engine: Engine, settings: Settings, confirm: Confirm, world: World, client_for: ClientFor, model: type[SQLModel]
) -> None:
    job_id, catalogue_id = confirm(large())
    url = engine.url.render_as_string(hide_password=False)
    process = subprocess.Popen([sys.executable, "-c", SLOW, str(settings.data_dir), url, str(job_id)], cwd=ROOT)
    try:
        deadline = time.monotonic() + 120
        while not 0 < count(engine, model) < ROWS:
            assert process.poll() is None, "it ended before it was killed"
            assert time.monotonic() < deadline
            time.sleep(0.01)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    stored = count(engine, SourceRow)
    page = client_for(TRANSCODER).get(f"/catalogues/{catalogue_id}")
    assert page.status_code == 200
    assert "Enregistrement" in page.text or "Préparation" in page.text
    assert "/fichiers/" not in page.text
    assert deliver(engine, settings, job_id).status == JobStatus.DONE
    # What was received is kept, once: the next attempt goes on after it.
    assert stored > 0
    assert count(engine, SourceRow) == ROWS + 1
    assert_whole(engine, catalogue_id, large(), ROWS)
    assert count(engine, Catalogue) == 1


def test_nobody_sees_what_is_being_stored(
    engine: Engine, settings: Settings, confirm: Confirm, world: World, client_for: ClientFor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    job_id, catalogue_id = confirm(loinc_1(), loinc_2(), loinc_3())
    seen: list[str] = []
    store_plan = staging.Stage.store_plan

    def look(self: staging.Stage, *arguments: object, **named: object) -> staging.Staged:
        staged = store_plan(self, *arguments, **named)  # type: ignore[arg-type]
        assert count(engine, LocalTest) > 0
        client = client_for(TRANSCODER)
        for address in (f"/laboratoires/{world.laboratory_id}", f"/catalogues/{catalogue_id}", "/"):
            seen.append(client.get(address).text)
        assert client.get(f"/catalogues/{self.catalogue_id}").status_code == 404
        assert client.get(f"/catalogues/{self.catalogue_id}/revue").status_code == 404
        return staged

    monkeypatch.setattr(staging.Stage, "store_plan", look)
    run_job(engine, settings, job_id)
    assert job_of(engine, job_id).status == JobStatus.DONE, job_of(engine, job_id).message
    assert len(seen) == 3
    assert not any(f"import {job_id}" in page or "LOINC_3_export" in page for page in seen)
    assert "Import d" in seen[1]
    assert all("Import en cours" in page and "vide" not in page for page in (seen[0], seen[2]))
    assert "Import en cours" not in client_for(TRANSCODER).get("/").text
    assert "LOINC_3_export" in client_for(TRANSCODER).get(f"/catalogues/{catalogue_id}").text


def test_a_failed_import_leaves_nothing_visible_and_is_cleaned(
    engine: Engine, settings: Settings, confirm: Confirm, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id, catalogue_id = confirm(large())

    def fail(*_arguments: object) -> None:
        raise ValueError("panne d'essai")

    with monkeypatch.context() as patch:
        patch.setattr(staging.Staged, "show", fail)
        run_job(engine, settings, job_id)
    failed = job_of(engine, job_id)
    assert failed.status == JobStatus.FAILED
    assert not failed.must_clean
    assert count(engine, LocalTest) == count(engine, ReviewState) == count(engine, WorklistEntry) == 0
    with reading(engine) as session:
        assert session.exec(select(SourceFile).where(SourceFile.catalogue_id == catalogue_id)).first() is None
    kept = count(engine, SourceRow)
    assert deliver(engine, settings, job_id).status == JobStatus.DONE
    assert count(engine, SourceRow) == kept == ROWS + 1
    assert_whole(engine, catalogue_id, large(), ROWS)


def test_an_attempt_that_lost_its_lease_stores_and_shows_nothing_more(
    engine: Engine, settings: Settings, confirm: Confirm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staging, "CHUNK", 50)
    job_id, catalogue_id = confirm(large())
    again: list[JobStatus] = []
    store_plan = staging.Stage.store_plan

    def taken_over(self: staging.Stage, *arguments: object, **named: object) -> staging.Staged:
        if not again:
            again.append(JobStatus.RUNNING)
            again.append(JobStatus(deliver(engine, settings, job_id).status))
        return store_plan(self, *arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(staging.Stage, "store_plan", taken_over)
    run_job(engine, settings, job_id)
    assert again[-1] == JobStatus.DONE
    assert_whole(engine, catalogue_id, large(), ROWS)
    run_job(engine, settings, job_id)
    assert_whole(engine, catalogue_id, large(), ROWS)
    assert count(engine, Catalogue) == 1


def _told(engine: Engine, catalogue_id: int) -> tuple[list[object], list[object], list[object]]:
    """Everything that was written of a catalogue, without its numbers."""
    left_out = {"id", "public_id", "catalogue_id", "source_row_id"}
    with reading(engine) as session:
        here = select(LocalTest).where(LocalTest.catalogue_id == catalogue_id)
        found = session.exec(here.order_by(col(LocalTest.level), col(LocalTest.code), col(LocalTest.occurrence))).all()
        codes = {test.id: test.code for test in found}
        tests: list[object] = [test.model_dump(exclude=left_out) for test in found]
        cells: list[object] = [
            session.get_one(SourceRow, test.source_row_id).cells if test.source_row_id else None for test in found
        ]
        links: list[object] = sorted(
            (codes[link.exam_id], link.analysis_code, link.analysis_label, codes.get(link.analysis_id or 0, ""))
            for link in session.exec(select(ExamAnalysis))
            if link.exam_id in codes
        )
        assert all(session.get(ReviewState, test_id) is not None for test_id in codes)
    return tests, cells, links


@pytest.mark.parametrize(
    "steps",
    [
        ([loinc_1, loinc_2, loinc_3, side_file],),
        ([loinc_3], [loinc_2], [loinc_1], [side_file]),
        ([loinc_2], [loinc_1], [loinc_3, side_file]),
        ([loinc_2, side_file, loinc_3], [loinc_1]),
    ],
)
def test_chunks_write_what_one_transaction_writes(
    engine: Engine, settings: Settings, confirm: Confirm, world: World, monkeypatch: pytest.MonkeyPatch,
    steps: tuple[list[Callable[[], IncomingFile]], ...],
) -> None:  # fmt: skip
    monkeypatch.setattr(staging, "CHUNK", 2)
    importer = Importer(world)
    at_once: int | None = None
    with transaction(engine) as session:
        in_chunks = create_catalogue(session, world.laboratory_id, "En morceaux", None).id
    assert in_chunks is not None
    for makers in steps:
        files = [make() for make in makers]
        at_once = importer(*files, catalogue_id=at_once, name="D'un coup").catalogue_id
        job_id, _ = confirm(*files, catalogue_id=in_chunks)
        run_job(engine, settings, job_id)
        assert job_of(engine, job_id).status == JobStatus.DONE, job_of(engine, job_id).message
    assert at_once is not None
    assert _told(engine, in_chunks) == _told(engine, at_once)
    assert count(engine, Catalogue) == 2


@pytest.mark.only("sqlite", "the statements are counted, not the locks")
def test_no_transaction_of_a_new_import_stores_more_than_a_chunk(
    engine: Engine, settings: Settings, confirm: Confirm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staging, "CHUNK", 50)
    job_id, _ = confirm(large())
    inserted = [0]
    most = 0

    def begun(_connection: object) -> None:
        inserted[0] = 0

    def executed(_c: object, _cursor: object, statement: str, parameters: object, _x: object, many: bool) -> None:
        nonlocal most
        is_facts = any(statement.startswith(f"INSERT INTO {name} ") for name in ("source_row", "local_test"))
        inserted[0] += len(parameters) if is_facts and many else 0  # type: ignore[arg-type]
        most = max(most, inserted[0])

    event.listen(engine, "begin", begun)
    event.listen(engine, "before_cursor_execute", executed)
    run_job(engine, settings, job_id)
    assert job_of(engine, job_id).status == JobStatus.DONE
    assert most == 50
