"""The migrations build what the models say, and the database refuses to rewrite facts."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Engine, text

from app.platform.database import make_engine
from app.platform.migrations import (
    alembic_config,
    current_revision,
    head_revision,
    is_up_to_date,
    pending_model_changes,
    upgrade,
)


@pytest.fixture
def migrated(tmp_path: Path) -> Iterator[Engine]:
    engine = make_engine(f"sqlite:///{tmp_path / 'migrated.sqlite3'}")
    upgrade(engine)
    yield engine
    engine.dispose()


def test_alembic_check_finds_nothing_to_do(migrated: Engine) -> None:
    assert pending_model_changes(migrated) == []


def test_a_new_database_has_no_revision_and_a_migrated_one_the_head(tmp_path: Path, migrated: Engine) -> None:
    empty = make_engine(f"sqlite:///{tmp_path / 'empty.sqlite3'}")
    assert current_revision(empty) is None
    assert not is_up_to_date(empty)
    assert current_revision(migrated) == head_revision()
    assert is_up_to_date(migrated)


def test_upgrading_twice_changes_nothing(migrated: Engine) -> None:
    upgrade(migrated)
    assert is_up_to_date(migrated)


def _schema(engine: Engine) -> dict[tuple[str, str], str]:
    query = text("SELECT type, name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'")
    with engine.connect() as connection:
        rows = connection.execute(query).all()
    return {(kind, name): name for kind, name in rows if name != "alembic_version"}


@pytest.mark.only("sqlite", "PostgreSQL: tests/app/platform/test_postgresql.py")
def test_migrations_and_create_all_give_the_same_tables_indexes_and_triggers(
    migrated: Engine, engine: Engine
) -> None:
    assert _schema(migrated).keys() == _schema(engine).keys()


def test_the_way_back_leaves_nothing(migrated: Engine) -> None:
    with migrated.connect() as connection, connection.begin():
        command.downgrade(alembic_config(connection), "base")
    assert _schema(migrated) == {}
