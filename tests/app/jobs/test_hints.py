"""Hints are only hints: their storage may be lost, absent or of another kind, and no job is."""

import logging
import time
from collections.abc import Iterator
from typing import Any

import pytest
from huey import MemoryHuey, RedisHuey
from sqlalchemy import Engine

from app.jobs import hints, workers
from app.jobs.queue import JobQueue
from app.jobs.registry import register, unregister
from app.models import Job, JobStatus
from app.platform.database import reading, transaction
from app.settings import Settings
from tests.conftest import Logs

KIND = "essai-signal"


@pytest.fixture
def done() -> Iterator[list[int]]:
    """The jobs that were done, in order."""
    found: list[int] = []

    def note(_engine: Engine, _settings: Settings, job_id: int, _payload: dict[str, Any], _work: Any) -> None:
        found.append(job_id)

    register(KIND, note)
    yield found
    unregister(KIND)


def wait_for(engine: Engine, job_id: int | None) -> None:
    deadline = time.monotonic() + 60
    while True:
        with reading(engine) as session:
            if session.get_one(Job, job_id).status == JobStatus.DONE:
                return
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_without_a_storage_of_hints_jobs_are_done(
    engine: Engine, settings: Settings, done: list[int], monkeypatch: pytest.MonkeyPatch, logs: Logs
) -> None:
    def refuse(_settings: Settings) -> None:
        raise OSError("no such place")

    monkeypatch.setattr(hints, "make_huey", refuse)
    threaded = settings.model_copy(update={"jobs_immediate": False})
    working, asking = JobQueue(threaded, engine), JobQueue(threaded, engine)
    working.start_consumer()
    try:
        with transaction(engine) as session:
            job = asking.enqueue(session, KIND)
        wait_for(engine, job.id)
    finally:
        working.stop_consumer()
    assert done == [job.id]
    assert logs.events("jobs.hint_lost")


def test_a_hint_wakes_a_worker_of_another_process_before_its_sweep(
    engine: Engine, settings: Settings, done: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "SWEEP_SECONDS", 3600.0)
    threaded = settings.model_copy(update={"jobs_immediate": False})
    working, asking = JobQueue(threaded, engine), JobQueue(threaded, engine)
    working.start_consumer()
    try:
        # The first look, which every worker has, is over.
        time.sleep(1)
        with transaction(engine) as session:
            job = asking.enqueue(session, KIND)
        wait_for(engine, job.id)
    finally:
        working.stop_consumer()
    assert done == [job.id]


@pytest.mark.only("sqlite", "its storage is a file")
def test_the_storage_follows_the_database_or_redis(settings: Settings) -> None:
    assert hints.make_huey(settings).storage.filename == str(settings.data_dir / hints.QUEUE_FILE)
    pytest.importorskip("redis", reason="an extra that an installation may do without")
    redis = hints.make_huey(settings.model_copy(update={"redis_url": "redis://127.0.0.1:1/0"}))
    assert isinstance(redis, RedisHuey)
    assert not isinstance(redis, MemoryHuey)


def test_a_storage_that_does_not_answer_is_said_once_a_minute(settings: Settings, logs: Logs) -> None:
    pytest.importorskip("redis", reason="an extra that an installation may do without")
    away = settings.model_copy(update={"redis_url": "redis://127.0.0.1:1/0"})
    # As in a process that has said nothing yet.
    logging.getLogger("huey").handlers[:] = []
    listener = hints.Hints(away, lambda: None)
    listener.listen()
    time.sleep(3)
    listener.stop(5)
    said = [event["said"] for event in logs.events("jobs.no_hints")]
    assert said
    assert len(said) == len(set(said)), "each trouble once, however often it is tried again"
