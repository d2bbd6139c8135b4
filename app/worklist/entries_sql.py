"""The SQL of the windows of the queue: which rows come before and after a place, without ordering the catalogue.

A place is the value by which the queue is sorted, the position in the file and the identifier of a row. Rows beyond it
are read in two stretches, those of the same value then those of other values, each from an index.

Building such a statement takes ten times what running it does: each is built once for each form that a query takes,
and is given its values when it runs.
"""

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    bindparam,
    case,
    func,
    literal,
    select,
    union_all,
)
from sqlalchemy.sql.selectable import CompoundSelect
from sqlmodel import Session

from app.models import Status
from app.worklist import blind_sql
from app.worklist.blind_sql import ENTRIES
from app.worklist.claims import claim_values, claimed_by_others
from app.worklist.facets import BY_KEY
from app.worklist.query import ReviewQuery, stored_values
from app.worklist.query_form import Conditions, Form, Place

MAX_POSITION = 2**31 - 1
FORMS = 256
"""Statements kept of each kind, those asked for last."""


def _part(
    name: str, form: Form, where: Conditions, limit: Any, backwards: bool = False, offset: Any = None
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
def _place(form: Form) -> Select[Any]:
    kept = and_(*form.conditions())
    statement = select(form.column, ENTRIES.position, ENTRIES.local_test_id, ENTRIES.status, kept)
    return statement.where(
        ENTRIES.catalogue_id == bindparam("catalogue_id"), ENTRIES.local_test_id == bindparam("row_id")
    )


def place_of(session: Session, catalogue_id: int, query: ReviewQuery, row_id: int) -> Place | None:
    """The place of a row in the order of the query, also when the query leaves it out."""
    form = Form.of(query)
    row = session.execute(_place(form), form.values(catalogue_id, query) | {"row_id": row_id}).first()
    return Place(row[0], row[1], row[2], row[3], bool(row[4])) if row else None


@lru_cache(FORMS)
def _beyond(form: Form, backwards: bool) -> Select[Any]:
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
    form = Form.of(query)
    values = form.values(catalogue_id, query) | place.values | {"most": limit}
    return [(row.id, written_value(row.value)) for row in session.execute(_beyond(form, backwards), values)]


def ids_beyond(
    session: Session, catalogue_id: int, query: ReviewQuery, place: Place, limit: int, backwards: bool = False
) -> list[int]:
    """The same, without the values."""
    return [row_id for row_id, _ in rows_beyond(session, catalogue_id, query, place, limit, backwards)]


@lru_cache(FORMS)
def _first(form: Form) -> Select[Any]:
    return _part("", form, form.conditions(), bindparam("most"), offset=bindparam("skipped"))


def first_rows(session: Session, catalogue_id: int, query: ReviewQuery, limit: int, offset: int = 0) -> list[Sorted]:
    """The first rows of the query; `offset` is for addresses that only say the number of their page."""
    form = Form.of(query)
    values = form.values(catalogue_id, query) | {"most": limit, "skipped": offset}
    return [(row.id, written_value(row.value)) for row in session.execute(_first(form), values)]


@lru_cache(FORMS)
def _before(form: Form) -> CompoundSelect[Any]:
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
    form = Form.of(query)
    values = form.values(catalogue_id, query) | place.values | {"looked_at": most + 1}
    # Of the same value, then of the values before it.
    (same, seen), (others, seen_others) = session.execute(_before(form), values).all()
    if seen > most:
        return int(same), True
    return int(same) + int(others), seen_others > most


@lru_cache(FORMS)
def _count(form: Form) -> Select[Any]:
    some = select(literal(1)).where(*form.conditions()).limit(bindparam("most")).subquery()
    return select(func.count()).select_from(some)


def count_rows(session: Session, catalogue_id: int, query: ReviewQuery, most: int) -> int:
    """How many rows the query has, counted up to `most`."""
    form = Form.of(query)
    number: int = session.execute(_count(form), form.values(catalogue_id, query) | {"most": most}).scalar_one()
    return number


@lru_cache(FORMS)
def _ids(form: Form) -> Select[Any]:
    here = [ENTRIES.position >= bindparam("first"), ENTRIES.position <= bindparam("last")]
    statement = select(ENTRIES.local_test_id).where(*form.conditions(), *here)
    return statement.order_by(ENTRIES.position, ENTRIES.local_test_id).limit(bindparam("most"))


def ids_in_file_order(
    session: Session, catalogue_id: int, query: ReviewQuery, most: int, first: int = 0, last: int = MAX_POSITION
) -> list[int]:
    """The rows of a query from one position of the file to another, `most` at most, for an act on all of them."""
    form = Form.of(query)
    values = form.values(catalogue_id, query) | {"most": most, "first": first, "last": last}
    return list(session.scalars(_ids(form), values))


@lru_cache(FORMS)
def _values(form: Form, columns: tuple[str, ...]) -> CompoundSelect[Any]:
    where = form.conditions()
    shown = [ENTRIES[name] for name in columns]
    telling = {BY_KEY[key].column for key in blind_sql.TELLING}.intersection(columns) if form.is_blind else set()
    if telling:
        shown.append(case((blind_sql.hidden_row(), 1), else_=0).label("unseen"))
    some = select(*shown).where(*where).limit(bindparam("most")).cte("some")
    counted = func.count().label("rows")
    values: dict[str, ColumnElement[Any]] = {name: some.c[name] for name in columns}
    values |= {name: case((some.c.unseen == 1, blind_sql.HIDDEN), else_=some.c[name]) for name in telling}
    return union_all(
        *(select(literal(name), value, counted).select_from(some).group_by(value) for name, value in values.items())
    )


def facet_values(
    session: Session, catalogue_id: int, query: ReviewQuery, columns: Sequence[str], skip: str, most: int
) -> tuple[dict[str, dict[str, int]], int]:
    """For each column, the rows of each of its values, and how many rows were looked at: at most `most` of the query.

    One facet of the query is left aside. One statement, which answers the values alone.
    """
    form = Form.of(query, (skip,) if skip else ())
    found: dict[str, dict[str, int]] = {name: {} for name in columns}
    values = form.values(catalogue_id, query) | {"most": most}
    for name, value, rows in session.execute(_values(form, tuple(columns)), values):
        found[name][value] = rows
    looked_at = sum(next(iter(found.values())).values())
    for counts in found.values():
        counts.pop(blind_sql.HIDDEN, None)
    return found, looked_at


@lru_cache(FORMS)
def _work(form: Form, wanted: tuple[tuple[str, str], ...], is_placed: bool, is_free: bool) -> Select[Any]:
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
    form, allowed = Form.of(query, ("etat",)), _statuses(query)
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
    form = Form.of(query)
    return form.conditions(), form.values(catalogue_id, query)
