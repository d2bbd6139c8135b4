"""The SQL of the windows of the queue: which rows come before and after a place, without ordering the catalogue.

A place is the value by which the queue is sorted, the position in the file and the identifier of a row. Rows beyond it
are read in two stretches, those of the same value then those of other values, each from an index.

Building such a statement takes ten times what running it does: each is built once for each form that a query takes,
and is given its values when it runs.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    and_,
    bindparam,
    case,
    func,
    literal,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.sql.selectable import CompoundSelect
from sqlmodel import Session

from app.models import Status, WorklistEntry
from app.worklist.claims import claim_values, claimed_by_others
from app.worklist.facets import BY_KEY
from app.worklist.query import SORTS, ReviewQuery, stored_values
from app.worklist.queue_sql import patterns
from matcher.normalise.text import fold

ENTRIES = WorklistEntry.__table__.c  # type: ignore[attr-defined]
Conditions = list[ColumnElement[bool]]
MAX_POSITION = 2**31 - 1
FORMS = 256
"""Statements kept of each kind, those asked for last."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row is in an order."""

    value: Any
    position: int
    id: int
    status: str
    is_kept: bool
    """Whether the row itself answers the query."""

    def as_sorted_by(self, written: str | None) -> "Place":
        """The place that the row had, by the value that `written_value` wrote; its own, when it wrote none."""
        if written is None:
            return self
        try:
            return replace(self, value=type(self.value)(written))
        except ValueError:
            return self

    @property
    def values(self) -> dict[str, Any]:
        """What statements of rows beyond this place are given."""
        return {"place_value": self.value, "place_position": self.position, "place_id": self.id}


@dataclass(frozen=True, slots=True)
class _Form:
    """What a query looks like without its values: the statements of two queries of one form are the same."""

    tri: str
    only: tuple[str, ...]
    without: tuple[str, ...]
    words: int

    @classmethod
    def of(cls, query: ReviewQuery, skip: Collection[str] = ()) -> "_Form":
        """The facets of `skip` are left aside."""
        only, without = (tuple(key for key in part if key not in skip) for part in (query.only, query.without))
        return cls(query.tri, only, without, len(fold(query.q).split()))

    @property
    def column(self) -> ColumnElement[Any]:
        """The column by which the query sorts."""
        return ENTRIES[SORTS[self.tri.removeprefix("-")]]  # type: ignore[no-any-return]

    @property
    def is_down(self) -> bool:
        """Whether the highest value comes first."""
        return self.tri.startswith("-")

    def by(self, value: Any, position: Any, row_id: Any, backwards: bool = False) -> list[Any]:
        """The clauses of ORDER BY over these columns."""
        first = value.asc() if self.is_down is backwards else value.desc()
        return [first, *((position.desc(), row_id.desc()) if backwards else (position.asc(), row_id.asc()))]

    def stretches(self, backwards: bool = False) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
        """The rows beyond a place: of the same value, and of the others."""
        value: BindParameter[Any] = bindparam("place_value", type_=self.column.type)
        here = tuple_(ENTRIES.position, ENTRIES.local_test_id)
        end = tuple_(
            bindparam("place_position", type_=ENTRIES.position.type),
            bindparam("place_id", type_=ENTRIES.local_test_id.type),
        )
        same = and_(self.column == value, here < end if backwards else here > end)
        return same, self.column > value if self.is_down is backwards else self.column < value

    def conditions(self) -> Conditions:
        """The catalogue, the text and the facets of the query."""
        found: Conditions = [ENTRIES.catalogue_id == bindparam("catalogue_id")]
        found += [ENTRIES.searched.like(bindparam(f"word_{number}"), escape="/") for number in range(self.words)]
        found += [ENTRIES[BY_KEY[key].column].in_(bindparam(f"only_{key}", expanding=True)) for key in self.only]
        found += [
            ENTRIES[BY_KEY[key].column].not_in(bindparam(f"without_{key}", expanding=True)) for key in self.without
        ]
        return found

    def values(self, catalogue_id: int, query: ReviewQuery) -> dict[str, Any]:
        """What `conditions` are given."""
        only, without = stored_values(query.only), stored_values(query.without)
        return (
            {"catalogue_id": catalogue_id, **patterns(query.q)}
            | {f"only_{key}": list(only[key]) for key in self.only}
            | {f"without_{key}": list(without[key]) for key in self.without}
        )


def _part(
    name: str, form: _Form, where: Conditions, limit: Any, backwards: bool = False, offset: Any = None
) -> Select[Any]:
    """Some rows in order, named so that several parts can be told apart in one statement."""
    statement = (
        select(
            literal(name).label("part"),
            ENTRIES.local_test_id.label("id"),
            form.column.label("value"),
            ENTRIES.position.label("position"),
        )
        .where(*where)
        .order_by(*form.by(form.column, ENTRIES.position, ENTRIES.local_test_id, backwards))
        .limit(limit)
    )
    inner = (statement if offset is None else statement.offset(offset)).subquery()
    return select(inner)


@lru_cache(FORMS)
def _place(form: _Form) -> Select[Any]:
    kept = and_(*form.conditions())
    statement = select(form.column, ENTRIES.position, ENTRIES.local_test_id, ENTRIES.status, kept)
    return statement.where(
        ENTRIES.catalogue_id == bindparam("catalogue_id"), ENTRIES.local_test_id == bindparam("row_id")
    )


def place_of(session: Session, catalogue_id: int, query: ReviewQuery, row_id: int) -> Place | None:
    """The place of a row in the order of the query, also when the query leaves it out."""
    form = _Form.of(query)
    row = session.execute(_place(form), form.values(catalogue_id, query) | {"row_id": row_id}).first()
    return Place(row[0], row[1], row[2], row[3], bool(row[4])) if row else None


@lru_cache(FORMS)
def _beyond(form: _Form, backwards: bool) -> Select[Any]:
    where = form.conditions()
    rows = union_all(
        *(
            _part(str(number), form, [*where, stretch], bindparam("most"), backwards)
            for number, stretch in enumerate(form.stretches(backwards))
        )
    ).subquery()
    nearest = form.by(rows.c.value, rows.c.position, rows.c.id, backwards)
    return select(rows.c.id, rows.c.value).order_by(rows.c.part, *nearest).limit(bindparam("most"))


Sorted = tuple[int, str]
"""A row, and the value that sorts it, as an address carries it."""


def written_value(value: Any) -> str:
    """A value of a column of sorting as text; `Place.as_sorted_by` reads it."""
    return repr(value) if isinstance(value, float) else str(value)


def rows_beyond(
    session: Session, catalogue_id: int, query: ReviewQuery, place: Place, limit: int, backwards: bool = False
) -> list[Sorted]:
    """The rows after a place, or those before it, the nearest first; one statement."""
    form = _Form.of(query)
    values = form.values(catalogue_id, query) | place.values | {"most": limit}
    return [(row.id, written_value(row.value)) for row in session.execute(_beyond(form, backwards), values)]


def ids_beyond(
    session: Session, catalogue_id: int, query: ReviewQuery, place: Place, limit: int, backwards: bool = False
) -> list[int]:
    """The same, without the values."""
    return [row_id for row_id, _ in rows_beyond(session, catalogue_id, query, place, limit, backwards)]


@lru_cache(FORMS)
def _first(form: _Form) -> Select[Any]:
    return _part("", form, form.conditions(), bindparam("most"), offset=bindparam("skipped"))


def first_rows(session: Session, catalogue_id: int, query: ReviewQuery, limit: int, offset: int = 0) -> list[Sorted]:
    """The first rows of the query; `offset` is for addresses that only say the number of their page."""
    form = _Form.of(query)
    values = form.values(catalogue_id, query) | {"most": limit, "skipped": offset}
    return [(row.id, written_value(row.value)) for row in session.execute(_first(form), values)]


@lru_cache(FORMS)
def _before(form: _Form) -> CompoundSelect[Any]:
    kept = and_(*form.conditions())
    parts = []
    for stretch in form.stretches(backwards=True):
        nearest = form.by(form.column, ENTRIES.position, ENTRIES.local_test_id, backwards=True)
        rows = select(case((kept, 1), else_=0).label("kept"))
        rows = rows.where(ENTRIES.catalogue_id == bindparam("catalogue_id"), stretch)
        some = rows.order_by(*nearest).limit(bindparam("looked_at")).subquery()
        parts.append(select(func.coalesce(func.sum(some.c.kept), 0), func.count()).select_from(some))
    return union_all(*parts)


def count_before(session: Session, catalogue_id: int, query: ReviewQuery, place: Place, most: int) -> tuple[int, bool]:
    """How many rows come before a place, and whether at least: the `most` rows nearest to it are looked at.

    Those that the query leaves out are looked at too: a filter that keeps few rows would have a whole catalogue read.
    """
    form = _Form.of(query)
    values = form.values(catalogue_id, query) | place.values | {"looked_at": most + 1}
    # Of the same value, then of the values before it.
    (same, seen), (others, seen_others) = session.execute(_before(form), values).all()
    if seen > most:
        return int(same), True
    return int(same) + int(others), seen_others > most


@lru_cache(FORMS)
def _count(form: _Form) -> Select[Any]:
    some = select(literal(1)).where(*form.conditions()).limit(bindparam("most")).subquery()
    return select(func.count()).select_from(some)


def count_rows(session: Session, catalogue_id: int, query: ReviewQuery, most: int) -> int:
    """How many rows the query has, counted up to `most`."""
    form = _Form.of(query)
    number: int = session.execute(_count(form), form.values(catalogue_id, query) | {"most": most}).scalar_one()
    return number


@lru_cache(FORMS)
def _ids(form: _Form) -> Select[Any]:
    here = [ENTRIES.position >= bindparam("first"), ENTRIES.position <= bindparam("last")]
    statement = select(ENTRIES.local_test_id).where(*form.conditions(), *here)
    return statement.order_by(ENTRIES.position, ENTRIES.local_test_id).limit(bindparam("most"))


def ids_in_file_order(
    session: Session, catalogue_id: int, query: ReviewQuery, most: int, first: int = 0, last: int = MAX_POSITION
) -> list[int]:
    """The rows of a query from one position of the file to another, `most` at most, for an act on all of them."""
    form = _Form.of(query)
    values = form.values(catalogue_id, query) | {"most": most, "first": first, "last": last}
    return list(session.scalars(_ids(form), values))


@lru_cache(FORMS)
def _values(form: _Form, columns: tuple[str, ...]) -> CompoundSelect[Any]:
    where = form.conditions()
    some = select(*(ENTRIES[name] for name in columns)).where(*where).limit(bindparam("most")).cte("some")
    counted = func.count().label("rows")
    return union_all(
        *(select(literal(name), some.c[name], counted).select_from(some).group_by(some.c[name]) for name in columns)
    )


def facet_values(
    session: Session, catalogue_id: int, query: ReviewQuery, columns: Sequence[str], skip: str, most: int
) -> tuple[dict[str, dict[str, int]], int]:
    """For each column, the rows of each of its values, and how many rows were looked at: at most `most` of the query.

    One facet of the query is left aside. One statement, which answers the values alone.
    """
    form = _Form.of(query, (skip,) if skip else ())
    found: dict[str, dict[str, int]] = {name: {} for name in columns}
    values = form.values(catalogue_id, query) | {"most": most}
    for name, value, rows in session.execute(_values(form, tuple(columns)), values):
        found[name][value] = rows
    return found, sum(next(iter(found.values())).values())


@lru_cache(FORMS)
def _work(form: _Form, wanted: tuple[tuple[str, str], ...], is_placed: bool, is_free: bool) -> Select[Any]:
    parts = []
    free = [ENTRIES.local_test_id.not_in(claimed_by_others())] if is_free else []
    for name, status in wanted:
        all_here = [*form.conditions(), ENTRIES.status == literal(status)]
        here = [*all_here, *free]
        if is_placed:
            parts += [_part(f"{name} 1", form, [*here, stretch], 1) for stretch in form.stretches()]
            parts += [_part(f"{name} 2", form, [*here, stretch], 1) for stretch in form.stretches(backwards=True)]
        else:
            parts.append(_part(f"{name} 2", form, here, 1))
        if is_free:
            others = [ENTRIES.local_test_id != bindparam("place_id")] if is_placed else []
            parts.append(_part(f"{name} 3", form, [*all_here, *others], 1))
    rows = union_all(*parts).subquery()
    return select(rows.c.part, rows.c.id).order_by(
        rows.c.part, *form.by(rows.c.value, rows.c.position, rows.c.id)
    )  # fmt: skip


def work_after(
    session: Session,
    catalogue_id: int,
    query: ReviewQuery,
    place: Place | None,
    wanted: Mapping[str, Collection[str]],
    user_id: int | None = None,
) -> dict[str, int]:
    """For each name, the first row of one of its statuses after the place, or else from the beginning.

    The row of the place is never found again. One statement, which reads one row for each status.
    `user_id`: rows that other people have open are left to them, unless no other is left.
    """
    form, allowed = _Form.of(query, ("etat",)), _statuses(query)
    pairs = tuple((name, status) for name, statuses in wanted.items() for status in sorted(set(statuses) & allowed))
    if not pairs:
        return {}
    values = form.values(catalogue_id, query) | (place.values if place else {})
    if user_id is not None:
        values |= claim_values(catalogue_id, user_id)
    found: dict[str, int] = {}
    for part, row_id in session.execute(_work(form, pairs, place is not None, user_id is not None), values):
        found.setdefault(part.rpartition(" ")[0], row_id)
    return found


def _statuses(query: ReviewQuery) -> set[str]:
    """The statuses that the query lets through."""
    kept = set(stored_values(query.only).get("etat", [])) or set(Status)
    return {str(status) for status in kept} - set(stored_values(query.without).get("etat", []))


def filtered(catalogue_id: int, query: ReviewQuery) -> tuple[Conditions, dict[str, Any]]:
    """The conditions of a query on entries, and the values that they are given, for statements of other rooms."""
    form = _Form.of(query)
    return form.conditions(), form.values(catalogue_id, query)
