"""How many rows a query has, and how many each value of a facet would leave.

Exact and read from the counts kept with the facts whenever one facet beside the state is kept or left out; counted
in the entries otherwise, up to a limit that the page shows as such.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlmodel import Session, col, select

from app.models import CatalogueCount, CountFamily
from app.transcoding import repository
from app.transcoding.under_way import are_figures_behind
from app.worklist import entries_sql
from app.worklist.blind_sql import TELLING
from app.worklist.facets import BY_KEY, FACETS
from app.worklist.query import ReviewQuery

MOST = 3_000
"""How many rows are counted at most when the kept counts cannot answer."""
STATE = "etat"
Kept = Mapping[str, Mapping[str, Mapping[str, int]]]
"""Facet -> value -> status -> rows."""


@dataclass(frozen=True, slots=True)
class QueueCounts:
    """The rows of a query, and those of each value of each facet."""

    total: int
    total_is_least: bool
    """There are at least so many."""
    facets: dict[str, dict[str, int]]
    least: frozenset[str]
    """The facets whose counts are lower bounds."""
    by_status: dict[str, int]
    """The rows of the whole catalogue, whatever the query."""
    kept: Kept
    """The counts kept of the whole catalogue."""

    @property
    def has_volumes(self) -> bool:
        """Whether the yearly volume of a row is known."""
        return any(value and any(states.values()) for value, states in self.kept["volume-annuel"].items())


def kept_counts(session: Session, catalogue_id: int) -> Kept:
    """The counts kept of a catalogue."""
    found: dict[str, dict[str, dict[str, int]]] = {facet.key: {} for facet in FACETS}
    statement = select(CatalogueCount.key, CatalogueCount.rows).where(
        CatalogueCount.catalogue_id == catalogue_id,
        CatalogueCount.family == CountFamily.FACET,
        col(CatalogueCount.rows) > 0,
    )
    for key, rows in session.exec(statement):
        facet, value, status = json.loads(key)
        found[facet].setdefault(value, {})[status] = rows
    return found


def queue_counts(session: Session, catalogue_id: int, query: ReviewQuery) -> QueueCounts:
    """Total and facets of a query."""
    kept = kept_counts(session, catalogue_id)
    filtered = {*query.only, *query.without}
    facets: dict[str, dict[str, int]] = {}
    for facet in FACETS:
        others = filtered - {facet.key, STATE}
        if query.blind_to is not None and TELLING & {facet.key, *others}:
            # The kept counts hold what is hidden from her.
            continue
        if query.q or (others and (facet.key != STATE or len(others) > 1)):
            continue
        facets[facet.key] = _of_kept(kept, query, facet.key, next(iter(others), ""))
    total, is_least = _total(session, catalogue_id, query, kept, filtered)
    least = _count_rest(session, catalogue_id, query, kept, facets)
    if are_figures_behind(session, catalogue_id):
        # The progress that is shown is never wrong, even while the rest is being brought up.
        by_status = repository.status_counts(session, catalogue_id)
    else:
        by_status = {status: sum(states.values()) for status, states in kept[STATE].items()}
    return QueueCounts(total, is_least, facets, least, by_status, kept)


def count_total(session: Session, catalogue_id: int, query: ReviewQuery) -> tuple[int, bool]:
    """How many rows a query has, and whether there are only at least so many."""
    return _total(session, catalogue_id, query, kept_counts(session, catalogue_id), {*query.only, *query.without})


def _of_kept(kept: Kept, query: ReviewQuery, key: str, other: str) -> dict[str, int]:
    """The values of a facet under the state, or the states under one other facet."""
    counts: Counter[str] = Counter()
    if key == STATE:
        for value, states in kept[other or STATE].items():
            if not other or passes(query, other, value):
                counts.update(states)
        return dict(counts)
    for value, states in kept[key].items():
        counts[value] += sum(rows for status, rows in states.items() if passes(query, STATE, status))
    return {value: rows for value, rows in counts.items() if rows}


def passes(query: ReviewQuery, key: str, value: str) -> bool:
    """Whether the query keeps the rows that have this value of a facet."""
    only, without = query.only.get(key, ()), query.without.get(key, ())
    stored = BY_KEY[key].stored
    return (not only or value in {stored(word) for word in only}) and value not in {stored(word) for word in without}


def _total(
    session: Session, catalogue_id: int, query: ReviewQuery, kept: Kept, filtered: set[str]
) -> tuple[int, bool]:
    others = filtered - {STATE}
    if query.q or len(others) > 1 or (query.blind_to is not None and others & TELLING):
        number = entries_sql.count_rows(session, catalogue_id, query, MOST + 1)
        return min(number, MOST), number > MOST
    facet = next(iter(others), STATE)
    number = sum(
        rows
        for value, states in kept[facet].items()
        if passes(query, facet, value)
        for status, rows in states.items()
        if passes(query, STATE, status)
    )
    return number, False


def _count_rest(
    session: Session, catalogue_id: int, query: ReviewQuery, kept: Kept, facets: dict[str, dict[str, int]]
) -> frozenset[str]:
    """Count the facets that are not known yet; returns those whose counts are lower bounds."""
    filtered = {*query.only, *query.without}
    groups: dict[str, list[str]] = defaultdict(list)
    for facet in FACETS:
        if facet.key not in facets:
            groups[facet.key if facet.key in filtered else ""].append(facet.key)
    least: set[str] = set()
    for skip, keys in groups.items():
        columns = [BY_KEY[key].column for key in keys]
        values, looked_at = entries_sql.facet_values(session, catalogue_id, query, columns, skip, MOST + 1)
        for key in keys:
            facets[key] = values[BY_KEY[key].column]
            if looked_at > MOST:
                least.add(key)
                _offer_all(facets[key], kept[key])
    return frozenset(least)


def _offer_all(counts: dict[str, int], known: Iterable[str]) -> None:
    """Values that no counted row has may still be among the others: they are offered, without a number."""
    for value in known:
        counts.setdefault(value, 0)

