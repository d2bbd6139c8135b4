"""The database itself refuses to rewrite facts, whoever opens its file."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Integer, Table, UniqueConstraint
from sqlmodel import SQLModel

from app.models.append_only import APPEND_ONLY_TABLES, MOVABLE, MUTABLE
from app.platform.database import make_engine
from app.platform.migrations import upgrade

FACTS = (
    "assigned_row", "assignment", "audit_event", "batch", "batch_answer", "batch_row", "catalogue_change",
    "chain_link", "code_request_step", "consistency_answer", "coverage_definition", "decision", "erasure",
    "export_record", "grace_date", "laboratory_deadline", "mapping_withdrawal", "method_rule", "proposal_run",
    "reading_reconciliation", "reading_request", "reading_share", "review_task",
    "second_reading", "sign_off", "sign_off_withdrawal", "source_file", "source_row", "text_salt",
    "waiting_code_rule",
)  # fmt: skip
"""Written here a second time: a table that leaves the list of the models, or its migration, is missed here."""
MOVED = {
    "proposal_run": {"status", "message", "finished_at", "is_current"},
    "source_file": {"catalogue_id", "imported_at"},
}
"""Likewise written a second time: the only columns of facts that say where a row stands."""
WAYS = {
    "update": "UPDATE {table} SET {column} = {changed}",
    "update of the key": "UPDATE {table} SET {key} = {key} + 1",
    "update or ignore": "UPDATE OR IGNORE {table} SET {column} = {changed}",
    "update or replace": "UPDATE OR REPLACE {table} SET {column} = {changed}",
    "update or rollback": "UPDATE OR ROLLBACK {table} SET {column} = {changed}",
    "delete": "DELETE FROM {table}",
    "delete of one": "DELETE FROM {table} WHERE {key} = 1",
    "upsert": "INSERT INTO {table} SELECT * FROM {table} WHERE {key} = 1 "
    "ON CONFLICT ({keys}) DO UPDATE SET {column} = {changed}",
    "insert or replace": "INSERT OR REPLACE INTO {table} SELECT * FROM {table} WHERE {key} = 1",
    "replace": "REPLACE INTO {table} SELECT * FROM {table} WHERE {key} = 1",
}


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database that the migrations made, with one row of each fact."""
    path = tmp_path_factory.mktemp("facts") / "migrated.sqlite3"
    engine = make_engine(f"sqlite:///{path}")
    upgrade(engine)
    engine.dispose()
    _add_rows(path)
    return path


@pytest.fixture(scope="module")
def created(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, made by `create_all` as the databases of the tests are."""
    path = tmp_path_factory.mktemp("facts") / "created.sqlite3"
    engine = make_engine(f"sqlite:///{path}")
    SQLModel.metadata.create_all(engine)
    engine.dispose()
    _add_rows(path)
    return path


def _add_rows(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        for table in FACTS:
            _add_row(connection, table, 1)


def _add_row(connection: sqlite3.Connection, table: str, number: int) -> None:
    # A bare connection checks no foreign key, so that a row needs no other row.
    values = _row(SQLModel.metadata.tables[table], number)
    marks = ", ".join("?" * len(values))
    connection.execute(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks})", tuple(values.values()))


def _row(table: Table, number: int = 1) -> dict[str, Any]:
    """A value for each column that must have one, made of a number."""
    return {
        column.name: number if isinstance(column.type, Integer) else str(number)
        for column in table.columns
        if column.primary_key or not column.nullable
    }


def _rows(connection: sqlite3.Connection, table: str) -> list[tuple[Any, ...]]:
    return connection.execute(f"SELECT * FROM {table}").fetchall()


@pytest.fixture
def file(migrated: Path) -> Iterator[sqlite3.Connection]:
    """The migrated file as any program opens it, without anything of the application."""
    with closing(sqlite3.connect(migrated)) as connection:
        yield connection


def _protected(path: Path) -> dict[str, set[str]]:
    """Table -> names of its triggers, in a database file."""
    with closing(sqlite3.connect(path)) as connection:
        found: dict[str, set[str]] = {}
        for table, name in connection.execute(
            "SELECT tbl_name, name FROM sqlite_master WHERE type = 'trigger' AND sql LIKE '%is append-only%'"
        ):
            found.setdefault(table, set()).add(name)
    return found


def test_the_models_name_these_tables_and_no_other() -> None:
    assert sorted(APPEND_ONLY_TABLES) == sorted(FACTS)


@pytest.mark.parametrize("made", ["migrated", "created"])
def test_these_tables_and_no_other_have_their_triggers(made: str, request: pytest.FixtureRequest) -> None:
    expected = {table: {f"tr_{table}_no_{verb}" for verb in ("update", "delete", "replace")} for table in FACTS}
    assert _protected(request.getfixturevalue(made)) == expected


@pytest.mark.parametrize("table", FACTS)
@pytest.mark.parametrize("way", WAYS)
def test_facts_are_never_rewritten(file: sqlite3.Connection, table: str, way: str) -> None:
    before = _rows(file, table)
    assert len(before) == 1
    column = [name for name in _row(SQLModel.metadata.tables[table]) if name not in MOVED.get(table, ())][-1]
    key = next(iter(SQLModel.metadata.tables[table].primary_key))
    keys = ", ".join(item.name for item in SQLModel.metadata.tables[table].primary_key)
    statement = WAYS[way].format(table=table, column=column, changed=f"{column} || '9'", key=key.name, keys=keys)
    with pytest.raises(sqlite3.IntegrityError, match=f"{table} is append-only"):
        file.execute(statement)
    assert _rows(file, table) == before


@pytest.mark.parametrize("table", FACTS)
def test_no_column_of_a_fact_can_be_changed(file: sqlite3.Connection, table: str) -> None:
    """A trigger on some columns only would let the others through."""
    for column in SQLModel.metadata.tables[table].columns:
        statement = f"UPDATE {table} SET {column.name} = coalesce({column.name}, 0) || '9'"
        if column.name in MOVED.get(table, ()):
            file.execute(statement)
            file.rollback()
            continue
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            file.execute(statement)


UNIQUE = [
    (table, tuple(column.name for column in constraint.columns))
    for table in FACTS
    for constraint in SQLModel.metadata.tables[table].constraints
    if isinstance(constraint, UniqueConstraint)
]


@pytest.mark.parametrize(("table", "columns"), UNIQUE)
def test_a_fact_is_not_replaced_by_another_of_the_same_identifier(
    file: sqlite3.Connection, table: str, columns: tuple[str, ...]
) -> None:
    """REPLACE takes away every row that it is in conflict with, and fires no DELETE trigger."""
    before = _rows(file, table)
    values = _row(SQLModel.metadata.tables[table], 3) | {name: before[0][index] for index, name in enumerate(
        item.name for item in SQLModel.metadata.tables[table].columns) if name in columns}  # fmt: skip
    marks = ", ".join("?" * len(values))
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        file.execute(f"INSERT OR REPLACE INTO {table} ({', '.join(values)}) VALUES ({marks})", tuple(values.values()))
    assert _rows(file, table) == before


@pytest.mark.parametrize("table", FACTS)
def test_facts_can_still_be_added(file: sqlite3.Connection, table: str) -> None:
    _add_row(file, table, 2)
    assert len(_rows(file, table)) == 2
    file.rollback()


def test_every_table_is_append_only_or_says_why_not() -> None:
    """A table that nobody thought about, or that left the list in silence, is missing from both."""
    assert sorted((*APPEND_ONLY_TABLES, *MUTABLE)) == sorted(SQLModel.metadata.tables)
    assert all(len(reason) > 12 for reason in MUTABLE.values())
    assert {table: set(columns) for table, columns in MOVABLE.items()} == MOVED


def test_no_table_of_facts_goes_with_its_parent() -> None:
    """A foreign key that deletes in cascade would take facts away without a DELETE on their table."""
    for table in FACTS:
        for key in SQLModel.metadata.tables[table].foreign_keys:
            assert key.ondelete is None, f"{table}.{key.parent.name}"
