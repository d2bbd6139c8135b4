"""A release is loaded once: whatever is killed, delivered twice, or asked for by two people at the same time."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import Engine, func
from sqlmodel import SQLModel, col, select, update

from app.errors import ConflictError
from app.jobs.runner import run_job
from app.models import (
    AuditEvent,
    FrenchName,
    Job,
    JobStatus,
    LoincRelease,
    LoincTerm,
    LoincTermText,
    ReleaseStatus,
    StoredFileChunk,
    ValueSet,
)
from app.platform.database import reading, transaction
from app.settings import Settings
from app.storage import service as storage
from app.terminology import load_lock, removal, repository, search_index
from app.terminology.finish import LoadTakenOverError, finish_load
from app.terminology.service import current_release, search
from app.terminology.value_sets import value_sets
from app.upgrades import jobs
from app.upgrades.service import load_release
from loinc_data.release import content_hash
from tests.app.terminology.fixtures.official import SODIUM, TERM_COUNT, first_release, second_release
from tests.conftest import ADMINISTRATOR, ClientFor

ADDRESS = "/administration/terminologies/versions"
ROOT = Path(jobs.__file__).parents[2]

SLOW = """
import sys, time
from pathlib import Path
from app.main import JOBS
from app.jobs.runner import run_job
from app.platform.database import make_engine
from app.settings import Settings
from app.storage import service as storage
from app.terminology import repository
from app.upgrades.service import load_release

repository.CHUNK = 3
insert = repository.insert_rows

def slowly(*arguments):
    insert(*arguments)
    time.sleep(0.05)

repository.insert_rows = slowly
settings = Settings(data_dir=sys.argv[1], database_url=sys.argv[2], run_jobs_in_server=False)
engine = make_engine(settings.resolved_database_url)
"""
AS_JOB = SLOW + "run_job(engine, settings, int(sys.argv[3]))"
AS_COMMAND = SLOW + "load_release(engine, Path(sys.argv[3]))"


def count(engine: Engine, model: type[SQLModel]) -> int:
    with reading(engine) as session:
        return session.exec(select(func.count()).select_from(model)).one()


def events(engine: Engine) -> int:
    with reading(engine) as session:
        loaded = AuditEvent.action == "terminology.load_release"
        return session.exec(select(func.count()).select_from(AuditEvent).where(loaded)).one()


def kill_half_way(engine: Engine, script: str, *arguments: str) -> LoincRelease:
    """Run a script in a real process, kill it when a few terms are stored; the release that it leaves."""
    before = count(engine, LoincTerm)
    process = subprocess.Popen([sys.executable, "-c", script, *arguments], cwd=ROOT)
    try:
        deadline = time.monotonic() + 120
        while not before < count(engine, LoincTerm) < before + TERM_COUNT:
            assert process.poll() is None, "it ended before it was killed"
            assert time.monotonic() < deadline
            time.sleep(0.02)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    with reading(engine) as session:
        return session.exec(select(LoincRelease).where(LoincRelease.status == ReleaseStatus.LOADING)).one()


def assert_loaded_once(engine: Engine) -> None:
    with reading(engine) as session:
        (release,) = session.exec(select(LoincRelease)).all()
        assert release.is_current
        assert release.id is not None
        assert [item.loinc_num for item in search(session, release.id, "sodium", 1)] == [SODIUM]
    assert count(engine, LoincTerm) == count(engine, LoincTermText) == TERM_COUNT
    assert events(engine) == 1


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Jobs are recorded, and nobody runs them."""
    return settings.model_copy(update={"jobs_immediate": False})


@pytest.fixture
def uploaded(engine: Engine, client_for: ClientFor, tmp_path: Path) -> int:
    """The job of a release that was uploaded through the page."""
    path = first_release().write_zip(tmp_path)
    answer = client_for(ADMINISTRATOR).post(ADDRESS, files={"fichier": (path.name, path.read_bytes())})
    assert answer.status_code == 303
    with reading(engine) as session:
        job_id = session.exec(select(Job.id)).one()
    assert job_id is not None
    assert count(engine, StoredFileChunk) == 1
    return job_id


def message(engine: Engine, job_id: int) -> str:
    with reading(engine) as session:
        job = session.get_one(Job, job_id)
    assert job.status == JobStatus.DONE, job.message
    return job.message


def deliver_again(engine: Engine, settings: Settings, job_id: int) -> str:
    with transaction(engine) as session:
        session.execute(update(Job).where(col(Job.id) == job_id).values(status=JobStatus.WAITING))
    run_job(engine, settings, job_id)
    return message(engine, job_id)


def test_a_job_killed_half_way_loads_once_at_its_next_attempt(
    engine: Engine, settings: Settings, uploaded: int
) -> None:
    kill_half_way(engine, AS_JOB, str(settings.data_dir), settings.database_url, str(uploaded))
    with reading(engine) as session:
        assert current_release(session) is None
        assert list(repository.releases(session)) == []
        assert list(value_sets(session)) == []
    said = deliver_again(engine, settings, uploaded)
    assert "LOINC 2.80 chargée" in said
    assert_loaded_once(engine)
    assert count(engine, StoredFileChunk) == 0
    assert list((settings.data_dir / "depots").iterdir()) == []


def test_a_command_killed_half_way_is_taken_up_by_the_next_one(
    engine: Engine, settings: Settings, tmp_path: Path
) -> None:
    path = first_release().write_zip(tmp_path)
    kill_half_way(engine, AS_COMMAND, str(settings.data_dir), settings.database_url, str(path))
    assert load_release(engine, path).is_new
    assert_loaded_once(engine)


def test_a_job_delivered_twice_loads_once(engine: Engine, settings: Settings, uploaded: int) -> None:
    run_job(engine, settings, uploaded)
    assert "LOINC 2.80 chargée" in message(engine, uploaded)
    assert deliver_again(engine, settings, uploaded) == "LOINC 2.80 est chargée."
    assert_loaded_once(engine)


def test_the_same_contents_again_change_nothing(
    engine: Engine, settings: Settings, uploaded: int, client_for: ClientFor, tmp_path: Path
) -> None:
    run_job(engine, settings, uploaded)
    path = first_release().write_zip(tmp_path)
    client_for(ADMINISTRATOR).post(ADDRESS, files={"fichier": ("autre-nom.zip", path.read_bytes())})
    run_job(engine, settings, uploaded + 1)
    assert "était déjà chargée" in message(engine, uploaded + 1)
    assert_loaded_once(engine)


def begun(engine: Engine, path: Path, loaded_by: str) -> int:
    """A release that another load has begun."""
    with transaction(engine) as session:
        release = LoincRelease(
            version="", kind="official", status=ReleaseStatus.LOADING, loaded_by=f"{loaded_by}#1",
            content_hash=content_hash(path),
        )  # fmt: skip
        session.add(release)
        session.flush()
        session.add(LoincTerm(release_id=release.id or 0, loinc_num=SODIUM, component="Sodium"))
    assert release.id is not None
    return release.id


def test_two_loads_of_the_same_contents_do_not_meet(engine: Engine, tmp_path: Path) -> None:
    path = first_release().write_zip(tmp_path)
    other = begun(engine, path, "travail-7")
    with load_lock.alive(engine, "travail-7#1"):
        with pytest.raises(ConflictError, match="en cours de chargement"):
            load_release(engine, path, loaded_by="travail-8")
        with reading(engine) as session:
            assert session.get(LoincRelease, other) is not None
    assert load_release(engine, path, loaded_by="travail-8").is_new
    assert_loaded_once(engine)


def test_the_slower_of_two_loads_of_the_same_contents_leaves_nothing(engine: Engine, tmp_path: Path) -> None:
    """They began at the same moment, before either could see the other."""
    path = first_release().write_zip(tmp_path)
    inner: list[bool] = []

    def step(_done: int, _total: int, text: str) -> None:
        if text == "Préparation de la recherche" and not inner:
            inner.append(True)
            with transaction(engine) as session:
                # As if the other did not see this one.
                session.execute(update(LoincRelease).values(content_hash="?"))
            load_release(engine, path, loaded_by="travail-2")

    report = load_release(engine, path, step, loaded_by="travail-1")
    assert inner
    assert not report.is_new
    assert_loaded_once(engine)


def test_a_load_that_was_taken_over_adds_nothing_more(engine: Engine, tmp_path: Path) -> None:
    path = first_release().write_zip(tmp_path)
    inner: list[bool] = []

    def step(_done: int, _total: int, text: str) -> None:
        if text == "Lecture des termes" and not inner:
            inner.append(True)
            load_release(engine, path, loaded_by="travail-1")

    with pytest.raises(LoadTakenOverError):
        load_release(engine, path, step, loaded_by="travail-1")
    assert_loaded_once(engine)


def test_the_number_of_a_removed_release_opens_no_other(engine: Engine, tmp_path: Path) -> None:
    """The database gives its number again: the attempt that was taken over must not write there, nor remove it."""
    path = first_release().write_zip(tmp_path)
    old = begun(engine, path, "travail-1")
    removal.remove_unfinished(engine, old, "travail-1#1")
    with transaction(engine) as session:
        session.add(
            LoincRelease(id=old, version="", kind="official", status=ReleaseStatus.LOADING, loaded_by="travail-1#2")
        )
    with transaction(engine) as session:
        assert not repository.still_loading(session, old, "travail-1#1")
        assert repository.still_loading(session, old, "travail-1#2")
    removal.remove_unfinished(engine, old, "travail-1#1")
    with pytest.raises(LoadTakenOverError), transaction(engine) as session:
        finish_load(session, old, version="2.80", term_count=1, terms_hash="", loaded_by="travail-1#1")
    assert count(engine, LoincRelease) == 1


def test_an_interrupted_removal_is_taken_up_and_a_ready_release_is_never_removed(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = load_release(engine, second_release().write_zip(tmp_path))
    with reading(engine) as session:
        loaded_by = session.get_one(LoincRelease, good.release_id).loaded_by
    removal.remove_unfinished(engine, good.release_id, loaded_by)
    assert count(engine, LoincTerm) == good.term_count
    path = first_release().write_zip(tmp_path)

    def fail(*_arguments: object) -> None:
        raise OSError("disque plein")

    with monkeypatch.context() as patch:
        patch.setattr(search_index, "store_axis_values", fail)
        patch.setattr(repository, "delete_release", fail)
        with pytest.raises(OSError, match="disque plein"):
            load_release(engine, path)
    with reading(engine) as session:
        states = session.exec(select(LoincRelease.status).order_by(col(LoincRelease.id))).all()
    assert states == [ReleaseStatus.READY, ReleaseStatus.REMOVING]
    load_release(engine, path)
    with reading(engine) as session:
        assert session.exec(select(LoincRelease.status)).all() == [ReleaseStatus.READY, ReleaseStatus.READY]
    assert count(engine, FrenchName) == len(set(_names(engine)))
    assert count(engine, ValueSet) <= 2


def _names(engine: Engine) -> list[tuple[int, str, str]]:
    with reading(engine) as session:
        statement = select(FrenchName.release_id, FrenchName.loinc_num, FrenchName.variant)
        return list(session.exec(statement))


def test_a_release_becomes_ready_once(engine: Engine, tmp_path: Path) -> None:
    report = load_release(engine, first_release().write_zip(tmp_path))
    with pytest.raises(LoadTakenOverError), transaction(engine) as session:
        finish_load(session, report.release_id, version="2.80", term_count=1, terms_hash="")


def test_the_job_is_done_in_the_transaction_that_makes_the_release_ready(
    engine: Engine, settings: Settings, uploaded: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever is killed right after it leaves no job to begin again: nothing is left to be said."""

    def die(_engine: Engine, _file: int) -> None:
        raise SystemExit

    monkeypatch.setattr(storage, "remove_content", die)
    with pytest.raises(SystemExit):
        run_job(engine, settings, uploaded)
    assert "LOINC 2.80 chargée" in message(engine, uploaded)
    assert_loaded_once(engine)


def test_a_load_taken_for_dead_is_begun_again_and_has_not_failed(
    engine: Engine, settings: Settings, uploaded: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def taken_over(*_arguments: object, **_options: object) -> None:
        raise LoadTakenOverError

    with monkeypatch.context() as patched:
        patched.setattr(jobs, "load_release", taken_over)
        run_job(engine, settings, uploaded)
    with reading(engine) as session:
        job = session.get_one(Job, uploaded)
    assert (job.status, job.last_error) == (JobStatus.WAITING, "LoadTakenOverError")
    with transaction(engine) as session:
        session.execute(update(Job).values(not_before=None))
    run_job(engine, settings, uploaded)
    assert "LOINC 2.80 chargée" in message(engine, uploaded)
