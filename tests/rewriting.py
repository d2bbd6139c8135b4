"""What a test needs to damage a row that no program may change."""

from sqlalchemy import Connection

from app.models.append_only import trigger_names


def allow_rewriting(connection: Connection, table: str) -> None:
    """Take away what keeps the rows of an append-only table from being changed, in this database."""
    on_table = f" ON {table}" if connection.dialect.name == "postgresql" else ""
    for name in sorted(trigger_names(table, connection.dialect.name)):
        if "_no_update" in name:
            connection.exec_driver_sql(f"DROP TRIGGER {name}{on_table}")
