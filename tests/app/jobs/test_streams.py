"""The stream of a job: what it tells, who may hear it, and what it holds while it waits."""

import asyncio
import gc
import itertools
import json
from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI
from sqlmodel import Session, delete

from app.jobs import streams
from app.models import Job, JobStatus, Membership
from app.platform.database import transaction
from app.platform.open_transactions import count_open
from tests.conftest import OUTSIDER, READER, ClientFor, World


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "LOOK_SECONDS", 0.05)


def add(world: World, **values: Any) -> int:
    with transaction(world.engine) as session:
        job = Job.model_validate({"kind": "essai", "laboratory_id": world.laboratory_id, **values})
        session.add(job)
    assert job.id is not None
    return job.id


def change(world: World, job_id: int, **values: Any) -> None:
    with transaction(world.engine) as session:
        session.get_one(Job, job_id).sqlmodel_update(values)


def states(text: str) -> list[dict[str, Any]]:
    return [json.loads(line.removeprefix("data: ")) for line in text.splitlines() if line.startswith("data: ")]


Before = Callable[[dict[int, Callable[[], Any]]], None]


@pytest.fixture
def before_look(monkeypatch: pytest.MonkeyPatch) -> Before:
    """What happens before the n-th look at the job, the first being 1: a busy machine changes no order."""

    def plan(actions: dict[int, Callable[[], Any]]) -> None:
        look, numbers = streams._look, itertools.count(1)

        def looked(*given: Any) -> Any:
            actions.get(next(numbers), lambda: None)()
            return look(*given)

        monkeypatch.setattr(streams, "_look", looked)

    return plan


def test_a_stream_tells_what_changes_and_ends_with_the_job(
    client_for: ClientFor, world: World, before_look: Before
) -> None:
    job_id = add(world, status=JobStatus.RUNNING, total=10)
    before_look(
        {
            3: lambda: change(world, job_id, done=5),
            5: lambda: change(world, job_id, status=JobStatus.DONE),
        }
    )
    answer = client_for(READER).get(f"/travaux/{job_id}/flux")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert [(state["done"], state["is_over"]) for state in states(answer.text)] == [(0, False), (5, False), (5, True)]


def test_outsiders_hear_nothing(client_for: ClientFor, world: World) -> None:
    job_id = add(world)
    assert client_for(OUTSIDER).get(f"/travaux/{job_id}/flux").status_code == 404


def test_rights_are_read_again_at_every_look(client_for: ClientFor, world: World, before_look: Before) -> None:
    job_id = add(world)

    def leave() -> None:
        with transaction(world.engine) as session:
            session.execute(delete(Membership))
        change(world, job_id, done=7)

    before_look({3: leave})
    answer = client_for(READER).get(f"/travaux/{job_id}/flux")
    assert [state["done"] for state in states(answer.text)] == [0], "nothing of what happened after she had left"


def test_a_stream_ends_after_some_minutes(
    client_for: ClientFor, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "LONGEST_SECONDS", 0.3)
    answer = client_for(READER).get(f"/travaux/{add(world)}/flux")
    assert len(states(answer.text)) == 1
    assert "retry: 2000" in answer.text


def test_streams_are_bounded(client_for: ClientFor, world: World, application: FastAPI) -> None:
    places = [application.state.streams.take() for _ in range(streams.MAX_STREAMS)]
    assert application.state.streams.take() is None
    answer = client_for(READER).get(f"/travaux/{add(world)}/flux")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    for place in places:
        application.state.streams.give_back(place)
    assert application.state.streams.count == 0


def test_a_place_is_taken_before_the_first_look_and_given_back_whatever_becomes_of_the_stream(
    client_for: ClientFor, world: World, application: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = application.state.streams
    counts: list[int] = []
    look = streams._look

    def counted(*given: Any) -> Any:
        counts.append(taken.count)
        return look(*given)

    monkeypatch.setattr(streams, "_look", counted)
    monkeypatch.setattr(streams, "LONGEST_SECONDS", 0.1)
    client_for(READER).get(f"/travaux/{add(world)}/flux")
    assert set(counts) == {1}
    assert client_for(READER).get("/travaux/999999/flux").status_code == 404
    assert taken.count == 0

    # A browser that leaves before its first event: the stream is thrown away, and was never begun.
    def leave(events: Any, **_headers: Any) -> None:
        raise ConnectionError

    monkeypatch.setattr(streams, "EventSourceResponse", leave)
    with pytest.raises(ConnectionError):
        client_for(READER).get(f"/travaux/{add(world)}/flux")
    gc.collect()
    assert taken.count == 0


def test_a_stop_of_the_server_ends_them(
    client_for: ClientFor, world: World, application: FastAPI, before_look: Before
) -> None:
    before_look({3: application.state.streams.close})
    answer = client_for(READER).get(f"/travaux/{add(world)}/flux")
    assert len(states(answer.text)) == 1
    assert application.state.streams.count == 0


def test_whoever_waits_holds_no_transaction(
    client_for: ClientFor, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id, seen = add(world), []
    sleep = asyncio.sleep

    async def look_and_sleep(seconds: float) -> None:
        seen.append(count_open())
        # Somebody else writes meanwhile.
        with transaction(world.engine) as session:
            write(session, job_id, len(seen))
        await sleep(seconds)

    monkeypatch.setattr(streams.asyncio, "sleep", look_and_sleep)
    client_for(READER).get(f"/travaux/{job_id}/flux")
    assert set(seen) == {0}


def write(session: Session, job_id: int, looks: int) -> None:
    if looks == 3:
        session.get_one(Job, job_id).status = JobStatus.DONE
