"""Connections to the embedded database that are kept open: what one use leaves, the next does not find."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from app.platform.database import make_engine, reading
from app.platform.migrations import upgrade


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return make_engine(f"sqlite:///{tmp_path / 'base.sqlite3'}")


def driver_of(session: Session) -> object:
    return session.connection().connection.dbapi_connection


def test_a_connection_is_opened_once(engine: Engine) -> None:
    with reading(engine) as session:
        first = driver_of(session)
    with reading(engine) as session:
        assert driver_of(session) is first


def test_more_than_are_kept_may_be_open_at_once(engine: Engine) -> None:
    connections = [engine.connect() for _ in range(40)]
    for connection in connections:
        connection.execute(text("SELECT 1"))
        connection.close()


def test_a_migration_leaves_no_connection_that_does_not_hold_foreign_keys(engine: Engine) -> None:
    upgrade(engine)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar_one() == 1
        with pytest.raises(IntegrityError, match="FOREIGN KEY"):
            connection.execute(text("INSERT INTO membership (user_id, laboratory_id, role) VALUES (7, 7, 'reader')"))


def test_a_refused_write_leaves_nothing_to_the_next_use(engine: Engine) -> None:
    connection = engine.connect()
    connection.exec_driver_sql("CREATE TABLE essai (x INTEGER)")
    connection.close()
    with engine.connect() as connection:
        tables = connection.exec_driver_sql("SELECT name FROM sqlite_master").all()
        waits = connection.exec_driver_sql("PRAGMA busy_timeout").scalar_one()
    assert (tables, waits) == ([], 15_000)


def test_a_program_that_ends_leaves_one_whole_file(tmp_path: Path) -> None:
    file = tmp_path / "base.sqlite3"
    program = (
        "from app.platform.database import make_engine\n"
        f"engine = make_engine('sqlite:///{file}')\n"
        "with engine.begin() as connection:\n"
        "    connection.exec_driver_sql('CREATE TABLE essai (x INTEGER)')\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
    assert not file.with_name("base.sqlite3-wal").exists()
    copy = tmp_path / "copie.sqlite3"
    copy.write_bytes(file.read_bytes())
    assert sqlite3.connect(copy).execute("SELECT name FROM sqlite_master").fetchall() == [("essai",)]
