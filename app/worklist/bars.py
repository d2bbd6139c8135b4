"""The bars of progress that the lists show: made by the room that counts coverage, which hands its function down."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlmodel import Session

from app.web.meter import Meter


@dataclass(frozen=True, slots=True)
class WorkBar:
    """One bar against the target, and what it says."""

    name: str
    sentence: str
    meter: Meter


Bars = Callable[[Session, int], list[WorkBar]]
_made_by: list[Bars] = []


def make_bars_with(bars: Bars) -> None:
    """Said once, by the room that counts: (session, catalogue) -> its bars."""
    _made_by[:] = [bars]


def bars_of(session: Session, catalogue_id: int) -> list[WorkBar]:
    """The bars of a catalogue, rows then volume where volumes are known."""
    return _made_by[0](session, catalogue_id) if _made_by else []
