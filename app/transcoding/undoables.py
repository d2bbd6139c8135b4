"""What one key takes back as a whole: rooms that write many facts in one act register how it is taken back.

Undoing goes from the newest thing to the oldest (`app.review.undoing`). A thing is one fact, or facts that were
written together: those are never taken back one by one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import ColumnElement
from sqlmodel import Session

from app.jobs.queue import JobQueue
from app.platform.identity import CatalogueAccess


@dataclass(frozen=True, slots=True)
class Together:
    """Facts that one person wrote in one act, still in force at least in part."""

    newest_fact_id: int
    """Where it stands among the other things that she may take back."""
    title: str
    """What it is in a sentence: « le lot « Ionogramme », 40 lignes »."""
    take_back: Callable[[Session, CatalogueAccess, JobQueue], str]
    """Writes the facts that undo it and returns the address to show; raises WorkbenchError when it refuses."""


class Source(Protocol):
    """A room whose acts write several facts."""

    def holds(self) -> ColumnElement[bool]:
        """SQL condition on Decision: facts that only go back together."""

    def newest(self, session: Session, access: CatalogueAccess, before: int | None) -> Together | None:
        """The newest act of this person in this catalogue that can be undone, of facts older than `before`."""


SOURCES: list[Source] = []


def register(source: Source) -> None:
    """Have the acts of a room taken back by the key that undoes."""
    if source not in SOURCES:
        SOURCES.append(source)
