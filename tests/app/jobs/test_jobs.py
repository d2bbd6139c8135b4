"""Background work: it starts after the commit, tells how far it is, and never fails in silence."""

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import Engine
from sqlmodel import Session

from app.errors import InvalidInputError
from app.jobs.queue import JobQueue
from app.jobs.registry import find_kind, label_of, register, unregister
from app.jobs.runner import run_job
from app.models import Job, JobStatus, utc_now
from app.platform.database import reading, transaction
from app.platform.progress import Progress
from app.settings import Settings
from tests.conftest import ADMINISTRATOR, BIOLOGIST, OUTSIDER, READER, TRANSCODER, ClientFor, World

KIND = "essai"


class Recorder:
    """A job function that remembers its calls and does what the payload says."""

    def __init__(self) -> None:
        self.calls: list[dict[str, Any]] = []
        self.seen: list[tuple[str, int, int, str]] = []

    def __call__(
        self, engine: Engine, settings: Settings, job_id: int, payload: dict[str, Any], progress: Progress
    ) -> str | None:
        self.calls.append(payload)
        progress(3, 7, "Troisième étape")
        with reading(engine) as session:
            job = session.get_one(Job, job_id)
            self.seen.append((job.status, job.done, job.total, job.message))
        if payload.get("fault") == "input":
            raise InvalidInputError("Le fichier est illisible.")
        if payload.get("fault"):
            raise RuntimeError("détail interne")
        return "Sept lignes traitées."


@pytest.fixture
def work() -> Iterator[Recorder]:
    recorder = Recorder()
    register(KIND, recorder, "Travail d'essai")
    yield recorder
    unregister(KIND)


def load(engine: Engine, job_id: int | None) -> Job:
    with reading(engine) as session:
        return session.get_one(Job, job_id)


def ask(engine: Engine, settings: Settings, **payload: Any) -> Job:
    queue = JobQueue(settings, engine)
    with transaction(engine) as session:
        job = queue.enqueue(session, KIND, payload=payload)
    return load(engine, job.id)


def test_a_job_runs_to_its_end(engine: Engine, settings: Settings, work: Recorder) -> None:
    job = ask(engine, settings, a=1)
    assert work.calls == [{"a": 1}]
    assert work.seen == [(JobStatus.RUNNING, 3, 7, "Troisième étape")]
    assert (job.status, job.done, job.total) == (JobStatus.DONE, 7, 7)
    assert job.message == "Sept lignes traitées."
    assert job.started_at is not None
    assert job.finished_at is not None


def test_a_job_starts_only_once_its_transaction_is_committed(
    engine: Engine, settings: Settings, work: Recorder
) -> None:
    queue = JobQueue(settings, engine)
    with transaction(engine) as session:
        queue.enqueue(session, KIND)
        assert work.calls == []
    assert len(work.calls) == 1


def test_a_job_rolled_back_never_starts(engine: Engine, settings: Settings, work: Recorder) -> None:
    queue = JobQueue(settings, engine)
    session = Session(engine)
    queue.enqueue(session, KIND)
    session.rollback()
    session.commit()
    session.close()
    assert work.calls == []


def test_a_refusal_is_the_reason_shown(engine: Engine, settings: Settings, work: Recorder) -> None:
    job = ask(engine, settings, fault="input")
    assert (job.status, job.message) == (JobStatus.FAILED, "Le fichier est illisible.")


def test_an_unexpected_error_is_told_without_its_details(
    engine: Engine, settings: Settings, work: Recorder
) -> None:
    job = ask(engine, settings, fault="bug")
    assert job.status == JobStatus.FAILED
    assert "erreur inattendue (RuntimeError)" in job.message
    assert "détail interne" not in job.message


def test_an_unknown_kind_waits_for_a_process_that_knows_it(engine: Engine, settings: Settings) -> None:
    job = ask(engine, settings)
    assert (job.status, job.message) == (JobStatus.WAITING, "")


def test_a_job_never_runs_twice(engine: Engine, settings: Settings, work: Recorder) -> None:
    job = ask(engine, settings)
    assert job.id is not None
    run_job(engine, settings, job.id)
    assert len(work.calls) == 1


def test_a_kind_is_registered_once(work: Recorder) -> None:
    register(KIND, work, "Travail d'essai")
    with pytest.raises(ValueError, match="already registered"):
        register(KIND, Recorder())
    assert label_of(KIND) == "Travail d'essai"
    assert label_of("inconnu") == "inconnu"
    assert find_kind("inconnu") is None


def wait_for(engine: Engine, job_id: int | None) -> Job:
    for _ in range(1200):
        job = load(engine, job_id)
        if job.status in (JobStatus.DONE, JobStatus.FAILED):
            return job
        time.sleep(0.05)
    raise AssertionError("the job did not end in a minute")


@pytest.fixture
def threaded(settings: Settings) -> Settings:
    return settings.model_copy(update={"jobs_immediate": False})


def test_the_consumer_runs_jobs_in_its_own_thread(engine: Engine, threaded: Settings, work: Recorder) -> None:
    queue = JobQueue(threaded, engine)
    assert queue.start_consumer()
    try:
        with transaction(engine) as session:
            job = queue.enqueue(session, KIND, payload={"b": 2})
        assert wait_for(engine, job.id).status == JobStatus.DONE
    finally:
        queue.stop_consumer()
    assert work.calls == [{"b": 2}]


def test_several_processes_run_the_jobs_of_an_installation(
    engine: Engine, threaded: Settings, work: Recorder
) -> None:
    first, second = JobQueue(threaded, engine), JobQueue(threaded, engine)
    assert first.start_consumer()
    assert second.start_consumer()
    try:
        with transaction(engine) as session:
            jobs = [first.enqueue(session, KIND, payload={"number": number}) for number in range(6)]
        for job in jobs:
            assert wait_for(engine, job.id).status == JobStatus.DONE
    finally:
        first.stop_consumer()
        second.stop_consumer()
    assert sorted(call["number"] for call in work.calls) == list(range(6)), "each once"


def test_a_start_finds_what_waits_and_what_a_killed_process_left(
    engine: Engine, threaded: Settings, work: Recorder
) -> None:
    """Nothing was ever put in the storage of hints: the table of jobs is enough."""
    with transaction(engine) as session:
        left = Job(
            kind=KIND, status=JobStatus.RUNNING, owner="ailleurs:1:a", attempts=1, lease_expires_at=utc_now()
        )
        alive = Job(
            kind=KIND, status=JobStatus.RUNNING, owner="ailleurs:1:b", attempts=1,
            lease_expires_at=utc_now() + timedelta(minutes=5),
        )  # fmt: skip
        forgotten = Job(kind=KIND, status=JobStatus.WAITING)
        session.add_all([left, alive, forgotten])
    queue = JobQueue(threaded, engine)
    queue.start_consumer()
    try:
        assert wait_for(engine, forgotten.id).status == JobStatus.DONE
        assert wait_for(engine, left.id).lost_leases == 1
    finally:
        queue.stop_consumer()
    assert load(engine, alive.id).owner == "ailleurs:1:b", "its owner renews its lease: nobody else touches it"


def test_a_consumer_leaves_the_signals_alone(engine: Engine, threaded: Settings) -> None:
    import signal

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    queue = JobQueue(threaded, engine)
    queue.start_consumer()
    queue.stop_consumer()
    assert before == {number: signal.getsignal(number) for number in before}


# ---------- pages ----------


def add_job(world: World, **values: Any) -> int:
    with transaction(world.engine) as session:
        job = Job(**{"kind": KIND, "laboratory_id": world.laboratory_id} | values)
        session.add(job)
    assert job.id is not None
    return job.id


def test_a_running_job_shows_its_progress_with_and_without_javascript(
    client_for: ClientFor, world: World, work: Recorder
) -> None:
    job_id = add_job(world, status=JobStatus.RUNNING, done=40, total=1600, message="Lecture des lignes")
    client = client_for(READER)
    page = client.get(f"/travaux/{job_id}").text
    for expected in (
        "Travail d&#39;essai",
        "Lecture des lignes",
        'max="1600" value="40"',
        "Actualiser l'avancement",
    ):
        assert expected in page
    assert client.get(f"/travaux/{job_id}/etat").json() == {
        "status": "running",
        "status_label": "En cours",
        "is_over": False,
        "done": 40,
        "total": 1600,
        "message": "Lecture des lignes",
    }


def test_a_job_that_is_over_leads_on(client_for: ClientFor, world: World) -> None:
    catalogue = world.add_catalogue()
    job_id = add_job(world, status=JobStatus.DONE, catalogue_id=catalogue.id, message="250 analyses lues.")
    after = add_job(world, status=JobStatus.WAITING, catalogue_id=catalogue.id)
    page = client_for(READER).get(f"/travaux/{job_id}").text
    assert "250 analyses lues." in page
    assert f"/catalogues/{catalogue.id}" in page
    assert f"/travaux/{after}" in page
    assert "Actualiser" not in page


def test_a_failed_job_shows_its_reason_and_can_be_started_again(
    client_for: ClientFor, world: World, engine: Engine, work: Recorder
) -> None:
    job_id = add_job(world, status=JobStatus.FAILED, message="Le disque est plein.", payload={"c": 3})
    client = client_for(TRANSCODER)
    page = client.get(f"/travaux/{job_id}").text
    assert "Le disque est plein." in page
    assert f"/travaux/{job_id}/relancer" in page
    assert client.post(f"/travaux/{job_id}/relancer").headers["location"] == f"/travaux/{job_id}"
    assert work.calls == [{"c": 3}]
    assert load(engine, job_id).status == JobStatus.DONE
    assert client.post(f"/travaux/{job_id}/relancer").status_code == 409
    waiting = add_job(world)
    assert client.post(f"/travaux/{waiting}/relancer").status_code == 303, "a second click finds it waiting already"
    assert load(engine, waiting).status == JobStatus.WAITING


def test_a_reader_sees_the_failure_but_cannot_start_again(client_for: ClientFor, world: World) -> None:
    job_id = add_job(world, status=JobStatus.FAILED, message="Le disque est plein.")
    client = client_for(READER)
    assert "/relancer" not in client.get(f"/travaux/{job_id}").text
    assert client.post(f"/travaux/{job_id}/relancer").status_code == 403


@pytest.mark.parametrize("email", [OUTSIDER, ADMINISTRATOR])
def test_the_jobs_of_a_laboratory_are_its_members(client_for: ClientFor, world: World, email: str) -> None:
    job_id = add_job(world, status=JobStatus.FAILED)
    client = client_for(email)
    assert client.get(f"/travaux/{job_id}").status_code == 404
    assert client.get(f"/travaux/{job_id}/etat").status_code == 404
    assert client.post(f"/travaux/{job_id}/relancer").status_code == 404


def test_who_is_no_administrator_any_more_sees_her_job_and_starts_it_no_more(
    client_for: ClientFor, world: World, engine: Engine, work: Recorder
) -> None:
    """What is no laboratory's, the loading of a release, is an administrator's to do."""
    job_id = add_job(world, laboratory_id=None, created_by_id=world.user_id(BIOLOGIST), status=JobStatus.FAILED)
    waiting = add_job(world, laboratory_id=None, created_by_id=world.user_id(BIOLOGIST))
    author = client_for(BIOLOGIST)
    assert "/relancer" not in author.get(f"/travaux/{job_id}").text
    assert author.post(f"/travaux/{job_id}/relancer").status_code == 403
    assert author.post(f"/travaux/{waiting}/annuler").status_code == 403
    assert (load(engine, job_id).status, load(engine, waiting).status, work.calls) == ("failed", "waiting", [])
    administrator = client_for(ADMINISTRATOR)
    assert administrator.post(f"/travaux/{waiting}/annuler").status_code == 303
    assert administrator.post(f"/travaux/{job_id}/relancer").status_code == 303
    assert len(work.calls) == 1


def test_a_job_without_laboratory_is_its_authors(client_for: ClientFor, world: World) -> None:
    job_id = add_job(world, laboratory_id=None, created_by_id=world.user_id(BIOLOGIST))
    assert client_for(BIOLOGIST).get(f"/travaux/{job_id}").status_code == 200
    assert client_for(ADMINISTRATOR).get(f"/travaux/{job_id}").status_code == 200
    assert client_for(TRANSCODER).get(f"/travaux/{job_id}").status_code == 404


def test_the_server_starts_and_stops_the_consumer(engine: Engine, threaded: Settings, work: Recorder) -> None:
    from fastapi.testclient import TestClient

    from app.main import create_app

    application: FastAPI = create_app(threaded.model_copy(update={"run_jobs_in_server": True}), engine)
    with TestClient(application):
        with transaction(engine) as session:
            job = application.state.jobs.enqueue(session, KIND)
        assert wait_for(engine, job.id).status == JobStatus.DONE
    queue = JobQueue(threaded, engine)
    assert queue.start_consumer()
    queue.stop_consumer()
