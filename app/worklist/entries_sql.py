"""The SQL of the windows of the queue: which rows come before and after a place, without ordering the catalogue.

A place is the value by which the queue is sorted, the position in the file and the identifier of a row. Rows beyond it
are read in two stretches, those of the same value then those of other values, each from an index.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, literal, select, tuple_, union_all
from sqlmodel import Session

from app.models import Status, WorklistEntry
from app.worklist.facets import BY_KEY
from app.worklist.query import SORTS, ReviewQuery, stored_values
from matcher.normalise.text import fold

ENTRIES = WorklistEntry.__table__.c  # type: ignore[attr-defined]
Conditions = list[ColumnElement[bool]]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row is in an order."""

    value: Any
    position: int
    id: int
    status: str
    is_kept: bool
    """Whether the row itself answers the query."""


@dataclass(frozen=True, slots=True)
class Order:
    """The order of a query."""

    column: ColumnElement[Any]
    is_down: bool

    @classmethod
    def of(cls, query: ReviewQuery) -> "Order":
        """The order that the address asks for."""
        return cls(ENTRIES[SORTS[query.tri.removeprefix("-")]], query.tri.startswith("-"))

    def by(self, value: Any, position: Any, row_id: Any, backwards: bool = False) -> list[Any]:
        """The clauses of ORDER BY over these columns."""
        first = value.asc() if self.is_down is backwards else value.desc()
        return [first, *((position.desc(), row_id.desc()) if backwards else (position.asc(), row_id.asc()))]

    def stretches(self, place: Place, backwards: bool = False) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
        """The rows beyond a place: of the same value, and of the others."""
        here, end = tuple_(ENTRIES.position, ENTRIES.local_test_id), tuple_(place.position, place.id)
        same = and_(self.column == place.value, here < end if backwards else here > end)
        return same, self.column > place.value if self.is_down is backwards else self.column < place.value


def conditions(catalogue_id: int, query: ReviewQuery, skip: Collection[str] = ()) -> Conditions:
    """The catalogue, text and facets of the query as SQL; the facets of `skip` are left aside."""
    found: Conditions = [ENTRIES.catalogue_id == catalogue_id]
    for word in fold(query.q).split():
        found.append(ENTRIES.searched.contains(word, autoescape=True))
    for values, is_kept in ((stored_values(query.only), True), (stored_values(query.without), False)):
        for key, stored in values.items():
            if key not in skip:
                column = ENTRIES[BY_KEY[key].column]
                found.append(column.in_(stored) if is_kept else column.not_in(stored))
    return found


def place_of(session: Session, catalogue_id: int, query: ReviewQuery, row_id: int) -> Place | None:
    """The place of a row in the order of the query, also when the query leaves it out."""
    kept = and_(*conditions(catalogue_id, query))
    statement = select(Order.of(query).column, ENTRIES.position, ENTRIES.local_test_id, ENTRIES.status, kept)
    row = session.execute(
        statement.where(ENTRIES.catalogue_id == catalogue_id, ENTRIES.local_test_id == row_id)
    ).first()
    return Place(row[0], row[1], row[2], row[3], bool(row[4])) if row else None


def _part(
    name: str, order: Order, where: Conditions, limit: int, backwards: bool = False, offset: int = 0
) -> Select[Any]:
    """Some rows in order, named so that several parts can be told apart in one statement."""
    statement = (
        select(
            literal(name).label("part"),
            ENTRIES.local_test_id.label("id"),
            order.column.label("value"),
            ENTRIES.position.label("position"),
        )
        .where(*where)
        .order_by(*order.by(order.column, ENTRIES.position, ENTRIES.local_test_id, backwards))
        .limit(limit)
    )
    inner = (statement.offset(offset) if offset else statement).subquery()
    return select(inner)


def ids_beyond(
    session: Session, catalogue_id: int, query: ReviewQuery, place: Place, limit: int, backwards: bool = False
) -> list[int]:
    """The rows after a place, or those before it, the nearest first; one statement."""
    order, where = Order.of(query), conditions(catalogue_id, query)
    stretches = enumerate(order.stretches(place, backwards))
    rows = union_all(
        *(_part(str(number), order, [*where, stretch], limit, backwards) for number, stretch in stretches)
    ).subquery()
    nearest = order.by(rows.c.value, rows.c.position, rows.c.id, backwards)
    return list(session.scalars(select(rows.c.id).order_by(rows.c.part, *nearest).limit(limit)))


def first_ids(session: Session, catalogue_id: int, query: ReviewQuery, limit: int, offset: int = 0) -> list[int]:
    """The first rows of the query; `offset` is for addresses that only say the number of their page."""
    part = _part("", Order.of(query), conditions(catalogue_id, query), limit, offset=offset)
    return [row.id for row in session.execute(part)]


def count_before(session: Session, catalogue_id: int, query: ReviewQuery, place: Place, most: int) -> tuple[int, bool]:
    """How many rows come before a place, and whether at least: the `most` rows nearest to it are looked at.

    Those that the query leaves out are looked at too: a filter that keeps few rows would have a whole catalogue read.
    """
    order, kept = Order.of(query), and_(*conditions(catalogue_id, query))
    parts = []
    for stretch in order.stretches(place, backwards=True):
        nearest = order.by(order.column, ENTRIES.position, ENTRIES.local_test_id, backwards=True)
        rows = select(case((kept, 1), else_=0).label("kept")).where(ENTRIES.catalogue_id == catalogue_id, stretch)
        some = rows.order_by(*nearest).limit(most + 1).subquery()
        parts.append(select(func.coalesce(func.sum(some.c.kept), 0), func.count()).select_from(some))
    # Of the same value, then of the values before it.
    (same, seen), (others, seen_others) = session.execute(union_all(*parts)).all()
    if seen > most:
        return int(same), True
    return int(same) + int(others), seen_others > most


def count_rows(session: Session, catalogue_id: int, query: ReviewQuery, most: int) -> int:
    """How many rows the query has, counted up to `most`."""
    some = select(literal(1)).where(*conditions(catalogue_id, query)).limit(most).subquery()
    number: int = session.execute(select(func.count()).select_from(some)).scalar_one()
    return number


def facet_values(
    session: Session, catalogue_id: int, query: ReviewQuery, columns: Sequence[str], skip: str, most: int
) -> tuple[dict[str, dict[str, int]], int]:
    """For each column, the rows of each of its values, and how many rows were looked at: at most `most` of the query.

    One facet of the query is left aside. One statement, which answers the values alone.
    """
    where = conditions(catalogue_id, query, (skip,) if skip else ())
    some = select(*(ENTRIES[name] for name in columns)).where(*where).limit(most).cte("some")
    parts = [
        select(literal(name), some.c[name], func.count()).select_from(some).group_by(some.c[name]) for name in columns
    ]
    found: dict[str, dict[str, int]] = {name: {} for name in columns}
    for name, value, rows in session.execute(union_all(*parts)):
        found[name][value] = rows
    return found, sum(next(iter(found.values())).values())


def work_after(
    session: Session,
    catalogue_id: int,
    query: ReviewQuery,
    place: Place | None,
    wanted: Mapping[str, Collection[str]],
) -> dict[str, int]:
    """For each name, the first row of one of its statuses after the place, or else from the beginning.

    The row of the place is never found again. One statement, which reads one row for each status.
    """
    order, where = Order.of(query), conditions(catalogue_id, query, ("etat",))
    parts = []
    for name, statuses in wanted.items():
        for status in sorted(set(statuses) & _statuses(query)):
            here = [*where, ENTRIES.status == status]
            if place is None:
                parts.append(_part(f"{name} 2", order, here, 1))
                continue
            parts += [_part(f"{name} 1", order, [*here, stretch], 1) for stretch in order.stretches(place)]
            before = order.stretches(place, backwards=True)
            parts += [_part(f"{name} 2", order, [*here, stretch], 1) for stretch in before]
    if not parts:
        return {}
    rows = union_all(*parts).subquery()
    statement = select(rows.c.part, rows.c.id).order_by(
        rows.c.part, *order.by(rows.c.value, rows.c.position, rows.c.id)
    )
    found: dict[str, int] = {}
    for part, row_id in session.execute(statement):
        found.setdefault(part.rpartition(" ")[0], row_id)
    return found


def _statuses(query: ReviewQuery) -> set[str]:
    """The statuses that the query lets through."""
    kept = set(stored_values(query.only).get("etat", [])) or set(Status)
    return {str(status) for status in kept} - set(stored_values(query.without).get("etat", []))
