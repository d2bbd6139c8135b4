"""A database of an older version migrates with everything that it holds, after a verified copy of it."""

import os
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, create_engine

from app.errors import WorkbenchError
from app.main import create_app
from app.models import User
from app.models.append_only import APPEND_ONLY_TABLES
from app.models.public_identifiers import IDENTIFIED
from app.platform import backup_before
from app.platform.database import make_engine, transaction
from app.platform.installation import migrate
from app.platform.migrations import current_revision, head_revision
from app.platform.web_sessions import SESSION_COOKIE, open_session
from app.settings import Settings
from app.tallies.rebuilding import bring_up_marked
from tests.app.platform.old_database import build, contents

OLD = "0003"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    data_dir = tmp_path / "var"
    data_dir.mkdir()
    return Settings(data_dir=data_dir, run_jobs_in_server=False)


@pytest.fixture
def old(settings: Settings) -> Iterator[Engine]:
    engine = make_engine(settings.resolved_database_url)
    build(engine, OLD)
    yield engine
    engine.dispose()


def _assert_kept(before: dict[str, list[dict[str, Any]]], after: dict[str, list[dict[str, Any]]]) -> None:
    for table, rows in before.items():
        if table == "alembic_version":
            continue
        assert rows, f"{table} is empty: nothing would be compared"
        found = [{name: row[name] for name in rows[0]} for row in after[table]]
        assert found == rows, table


def test_every_value_is_kept_and_every_fact_has_an_identifier(old: Engine, settings: Settings) -> None:
    before = contents(old)
    assert migrate(old) == (OLD, head_revision())
    after = contents(old)
    _assert_kept(before, after)
    given = [row["public_id"] for table in IDENTIFIED for row in after[table]]
    assert len(given) == len(set(given)) == sum(len(before.get(table, ())) for table in IDENTIFIED)
    assert all(re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", one) for one in given)
    with closing(sqlite3.connect(str(old.url.database))) as bare:
        assert bare.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert bare.execute("PRAGMA foreign_key_check").fetchall() == []
        for table in (name for name in APPEND_ONLY_TABLES if before.get(name)):
            for statement in (f"UPDATE {table} SET id = id + 90", f"DELETE FROM {table}"):
                with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                    bare.execute(statement)


def test_pages_answer_afterwards(old: Engine, settings: Settings) -> None:
    migrate(old)
    # As a server does when it starts.
    bring_up_marked(old)
    with transaction(old) as session:
        token = open_session(session, session.get_one(User, 1), settings)
    with TestClient(create_app(settings, old)) as client:
        client.cookies.set(SESSION_COOKIE, token)
        for path in ("/", "/laboratoires/1", "/catalogues/1", "/catalogues/1/revue", "/catalogues/1/revue/1",
                     "/catalogues/1/couverture", "/catalogues/1/exports"):  # fmt: skip
            assert client.get(path).status_code == 200, path


def test_the_copy_made_before_is_whole_and_of_before(
    old: Engine, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    before = contents(old)
    migrate(old, settings.data_dir / backup_before.FOLDER)
    (kept,) = (settings.data_dir / "sauvegardes").iterdir()
    assert re.fullmatch(rf"avant-migration-{OLD}-\d{{8}}T\d+Z\.sqlite3", kept.name)
    assert kept.stat().st_mode & 0o077 == 0
    assert str(kept) in capsys.readouterr().err
    copy = create_engine(f"sqlite:///{kept}")
    assert contents(copy) == before
    copy.dispose()


def test_no_copy_no_migration(
    old: Engine, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorname = "SQLITE_FULL"
        raise error

    monkeypatch.setattr(backup_before, "_copy_file", full)
    before = contents(old)
    with pytest.raises(WorkbenchError, match=r"pas été migrée.*plus de place.*--sans-sauvegarde"):
        migrate(old)
    assert current_revision(old) == OLD
    assert contents(old) == before
    assert list((settings.data_dir / "sauvegardes").iterdir()) == [], "no half of a copy stays"
    migrate(old, with_backup=False)
    assert current_revision(old) == head_revision()


def test_an_unfaithful_copy_is_refused(old: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    counts = iter([{"decision": 2}, {"decision": 3}])
    monkeypatch.setattr(backup_before, "_counts", lambda _connection: next(counts))
    with pytest.raises(WorkbenchError, match="pas fidèle"):
        migrate(old)
    assert current_revision(old) == OLD


def test_a_new_or_empty_database_is_not_copied(settings: Settings) -> None:
    engine = make_engine(settings.resolved_database_url)
    migrate(engine)
    engine.dispose()
    assert not (settings.data_dir / "sauvegardes").exists()


KILLED = """
import os, signal, sys
from sqlalchemy import event
from app.platform.database import make_engine
from app.platform.migrations import upgrade
engine = make_engine(sys.argv[1])
seen = 0
@event.listens_for(engine, "before_cursor_execute")
def _count(_connection, _cursor, statement, *_rest):
    global seen
    seen += 1
    if seen == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
upgrade(engine)
print(seen)
"""


def test_a_migration_killed_anywhere_changes_nothing_and_runs_again(old: Engine, settings: Settings) -> None:
    before = contents(old)
    path = Path(str(old.url.database))
    untouched = settings.data_dir / "copie.sqlite3"
    with closing(sqlite3.connect(path)) as origin, closing(sqlite3.connect(untouched)) as copy:
        origin.backup(copy)
    root = Path(__file__).parents[3]

    def run(url: str, at: int) -> "subprocess.CompletedProcess[str]":
        return subprocess.run([sys.executable, "-c", KILLED, url, str(at)], cwd=root, capture_output=True, text=True,
                              check=False, env=os.environ | {"PYTHONPATH": str(root)})  # fmt: skip

    total = int(run(f"sqlite:///{untouched}", -1).stdout)
    for at in (total // 3, 2 * total // 3, total - 2):
        assert run(settings.resolved_database_url, at).returncode == -signal.SIGKILL
        assert current_revision(old) == OLD
        assert contents(old) == before
    migrate(old)
    _assert_kept(before, contents(old))
