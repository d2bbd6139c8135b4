"""Alive and ready, without a session, and nothing said but the names of the checks that fail."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text

from app.main import create_app
from app.operations import readiness
from app.operations.readiness import LABELS, Check
from app.platform.database import make_engine, transaction
from app.settings import Settings
from tests.conftest import Logs

JSON = {"accept": "application/json"}


@pytest.fixture
def ready(tmp_path: Path, installation: Path) -> Iterator[FastAPI]:
    """The application on a migrated database with the starter terminology."""
    shutil.copytree(installation, tmp_path / "installed")
    settings = Settings(data_dir=tmp_path / "installed", run_jobs_in_server=False, jobs_immediate=True)
    engine = make_engine(settings.resolved_database_url)
    yield create_app(settings, engine)
    engine.dispose()


def ask(application: FastAPI, **headers: str) -> Any:
    with TestClient(application) as client:
        return client.get("/readyz", headers=headers)


def failing(application: FastAPI) -> list[str]:
    """The checks that fail, once the two forms of the answer have been compared."""
    answer, page = ask(application, **JSON), ask(application)
    assert answer.status_code == page.status_code
    found: list[str] = answer.json()["failing"]
    assert answer.json() == {"status": "unavailable" if found else "ok", "failing": found}
    assert answer.status_code == (503 if found else 200)
    labels = ", ".join(LABELS[Check(name)] for name in found)
    assert page.text == (f"Pas prêt : {labels}.\n" if found else "Prêt.\n")
    return found


def run(application: FastAPI, statement: str) -> None:
    engine: Engine = application.state.engine
    with transaction(engine) as session:
        session.connection().execute(text(statement))


def test_an_installation_after_its_first_start_is_ready(ready: FastAPI) -> None:
    assert failing(ready) == []


def test_asking_needs_no_session_and_takes_head(ready: FastAPI) -> None:
    with TestClient(ready) as client:
        for path in ("/healthz", "/readyz"):
            assert client.get(path).status_code == client.head(path).status_code == 200
            assert client.get(path).headers["cache-control"] == "no-store"
            assert "set-cookie" not in client.get(path).headers


def test_asking_never_waits_for_a_writer(ready: FastAPI) -> None:
    with transaction(ready.state.engine) as session:
        session.connection().execute(text("UPDATE loinc_release SET version = 'x'"))
        before = time.monotonic()
        assert failing(ready) == []
        assert time.monotonic() - before < 20, "SQLite would give up after 30 s"


def test_a_database_that_is_gone_is_not_made_anew(ready: FastAPI, logs: Logs) -> None:
    database = Path(ready.state.engine.url.database)
    for file in database.parent.glob(f"{database.name}*"):
        file.unlink()
    assert failing(ready) == ["database"]
    assert not database.exists()
    assert {line["check"] for line in logs.events("readiness.failed")} == {"database"}


def test_a_file_that_is_no_database_is_seen(ready: FastAPI, logs: Logs) -> None:
    database = Path(ready.state.engine.url.database)
    for file in database.parent.glob(f"{database.name}-*"):
        file.unlink()
    database.write_bytes(b"ceci n'est pas une base" * 1000)
    assert failing(ready) == ["database"]
    assert logs.events("readiness.failed")[0]["error_code"] == "SQLITE_NOTADB"


def test_a_database_of_another_version_is_not_ready(ready: FastAPI) -> None:
    run(ready, "UPDATE alembic_version SET version_num = 'autre'")
    assert failing(ready) == ["migrations"]


def test_without_a_terminology_in_service_it_is_not_ready(ready: FastAPI) -> None:
    run(ready, "UPDATE loinc_release SET is_current = 0")
    assert failing(ready) == ["terminology"]


def test_a_terminology_half_loaded_is_not_in_service(ready: FastAPI) -> None:
    run(ready, "UPDATE loinc_release SET status = 'loading'")
    assert failing(ready) == ["terminology"]


def test_a_data_folder_that_refuses_a_file_is_seen(ready: FastAPI, tmp_path: Path, logs: Logs) -> None:
    (tmp_path / "file").write_text("not a folder")
    ready.state.settings.data_dir = tmp_path / "file"
    assert failing(ready) == ["data_folder"]
    ready.state.settings.data_dir = tmp_path / "absent"
    assert failing(ready) == ["data_folder"]
    codes = [line["error_code"] for line in logs.events("readiness.failed")]
    assert codes == ["ENOTDIR", "ENOTDIR", "ENOENT", "ENOENT"]


def test_a_full_disk_is_seen(ready: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    # /dev/full refuses every byte, as a full disk does.
    monkeypatch.setattr(readiness.tempfile, "TemporaryFile", lambda dir: open("/dev/full", "wb"))  # noqa: SIM115
    assert failing(ready) == ["data_folder"]


def test_all_that_fails_is_named_in_order(ready: FastAPI, tmp_path: Path) -> None:
    ready.state.settings.data_dir = tmp_path / "absent"
    run(ready, "UPDATE loinc_release SET is_current = 0")
    run(ready, "UPDATE alembic_version SET version_num = 'autre'")
    assert failing(ready) == ["migrations", "data_folder", "terminology"]


def test_health_looks_at_nothing(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "absent", run_jobs_in_server=False)
    application = create_app(settings, make_engine("sqlite:////nowhere/at/all.sqlite3"))
    with TestClient(application) as client:
        assert client.get("/healthz").text == "En marche.\n"
        assert client.get("/healthz", headers=JSON).json() == {"status": "ok"}
    assert failing(application) == ["database", "data_folder"]
    assert not (tmp_path / "absent").exists()
