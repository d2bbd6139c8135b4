"""`transcodeur doctor`: each trouble is named on its line, and nothing is ever written."""

import hashlib
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import update
from sqlmodel import col, select

from app.models import (
    Catalogue,
    CatalogueCount,
    Job,
    JobStatus,
    Laboratory,
    LocalTest,
    LoincRelease,
    ReleaseStatus,
)  # fmt: skip
from app.models.append_only import APPEND_ONLY_TABLES
from app.models.base import utc_now
from app.platform.database import make_engine, transaction
from app.settings import Settings
from app.terminology import load_lock
from app.upkeep.doctor import examine
from tests.app.console.english import english_in
from tests.app.upkeep.conftest import RunMain
from tests.app.upkeep.damage import overwrite, table_pages

CHECKS = [
    "versions", "dossier de données", "fichiers de données", "place sur le disque",
    "base de données", "intégrité", "liens entre tables",
    "faits protégés", "chaîne d'audit", "migrations", "terminologie", "chargements", "index de recherche",
    "comptes tenus", "jours de couverture", "travaux de fond",
]  # fmt: skip


def place(settings: Settings) -> Path:
    return settings.data_dir / "transcodeur.sqlite3"


def change(settings: Settings, *statements: str) -> None:
    with closing(sqlite3.connect(place(settings), isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


def troubles(settings: Settings) -> dict[str, str]:
    return {check.name: check.said for check in examine(settings) if not check.is_well}


def contents(folder: Path) -> dict[str, tuple[int, str]]:
    """What a write would change; the index of the log holds the locks of its readers, and is not counted."""
    return {
        str(path.relative_to(folder)): (path.stat().st_mtime_ns, hashlib.sha256(path.read_bytes()).hexdigest())
        for path in folder.rglob("*")
        if path.is_file() and not path.name.endswith("-shm")
    }


def test_a_healthy_installation_is_told_line_by_line(installed: Settings, run_main: RunMain) -> None:
    code, out, err = run_main("doctor")
    assert (code, err) == (0, "")
    *lines, last = out.splitlines()
    assert last == "Tout va bien."
    assert [line.partition(" : ")[0].split(maxsplit=1)[1] for line in lines] == CHECKS
    assert all(line.startswith("bon ") for line in lines)
    assert f"SQLite {sqlite3.sqlite_version}" in lines[0]
    assert english_in(out) == []


def test_a_trouble_changes_the_status(installed: Settings, run_main: RunMain) -> None:
    installed.data_dir.chmod(0o755)
    code, out, _ = run_main("doctor")
    assert code == 1
    assert "À REVOIR  dossier de données : " in out
    assert out.endswith("À revoir : 1.\n")
    assert english_in(out) == []


def test_a_file_that_others_may_read_is_named(installed: Settings) -> None:
    kept = installed.data_dir / "sauvegardes"
    kept.mkdir(exist_ok=True)
    copy = kept / "copie.sqlite3"
    copy.write_bytes(b"x")
    copy.chmod(0o640)
    assert "« sauvegardes/copie.sqlite3 »" in troubles(installed)["fichiers de données"]


def test_it_writes_nothing_at_rest(installed: Settings) -> None:
    before = contents(installed.data_dir)
    assert troubles(installed) == {}
    assert contents(installed.data_dir) == before


def test_it_writes_nothing_while_others_write_and_sees_what_they_wrote(installed: Settings) -> None:
    with transaction(make_engine(installed.resolved_database_url)) as session:
        session.add(Job(kind="essai"))
        session.flush()
        before = contents(installed.data_dir)
        assert len(before) > 1
        assert troubles(installed) == {}
        assert contents(installed.data_dir) == before
        session.commit()
        before = contents(installed.data_dir)
        found = {check.name: check.said for check in examine(installed)}
        assert contents(installed.data_dir) == before
    assert found["travaux de fond"] == "1 en attente, 0 en cours"


def test_it_reads_what_a_stopped_program_left_and_leaves_it(installed: Settings) -> None:
    killed = (
        f"import sqlite3, os; c = sqlite3.connect({str(place(installed))!r}, isolation_level=None);"
        "c.execute('PRAGMA journal_mode=WAL'); c.execute('UPDATE loinc_release SET is_current = 0'); os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", killed], check=False)
    before = contents(installed.data_dir)
    assert "transcodeur.sqlite3-wal" in before
    assert "aucune version de LOINC" in troubles(installed)["terminologie"]
    assert contents(installed.data_dir) == before


def test_it_does_not_create_an_installation(tmp_path: Path, run_main: RunMain) -> None:
    code, out, _ = run_main("doctor")
    assert code == 1
    assert "dossier de données : « " in out
    assert "n'existe pas" in out
    assert not (tmp_path / "var").exists()


def _permissions(settings: Settings) -> None:
    settings.data_dir.chmod(0o750)


def _no_database(settings: Settings) -> None:
    place(settings).unlink()


def _not_a_database(settings: Settings) -> None:
    place(settings).write_bytes(b"x" * 10_000)


def _damage(settings: Settings) -> None:
    overwrite(place(settings), table_pages(place(settings))[-3:])


def _orphan(settings: Settings) -> None:
    change(settings, "UPDATE loinc_axis_value SET release_id = 99 WHERE id = (SELECT min(id) FROM loinc_axis_value)")


def _without_trigger(settings: Settings) -> None:
    change(settings, "DROP TRIGGER tr_decision_no_update")


def _identifiers_may_change(settings: Settings) -> None:
    change(settings, "DROP TRIGGER tr_local_test_public_id")


def _weakened_trigger(settings: Settings) -> None:
    change(
        settings,
        "DROP TRIGGER tr_audit_event_no_delete",
        "CREATE TRIGGER tr_audit_event_no_delete BEFORE DELETE ON audit_event BEGIN SELECT 1; END",
    )


def _older(settings: Settings) -> None:
    change(settings, "UPDATE alembic_version SET version_num = '0002'")


def _no_release(settings: Settings) -> None:
    change(settings, "UPDATE loinc_release SET is_current = 0")


def _missing_terms(settings: Settings) -> None:
    change(settings, "PRAGMA foreign_keys = OFF", "UPDATE loinc_release SET term_count = term_count + 1")


def _missing_words(settings: Settings) -> None:
    change(settings, "DELETE FROM loinc_term_text WHERE id = (SELECT max(id) FROM loinc_term_text)")


def _missing_index(settings: Settings) -> None:
    change(settings, "INSERT INTO loinc_search(loinc_search) VALUES ('delete-all')")


def _job(settings: Settings, status: JobStatus, age: timedelta) -> None:
    with transaction(make_engine(settings.resolved_database_url)) as session:
        moment = utc_now() - age
        session.add(Job(kind="essai", status=status, created_at=moment, started_at=moment))


def _waiting(settings: Settings) -> None:
    _job(settings, JobStatus.WAITING, timedelta(minutes=11))


def _running(settings: Settings) -> None:
    _job(settings, JobStatus.RUNNING, timedelta(hours=3))


TROUBLES: dict[Callable[[Settings], None], tuple[str, str]] = {
    _permissions: ("dossier de données", "est ouvert à d'autres (750)"),
    _no_database: ("base de données", "ce fichier ou ce dossier n'existe pas"),
    _not_a_database: ("base de données", "n'est pas une base SQLite"),
    _damage: ("intégrité", "le fichier est abîmé"),
    _orphan: ("liens entre tables", "1 ligne renvoie au vide (loinc_axis_value)"),
    _without_trigger: ("faits protégés", "sur decision"),
    _identifiers_may_change: ("faits protégés", "sur local_test (identifiants publics)"),
    _weakened_trigger: ("faits protégés", "sur audit_event"),
    _older: ("migrations", "la base en est à 0002"),
    _no_release: ("terminologie", "aucune version de LOINC"),
    _missing_terms: ("terminologie", "attendus"),
    _missing_words: ("index de recherche", "incomplet pour LOINC"),
    _missing_index: ("index de recherche", "0 termes indexés sur"),
    _waiting: ("travaux de fond", "1 travail attend depuis plus de 10 minutes"),
    _running: ("travaux de fond", "1 travail dure depuis plus de 2 heures"),
}


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda trouble: trouble.__name__.strip("_"))
def test_each_trouble_is_named(trouble: Callable[[Settings], None], installed: Settings, run_main: RunMain) -> None:
    assert troubles(installed) == {}
    trouble(installed)
    name, said = TROUBLES[trouble]
    assert said in troubles(installed)[name]
    code, out, _ = run_main("doctor")
    assert code == 1
    assert english_in(out) == []


def test_a_release_that_may_be_cut_is_said_and_is_no_trouble(installed: Settings) -> None:
    change(installed, "UPDATE loinc_release SET kind = 'official'")
    found = {check.name: check for check in examine(installed)}["terminologie"]
    assert found.is_well
    assert "attention, sa table est peut-être coupée" in found.said
    assert "une distribution complète de LOINC plus de" in found.said


def test_every_table_of_facts_is_looked_at(installed: Settings) -> None:
    for table in APPEND_ONLY_TABLES:
        change(installed, f"DROP TRIGGER tr_{table}_no_delete")
        assert table in troubles(installed)["faits protégés"]


def test_recent_work_is_no_trouble(installed: Settings) -> None:
    _job(installed, JobStatus.WAITING, timedelta(minutes=1))
    _job(installed, JobStatus.RUNNING, timedelta(minutes=30))
    _job(installed, JobStatus.FAILED, timedelta(days=3))
    found = {check.name: check for check in examine(installed)}
    assert found["travaux de fond"].is_well
    assert found["travaux de fond"].said == "1 en attente, 1 en cours"


def test_work_that_nobody_goes_on_with_is_told(installed: Settings) -> None:
    _job(installed, JobStatus.RUNNING, timedelta(minutes=10))
    engine = make_engine(installed.resolved_database_url)
    with transaction(engine) as session:
        job = session.exec(select(Job)).one()
        job.lease_expires_at = utc_now() - timedelta(minutes=9)
        session.add(job)
    assert troubles(installed)["travaux de fond"].startswith("1 travail commencé que personne ne poursuit")


def test_a_database_of_a_newer_version_asks_for_that_version(installed: Settings) -> None:
    change(installed, "UPDATE alembic_version SET version_num = '9999'")
    assert "installez celle-là" in troubles(installed)["migrations"]


def test_a_silent_messenger_is_told(installed: Settings) -> None:
    silent = installed.model_copy(update={"redis_url": "redis://127.0.0.1:1/0"})
    found = {check.name: check for check in examine(silent)}
    assert not found["messager Redis"].is_well


def test_a_disk_without_room_for_two_copies_is_told(installed: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: SimpleNamespace(free=150_000_000))
    assert troubles(installed)["place sur le disque"].startswith("150 Mo libres")


def test_a_count_that_differs_from_the_facts_is_told(installed: Settings) -> None:
    engine = make_engine(installed.resolved_database_url)
    with transaction(engine) as session:
        laboratory = Laboratory(name="Laboratoire du Parc")
        session.add(laboratory)
        session.flush()
        catalogue = Catalogue(laboratory_id=laboratory.id or 0, name="Catalogue")
        session.add(catalogue)
        session.flush()
        session.add(LocalTest(catalogue_id=catalogue.id or 0, level="analysis", code="NA", label="SODIUM"))
    assert troubles(installed) == {}
    with transaction(engine) as session:
        session.execute(update(CatalogueCount).values(rows=col(CatalogueCount.rows) + 1))
    assert "diffèrent des faits" in troubles(installed)["comptes tenus"]


def test_a_load_that_was_killed_is_named_and_one_at_work_is_not(installed: Settings) -> None:
    engine = make_engine(installed.resolved_database_url)
    with transaction(engine) as session:
        session.add(LoincRelease(
            version="", kind="official", source_name="Loinc_2.82.zip", status=ReleaseStatus.LOADING, loaded_by="#1"
        ))  # fmt: skip
    assert list(troubles(installed)) == ["chargements"]
    assert "« Loinc_2.82.zip »" in troubles(installed)["chargements"]
    with load_lock.alive(engine, "#1"):
        assert troubles(installed) == {}
    engine.dispose()
