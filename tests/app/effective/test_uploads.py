"""Reports that wait are sealed and gone once they were read, however that ends: searched for byte by byte."""

import io
import logging
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlmodel import Session, col, select

from app.effective import repository, service, uploads
from app.emitted.observed import CatalogueIndex, CodeSystems, Counts
from app.errors import InvalidInputError, NotAllowedError
from app.jobs.queue import JobQueue
from app.models import Job, JobStatus, Membership, StoredFile, StoredFileChunk, utc_now
from app.platform.database import Transactions, reading, transaction
from app.settings import Settings
from tests.app.coverage.sample import Sample, make_sample
from tests.app.effective.hand_made import SODIUM, counts_of_results, seen
from tests.conftest import READER, TRANSCODER, World

MARKS = (b"ZWYNDELLE", b"Hildegonde-Marie", b"19470229", b"2470299123456")
"""Of a patient who does not exist."""
REPORT = b"MSH|^~\\&|\rPID|1||2470299123456||ZWYNDELLE^Hildegonde-Marie||19470229\rOBX|1|NM|NA||140|mmol/L\r" * 40_000
COUNTS = counts_of_results([[seen("NA", SODIUM)]])
Reader = Callable[..., Counts]


@pytest.fixture
def sample(engine: Engine, world: World) -> Sample:
    """The catalogue of the tests of coverage."""
    return make_sample(engine, world)


def held_anywhere(engine: Engine, settings: Settings) -> list[str]:
    """Where a mark stands: the files of the data folder, and on a server every column of every table."""
    found = [
        f"{path.name}: {mark.decode()}"
        for path in settings.data_dir.rglob("*")
        if path.is_file()
        for mark in MARKS
        if mark in path.read_bytes()
    ]
    if engine.dialect.name == "postgresql":
        with engine.connect() as connection:
            tables = connection.execute(
                text("SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()")
            ).scalars()
            for table in tables:
                rows = connection.exec_driver_sql(f'SELECT t::text FROM "{table}" AS t').scalars()
                for row in rows:
                    found += [
                        f"{table}: {mark.decode()}" for mark in MARKS if mark.decode() in row or mark.hex() in row
                    ]
    return found


def receive(
    engine: Engine, settings: Settings, world: World, sample: Sample, *contents: bytes, email: str = TRANSCODER
) -> int:
    """Send these files as a member does; jobs run at once."""
    job = service.receive(
        Transactions(engine), settings, JobQueue(settings, engine), world.catalogue_access(email, sample.catalogue),
        [io.BytesIO(content) for content in contents], service.Period(),
    )  # fmt: skip
    assert job.id is not None
    return job.id


def job_of(engine: Engine, job_id: int) -> Job:
    with reading(engine) as session:
        return session.get_one(Job, job_id)


def waiting(session: Session) -> int:
    return len(session.exec(select(StoredFile)).all()) + len(session.exec(select(StoredFileChunk)).all())


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Callable[[Reader], None]:
    """Have the process that reads do this."""
    return lambda reader: monkeypatch.setattr(uploads, "counts_of", reader)


def test_reports_are_read_as_sent_and_leave_nothing(
    engine: Engine, settings: Settings, world: World, sample: Sample, reads: Any, caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    read: list[bytes] = []
    while_waiting: list[str] = []

    def reader(_engine: Engine, paths: list[str], index: CatalogueIndex, _systems: CodeSystems) -> Counts:
        read.extend(Path(path).read_bytes() for path in paths)
        while_waiting.extend(held_anywhere(engine, settings))
        assert index.analyses["NA"].approved == {SODIUM}
        return COUNTS

    reads(reader)
    with caplog.at_level(logging.DEBUG):
        job = job_of(engine, receive(engine, settings, world, sample, REPORT, b"MSH|2"))
    assert read == [REPORT, b"MSH|2"]
    assert (job.status, while_waiting) == (JobStatus.DONE, [])
    assert job.message == "1 compte rendu lu, 1 résultat\u202f: la mesure est gardée."
    with reading(engine) as session:
        assert waiting(session) == 0
        (kept,) = repository.runs_of(session, sample.catalogue_id)
        assert (kept.run.files, kept.author) == (2, "Tania Transcodeuse")
    assert held_anywhere(engine, settings) == []
    said = caplog.text + "".join(capfd.readouterr())
    assert not [mark for mark in MARKS if mark.decode() in said]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (InvalidInputError("Fichier 1 : HPRIM n’est pas lu."), "Fichier 1 : HPRIM n’est pas lu."),
        (ValueError(f"invalid literal: {MARKS[0].decode()}"), uploads.UNREADABLE),
        (KeyError(MARKS[1].decode()), uploads.UNREADABLE),
    ],
)
def test_a_reading_that_fails_leaves_nothing_either(
    engine: Engine, settings: Settings, world: World, sample: Sample, reads: Any, caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str], error: Exception, said: str,
) -> None:  # fmt: skip
    def reader(*_arguments: object) -> Counts:
        raise error

    reads(reader)
    with caplog.at_level(logging.DEBUG):
        job_id = receive(engine, settings, world, sample, REPORT)
    job = job_of(engine, job_id)
    assert (job.status, job.message) == (JobStatus.FAILED, said)
    with reading(engine) as session:
        assert waiting(session) == 0
        assert repository.count_runs(session, sample.catalogue_id) == 0
    assert held_anywhere(engine, settings) == []
    told = caplog.text + "".join(capfd.readouterr())
    assert not [mark for mark in MARKS if mark.decode() in told]


def test_a_job_that_is_started_again_says_that_the_reports_are_gone(
    engine: Engine, settings: Settings, world: World, sample: Sample, reads: Any
) -> None:
    def refuses(*_arguments: object) -> Counts:
        raise InvalidInputError("Fichier 1 : illisible.")

    reads(refuses)
    job_id = receive(engine, settings, world, sample, REPORT)
    reads(lambda *_arguments: COUNTS)
    with transaction(engine) as session:
        JobQueue(settings, engine).retry(session, session.get_one(Job, job_id))
    assert job_of(engine, job_id).message == uploads.GONE


def test_cancelled_before_they_are_read(engine: Engine, settings: Settings, world: World, sample: Sample) -> None:
    waits = settings.model_copy(update={"jobs_immediate": False})
    job_id = receive(engine, waits, world, sample, REPORT)
    with reading(engine) as session:
        assert waiting(session) > 1
    assert held_anywhere(engine, settings) == [], "what waits is sealed"
    with transaction(engine) as session:
        JobQueue(waits, engine).cancel(session, session.get_one(Job, job_id), world.users[TRANSCODER])
    with reading(engine) as session:
        assert waiting(session) == 0


def test_reports_that_nobody_reads_in_time_are_forgotten(
    engine: Engine, settings: Settings, world: World, sample: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    receive(engine, settings.model_copy(update={"jobs_immediate": False}), world, sample, REPORT)
    assert not uploads.forget_old(engine)
    later = utc_now() + uploads.KEPT + timedelta(seconds=1)
    monkeypatch.setattr(uploads, "utc_now", lambda: later)
    assert uploads.forget_old(engine)
    with reading(engine) as session:
        assert waiting(session) == 0


def test_who_may_send_reports(engine: Engine, settings: Settings, world: World, sample: Sample, reads: Any) -> None:
    reads(lambda *_arguments: COUNTS)
    with pytest.raises(NotAllowedError):
        receive(engine, settings, world, sample, REPORT, email=READER)
    with pytest.raises(InvalidInputError, match="au moins un fichier"):
        receive(engine, settings, world, sample)
    waits = settings.model_copy(update={"jobs_immediate": False})
    job_id = receive(engine, waits, world, sample, REPORT)
    with transaction(engine) as session:
        member = select(Membership).where(col(Membership.user_id) == world.user_id(TRANSCODER))
        session.delete(session.exec(member).one())
        JobQueue(settings, engine).retry(session, session.get_one(Job, job_id))
    with reading(engine) as session:
        assert (job_of(engine, job_id).status, waiting(session)) == (JobStatus.FAILED, 0), "she left meanwhile"


def test_another_key_opens_nothing(engine: Engine, settings: Settings, world: World) -> None:
    key = uploads.key_of(settings, uploads.new_salt())
    draft = uploads.store(engine, key, world.laboratory_id, io.BytesIO(REPORT))
    other = uploads.Sealed((draft.id,), uploads.key_of(settings, uploads.new_salt()))
    with pytest.raises(InvalidInputError, match="ne sont plus gardés"):
        uploads.counts_of_stored(engine, other, CatalogueIndex({}), CodeSystems())
