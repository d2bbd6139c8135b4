"""How many requests of codes a catalogue has, by where they stand, for its report."""

from sqlmodel import Session

from app.code_requests import repository
from app.code_requests.repository import Declared
from app.code_requests.wording import STATUS

CountedStatus = tuple[str, int, int]
"""Words of a status, requests of rows approved without code, requests of rows decided so and not approved yet."""


def by_status(session: Session, catalogue_id: int, blind: int | None) -> tuple[CountedStatus, ...]:
    """The requests that stand, for each status that some of them has; `blind` as `blind_person` gives it."""
    counts = repository.counts_of(session, repository.of_catalogue(catalogue_id, blind))
    found = (
        (word.text, counts.get((Declared.APPROVED, status), 0), counts.get((Declared.DECIDED, status), 0))
        for status, word in STATUS.items()
    )
    return tuple(line for line in found if line[1] or line[2])
