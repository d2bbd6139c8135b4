"""The queue computed the plain way: every row of the catalogue from its facts, filtered and ordered at once."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlmodel import Session

from app.worklist import queue_sql
from app.worklist.facets import FACETS
from app.worklist.query import ReviewQuery


def all_rows(session: Session, catalogue_id: int, run_id: int, query: ReviewQuery) -> Sequence[Any]:
    """Every row of the query, in order."""
    ids = queue_sql.all_ids(session, catalogue_id, run_id, query)
    return queue_sql.rows_of_ids(session, catalogue_id, run_id, ids)


def ordered_ids(session: Session, catalogue_id: int, run_id: int, query: ReviewQuery) -> list[tuple[int, str]]:
    """Identifier and status of every row of the query, in order."""
    return [(row.id, row.status) for row in all_rows(session, catalogue_id, run_id, query)]


def facet_counts(session: Session, catalogue_id: int, run_id: int, query: ReviewQuery) -> dict[str, dict[str, int]]:
    """For each facet how many rows each value would leave."""
    counts = {}
    for facet in FACETS:
        rows = all_rows(session, catalogue_id, run_id, query.without_facet(facet.key))
        counts[facet.key] = dict(Counter(str(getattr(row, facet.column)) for row in rows))
    return counts


def next_of(rows: Sequence[tuple[int, str]], current_id: int, statuses: set[str]) -> int | None:
    """The next row of one of these statuses after a row, from the beginning when there is none."""
    here = [row_id for row_id, _ in rows].index(current_id)
    turned = [*rows[here + 1 :], *rows[:here]]
    return next((row_id for row_id, status in turned if status in statuses), None)

