"""SIGTERM sent to real processes: what is under way ends, what cannot end goes back to the queue, the exit is clean."""

import json
import shutil
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import Engine

from app.jobs.runner import INTERRUPTED_MESSAGE
from app.models import Job, JobStatus
from app.platform.database import make_engine, reading, transaction
from app.settings import Settings
from tests.app.operations.processes import address_of, started
from tests.app.operations.slow_installation import KIND

SLOW = "tests.app.operations.slow_installation"


@pytest.fixture
def data_dir(tmp_path: Path, installation: Path) -> Path:
    return Path(shutil.copytree(installation, tmp_path / "var"))


@pytest.fixture
def database(data_dir: Path) -> Engine:
    return make_engine(Settings(data_dir=data_dir).resolved_database_url)


def add_job(database: Engine, steps: int) -> int:
    with transaction(database) as session:
        job = Job(kind=KIND, payload={"steps": steps})
        session.add(job)
    assert job.id is not None
    return job.id


def load(database: Engine, job_id: int) -> Job:
    with reading(database) as session:
        return session.get_one(Job, job_id)


def wait_for(database: Engine, job_id: int, status: JobStatus) -> None:
    deadline = time.monotonic() + 120
    while load(database, job_id).status != status:
        assert time.monotonic() < deadline, load(database, job_id)
        time.sleep(0.05)


def end(process: subprocess.Popen[str]) -> tuple[str, list[dict[str, Any]]]:
    """Send SIGTERM; what the process then printed, and its log lines. It must end well."""
    process.terminate()
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    return out, [json.loads(line) for line in err.splitlines()]


def test_a_request_and_a_job_under_way_end_before_the_server(data_dir: Path, database: Engine) -> None:
    job_id = add_job(database, 20)
    answers: list[httpx2.Response] = []
    with started(SLOW, data_dir, "serve", "--port", "0") as server:
        address = address_of(server)
        wait_for(database, job_id, JobStatus.RUNNING)
        assert httpx2.get(f"{address}/healthz", timeout=60).status_code == 200
        asking = threading.Thread(target=lambda: answers.append(httpx2.get(f"{address}/lent/15", timeout=60)))
        asking.start()
        time.sleep(0.5)
        out, lines = end(server)
        asking.join(60)
    assert [(answer.status_code, answer.json()) for answer in answers] == [(200, "fini")]
    job = load(database, job_id)
    assert (job.status, job.message) == (JobStatus.DONE, "Fini.")
    assert out.endswith("L'atelier est fermé.\n")
    events = [line["event"] for line in lines]
    stopping = events.index("Shutting down")
    assert stopping < events.index("job.done")
    (request,) = [line for line in lines if line.get("route") == "/lent/{tenths}"]
    assert (request["status"], request["request_id"]) == (200, answers[0].headers["x-request-id"])
    assert stopping < lines.index(request)


@pytest.mark.parametrize("command", [("serve", "--port", "0"), ("worker",)])
def test_a_long_job_goes_back_to_the_queue_for_the_next_start(
    data_dir: Path, database: Engine, command: tuple[str, ...]
) -> None:
    job_id = add_job(database, 6000)
    with started(SLOW, data_dir, *command, shutdown_seconds="1") as process:
        wait_for(database, job_id, JobStatus.RUNNING)
        before = time.monotonic()
        _, lines = end(process)
    assert time.monotonic() - before < 60, "ten minutes of work did not hold the process"
    job = load(database, job_id)
    assert (job.status, job.message) == (JobStatus.WAITING, INTERRUPTED_MESSAGE)
    (interrupted,) = [line for line in lines if line["event"] == "job.interrupted"]
    assert interrupted["job_id"] == job_id
    with transaction(database) as session:
        session.get_one(Job, job_id).payload = {"steps": 2}
    with started(SLOW, data_dir, *command) as process:
        wait_for(database, job_id, JobStatus.DONE)
        end(process)


def test_a_request_that_lasts_too_long_does_not_hold_the_others(data_dir: Path) -> None:
    with started(SLOW, data_dir, "serve", "--port", "0", shutdown_seconds="1") as server:
        address = address_of(server)
        assert httpx2.get(f"{address}/healthz", timeout=60).status_code == 200
        asking = threading.Thread(target=_ask_and_be_refused, args=(f"{address}/lent/40",))
        asking.start()
        time.sleep(0.5)
        _, lines = end(server)
        asking.join(60)
    assert "Cancel 1 running task(s), timeout graceful shutdown exceeded" in [line["event"] for line in lines]


def _ask_and_be_refused(address: str) -> None:
    with pytest.raises(httpx2.HTTPError):
        httpx2.get(address, timeout=60).raise_for_status()
