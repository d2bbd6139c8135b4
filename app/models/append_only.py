"""Facts that the database itself refuses to change: decisions, audit events, received rows."""

from typing import Any

from sqlalchemy import Connection, Table, event

from app.models.base import metadata

APPEND_ONLY_TABLES = ("decision", "audit_event", "source_row", "catalogue_change", "mapping_withdrawal")


def trigger_statements(table: str) -> list[str]:
    """The SQLite triggers that refuse UPDATE and DELETE on a table."""
    return [
        f"CREATE TRIGGER tr_{table}_no_{verb.lower()} BEFORE {verb} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        for verb in ("UPDATE", "DELETE")
    ]


def _create_triggers(table: Table, connection: Connection, **_options: Any) -> None:
    if connection.dialect.name == "sqlite":
        for statement in trigger_statements(table.name):
            connection.exec_driver_sql(statement)


def install() -> None:
    """Make `create_all` create the triggers too, so that tests run under the same rule as installations."""
    for name in APPEND_ONLY_TABLES:
        event.listen(metadata.tables[name], "after_create", _create_triggers)
