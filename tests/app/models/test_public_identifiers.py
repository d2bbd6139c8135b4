"""Every fact has a public identifier: given once, unique, never changed."""

import re
import sqlite3
import uuid
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, Integer, insert, text
from sqlmodel import SQLModel

from app.models import LocalTest
from app.models.public_identifiers import IDENTIFIED, LENGTH, NOT_IDENTIFIED, new_public_id
from app.platform.database import transaction
from tests.app.review.conftest import Desk
from tests.app.review.sample import fill
from tests.conftest import TRANSCODER, World

ADR = Path(__file__).parents[3] / "docs" / "adr" / "0014-public-identifiers.md"
STANDARD_FORM = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def test_every_table_has_an_identifier_or_a_reason_to_have_none() -> None:
    assert not set(IDENTIFIED) & set(NOT_IDENTIFIED)
    assert {*IDENTIFIED, *NOT_IDENTIFIED} == set(SQLModel.metadata.tables), (
        "a new table gets a public_id, or its reason not to in app/models/public_identifiers.py and decision 14"
    )


@pytest.mark.parametrize("name", sorted(SQLModel.metadata.tables))
def test_the_column_is_there_exactly_where_it_is_said_to_be(name: str) -> None:
    column = SQLModel.metadata.tables[name].columns.get("public_id")
    assert (column is not None) == (name in IDENTIFIED)
    if column is not None:
        assert (column.nullable, column.unique, getattr(column.type, "length", 0)) == (False, True, LENGTH)


def test_the_decision_names_every_table() -> None:
    named = set(re.findall(r"`([a-z_]+)`", ADR.read_text(encoding="utf-8")))
    assert not {*IDENTIFIED, *NOT_IDENTIFIED} - named


def test_identifiers_are_uuids_of_version_7_in_the_order_in_which_they_were_made() -> None:
    made = [new_public_id() for _ in range(2_000)]
    assert all(STANDARD_FORM.fullmatch(one) for one in made)
    assert len(set(made)) == len(made)
    assert {uuid.UUID(one).variant for one in made} == {uuid.RFC_4122}
    prefixes = [one[:18] for one in made]
    assert prefixes == sorted(prefixes)


def _identifiers(engine: Engine, table: str) -> dict[int, str]:
    with engine.connect() as connection:
        return {row[0]: row[1] for row in connection.execute(text(f"SELECT id, public_id FROM {table}"))}


def test_bulk_insertions_fill_them(world: World) -> None:
    catalogue = world.add_catalogue()
    assert catalogue.id is not None
    fill(world.engine, catalogue.id, 200, world.user_id(TRANSCODER))
    for table, at_least in (("local_test", 200), ("decision", 67), ("catalogue", 1), ("user_account", 5)):
        found = _identifiers(world.engine, table)
        assert len(found) >= at_least
        assert len(set(found.values())) == len(found)
        assert all(STANDARD_FORM.fullmatch(one) for one in found.values())


def test_an_identifier_belongs_to_one_row(world: World) -> None:
    catalogue = world.add_catalogue()
    row = {"catalogue_id": catalogue.id, "level": "analysis", "label": "SODIUM", "public_id": new_public_id()}
    with pytest.raises(Exception, match=r"local_test[._]public_id"), transaction(
        world.engine
    ) as session:
        session.execute(insert(LocalTest), [{**row, "code": "NA"}, {**row, "code": "K"}])


def test_undoing_leaves_what_was_decided_its_identifier(desk: Desk) -> None:
    desk.decide(desk.sodium)
    before = _identifiers(desk.engine, "decision")
    tests = _identifiers(desk.engine, "local_test")
    desk.undo(desk.sodium)
    after = _identifiers(desk.engine, "decision")
    assert before.items() < after.items()
    assert len(set(after.values())) == len(before) + 1
    assert _identifiers(desk.engine, "local_test") == tests


def _row(table: str) -> dict[str, Any]:
    return {
        column.name: 1 if isinstance(column.type, Integer) else "1"
        for column in SQLModel.metadata.tables[table].columns
        if column.primary_key or not column.nullable
    }


@pytest.mark.parametrize("table", IDENTIFIED)
def test_the_database_refuses_another_identifier(empty_database: Path, tmp_path: Path, table: str) -> None:
    copy = tmp_path / "copy.sqlite3"
    copy.write_bytes(empty_database.read_bytes())
    with closing(sqlite3.connect(copy, isolation_level=None)) as connection:
        # A bare connection checks no foreign key, so that a row needs no other row.
        row = _row(table)
        marks = ", ".join("?" * len(row))
        connection.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", tuple(row.values()))
        with pytest.raises(sqlite3.IntegrityError, match=r"never changes|append-only"):
            connection.execute(f"UPDATE {table} SET public_id = 'another'")
        assert connection.execute(f"SELECT public_id FROM {table}").fetchone() == ("1",)
        with pytest.raises(sqlite3.IntegrityError, match=r"NOT NULL|holds this row already"):
            connection.execute(f"INSERT INTO {table} ({', '.join(set(row) - {'public_id', 'id'})}) "
                               f"SELECT {', '.join(set(row) - {'public_id', 'id'})} FROM {table}")  # fmt: skip
