"""Where a row stands in the queue, and which rows come before, after, and next to work on."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from app.models import Status
from app.worklist import queue_sql
from app.worklist.query import ReviewQuery

TO_DECIDE = frozenset({Status.TODO, Status.SENT_BACK})
"""Where a reviewer goes after a decision; a doubt waits for someone, it is not met again by chance."""
TO_APPROVE = frozenset({Status.DECIDED})


def case_url(catalogue_id: int, local_test_id: int, query: ReviewQuery, **extra: str | int | None) -> str:
    """The address of a row, inside this queue."""
    return query.with_page(1).url(f"/catalogues/{catalogue_id}/revue/{local_test_id}", **extra)


def queue_url(catalogue_id: int, query: ReviewQuery, **extra: str | int | None) -> str:
    """The address of the queue."""
    return query.url(f"/catalogues/{catalogue_id}/revue", **extra)


@dataclass(frozen=True, slots=True)
class QueuePosition:
    """A row's place in the ordered queue; identifiers are None where there is nothing."""

    position: int
    total: int
    previous_id: int | None
    next_id: int | None
    next_to_decide_id: int | None
    next_to_approve_id: int | None

    def page(self, size: int) -> int:
        """The page of the queue where the row is."""
        return (self.position - 1) // size + 1


def position_in(rows: Sequence[tuple[int, str]], current_id: int, wants_doubts: bool = False) -> QueuePosition:
    """The place of a row among (identifier, status) rows in order; the search for work wraps around."""
    ids = [row_id for row_id, _ in rows]
    here = ids.index(current_id) if current_id in ids else -1
    to_decide = TO_DECIDE | {Status.DOUBT} if wants_doubts else TO_DECIDE
    return QueuePosition(
        position=here + 1,
        total=len(rows),
        previous_id=ids[here - 1] if here > 0 else None,
        next_id=ids[here + 1] if here + 1 < len(ids) else None,
        next_to_decide_id=_next(rows, here, to_decide),
        next_to_approve_id=_next(rows, here, TO_APPROVE),
    )


def _next(rows: Sequence[tuple[int, str]], here: int, statuses: Collection[str]) -> int | None:
    after = (row_id for row_id, status in rows[here + 1 :] if status in statuses)
    before = (row_id for row_id, status in rows[: max(here, 0)] if status in statuses)
    return next(after, None) or next(before, None)


def find_position(
    session: Session, catalogue_id: int, run_id: int, query: ReviewQuery, current_id: int
) -> QueuePosition:
    """The place of a row in the queue of this query."""
    rows = queue_sql.ordered_ids(session, catalogue_id, run_id, query, current_id)
    return position_in(rows, current_id, wants_doubts="doute" in query.only.get("etat", ()))
