"""All rows of one database into another: a server's database into a file, and a file into a server's database."""

from sqlalchemy import Connection, LargeBinary, Table, func, insert, select, text

from app.models import metadata
from app.platform.chain import forget_noted

ROWS_AT_ONCE = 500
"""Of a table that holds files, one: each may be megabytes."""


def tables() -> list[Table]:
    """Every table of the models, those that others refer to first."""
    return list(metadata.sorted_tables)


def count_rows(connection: Connection) -> dict[str, int]:
    """Table -> number of its rows."""
    return {
        table.name: int(connection.execute(select(func.count()).select_from(table)).scalar_one()) for table in tables()
    }


def copy_rows(source: Connection, target: Connection) -> dict[str, int]:
    """Copy every row, in the order of the keys: a row may refer to an earlier one of its table.

    Returns how many rows of each table were copied. Both databases must stand at the latest migration.
    """
    copied: dict[str, int] = {}
    for table in tables():
        copied[table.name] = 0
        size = 1 if any(isinstance(column.type, LargeBinary) for column in table.columns) else ROWS_AT_ONCE
        statement = select(table).order_by(*table.primary_key.columns).execution_options(yield_per=size)
        for rows in source.execute(statement).mappings().partitions(size):
            target.execute(insert(table), [dict(row) for row in rows])
            copied[table.name] += len(rows)
        forget_noted(target)
    return copied


def advance_sequences(connection: Connection) -> None:
    """After rows with identifiers of their own: the next identifier of each table of a server follows the last."""
    for table in tables():
        column = table.autoincrement_column
        if column is None:
            continue
        last = connection.execute(select(func.max(column))).scalar_one()
        connection.execute(
            text("SELECT setval(pg_get_serial_sequence(:table, :column), :value, :is_used)"),
            {"table": table.name, "column": column.name, "value": last or 1, "is_used": last is not None},
        )
