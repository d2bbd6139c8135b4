"""Whether the states that the queues and the exports read are those that the facts mean. Nothing here writes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from app.models import Catalogue, Decision, LocalTest, ReviewState
from app.transcoding.facts import StateValues, derive_state

ROWS_AT_ONCE = 2_000
_FACTS = tuple(
    col(getattr(Decision, name)) for name in ("id", "local_test_id", "action", "loinc_num", "comment", "author_id",
                                              "undoes_id")
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ForgedState:
    """A state that no fact of its row led to."""

    laboratory_id: int
    catalogue_id: int
    local_test_id: int
    fields: tuple[str, ...]
    """Columns of `review_state` that differ from the facts."""


def forged_states(session: Session) -> Iterator[ForgedState]:
    """The rows whose stored state is not what their facts mean, in the order of their identifiers."""
    last = 0
    while True:
        asked = (
            select(col(LocalTest.id), col(LocalTest.catalogue_id), col(Catalogue.laboratory_id), *_STATE)
            .join(Catalogue, col(Catalogue.id) == col(LocalTest.catalogue_id))
            .outerjoin(ReviewState, col(ReviewState.local_test_id) == col(LocalTest.id))
            .where(col(LocalTest.id) > last)
            .order_by(col(LocalTest.id))
            .limit(ROWS_AT_ONCE)
        )
        rows = session.execute(asked).all()
        if not rows:
            return
        facts = _facts_between(session, rows[0][0], rows[-1][0])
        for local_test_id, catalogue_id, laboratory_id, *stored in rows:
            meant = derive_state(facts.get(local_test_id, ()))
            differing = tuple(
                name
                for name, value in zip(StateValues.__slots__, stored, strict=True)
                if value != getattr(meant, name) and (value or getattr(meant, name) != getattr(StateValues(), name))
            )
            if differing:
                yield ForgedState(laboratory_id, catalogue_id, local_test_id, differing)
        last = rows[-1][0]


_STATE = tuple(col(getattr(ReviewState, name)) for name in StateValues.__slots__)


def _facts_between(session: Session, first: int, last: int) -> dict[int, Sequence[Decision]]:
    """Facts by row, oldest first: rows of columns, which have the attributes that the derivation reads."""
    number = col(Decision.local_test_id)
    asked = select(*_FACTS).where(number.between(first, last)).order_by(number, col(Decision.id))
    found: Any = session.execute(asked)
    return {key: list(items) for key, items in groupby(found, key=lambda fact: fact.local_test_id)}
