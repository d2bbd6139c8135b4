"""The migrations build what the models say, and the database refuses to rewrite facts."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select

from app.models import ApiToken, User
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


def test_an_earlier_withdrawal_goes_to_the_laboratory_that_wrote_it(tmp_path: Path) -> None:
    """By the trail; else by where its author and the mapping meet; else by the mapping; else it is nobody's."""
    path = tmp_path / "before.sqlite3"
    engine = make_engine(f"sqlite:///{path}")
    with engine.connect() as connection, connection.begin():
        command.upgrade(alembic_config(connection), "0025")
    engine.dispose()
    with closing(sqlite3.connect(path)) as file, file:
        for number in (1, 2, 3):
            _add(file, "laboratory", id=number, name=f"L{number}")
        _add(file, "user_account", id=7, email="a@b.fr")
        _add(file, "membership", user_id=7, laboratory_id=3)
        for number, place, key in ((1, 1, "both"), (2, 2, "both"), (3, 1, "met"), (4, 3, "met"), (5, 1, "left")):
            _add(file, "memory_entry", id=number, laboratory_id=place, signature=key, loinc_num="2951-2")
        for number, key in enumerate(("both", "met", "left", "gone"), start=1):
            _add(file, "mapping_withdrawal", id=number, signature=key, loinc_num="2951-2", author_id=7)
        _add(file, "audit_event", actor_id=7, action="memory.withdraw", object_id="2", laboratory_id=2)
    upgrade(engine)
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT signature, laboratory_id, is_withdrawn FROM mapping_withdrawal")).all()
        assert {key: place for key, place, _ in rows} == {"both": 2, "met": 3, "left": 1, "gone": None}
        assert {stands for _, _, stands in rows} == {1}
        with pytest.raises(IntegrityError, match="append-only"):
            connection.execute(text("UPDATE mapping_withdrawal SET reason = 'x'"))
    engine.dispose()


def _add(file: sqlite3.Connection, table: str, **values: object) -> None:
    """A row with these values, and something in every other column that must have a value."""
    for _, name, kind, is_needed, default, is_key in file.execute(f"PRAGMA table_info({table})").fetchall():
        if is_needed and default is None and not is_key:
            number = values.get("id", 1)
            blank = {"INTEGER": 0, "BOOLEAN": 0, "JSON": "{}"}
            values.setdefault(name, blank.get(kind, f"2026-01-0{number} 00:00:00"))
    marks = ", ".join("?" * len(values))
    file.execute(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks})", tuple(values.values()))
def test_tokens_without_an_end_and_provisional_passwords_get_one(migrated: Engine) -> None:
    """A token with a nearer end keeps it, and one that was revoked is left as it was."""
    with migrated.connect() as connection, connection.begin():
        command.downgrade(alembic_config(connection), "0025")
    now = datetime.now(UTC).replace(tzinfo=None)
    near, far = now + timedelta(days=3), now + timedelta(days=700)
    with migrated.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO user_account (id, public_id, email, display_name, password_hash, is_administrator,"
                " is_active, must_change_password, created_at) VALUES (1, 'a', 'a@b.fr', 'A', '!', 1, 1, 1, :now),"
                " (2, 'b', 'b@b.fr', 'B', '!', 1, 1, 0, :now)"
            ),
            {"now": str(now)},
        )
        connection.execute(
            text(
                "INSERT INTO laboratory (id, public_id, name, finess, sgl_name, canonical_url, fhir_naming,"
                " allows_reuse, created_at) VALUES (1, 'l', 'L', '', '', '', 'level', 0, :now)"
            ),
            {"now": str(now)},
        )
        for number, (end, revoked) in enumerate([(None, None), (far, None), (near, None), (None, now)], 1):
            values = {"n": number, "key": f"k{number}", "now": str(now)}
            connection.execute(
                text(
                    "INSERT INTO api_token (id, public_id, laboratory_id, name, token_hash, created_by_id, created_at,"
                    " expires_at, revoked_at) VALUES (:n, :key, 1, 'SGL', :key, 1, :now, :end, :revoked)"
                ),
                {**values, "end": end and str(end), "revoked": revoked and str(now)},
            )
    upgrade(migrated)
    with Session(migrated) as session:
        ends = [token.expires_at and token.expires_at.replace(tzinfo=None) for token in session.exec(select(ApiToken))]
        scopes = {token.scope for token in session.exec(select(ApiToken))}
        passwords = [user.password_expires_at for user in session.exec(select(User).order_by("id"))]
    year = now + timedelta(days=365)
    assert [end is not None and abs(end - year) < timedelta(minutes=5) for end in ends] == [True, True, False, False]
    assert ends[2:] == [near, None]
    assert scopes == {"read"}
    assert passwords[0] is not None
    assert passwords[1] is None
