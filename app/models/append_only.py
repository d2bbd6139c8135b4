"""Facts that the database itself refuses to change: decisions, audit events, received rows."""

from typing import Any

from sqlalchemy import Connection, Table, event

from app.models.base import metadata
from app.models.triggers import intact_triggers

APPEND_ONLY_TABLES = (
    "decision", "audit_event", "source_row", "catalogue_change", "mapping_withdrawal", "grace_date", "method_rule",
    "reading_share", "reading_request", "second_reading", "reading_reconciliation",
    "batch", "batch_row", "batch_answer",
    "consistency_answer",
    "assignment", "assigned_row",
)  # fmt: skip


VERBS = ("UPDATE", "DELETE")
REFUSING_FUNCTION = "refuse_append_only"
"""The function that the triggers of PostgreSQL call; SQLite needs none."""
_CREATE_REFUSING_FUNCTION = f"""
CREATE OR REPLACE FUNCTION {REFUSING_FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' is append-only', ERRCODE = 'integrity_constraint_violation';
END $$"""


def trigger_names(table: str, dialect: str) -> set[str]:
    """The triggers that protect a table in this database; PostgreSQL has another way to empty a table."""
    verbs = (*VERBS, "TRUNCATE") if dialect == "postgresql" else VERBS
    return {f"tr_{table}_no_{verb.lower()}" for verb in verbs}


def trigger_statements(table: str, dialect: str = "sqlite") -> list[str]:
    """What makes this database refuse UPDATE and DELETE (and TRUNCATE) on a table."""
    if dialect == "postgresql":
        # Before each statement, so that one which touches no row is refused too; it fires once.
        return [
            _CREATE_REFUSING_FUNCTION,
            *(
                f"CREATE TRIGGER tr_{table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"FOR EACH STATEMENT EXECUTE FUNCTION {REFUSING_FUNCTION}()"
                for verb in (*VERBS, "TRUNCATE")
            ),
        ]
    return [
        f"CREATE TRIGGER tr_{table}_no_{verb.lower()} BEFORE {verb} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        for verb in VERBS
    ]


def protected_tables(connection: Connection) -> dict[str, set[str]]:
    """Table -> the names of the triggers that protect it now, in this database."""
    dialect = connection.dialect.name
    statements = {sql: table for table in APPEND_ONLY_TABLES for sql in trigger_statements(table, dialect)}
    found: dict[str, set[str]] = {}
    for sql in intact_triggers(connection, statements):
        found.setdefault(statements[sql], set()).add(sql.split()[2])
    return found


def missing_triggers(connection: Connection) -> list[str]:
    """The triggers that this database should have and has not, in order of their names."""
    found = protected_tables(connection)
    return sorted(
        name
        for table in APPEND_ONLY_TABLES
        for name in trigger_names(table, connection.dialect.name) - found.get(table, set())
    )


def _create_triggers(table: Table, connection: Connection, **_options: Any) -> None:
    for statement in trigger_statements(table.name, connection.dialect.name):
        connection.exec_driver_sql(statement)


def install() -> None:
    """Make `create_all` create the triggers too, so that tests run under the same rule as installations."""
    for name in APPEND_ONLY_TABLES:
        event.listen(metadata.tables[name], "after_create", _create_triggers)
