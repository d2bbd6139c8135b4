"""A catalogue matched in chunks gives what a serial run gives, whoever does the chunks and whoever is killed."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlmodel import col, select

from app.catalogues.service import import_files
from app.demonstration.service import demonstration_files
from app.files.choices import IncomingFile
from app.jobs.queue import JobQueue
from app.models import (
    AuditEvent,
    Catalogue,
    Job,
    JobChunk,
    JobPlan,
    JobStatus,
    Laboratory,
    Proposal,
    ProposalRun,
    RunStatus,
)
from app.platform.database import make_engine, reading, transaction
from app.proposals.jobs import run_proposals
from app.proposals.service import ask_for_proposals
from app.settings import PROJECT_ROOT, Settings

ROWS = 60
StartWorker = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def ready(installation: Path, tmp_path: Path) -> Settings:
    shutil.copytree(installation, tmp_path / "var")
    return Settings(data_dir=tmp_path / "var", shutdown_seconds=1)


@pytest.fixture
def database(ready: Settings) -> Iterator[Engine]:
    engine = make_engine(ready.resolved_database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def catalogue(database: Engine) -> Catalogue:
    """The first rows of the demonstration, in three chunks."""
    lines = next(path for path in demonstration_files() if "LOINC_3" in path.name).read_bytes().splitlines(True)
    with transaction(database) as session:
        laboratory = Laboratory(name="Laboratoire du Parc")
        session.add(laboratory)
        session.flush()
        assert laboratory.id is not None
        file = IncomingFile("LOINC_3.csv", b"".join(lines[: ROWS + 1]))
        report = import_files(session, laboratory.id, [file], catalogue_name="Essai")
        return session.get_one(Catalogue, report.catalogue_id)


def stored(database: Engine, run_id: int | None) -> bytes:
    """Everything that the run proposes, but for the numbers of its rows."""
    with reading(database) as session:
        found = session.exec(
            select(Proposal)
            .where(Proposal.run_id == run_id)
            .order_by(col(Proposal.local_test_id), col(Proposal.rank), col(Proposal.id))
        ).all()
        return json.dumps([item.model_dump(exclude={"id", "run_id"}) for item in found], sort_keys=True).encode()


def ask(database: Engine, settings: Settings, catalogue: Catalogue) -> int:
    with transaction(database) as session:
        job = ask_for_proposals(session, JobQueue(settings, database), catalogue, None)
    assert job.id is not None
    return job.id


def load(database: Engine, job_id: int) -> Job:
    with reading(database) as session:
        return session.get_one(Job, job_id)


def wait_for(database: Engine, job_id: int, condition: Callable[[Job], bool]) -> Job:
    deadline = time.monotonic() + 120
    while not condition(job := load(database, job_id)):
        assert time.monotonic() < deadline, job
        time.sleep(0.05)
    return job


def check(database: Engine, job_id: int, serial: bytes) -> Job:
    """It was done once, whole, and left nothing behind."""
    job = wait_for(database, job_id, lambda job: JobStatus(job.status).is_over)
    assert job.status == JobStatus.DONE, job.message
    with reading(database) as session:
        run = session.exec(select(ProposalRun).where(ProposalRun.job_id == job_id)).one()
        assert (run.status, run.is_current) == (RunStatus.DONE, True)
        assert len(session.exec(select(ProposalRun).where(col(ProposalRun.is_current))).all()) == 1
        told = session.exec(select(AuditEvent).where(AuditEvent.action == "proposals.run")).all()
        assert [event.details["run_id"] for event in told].count(run.id) == 1
        assert session.exec(select(JobChunk)).all() == []
        assert session.exec(select(JobPlan)).all() == []
    assert stored(database, run.id) == serial
    return job


@pytest.fixture
def start(ready: Settings) -> Iterator[StartWorker]:
    """Starts a real worker process."""
    running: list[subprocess.Popen[bytes]] = []

    def begin(pause: float = 0, *options: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.app.jobs.quick_worker", "worker", *options],
            cwd=PROJECT_ROOT,
            env={**os.environ, "TRANSCODEUR_DATA_DIR": str(ready.data_dir), "CHUNK_PAUSE": str(pause)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        running.append(process)
        return process

    yield begin
    for process in running:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
    for process in running:
        process.wait(60)


def test_threads_and_killed_processes_give_what_a_serial_run_gives(
    ready: Settings, database: Engine, catalogue: Catalogue, start: StartWorker
) -> None:
    assert catalogue.id is not None
    serial = stored(database, run_proposals(database, ready, catalogue.id))
    assert len(json.loads(serial)) > ROWS

    # Three threads.
    queue = JobQueue(ready, database)
    job_id = ask(database, ready, catalogue)
    queue.start_consumer(3)
    check(database, job_id, serial)
    queue.stop_consumer()

    # Two processes, of which one is killed in the middle of a chunk and another one while it plans or matches.
    job_id = ask(database, ready, catalogue)
    first = start(2)
    wait_for(database, job_id, lambda job: holds(database, job, first.pid))
    first.kill()
    first.wait()
    second, _third = start(1), start(1)
    wait_for(database, job_id, lambda job: holds(database, job, second.pid))
    second.kill()
    second.wait()
    job = check(database, job_id, serial)
    assert job.lost_leases >= 2


def holds(database: Engine, job: Job, pid: int) -> bool:
    """Whether this process has one of the chunks."""
    with reading(database) as session:
        owners = session.exec(select(JobChunk.owner).where(JobChunk.status == JobStatus.RUNNING)).all()
    assert not JobStatus(job.status).is_over, "the process must be caught at work"
    return any(owner.split(":")[1] == str(pid) for owner in owners)


def test_a_worker_of_several_processes_outlives_one_and_stops_with_its_parent(
    ready: Settings, database: Engine, catalogue: Catalogue, start: StartWorker
) -> None:
    parent = start(1, "--processes", "2", "--nice", "5")
    job_id = ask(database, ready, catalogue)
    # The lease of these processes is that of an installation: they are spawned anew.
    wait_for(database, job_id, lambda job: JobStatus(job.status).is_over)
    children = [int(pid) for pid in Path(f"/proc/{parent.pid}/task/{parent.pid}/children").read_text().split()]
    niceness = [int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[16]) for pid in children]
    assert niceness.count(os.nice(0) + 5) == 2
    parent.kill()
    parent.wait()
    deadline = time.monotonic() + 30
    while any(is_alive(pid) for pid in children):
        assert time.monotonic() < deadline, "a process whose parent is gone stops by itself"
        time.sleep(0.1)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False
