"""Stopping while a job runs: a short one ends, a long one goes back to the queue, and its lines carry its number."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine

from app.errors import InvalidInputError
from app.jobs import queue as queue_module
from app.jobs.queue import JobQueue
from app.jobs.registry import register, unregister
from app.jobs.runner import INTERRUPTED_MESSAGE, run_job
from app.models import Job, JobStatus
from app.platform.database import reading, transaction
from app.platform.progress import Progress
from app.settings import Settings
from tests.conftest import Logs

KIND = "essai-long"


class Steps:
    """A job of as many steps as its payload says, a tenth of a second each; it tells when it begins."""

    def __init__(self) -> None:
        self.began = threading.Event()
        self.done = 0

    def __call__(
        self, engine: Engine, settings: Settings, job_id: int, payload: dict[str, Any], progress: Progress
    ) -> str:
        steps = int(payload["steps"])
        for step in range(steps):
            progress(step, steps, "Pas à pas")
            self.began.set()
            time.sleep(0.1)
            self.done += 1
        progress(steps, steps, "Terminé")
        if payload.get("quotes"):
            raise InvalidInputError(f"La cellule « {payload['quotes']} » est illisible.")
        return "Fini."


@pytest.fixture
def steps() -> Iterator[Steps]:
    work = Steps()
    register(KIND, work, "Travail long")
    yield work
    unregister(KIND)


@pytest.fixture
def brief(settings: Settings) -> Settings:
    return settings.model_copy(update={"jobs_immediate": False, "shutdown_seconds": 1})


def add(engine: Engine, **payload: Any) -> int:
    with transaction(engine) as session:
        job = Job(kind=KIND, payload=payload)
        session.add(job)
    assert job.id is not None
    return job.id


def load(engine: Engine, job_id: int) -> Job:
    with reading(engine) as session:
        return session.get_one(Job, job_id)


def wait_until_done(engine: Engine, job_id: int) -> None:
    deadline = time.monotonic() + 60
    while load(engine, job_id).status != JobStatus.DONE:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def stop_while_it_runs(engine: Engine, settings: Settings, work: Steps) -> JobQueue:
    queue = JobQueue(settings, engine)
    assert queue.start_consumer()
    assert work.began.wait(60)
    queue.stop_consumer()
    return queue


def test_a_short_job_ends_before_the_process_does(engine: Engine, brief: Settings, steps: Steps) -> None:
    job_id = add(engine, steps=3)
    patient = brief.model_copy(update={"shutdown_seconds": 60})
    stop_while_it_runs(engine, patient, steps)
    job = load(engine, job_id)
    assert (job.status, job.message, job.done) == (JobStatus.DONE, "Fini.", 3)


def test_a_long_job_goes_back_to_the_queue_and_is_done_by_the_next_start(
    engine: Engine, brief: Settings, steps: Steps, logs: Logs
) -> None:
    job_id = add(engine, steps=40)
    queue = stop_while_it_runs(engine, brief, steps)
    job = load(engine, job_id)
    assert (job.status, job.message) == (JobStatus.WAITING, INTERRUPTED_MESSAGE)
    assert (job.started_at, job.finished_at, job.done, job.total) == (None, None, 0, 0)
    assert 0 < steps.done < 40
    assert [line["job_id"] for line in logs.events("job.interrupted")] == [job_id]
    with transaction(engine) as session:
        session.get_one(Job, job_id).payload = {"steps": 1}
    assert queue.start_consumer()
    wait_until_done(engine, job_id)
    queue.stop_consumer()


def test_a_job_at_its_last_step_keeps_what_it_did(engine: Engine, settings: Settings, steps: Steps) -> None:
    job_id = add(engine, steps=0)
    run_job(engine, settings, job_id, lambda: True)
    assert load(engine, job_id).status == JobStatus.WAITING, "0 in all: how many steps is not known yet"
    job_id = add(engine, steps=1)
    run_job(engine, settings, job_id, lambda: steps.done == 1)
    assert load(engine, job_id).status == JobStatus.DONE


def test_a_job_that_tells_no_step_does_not_hold_the_process(
    engine: Engine, brief: Settings, monkeypatch: pytest.MonkeyPatch, logs: Logs
) -> None:
    began, may_end = threading.Event(), threading.Event()

    def silent(_engine: Engine, _settings: Settings, _id: int, _payload: dict[str, Any], _progress: Progress) -> None:
        began.set()
        may_end.wait(60)

    register("essai-muet", silent)
    monkeypatch.setattr(queue_module, "INTERRUPTION_SECONDS", 0.2)
    with transaction(engine) as session:
        job = Job(kind="essai-muet")
        session.add(job)
    assert job.id is not None
    queue = JobQueue(brief, engine)
    try:
        queue.start_consumer()
        assert began.wait(60)
        before = time.monotonic()
        queue.stop_consumer()
        assert time.monotonic() - before < 30
        assert logs.events("jobs.abandoned")
    finally:
        may_end.set()
        wait_until_done(engine, job.id)
        unregister("essai-muet")


def test_the_lines_of_a_job_carry_its_number_and_not_what_it_read(
    engine: Engine, settings: Settings, steps: Steps, logs: Logs
) -> None:
    job_id = add(engine, steps=1, quotes="Ferritine cachée")
    run_job(engine, settings, job_id)
    assert "Ferritine cachée" in load(engine, job_id).message
    assert "Ferritine cachée" not in logs.text
    assert [(line["event"], line["job_id"], line["kind"]) for line in logs.events()] == [
        ("job.started", job_id, KIND),
        ("job.refused", job_id, KIND),
    ]
    done_id = add(engine, steps=1)
    run_job(engine, settings, done_id)
    assert logs.events("job.done")[0]["job_id"] == done_id
    assert logs.events("job.done")[0]["duration_ms"] >= 100
