"""Restoring a backup, drilled: what comes back is what was saved, and what was there is kept."""

import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlmodel import Session, select

from app.errors import ConflictError, InvalidInputError, WorkbenchError
from app.models import AuditEvent
from app.platform.database import make_engine, transaction
from app.platform.in_use import alone, in_service
from app.platform.installation import backup
from app.platform.migrations import head_revision
from app.settings import PROJECT_ROOT, Settings
from app.upkeep.restore import restore
from tests.app.console.english import english_in
from tests.app.upkeep.conftest import RunMain
from tests.app.upkeep.damage import overwrite, table_pages

Dump = dict[str, list[tuple[object, ...]]]


def dump(path: Path) -> Dump:
    """Every row of every table, and what makes the tables."""
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = {name: sorted(connection.execute(f'SELECT * FROM "{name}"'), key=repr) for name in names}
        rows["sqlite_master"] = connection.execute("SELECT type, name, sql FROM sqlite_master ORDER BY 1, 2").fetchall()
    return rows


def place(settings: Settings) -> Path:
    return settings.data_dir / "transcodeur.sqlite3"


def events(path: Path) -> int:
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
        return int(connection.execute("SELECT count(*) FROM audit_event").fetchone()[0])


@contextmanager
def writing(settings: Settings) -> Iterator[Session]:
    """A transaction of a program that ends with it: no connection is left open."""
    engine = make_engine(settings.resolved_database_url)
    try:
        with transaction(engine) as session:
            yield session
    finally:
        engine.dispose()


def add_event(settings: Settings, label: str = "essai") -> None:
    with writing(settings) as session:
        session.add(AuditEvent(actor_label=label, action="test.add"))


@pytest.fixture
def saved(installed: Settings, tmp_path: Path) -> Path:
    """A backup of the installation."""
    add_event(installed)
    target = tmp_path / "sauvegarde.sqlite3"
    backup(installed, target)
    return target


def test_the_drill(installed: Settings, tmp_path: Path) -> None:
    """Back up while another thread writes, restore elsewhere: all that was committed before, and nothing by halves."""
    stop, written = threading.Event(), threading.Event()

    def write() -> None:
        while not stop.is_set():
            with writing(installed) as session:
                session.add_all([AuditEvent(actor_label="paire", action=f"test.{side}") for side in ("a", "b")])
            written.set()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert written.wait(timeout=30)
        before = events(place(installed))
        saved = tmp_path / "pendant.sqlite3"
        backup(installed, saved)
    finally:
        stop.set()
        writer.join()
    elsewhere = Settings(data_dir=tmp_path / "ailleurs")
    restored = restore(elsewhere, saved)
    assert dump(place(elsewhere)) == dump(saved)
    assert restored.revision == head_revision()
    assert restored.kept is None
    assert before <= events(saved) <= events(place(installed))
    with Session(make_engine(elsewhere.resolved_database_url)) as session:
        sides = [event.action for event in session.exec(select(AuditEvent).where(AuditEvent.actor_label == "paire"))]
    assert sides.count("test.a") == sides.count("test.b") > 0
    assert place(elsewhere).stat().st_mode & 0o077 == 0
    assert elsewhere.data_dir.stat().st_mode & 0o077 == 0


def test_an_existing_database_is_replaced_only_when_asked_and_kept(installed: Settings, saved: Path) -> None:
    at_backup = dump(place(installed))
    add_event(installed, "après")
    after = dump(place(installed))
    with pytest.raises(ConflictError, match="--remplacer"):
        restore(installed, saved)
    assert dump(place(installed)) == after
    restored = restore(installed, saved, replace=True)
    assert dump(place(installed)) == at_backup == dump(saved)
    assert restored.kept is not None
    assert dump(restored.kept) == after
    assert restored.kept.parent == installed.data_dir


def test_a_log_left_by_a_stopped_program_goes_with_its_database(installed: Settings, saved: Path) -> None:
    killed = (
        f"import sqlite3, os; c = sqlite3.connect({str(place(installed))!r}, isolation_level=None);"
        "c.execute('PRAGMA journal_mode=WAL');"
        'c.execute("INSERT INTO audit_event (public_id, at, actor_label, action, object_type, object_id, details)'
        " SELECT 'coupe', at, 'coupé', action, object_type, object_id, details FROM audit_event LIMIT 1\"); os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", killed], check=False)
    assert place(installed).with_name("transcodeur.sqlite3-wal").stat().st_size > 0
    restored = restore(installed, saved, replace=True)
    assert dump(place(installed)) == dump(saved)
    assert restored.kept is not None
    assert events(restored.kept) == events(saved) + 1


def test_a_damaged_database_is_a_reason_to_restore(installed: Settings, saved: Path) -> None:
    place(installed).write_bytes(b"abime" * 5000)
    restored = restore(installed, saved, replace=True)
    assert dump(place(installed)) == dump(saved)
    assert restored.kept is not None
    assert restored.kept.read_bytes() == b"abime" * 5000


def test_a_damaged_backup_is_refused_and_nothing_moves(installed: Settings, saved: Path) -> None:
    before = {path.name: path.read_bytes() for path in installed.data_dir.rglob("*") if path.is_file()}
    overwrite(saved, table_pages(saved)[5:6])
    with pytest.raises(InvalidInputError, match="abîmé"):
        restore(installed, saved, replace=True)
    assert {path.name: path.read_bytes() for path in installed.data_dir.rglob("*") if path.is_file()} == before


def _not_ours(path: Path) -> str:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE recette (nom TEXT)")
    return "n'est pas une base de l'atelier"


def _text(path: Path) -> str:
    path.write_text("ceci n'est pas une base" * 100, "utf-8")
    return "n'est pas une base SQLite"


def _empty(path: Path) -> str:
    path.write_bytes(b"")
    return "n'est pas une base SQLite"


def _dump(path: Path) -> str:
    path.write_bytes(b"PGDMP" + bytes(100))
    return "elle se remet avec pg_restore"


@pytest.mark.parametrize("make", [_not_ours, _text, _empty, _dump])
def test_what_is_no_backup_is_refused(installed: Settings, tmp_path: Path, make: object) -> None:
    assert callable(make)
    path = tmp_path / "autre"
    reason = make(path)
    before = place(installed).read_bytes()
    with pytest.raises(InvalidInputError, match=reason):
        restore(installed, path, replace=True)
    assert place(installed).read_bytes() == before


def test_a_backup_of_a_later_version_is_refused_and_one_of_an_earlier_is_taken(
    saved: Path, tmp_path: Path, run_main: RunMain
) -> None:
    def revision(value: str) -> None:
        with closing(sqlite3.connect(saved)) as connection, connection:
            connection.execute("UPDATE alembic_version SET version_num = ?", (value,))

    elsewhere = Settings(data_dir=tmp_path / "ailleurs")
    revision("9999")
    with pytest.raises(InvalidInputError, match="plus récente"):
        restore(elsewhere, saved)
    revision("0002")
    code, out, _ = run_main("restore", str(saved), "--remplacer")
    assert code == 0
    assert "Elle en est à la migration 0002 ; le prochain démarrage la mettra à jour." in out


def test_rows_that_point_nowhere_are_refused(saved: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(saved)) as connection, connection:
        connection.execute("UPDATE loinc_term SET release_id = 999 WHERE id = 1")
    with pytest.raises(InvalidInputError, match="abîmé"):
        restore(Settings(data_dir=tmp_path / "ailleurs"), saved)


def test_a_database_at_work_is_not_replaced(installed: Settings, saved: Path) -> None:
    with closing(sqlite3.connect(place(installed))) as reader:
        reader.execute("SELECT count(*) FROM audit_event").fetchone()
        with pytest.raises(ConflictError, match="travaille sur la base"):
            restore(installed, saved, replace=True)
    restore(installed, saved, replace=True)


def test_an_installation_in_service_is_not_restored_even_idle(installed: Settings, saved: Path) -> None:
    two_processes = in_service(installed.data_dir), in_service(installed.data_dir)
    with two_processes[0], two_processes[1], pytest.raises(ConflictError, match="en service"):
        restore(installed, saved, replace=True)
    restore(installed, saved, replace=True)


def test_nothing_starts_during_a_restoration(installed: Settings) -> None:
    with alone(installed.data_dir), pytest.raises(ConflictError, match="restauration"), in_service(installed.data_dir):
        pass


def test_the_database_itself_is_no_backup(installed: Settings) -> None:
    with pytest.raises(InvalidInputError, match="la base elle-même"):
        restore(installed, place(installed), replace=True)


def test_a_database_on_a_server_has_its_own_tools(installed: Settings, saved: Path) -> None:
    elsewhere = installed.model_copy(update={"database_url": "postgresql+psycopg://serveur/base"})
    with pytest.raises(WorkbenchError, match="pas embarquée"):
        restore(elsewhere, saved)


def test_a_copy_that_cannot_be_put_in_place_leaves_the_old_one(
    installed: Settings, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = dump(place(installed))

    def refuse(_self: Path, _target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(OSError, match="No space"):
        restore(installed, saved, replace=True)
    assert dump(place(installed)) == before
    assert not [path.name for path in installed.data_dir.iterdir() if "restauration" in path.name]


def test_the_commands(installed: Settings, tmp_path: Path, run_main: RunMain) -> None:
    target = tmp_path / "copie.sqlite3"
    code, out, err = run_main("backup", str(target))
    assert (code, err) == (0, "")
    assert f"Sauvegarde écrite dans « {target} »" in out
    code, out, err = run_main("restore", str(target))
    assert (code, out) == (1, "")
    assert "existe déjà" in err
    code, out, err = run_main("restore", str(target), "--remplacer")
    assert (code, err) == (0, "")
    assert "La base d'avant est gardée dans" in out
    assert english_in(out) == []
    assert dump(place(installed)) == dump(target)


def test_a_backup_goes_through_a_pipe(installed: Settings, tmp_path: Path) -> None:
    def command(*arguments: str, data_dir: Path, given: bytes = b"") -> bytes:
        done = subprocess.run(
            [sys.executable, "-m", "app.cli", *arguments],
            cwd=PROJECT_ROOT,
            env=os.environ | {"TRANSCODEUR_DATA_DIR": str(data_dir)},
            input=given,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    copied = command("backup", "-", data_dir=installed.data_dir)
    assert copied.startswith(b"SQLite format 3\x00")
    assert b"Base restaur" in command("restore", "-", data_dir=tmp_path / "ailleurs", given=copied)
    assert dump(tmp_path / "ailleurs" / "transcodeur.sqlite3") == dump(place(installed))
