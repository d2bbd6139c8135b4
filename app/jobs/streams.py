"""Progress as server-sent events: who watches a job holds neither a transaction nor a thread while she waits."""

import asyncio
import itertools
import time
import weakref
from collections.abc import AsyncIterator

import structlog
from fastapi import Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import PlainTextResponse
from fastapi.sse import EventSourceResponse, format_sse_event
from pydantic import BaseModel
from sqlalchemy.exc import SQLAlchemyError

from app.errors import WorkbenchError
from app.jobs import service
from app.jobs.pages import job_line
from app.models import Job
from app.platform.database import reading
from app.platform.identity import SignInRequiredError
from app.platform.web_sessions import cookie_name, user_of_token

LOOK_SECONDS = 1.0
"""How often the job is read."""
PING_SECONDS = 15.0
"""A proxy must not take a stream that has nothing to say for a dead one."""
LONGEST_SECONDS = 300.0
"""The browser connects again by itself; its rights are read at every look all the same."""
MAX_STREAMS = 100
RETRY_AFTER = "5"
"""Seconds."""

log = structlog.get_logger(__name__)


class JobState(BaseModel):
    """What a page is told while it waits."""

    status: str
    status_label: str
    is_over: bool
    done: int
    total: int
    message: str


def state_of(job: Job) -> JobState:
    """The state of a job as its page shows it."""
    line = job_line(job)
    return JobState(
        status=line.status,
        status_label=line.status_label,
        is_over=line.is_over,
        done=line.done,
        total=line.total,
        message=line.message,
    )


class Streams:
    """The open streams of one application, each with a place of its own."""

    def __init__(self) -> None:
        self._taken: set[int] = set()
        self._numbers = itertools.count()
        self._is_closing = False

    @property
    def count(self) -> int:
        """How many places are taken: those of streams that are being let in, too."""
        return len(self._taken)

    def take(self) -> int | None:
        """A place, to be given back; None when there is none left."""
        if len(self._taken) >= MAX_STREAMS or self._is_closing:
            return None
        place = next(self._numbers)
        self._taken.add(place)
        return place

    def give_back(self, place: int) -> None:
        """Free a place; twice does no harm."""
        self._taken.discard(place)

    def close(self) -> None:
        """End every stream at its next look: an orderly stop does not wait for those who watch."""
        self._is_closing = True

    @property
    def is_closing(self) -> bool:
        """Whether the server stops."""
        return self._is_closing


def _look(request: Request, job_id: int) -> JobState:
    """The job, in a short reading transaction, for whoever still has a session and her rights."""
    state = request.app.state
    with reading(state.engine) as session:
        cookie = request.cookies.get(cookie_name(state.settings), "")
        user = user_of_token(session, cookie, state.settings)
        if user is None:
            raise SignInRequiredError("Connectez-vous pour continuer.")
        return state_of(service.open_job(session, user, job_id).job)


async def follow(request: Request, job_id: int) -> Response:
    """A stream of the states of a job, or 503 when too many are open: the page then asks instead."""
    streams: Streams = request.app.state.streams
    place = streams.take()
    if place is None:
        sentence = "Trop de pages suivent des travaux en ce moment."
        return PlainTextResponse(sentence, status_code=503, headers={"Retry-After": RETRY_AFTER})
    try:
        first = await run_in_threadpool(_look, request, job_id)
    except BaseException:
        streams.give_back(place)
        raise
    events = _events(request, job_id, first, streams, place)
    # A browser that leaves before the first event: what never began never ends either.
    weakref.finalize(events, streams.give_back, place)
    return EventSourceResponse(events, headers={"X-Accel-Buffering": "no"})


async def _events(
    request: Request, job_id: int, first: JobState, streams: Streams, place: int
) -> AsyncIterator[bytes]:
    try:
        begun = spoken = time.monotonic()
        shown = first
        yield format_sse_event(data_str=first.model_dump_json(), retry=2000)
        while not shown.is_over and not streams.is_closing and time.monotonic() - begun < LONGEST_SECONDS:
            await asyncio.sleep(LOOK_SECONDS)
            state = await run_in_threadpool(_look, request, job_id)
            if state != shown:
                shown, spoken = state, time.monotonic()
                yield format_sse_event(data_str=state.model_dump_json())
            elif time.monotonic() - spoken > PING_SECONDS:
                spoken = time.monotonic()
                yield format_sse_event(comment="toujours là")
    except (WorkbenchError, SQLAlchemyError) as error:
        # Rights lost, or a database that does not answer: the browser asks again, and is told then.
        log.info("jobs.stream_ended", job_id=job_id, error=type(error).__qualname__)
    finally:
        streams.give_back(place)
