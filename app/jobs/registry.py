"""What kinds of jobs exist: each room registers the function that does its work."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine
from sqlmodel import Session

from app.jobs.work import Work
from app.models import Job
from app.settings import Settings


@dataclass(frozen=True, slots=True)
class Part:
    """A chunk to be: what it works on, as JSON values, and by how much it advances the progress."""

    data: dict[str, Any]
    weight: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What a planning function returns instead of doing the work: its chunks, and what all of them must know.

    `content` holds JSON values. `begin` is called in the transaction that stores the plan.
    """

    parts: Sequence[Part]
    content: dict[str, Any] = field(default_factory=dict)
    message: str = ""
    begin: Callable[[Session, Job, dict[str, Any]], None] = lambda _session, _job, _content: None


JobFunction = Callable[[Engine, Settings, int, dict[str, Any], Work], str | Plan | None]
"""`function(engine, settings, job_id, payload, work)`; may return the French sentence of its outcome, or a plan.

`work` is called with the progress. It may be delivered twice and taken over at any point, so its effect and its
outcome belong in one transaction: `with work.writing() as session: …; work.finish(session, sentence)`.
"""
ChunkFunction = Callable[[Engine, Settings, dict[str, Any], dict[str, Any], Work], None]
"""`run(engine, settings, content, data, work)`: does one chunk, again from its beginning when it is taken over."""


@dataclass(frozen=True, slots=True)
class Chunks:
    """How the chunks of a planned kind are done.

    `finish(session, job, content)` is called once, in the transaction that ends the last chunk; it returns the
    sentence of the outcome.
    """

    run: ChunkFunction
    finish: Callable[[Session, Job, dict[str, Any]], str | None]


@dataclass(frozen=True, slots=True)
class JobKind:
    """A kind of job: its function, its French name, how its chunks are done, and what its end means elsewhere.

    `ended(session, job)` is called in the transaction that ends a job, however it ends. `clean(engine, job_id)`
    deletes what a job that ended badly left half-way, in short transactions; it may be called again. A kind that is
    `asked_anew` is not started again from the page of the job: it is asked for where it was, with all that is checked
    and proved there.
    """

    kind: str
    function: JobFunction
    label: str
    chunks: Chunks | None = None
    ended: Callable[[Session, Job], None] | None = None
    clean: Callable[[Engine, int], None] | None = None
    asked_anew: bool = False


_kinds: dict[str, JobKind] = {}
_sweeps: list[Callable[[Engine], bool]] = []


def register_sweep(function: Callable[[Engine], bool]) -> None:
    """Have a function called by idle workers every few seconds: it takes up what a killed process left half-way.

    It returns whether there was something, and may be called at once by several.
    """
    if function not in _sweeps:
        _sweeps.append(function)


def sweep(engine: Engine) -> bool:
    """Take up what was left half-way; whether there was something."""
    found = [function(engine) for function in _sweeps]
    return any(found)




def register(
    kind: str,
    function: JobFunction,
    label: str = "",
    *,
    chunks: Chunks | None = None,
    ended: Callable[[Session, Job], None] | None = None,
    clean: Callable[[Engine, int], None] | None = None,
    asked_anew: bool = False,
) -> None:
    """Declare a kind of job; called by each room when it is imported."""
    known = _kinds.get(kind)
    if known is not None and known.function is not function:
        raise ValueError(f"the job kind {kind!r} is already registered")
    _kinds[kind] = JobKind(kind, function, label or kind, chunks, ended, clean, asked_anew)


def unregister(kind: str) -> None:
    """Forget a kind of job, if it is known."""
    _kinds.pop(kind, None)


def known_kinds() -> list[str]:
    """The kinds that this process can do."""
    return sorted(_kinds)


def find_kind(kind: str) -> JobKind | None:
    """The registered kind of this name, or None."""
    return _kinds.get(kind)


def label_of(kind: str) -> str:
    """The French name of a kind of job."""
    known = _kinds.get(kind)
    return known.label if known else kind
