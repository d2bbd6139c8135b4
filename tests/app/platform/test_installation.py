"""First start, later starts, and what the user reads when something is in the way."""

import sqlite3
from pathlib import Path

import pytest
from sqlmodel import select

from app.errors import WorkbenchError
from app.models import AuditEvent, LoincRelease
from app.platform.database import reading, transaction
from app.platform.installation import backup, migrate, open_ready, someone_exists
from app.platform.migrations import current_revision, head_revision
from app.settings import Settings
from app.upgrades.start import prepare


@pytest.fixture
def fresh(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "neuf" / "var")


def test_the_first_start_builds_everything_and_the_second_changes_nothing(fresh: Settings) -> None:
    engine = prepare(fresh)
    assert current_revision(engine) == head_revision()
    assert fresh.data_dir.stat().st_mode & 0o077 == 0
    assert not someone_exists(engine)
    prepare(fresh)
    with reading(engine) as session:
        releases = session.exec(select(LoincRelease)).all()
    assert [(release.kind, release.is_current) for release in releases] == [("starter", True)]
    assert releases[0].term_count > 300


def test_a_folder_that_cannot_be_made_is_said_in_french(tmp_path: Path) -> None:
    (tmp_path / "fichier").write_text("x")
    with pytest.raises(WorkbenchError, match="TRANSCODEUR_DATA_DIR"):
        prepare(Settings(data_dir=tmp_path / "fichier" / "var"))


def test_a_file_that_is_no_database_is_said_in_french(fresh: Settings) -> None:
    fresh.data_dir.mkdir(parents=True)
    (fresh.data_dir / "transcodeur.sqlite3").write_bytes(b"ceci n'est pas une base" * 100)
    with pytest.raises(WorkbenchError, match="ne peut être ouverte"):
        prepare(fresh)


def test_a_database_of_a_later_version_is_refused(fresh: Settings) -> None:
    engine = prepare(fresh)
    with transaction(engine) as session:
        session.connection().exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(WorkbenchError, match="plus récente"):
        migrate(engine)


def test_a_backup_is_a_whole_database_and_never_overwrites(fresh: Settings, tmp_path: Path) -> None:
    engine = prepare(fresh)
    with transaction(engine) as session:
        session.add(AuditEvent(actor_label="essai", action="test.add"))
    target = tmp_path / "copie.sqlite3"
    size = backup(fresh, target)
    assert size == target.stat().st_size
    assert target.stat().st_mode & 0o077 == 0
    with sqlite3.connect(target) as copy:
        assert copy.execute("SELECT count(*) FROM audit_event").fetchone()[0] >= 1
    copy.close()
    with pytest.raises(WorkbenchError, match="existe déjà"):
        backup(fresh, target)


def test_a_backup_needs_a_database_and_a_folder(fresh: Settings, tmp_path: Path) -> None:
    with pytest.raises(WorkbenchError, match="pas de base"):
        backup(fresh, tmp_path / "x")
    prepare(fresh)
    with pytest.raises(WorkbenchError, match="n'existe pas"):
        backup(fresh, tmp_path / "absent" / "x")


def test_a_file_that_something_emptied_is_no_new_installation(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    (tmp_path / "transcodeur.sqlite3").touch()
    with pytest.raises(WorkbenchError, match="ce qu'il contenait est perdu"):
        open_ready(settings)
    assert (tmp_path / "transcodeur.sqlite3").stat().st_size == 0
