"""A damaged database gives no figure: every command that reads it stops with a French sentence."""

import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy.exc import DatabaseError

from app.platform.database import make_engine, transaction
from app.platform.integrity import DamagedDatabaseError, refuse_damaged
from app.settings import Settings
from tests.app.console.english import english_in
from tests.app.upkeep.conftest import RunMain
from tests.app.upkeep.damage import overwrite, table_pages
from tests.conftest import add_members

READERS = {
    "coverage": ("coverage", "--catalogue", "1"),
    "export": ("export", "--catalogue", "1", "--format", "xlsx", "-o", "-"),
    "user list": ("user", "list"),
    "laboratory list": ("laboratory", "list"),
    "backup": ("backup", "-"),
}


@pytest.fixture
def database(installed: Settings) -> Path:
    """The file of an installation with people."""
    engine = make_engine(installed.resolved_database_url)
    add_members(engine)
    engine.dispose()
    return installed.data_dir / "transcodeur.sqlite3"


@pytest.mark.parametrize("reader", READERS)
def test_a_database_with_200_damaged_pages_is_refused(reader: str, database: Path, run_main: RunMain) -> None:
    overwrite(database, table_pages(database)[:200])
    code, out, err = run_main(*READERS[reader])
    assert (code, out) == (1, "")
    assert err.startswith("Erreur : ")
    assert "abîmé" in err
    assert "Traceback" not in err
    assert english_in(err) == []


@pytest.mark.parametrize("seed", range(8))
def test_one_damaged_page_anywhere_is_seen(seed: int, database: Path) -> None:
    page = random.Random(seed).choice(table_pages(database))
    engine = make_engine(f"sqlite:///{database}")
    refuse_damaged(engine)
    overwrite(database, [page])
    with pytest.raises((DamagedDatabaseError, DatabaseError), match=r"abîmé|malformed"):
        refuse_damaged(engine)


def test_a_file_that_is_no_database_is_refused(database: Path, run_main: RunMain) -> None:
    database.write_bytes(b"ceci n'est pas une base" * 1000)
    code, out, err = run_main("coverage", "--catalogue", "1")
    assert (code, out) == (1, "")
    assert "n'est pas une base SQLite" in err
    assert english_in(err) == []


def test_a_missing_catalogue_is_refused_with_the_same_status(database: Path, run_main: RunMain) -> None:
    code, out, err = run_main("coverage", "--catalogue", "1")
    assert (code, out) == (1, "")
    assert err.startswith("Erreur : ")
    assert english_in(err) == []


def test_a_database_at_work_is_waited_for_then_said_in_french(
    database: Path, run_main: RunMain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.platform.database.BUSY_SECONDS", 0)
    with closing(sqlite3.connect(database, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        code, _, err = run_main("laboratory", "add", "Labo")
    assert code == 1
    assert "un autre programme l'occupe" in err
    assert english_in(err) == []


def test_healthy_means_no_refusal(database: Path) -> None:
    engine = make_engine(f"sqlite:///{database}")
    with transaction(engine) as session:
        refuse_damaged(engine)
        session.rollback()
