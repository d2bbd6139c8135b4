"""What kinds of jobs exist: each room registers the function that does its work."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine

from app.platform.progress import Progress
from app.settings import Settings

JobFunction = Callable[[Engine, Settings, int, dict[str, Any], Progress], str | None]
"""`function(engine, settings, job_id, payload, progress)`; may return the French sentence of its outcome."""


@dataclass(frozen=True, slots=True)
class JobKind:
    """A kind of job, the function that does it, and its French name."""

    kind: str
    function: JobFunction
    label: str


_kinds: dict[str, JobKind] = {}


def register(kind: str, function: JobFunction, label: str = "") -> None:
    """Declare a kind of job; called by each room when it is imported."""
    known = _kinds.get(kind)
    if known is not None and known.function is not function:
        raise ValueError(f"the job kind {kind!r} is already registered")
    _kinds[kind] = JobKind(kind, function, label or kind)


def unregister(kind: str) -> None:
    """Forget a kind of job, if it is known."""
    _kinds.pop(kind, None)


def find_kind(kind: str) -> JobKind | None:
    """The registered kind of this name, or None."""
    return _kinds.get(kind)


def label_of(kind: str) -> str:
    """The French name of a kind of job."""
    known = _kinds.get(kind)
    return known.label if known else kind
