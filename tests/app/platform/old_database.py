"""A database as an older version of the application left it, with rows in every table."""

import hashlib
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import command
from sqlalchemy import Engine

from app.platform.migrations import alembic_config

ROWS = 3
# What pages read as one of a few words; other texts are made of the name of their column.
WORDS: dict[tuple[str, str], str] = {
    ("membership", "role"): "transcoder",
    ("laboratory", "fhir_naming"): "laboratory",
    ("local_test", "level"): "analysis",
    ("source_file", "kind"): "TABULAR",
    ("catalogue_change", "kind"): "changed",
    ("decision", "action"): "choose",
    ("decision", "relation"): "equivalent",
    ("decision", "author_role"): "transcoder",
    ("decision", "loinc_num"): "2951-2",
    ("review_state", "status"): "decided",
    ("review_state", "outcome"): "code",
    ("review_state", "loinc_num"): "2951-2",
    ("proposal_run", "status"): "done",
    ("proposal", "band"): "sure",
    ("proposal", "loinc_num"): "2951-2",
    ("job", "status"): "done",
    ("job", "kind"): "proposals",
    ("loinc_release", "status"): "ready",
    ("loinc_release", "kind"): "official",
    ("export_record", "kind"): "xlsx",
    ("review_task", "kind"): "deprecated",
    ("value_set", "kind"): "nabm",
}
ONE = {("loinc_release", "is_current"), ("proposal_run", "is_current"), ("value_set", "is_current")}
"""True on the first row only."""
LISTS = {("proposal", "evidence"), ("source_row", "cells"), ("review_task", "replacements"),
         ("import_profile", "headings")}  # fmt: skip
MOMENT = datetime(2026, 3, 1, 8, 30, 15, 123456, UTC)


def build(engine: Engine, revision: str, rows: int = ROWS) -> None:
    """Make the tables of this revision by its migrations, and fill each with rows that point to each other."""
    with engine.connect() as connection, connection.begin():
        command.upgrade(alembic_config(connection), revision)
    metadata = sa.MetaData()
    metadata.reflect(engine, only=lambda name, _: not name.startswith("loinc_search"))
    with engine.begin() as connection:
        for table in metadata.sorted_tables:
            if table.name != "alembic_version":
                many = rows if table.name in ("local_test", "decision", "audit_event", "source_row") else ROWS
                connection.execute(table.insert(), [_row(table, number) for number in range(1, many + 1)])
        if engine.dialect.name == "postgresql":
            for table in metadata.sorted_tables:
                if "id" in table.columns and isinstance(table.columns["id"].type, sa.Integer):
                    connection.execute(sa.text(
                        f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), "
                        f"(SELECT max(id) FROM {table.name}))"))  # fmt: skip


def _row(table: sa.Table, number: int) -> dict[str, Any]:
    return {column.name: _value(table.name, column, number) for column in table.columns}


def _value(table: str, column: sa.Column[Any], number: int) -> Any:
    key = (table, column.name)
    if column.foreign_keys and not column.primary_key:
        # Itself or an earlier fact would do; a test that all facts undo would be odd.
        if column.name in ("undoes_id", "supersedes_id", "approval_id", "approved_by_id"):
            return None
        return (number - 1) % ROWS + 1 if number > ROWS else number
    if key == ("source_file", "sha256"):
        return hashlib.sha256(bytes(range(256)) * number).hexdigest()
    if key in WORDS:
        return WORDS[key]
    if isinstance(column.type, sa.Boolean):
        return number == 1 if key in ONE else column.name == "is_active"
    if isinstance(column.type, sa.Integer):
        return number
    if isinstance(column.type, sa.Float):
        return number / 10
    if isinstance(column.type, sa.DateTime):
        return None if column.name in ("retired_at", "revoked_at") else MOMENT
    if isinstance(column.type, sa.Date):
        return MOMENT.date()
    if isinstance(column.type, sa.JSON):
        return [] if key in LISTS else {"number": number, "text": "é"}
    if isinstance(column.type, sa.LargeBinary):
        return bytes(range(256)) * number
    return f"{number}-{column.name}-é"[: getattr(column.type, "length", None) or 40]


def contents(engine: Engine) -> dict[str, list[dict[str, Any]]]:
    """Every value of every table, by column."""
    metadata = sa.MetaData()
    metadata.reflect(engine, only=lambda name, _: not name.startswith("loinc_search"))
    with engine.connect() as connection:
        return {
            table.name: [dict(row) for row in connection.execute(
                table.select().order_by(*table.primary_key.columns)).mappings()]
            for table in metadata.sorted_tables
        }  # fmt: skip
