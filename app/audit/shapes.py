"""Values that are not of the type of their column: SQLite stores any, and Python may read two of them as one."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Date,
    DateTime,
    Float,
    Integer,
    LargeBinary,
    Table,
    TypeDecorator,
    and_,
    func,
    not_,
    or_,
    select,
    true,
)  # fmt: skip

_STORED: tuple[tuple[type, tuple[str, ...]], ...] = (
    (Boolean, ("integer",)),
    (Integer, ("integer",)),
    (Float, ("real", "integer")),
    (LargeBinary, ("blob",)),
    # A JSON value that is a number is stored as one.
    (JSON, ("text", "integer", "real")),
)
"""Type of a column → storage classes of its values; any other holds texts."""
_SECONDS = "%Y-%m-%d %H:%M:%S"


def _plain_type(of: Any) -> Any:
    while isinstance(of, TypeDecorator):
        of = of.impl_instance
    return of


def _is_well(column: Column[Any]) -> ColumnElement[bool]:
    of = _plain_type(column.type)
    classes = next((classes for kind, classes in _STORED if isinstance(of, kind)), ("text",))
    well: ColumnElement[bool] = func.typeof(column).in_(classes)
    if isinstance(of, Boolean):
        # Python reads 2 as true, a query does not.
        well = and_(well, func.coalesce(column, 0).in_((0, 1)))
    elif isinstance(of, DateTime):
        # Also a day that no calendar has: SQLite takes 31 days for every month, and gives the day that it means.
        raw = func.substr(column, 1, 19)
        # Without its fraction, which would be rounded up to the next second.
        is_day = func.coalesce(func.strftime(_SECONDS, raw, "+0 days"), "") == raw
        well = and_(well, raw >= "0001", is_day, func.strftime(_SECONDS, column).is_not(None))
    elif isinstance(of, Date):
        well = and_(well, func.coalesce(func.date(column, "+0 days"), "") == column)
    return or_(column.is_(None), well) if column.nullable else well


@cache
def well_formed(table: Table, dialect: str) -> ColumnElement[bool]:
    """The condition that every value of a row is of the type of its column; a server refuses any other by itself."""
    return true() if dialect != "sqlite" else and_(*map(_is_well, table.columns))


def misshapen(connection: Connection, table: Table) -> Iterator[tuple[dict[str, Any], tuple[str, ...]]]:
    """Key and columns of each row that holds such a value."""
    if connection.dialect.name != "sqlite":
        return
    keys = list(table.primary_key.columns)
    told = [func.coalesce(_is_well(column), False) for column in table.columns]
    statement = select(*keys, *told).where(not_(func.coalesce(well_formed(table, "sqlite"), False)))
    for row in connection.execute(statement.order_by(*keys)):
        names = tuple(
            column.name for column, is_well in zip(table.columns, row[len(keys) :], strict=True) if not is_well
        )
        yield dict(zip((column.name for column in keys), row, strict=False)), names
