"""The best candidate left of rows whose first one a person set aside: what the queue shows in its place.

The order and the filters of the queue follow what the engine proposed, whoever set what aside. Only rows whose first
candidate was ever set aside are looked at, so that a page that has none asks nothing.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select

from app.models import Proposal
from app.transcoding import repository
from app.transcoding.facts import derive_state, rejected_candidates


@dataclass(frozen=True, slots=True)
class Best:
    """The best candidate of a row; the code is empty where the row has none, or none left."""

    loinc_num: str
    band: str
    contradiction: str
    """`1`, `0`, or nothing without a candidate."""
    all_aside: bool = False
    """The row had candidates, and each of them was set aside."""


def best_left(session: Session, run_id: int, rows: Sequence[Any], hidden: Collection[int] = ()) -> dict[int, Best]:
    """Row -> its best candidate left, of these rows of the queue (`queue_sql.rows_of_ids`); two statements at most.

    For the `hidden` ones, whose facts the person may not see, it is what the engine proposed first.
    """
    found = {row.id: Best(row.best_loinc, row.band, row.contradiction) for row in rows}
    touched = [row.id for row in rows if row.touched == "1" and row.id not in hidden]
    if not touched:
        return found
    aside: dict[int, set[str]] = {}
    for row_id, facts in repository.facts_of_many(session, touched).items():
        aside[row_id] = set(rejected_candidates(facts)) - {derive_state(facts).loinc_num}
    wanted = [row_id for row_id in touched if found[row_id].loinc_num in aside[row_id]]
    if not wanted:
        return found
    found |= {row_id: Best("", "", "", all_aside=True) for row_id in wanted}
    statement = (
        select(Proposal.local_test_id, Proposal.loinc_num, Proposal.band, Proposal.has_contradiction)
        .where(Proposal.run_id == run_id, col(Proposal.local_test_id).in_(wanted), col(Proposal.rank) > 0)
        .order_by(col(Proposal.local_test_id), col(Proposal.rank))
    )
    for row_id, number, band, is_contradicted in session.execute(statement):
        if found[row_id].all_aside and number not in aside[row_id]:
            found[row_id] = Best(number, band, "1" if is_contradicted else "0")
    return found
