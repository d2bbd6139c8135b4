"""Claims, leases and fencing: one holder at a time, laboratories in turn, and no job that runs for ever."""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, select

from app.jobs import clock, lease, queue, registry
from app.jobs.claims import claim
from app.jobs.endings import end_job
from app.jobs.lease import LostLeaseError
from app.jobs.registry import Chunks, JobFunction, Part, Plan, register, unregister
from app.jobs.runner import clean_one, run, run_job
from app.jobs.work import Work
from app.models import Catalogue, Job, JobChunk, JobStatus, Laboratory, User, utc_now
from app.platform.database import reading, transaction
from app.settings import Settings
from tests.conftest import TRANSCODER, World

KIND = "essai-bail"
Kind = Callable[..., None]


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    """This version knows the kind of the tests, whether or not one of them says what it does."""
    others = registry.known_kinds
    monkeypatch.setattr(registry, "known_kinds", lambda: sorted({*others(), KIND, "autre"}))


@pytest.fixture
def kind() -> Iterator[Kind]:
    """Registers the kind of the test."""

    def declare(function: JobFunction, **extras: Any) -> None:
        register(KIND, function, "Essai de bail", **extras)

    yield declare
    unregister(KIND)


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Puts the clock of the database forward, by seconds."""
    shift = timedelta()

    def now(_session: Session) -> datetime:
        return utc_now() + shift

    def go(seconds: float) -> None:
        nonlocal shift
        shift += timedelta(seconds=seconds)

    monkeypatch.setattr(clock, "now", now)
    return go


def add(engine: Engine, laboratory_id: int | None = None, **values: Any) -> int:
    with transaction(engine) as session:
        job = Job.model_validate({"kind": KIND, "laboratory_id": laboratory_id, **values})
        session.add(job)
    assert job.id is not None
    return job.id


def load(engine: Engine, job_id: int) -> Job:
    with reading(engine) as session:
        return session.get_one(Job, job_id)


def test_a_job_is_claimed_once_until_its_lease_expires(engine: Engine, later: Callable[[float], None]) -> None:
    job_id = add(engine)
    first = claim(engine)
    assert first is not None
    assert claim(engine) is None
    later(lease.LEASE_SECONDS - 1)
    assert claim(engine) is None
    later(2)
    second = claim(engine)
    assert second is not None
    assert (second.lease.job_id, second.attempts) == (job_id, 2)
    assert second.lease.owner != first.lease.owner
    assert load(engine, job_id).lost_leases == 1


def test_whoever_lost_the_lease_writes_nothing_more(engine: Engine, later: Callable[[float], None], kind: Kind) -> None:
    """The first worker sleeps through its lease, in the middle of its work; a second one does it."""
    effects: list[str] = []

    def work_through(database: Engine, settings: Settings, _id: int, _payload: dict[str, Any], work: Work) -> None:
        if not effects:
            effects.append("begun")
            later(lease.LEASE_SECONDS + 1)
            run_job(database, settings, job_id)
            for write in (lambda: work(1, 2, "encore"), lambda: enter(work)):
                with pytest.raises(LostLeaseError):
                    write()
            raise LostLeaseError
        with work.writing() as session:
            session.add(Laboratory(name="Une seule fois"))
            work.finish(session, "Fait par le second.")

    kind(work_through)
    job_id = add(engine)
    run_job(engine, Settings(), job_id)
    assert (load(engine, job_id).status, load(engine, job_id).message) == (JobStatus.DONE, "Fait par le second.")
    with reading(engine) as session:
        assert len(session.exec(select(Laboratory)).all()) == 1


def test_a_second_holder_at_work_keeps_the_first_one_out(engine: Engine, later: Callable[[float], None]) -> None:
    job_id = add(engine)
    first = claim(engine)
    later(lease.LEASE_SECONDS + 1)
    second = claim(engine)
    assert first is not None
    assert second is not None
    stale, current = Work(engine, first.lease, end_job), Work(engine, second.lease, end_job)
    with pytest.raises(LostLeaseError):
        enter(stale)
    with transaction(engine) as session, pytest.raises(LostLeaseError):
        stale.finish(session, "Fait par le premier.")
    with pytest.raises(LostLeaseError):
        stale(1, 2, "encore")
    with current.writing() as session:
        current.finish(session, "Fait par le second.")
    assert load(engine, job_id).message == "Fait par le second."


def enter(work: Work) -> None:
    with work.writing():
        raise AssertionError("the lease is lost")


def test_the_heartbeat_keeps_a_silent_job(engine: Engine, monkeypatch: pytest.MonkeyPatch, kind: Kind) -> None:
    monkeypatch.setattr(lease, "LEASE_SECONDS", 2.0)
    monkeypatch.setattr(lease, "HEARTBEAT_SECONDS", 0.2)
    seen: list[object] = []

    def silent(database: Engine, _settings: Settings, _id: int, _payload: dict[str, Any], _work: Work) -> None:
        deadline = time.monotonic() + 4
        while time.monotonic() < deadline:
            seen.append(claim(database))
            time.sleep(0.1)

    kind(silent)
    job_id = add(engine)
    run_job(engine, Settings(), job_id)
    assert set(seen) == {None}
    assert (load(engine, job_id).status, load(engine, job_id).attempts) == (JobStatus.DONE, 1)


def test_a_job_that_kills_its_process_is_given_up(engine: Engine, later: Callable[[float], None]) -> None:
    job_id = add(engine)
    for _ in range(3):
        assert claim(engine) is not None
        later(lease.LEASE_SECONDS + 1)
    assert claim(engine) is None
    job = load(engine, job_id)
    assert job.status == JobStatus.FAILED
    assert job.message.startswith("Ce travail s'est arrêté 3 fois")
    assert job.lost_leases == 3


def test_a_full_disk_leaves_no_job_running(engine: Engine, later: Callable[[float], None], kind: Kind) -> None:
    """The function fails, and so does the write of the outcome, as they do on a full disk."""
    full = OperationalError("COMMIT", {}, sqlite3.OperationalError("database or disk is full"))
    attempts: list[int] = []

    def fail(_engine: Engine, _settings: Settings, _id: int, _payload: dict[str, Any], _work: Work) -> str:
        attempts.append(1)
        if len(attempts) < 3:
            raise full
        return "Fait."

    kind(fail)
    job_id = add(engine)
    run_job(engine, Settings(), job_id)
    job = load(engine, job_id)
    assert (job.status, job.last_error) == (JobStatus.WAITING, "OperationalError")
    assert "disque plein" in job.message
    run_job(engine, Settings(), job_id)
    assert len(attempts) == 1, "not at once"
    later(60)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("app.jobs.runner._postpone", lambda *_: (_ for _ in ()).throw(full))
        claimed = claim(engine)
        assert claimed is not None
        run(engine, Settings(), claimed)
    assert load(engine, job_id).status == JobStatus.RUNNING, "nothing could be written"
    later(lease.LEASE_SECONDS + 1)
    run_job(engine, Settings(), job_id)
    assert (load(engine, job_id).status, load(engine, job_id).message) == (JobStatus.DONE, "Fait.")


def plan_of(count: int) -> JobFunction:
    def function(_engine: Engine, _settings: Settings, _id: int, _payload: dict[str, Any], _work: Work) -> Plan:
        return Plan([Part({"number": number}, 10) for number in range(count)], {"known": "de tous"})

    return function


def test_small_jobs_pass_between_the_chunks_of_a_large_one(world: World, kind: Kind) -> None:
    """One worker, a large job of one laboratory, then small ones of another: they take turns."""
    engine, order = world.engine, []

    def note(_e: Engine, _s: Settings, content: dict[str, Any], data: dict[str, Any], _w: Work) -> None:
        assert content["known"] == "de tous"
        order.append(f"A{data['number']}")

    def small(_e: Engine, _s: Settings, _id: int, payload: dict[str, Any], _w: Work) -> None:
        order.append(payload["name"])

    kind(plan_of(6), chunks=Chunks(note, lambda _session, _job, _content: "Tout est fait."))
    register("essai-petit", small)
    try:
        large = add(engine, world.laboratory_id)
        take_one(engine)
        for name in ("B1", "B2", "B3"):
            add(engine, world.other_laboratory.id, kind="essai-petit", payload={"name": name})
        while take_one(engine):
            pass
    finally:
        unregister("essai-petit")
    assert order == ["B1", "A0", "B2", "A1", "B3", "A2", "A3", "A4", "A5"]
    job = load(engine, large)
    assert (job.status, job.done, job.total, job.message) == (JobStatus.DONE, 60, 60, "Tout est fait.")


def take_one(engine: Engine) -> bool:
    claimed = claim(engine)
    if claimed is not None:
        run(engine, Settings(), claimed)
    return claimed is not None


def test_a_busy_laboratory_waits_for_one_that_has_nothing_under_way(world: World) -> None:
    for _ in range(3):
        add(world.engine, world.laboratory_id)
    assert claim(world.engine) is not None
    assert claim(world.engine) is not None
    add(world.engine, world.other_laboratory.id)
    claimed = claim(world.engine)
    assert claimed is not None
    assert claimed.job.laboratory_id == world.other_laboratory.id


def test_jobs_of_one_kind_on_one_catalogue_follow_each_other(world: World) -> None:
    catalogue: Catalogue = world.add_catalogue()
    add(world.engine, world.laboratory_id, catalogue_id=catalogue.id)
    add(world.engine, world.laboratory_id, catalogue_id=catalogue.id)
    other = add(world.engine, world.laboratory_id, catalogue_id=catalogue.id, kind="autre")
    assert claim(world.engine) is not None
    claimed = claim(world.engine)
    assert claimed is not None
    assert claimed.lease.job_id == other
    assert claim(world.engine) is None


def test_the_last_two_chunks_may_end_together(engine: Engine, kind: Kind) -> None:
    together, finished = threading.Barrier(2), []

    def wait(_e: Engine, _s: Settings, _c: dict[str, Any], _d: dict[str, Any], _w: Work) -> None:
        together.wait(30)

    def finish(_session: Session, job: Job, _content: dict[str, Any]) -> None:
        finished.append(job.id)

    kind(plan_of(2), chunks=Chunks(wait, finish))
    job_id = add(engine)
    take_one(engine)
    threads = [threading.Thread(target=take_one, args=(engine,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert finished == [job_id]


def test_a_chunk_that_fails_ends_its_job_and_what_was_left_is_cleaned(engine: Engine, kind: Kind) -> None:
    ended, cleaned = [], []

    def fail(_e: Engine, _s: Settings, _c: dict[str, Any], data: dict[str, Any], _w: Work) -> None:
        if data["number"] == 1:
            raise ValueError("détail interne")

    kind(
        plan_of(3),
        chunks=Chunks(fail, lambda *_: None),
        ended=lambda _session, job: ended.append(job.status),
        clean=lambda _engine, job_id: cleaned.append(job_id),
    )
    job_id = add(engine)
    while take_one(engine):
        pass
    assert load(engine, job_id).status == JobStatus.FAILED
    assert ended == [JobStatus.FAILED]
    with reading(engine) as session:
        assert session.exec(select(JobChunk)).all() == []
    assert clean_one(engine)
    assert cleaned == [job_id]
    assert not clean_one(engine)


def cancel(engine: Engine, job_id: int, user: User) -> None:
    with transaction(engine) as session:
        queue.JobQueue(Settings(), engine).cancel(session, session.get_one(Job, job_id), user)


def test_a_waiting_job_is_cancelled_at_once_and_a_running_one_at_its_next_step(world: World, kind: Kind) -> None:
    user, steps = world.users[TRANSCODER], []

    def step_by_step(database: Engine, _s: Settings, job_id: int, _p: dict[str, Any], work: Work) -> None:
        for step in range(3):
            work(step, 3, f"Étape {step}")
            steps.append(step)
            if step == 1:
                cancel(database, job_id, user)

    kind(step_by_step)
    waiting = add(world.engine)
    cancel(world.engine, waiting, user)
    assert load(world.engine, waiting).status == JobStatus.CANCELLED
    running = add(world.engine)
    run_job(world.engine, Settings(), running)
    job = load(world.engine, running)
    assert (job.status, steps) == (JobStatus.CANCELLED, [0, 1])
    assert job.cancel_requested_by_id == user.id


def test_a_planned_job_is_cancelled_with_its_chunks(world: World, kind: Kind) -> None:
    kind(plan_of(3), chunks=Chunks(lambda *_: None, lambda *_: None))
    job_id = add(world.engine)
    take_one(world.engine)
    in_hand = claim(world.engine)
    assert in_hand is not None
    cancel(world.engine, job_id, world.users[TRANSCODER])
    assert load(world.engine, job_id).status == JobStatus.CANCELLED
    run(world.engine, Settings(), in_hand)
    assert load(world.engine, job_id).status == JobStatus.CANCELLED
    assert claim(world.engine) is None


def test_work_of_a_newer_version_is_left_to_it(engine: Engine) -> None:
    newer = add(engine, kind="d'une version à venir")
    assert claim(engine) is None
    mine = add(engine)
    claimed = claim(engine)
    assert claimed is not None
    assert claimed.job.id == mine
    assert load(engine, newer).status == JobStatus.WAITING


def test_waiting_in_vain_for_another_writer_is_no_failed_attempt(
    engine: Engine, later: Callable[[float], None], kind: Kind, settings: Settings
) -> None:
    locked = sqlite3.OperationalError("database is locked")
    if engine.dialect.name == "postgresql":
        locked = psycopg.errors.LockNotAvailable("canceling statement due to lock timeout")  # type: ignore[assignment]

    def wait(*_: object) -> str:
        raise OperationalError("SELECT 1", None, locked)

    kind(wait)
    job_id = add(engine)
    for _ in range(2 * Job(kind=KIND).max_attempts):
        claimed = claim(engine)
        assert claimed is not None
        run(engine, settings, claimed)
        later(600)
    job = load(engine, job_id)
    assert (job.status, job.attempts) == (JobStatus.WAITING, 0)


@pytest.mark.only("postgresql", "rows are locked one by one")
def test_no_claim_waits_for_the_work_of_another(world: World, kind: Kind, later: Callable[[float], None]) -> None:
    stuck, other = add(world.engine, world.laboratory_id), add(world.engine, world.other_laboratory.id)
    first = claim(world.engine, stuck)
    assert first is not None
    with transaction(world.engine) as session:
        job = session.get_one(Job, stuck)
        job.attempts = job.max_attempts
    with transaction(world.engine) as session:
        # A process that was frozen in the middle of a write.
        first.lease.fence(session)
        later(10 * lease.LEASE_SECONDS)
        begun = time.monotonic()
        claimed = claim(world.engine)
        assert time.monotonic() - begun < 5
    assert claimed is not None
    assert claimed.job.id == other


@pytest.mark.only("postgresql", "SQLite waits for its disk at every commit")
def test_what_ends_a_work_waits_for_the_disk_and_its_pieces_do_not(
    engine: Engine, kind: Kind, settings: Settings
) -> None:
    found: list[str] = []

    def work_on(_engine: Engine, _settings: Settings, _job: int, _payload: dict[str, Any], work: Work) -> str:
        asked = text("SELECT current_setting('synchronous_commit')")
        with work.writing() as session:
            found.append(session.connection().execute(asked).scalar_one())
        with work.writing() as session:
            work.finish(session, "fait")
            found.append(session.connection().execute(asked).scalar_one())
        return "fait"

    kind(work_on)
    job_id = add(engine)
    run_job(engine, settings, job_id)
    assert load(engine, job_id).status == JobStatus.DONE
    assert found == ["off", "on"]
