"""A database on a server is backed up into a file, restored from one, and examined."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlmodel import select

from app.errors import ConflictError, InvalidInputError, WorkbenchError
from app.models import Laboratory, LoincRelease
from app.platform.database import for_reading, make_engine, reading, transaction
from app.platform.installation import backup as copy_embedded
from app.platform.migrations import upgrade
from app.settings import Settings
from app.terminology.service import search
from app.upgrades.start import prepare
from app.upkeep import server, transfer
from app.upkeep.doctor import examine
from app.upkeep.server import backup_server, restore_server
from tests.conftest import add_members
from tests.postgresql import Cluster

pytestmark = pytest.mark.only("postgresql", "backup and restoration of a database on a server")


@pytest.fixture
def elsewhere(tmp_path: Path, cluster: Cluster) -> Iterator[Settings]:
    """An installation whose database is on a server, still empty."""
    with cluster.database() as url:
        yield Settings(data_dir=tmp_path / "ailleurs", database_url=url)


@pytest.fixture
def at_work(tmp_path: Path, cluster: Cluster) -> Iterator[Settings]:
    """An installation on a server, with its terminology and people."""
    with cluster.database() as url:
        settings = Settings(data_dir=tmp_path / "var", database_url=url)
        engine = prepare(settings)
        add_members(engine)
        engine.dispose()
        yield settings


def contents(engine: Engine) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table."""
    with for_reading(engine).connect() as connection:
        return {
            table.name: [
                tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key.columns))
            ]
            for table in transfer.tables()
        }


def test_a_backup_goes_back_into_another_server(at_work: Settings, elsewhere: Settings, tmp_path: Path) -> None:
    target = tmp_path / "sauvegarde.sqlite3"
    assert backup_server(at_work, target) == target.stat().st_size
    assert target.stat().st_mode & 0o077 == 0
    assert [item.name for item in tmp_path.iterdir() if item.name.startswith((".", "sauvegarde"))] == [target.name]
    restored = restore_server(elsewhere, target, "sauvegarde")
    before, after = make_engine(at_work.resolved_database_url), make_engine(elsewhere.resolved_database_url)
    assert contents(after) == contents(before)
    assert restored.rows == sum(len(rows) for rows in contents(before).values())
    # The next rows follow the last ones, and the search finds what was restored.
    with transaction(after) as session:
        session.add(Laboratory(name="Le suivant"))
        release = session.exec(select(LoincRelease)).one()
        assert [term.loinc_num for term in search(session, release.id or 0, "ferritine", 1)] == ["2276-4"]
    before.dispose()
    after.dispose()


def test_a_backup_of_a_server_is_one_of_the_embedded_kind(at_work: Settings, tmp_path: Path) -> None:
    target = tmp_path / "sauvegarde.sqlite3"
    backup_server(at_work, target)
    embedded = make_engine(f"sqlite:///{target}")
    with reading(embedded) as session:
        release = session.exec(select(LoincRelease)).one()
        assert [term.loinc_num for term in search(session, release.id or 0, "ferritine", 1)] == ["2276-4"]
    embedded.dispose()


def test_an_embedded_installation_moves_to_a_server(
    installation: Path, elsewhere: Settings, tmp_path: Path
) -> None:
    shutil.copytree(installation, tmp_path / "var")
    settings = Settings(data_dir=tmp_path / "var")
    target = tmp_path / "sauvegarde.sqlite3"
    copy_embedded(settings, target)
    restore_server(elsewhere, target, "sauvegarde")
    origin, moved = make_engine(settings.resolved_database_url), make_engine(elsewhere.resolved_database_url)
    assert contents(moved) == contents(origin)
    moved.dispose()
    assert [check.line for check in examine(elsewhere) if not check.is_well] == []


def test_a_database_that_holds_rows_is_not_overwritten(at_work: Settings, tmp_path: Path) -> None:
    target = tmp_path / "sauvegarde.sqlite3"
    backup_server(at_work, target)
    engine = make_engine(at_work.resolved_database_url)
    before = contents(engine)
    engine.dispose()
    with pytest.raises(ConflictError, match="n'est pas vide"):
        restore_server(at_work, target, "sauvegarde")
    assert contents(engine) == before
    engine.dispose()


def test_a_database_at_work_is_left_alone(elsewhere: Settings, at_work: Settings, tmp_path: Path) -> None:
    target = tmp_path / "sauvegarde.sqlite3"
    backup_server(at_work, target)
    other = make_engine(elsewhere.resolved_database_url)
    with other.connect(), pytest.raises(ConflictError, match="arrêtez"):
        restore_server(elsewhere, target, "sauvegarde")
    other.dispose()
    restore_server(elsewhere, target, "sauvegarde")


def test_a_restoration_that_fails_leaves_no_row(
    at_work: Settings, elsewhere: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "sauvegarde.sqlite3"
    backup_server(at_work, target)

    def fails(_connection: object) -> None:
        raise WorkbenchError("panne")

    with monkeypatch.context() as patch:
        patch.setattr(transfer, "advance_sequences", fails)
        with pytest.raises(WorkbenchError, match="panne"):
            restore_server(elsewhere, target, "sauvegarde")
    engine = make_engine(elsewhere.resolved_database_url)
    assert not any(contents(engine).values())
    engine.dispose()
    restore_server(elsewhere, target, "sauvegarde")


def test_a_damaged_or_foreign_file_is_refused(elsewhere: Settings, tmp_path: Path) -> None:
    target = tmp_path / "autre.sqlite3"
    with closing(sqlite3.connect(target)) as connection:
        connection.execute("CREATE TABLE x (y)")
    with pytest.raises(InvalidInputError, match="pas une base de l'atelier"):
        restore_server(elsewhere, target, "autre")


def test_an_incomplete_copy_is_not_kept(at_work: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy_rows = transfer.copy_rows

    def loses_one(source: object, target: object) -> dict[str, int]:
        return copy_rows(source, target) | {"user_account": 0}  # type: ignore[arg-type]

    monkeypatch.setattr(server.transfer, "copy_rows", loses_one)
    target = tmp_path / "sauvegarde.sqlite3"
    with pytest.raises(WorkbenchError, match="incomplète"):
        backup_server(at_work, target)
    assert not target.exists()


def test_a_database_of_another_version_is_not_backed_up(elsewhere: Settings, tmp_path: Path) -> None:
    with pytest.raises(WorkbenchError, match="transcodeur migrate"):
        backup_server(elsewhere, tmp_path / "sauvegarde.sqlite3")
    assert not (tmp_path / "sauvegarde.sqlite3").exists()


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("DROP TRIGGER tr_decision_no_delete ON decision", "faits protégés"),
        ("DROP INDEX ix_loinc_search_words", "index de recherche"),
        ('ALTER TABLE laboratory ALTER COLUMN name TYPE varchar(200) COLLATE "default"', "ordre des textes"),
        ("UPDATE alembic_version SET version_num = '0001'", "migrations"),
    ],
)
def test_the_doctor_sees_what_is_wrong(at_work: Settings, damage: str, said: str) -> None:
    assert [check.name for check in examine(at_work) if not check.is_well] == []
    engine = make_engine(at_work.resolved_database_url)
    with engine.begin() as connection:
        connection.exec_driver_sql(damage)
    engine.dispose()
    assert [check.name for check in examine(at_work) if not check.is_well] == [said]


def test_the_doctor_says_that_a_server_does_not_answer(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, database_url="postgresql+psycopg://postgres:secret@127.0.0.1:1/rien")
    wrong = [check.line for check in examine(settings) if not check.is_well]
    assert any("ne répond pas" in line for line in wrong)
    assert not any("secret" in line for line in wrong)


def test_an_older_backup_is_brought_to_this_version(at_work: Settings, elsewhere: Settings, tmp_path: Path) -> None:
    target = tmp_path / "sauvegarde.sqlite3"
    backup_server(at_work, target)
    older = make_engine(f"sqlite:///{tmp_path / 'ancienne.sqlite3'}")
    from alembic import command

    from app.platform.migrations import alembic_config

    with older.connect() as connection, connection.begin():
        command.upgrade(alembic_config(connection), "0003")
    older.dispose()
    assert restore_server(elsewhere, tmp_path / "ancienne.sqlite3", "ancienne").revision == "0003"
    engine = make_engine(elsewhere.resolved_database_url)
    upgrade(engine)
    engine.dispose()
