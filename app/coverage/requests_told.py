"""What a page of coverage says of requests of codes: the room of requests says it, and it counts on this one."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlmodel import Session


@dataclass(frozen=True, slots=True)
class ToldRequests:
    """The requests of a catalogue, for the rows approved without LOINC code: none of them counts as transcoded."""

    total: int
    sent: int
    accepted: int
    with_waiting_code: int
    """Of all the rows declared so, approved or not."""
    url: str


Counted = Callable[[Session, int, int | None], ToldRequests]
_told_by: list[Counted] = []


def tell_requests_with(counted: Counted) -> None:
    """Have the requests of a catalogue counted by this function."""
    _told_by[:] = [counted]


def told_requests(session: Session, catalogue_id: int, blind: int | None) -> ToldRequests | None:
    """The requests of a catalogue that a person may see (`blind_person`); None where no room of requests is loaded."""
    return _told_by[0](session, catalogue_id, blind) if _told_by else None
