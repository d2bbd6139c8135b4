"""What is computed beside the server: its answers, its errors, and what becomes of its processes."""

import io
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from openpyxl import Workbook
from sqlalchemy import Engine
from sqlmodel import func, select

from app.errors import ImportRefusedError, InputProblem, TooBusyError
from app.models import Laboratory
from app.platform.apart import NICENESS, Beside, Here, beside
from app.platform.database import reading
from app.settings import Settings
from tests.conftest import TRANSCODER, ClientFor, World

once = pytest.mark.only("sqlite", "nothing of it is asked of the database")


def whereabouts(engine: Engine, name: str) -> tuple[str, int, int, int]:
    """What it was given, where it ran, how politely, and what it read of the database."""
    with reading(engine) as session:
        laboratories = session.exec(select(func.count()).select_from(Laboratory)).one()
    return name, os.getpid(), os.nice(0), laboratories


def refused(_engine: Engine) -> None:
    raise ImportRefusedError([InputProblem("a.csv", "illisible", 3, "Code"), InputProblem("b.csv", "vide")])


def dies(_engine: Engine, marks: str, times: int) -> str:
    """Die the first times, as when the system takes the memory back."""
    mark = Path(marks)
    died = len(mark.read_text()) if mark.exists() else 0
    if died < times:
        mark.write_text("x" * (died + 1))
        os._exit(9)
    return "enfin"


def sleeps(_engine: Engine, pid_file: str) -> None:
    Path(pid_file).write_text(str(os.getpid()))
    time.sleep(600)


def is_gone(pid: int, seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


@pytest.fixture
def apart(settings: Settings) -> Iterator[Beside]:
    made = Beside(settings)
    yield made
    made.close()


def test_it_runs_in_another_process_politely_on_the_same_database(world: World, apart: Beside) -> None:
    name, pid, niceness, laboratories = apart.run(whereabouts, "essai")
    assert (name, laboratories) == ("essai", 2)
    assert pid != os.getpid()
    assert niceness == min(os.nice(0) + NICENESS, 19)
    assert apart.run(whereabouts, "encore")[1] == pid, "the process stays for the next one"


@once
def test_without_processes_it_runs_here(world: World, settings: Settings, engine: Engine) -> None:
    here = beside(settings.model_copy(update={"reading_processes": 0}), engine)
    assert isinstance(here, Here)
    assert here.run(whereabouts, "essai")[1] == os.getpid()


@once
def test_a_refusal_comes_back_with_its_problems(world: World, apart: Beside) -> None:
    with pytest.raises(ImportRefusedError) as caught:
        apart.run(refused)
    assert [str(problem) for problem in caught.value.problems] == [
        "fichier « a.csv », ligne 3, colonne « Code » : illisible",
        "fichier « b.csv » : vide",
    ]


@once
def test_a_process_that_dies_is_replaced_once_then_said(world: World, apart: Beside, tmp_path: Path) -> None:
    assert apart.run(dies, str(tmp_path / "once"), 1) == "enfin"
    with pytest.raises(TooBusyError, match="interrompue deux fois"):
        apart.run(dies, str(tmp_path / "always"), 99)
    assert apart.run(whereabouts, "après")[0] == "après"


@once
def test_what_takes_too_long_is_stopped(world: World, settings: Settings, tmp_path: Path) -> None:
    impatient = Beside(settings, seconds=6)
    try:
        with pytest.raises(TooBusyError, match="arrêtée"):
            impatient.run(sleeps, str(tmp_path / "pid"))
        assert is_gone(int((tmp_path / "pid").read_text()))
        assert impatient.run(whereabouts, "après")[0] == "après"
    finally:
        impatient.close()


@once
def test_nothing_is_left_once_it_is_closed(world: World, settings: Settings) -> None:
    made = Beside(settings)
    pid = made.run(whereabouts, "essai")[1]
    made.close()
    assert is_gone(pid)
    with pytest.raises(TooBusyError):
        made.run(whereabouts, "trop tard")


KILLED = """
import os, signal, sys
from app.platform.apart import Beside
from app.settings import Settings
from tests.app.platform.test_apart import whereabouts
if __name__ == "__main__":
    apart = Beside(Settings())
    print(apart.run(whereabouts, "essai")[1], flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@once
def test_it_ends_with_a_server_that_is_killed(world: World, settings: Settings, tmp_path: Path) -> None:
    script = tmp_path / "serveur.py"
    script.write_text(KILLED)
    environment = os.environ | {
        "PYTHONPATH": os.getcwd(),
        "TRANSCODEUR_DATA_DIR": str(settings.data_dir),
        "TRANSCODEUR_DATABASE_URL": settings.resolved_database_url,
    }
    done = subprocess.run([sys.executable, str(script)], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == -9, done.stderr
    assert is_gone(int(done.stdout))


def workbook_of(rows: int) -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Code", "Libellé", "Unité", "Milieu"])
    for row in range(rows):
        sheet.append([f"A{row:04d}", f"Analyse {row}", "mmol/L", "Sérum"])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def test_a_file_is_received_looked_at_and_imported_beside_the_server(
    client_for: ClientFor, world: World, application: FastAPI, apart: Beside, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_given: object) -> None:
        raise AssertionError("read inside of the server")

    application.state.apart = apart
    client = client_for(TRANSCODER)
    path = f"/laboratoires/{world.laboratory_id}/importer"
    with monkeypatch.context() as patched:
        patched.setattr("app.files.tabular.read_workbook", never)
        assert client.get(path).status_code == 200
        sent = {"fichiers": ("catalogue.xlsx", workbook_of(30))}
        answer = client.post(path, data={"nom": "Lu à côté"}, files=sent)
        assert answer.status_code == 303, answer.text
        draft = answer.headers["location"]
        page = client.get(draft).text
        assert "30 analyses" in page
        assert "A0003" in page
        assert client.post(f"{draft}/reglages", data={"x": "1"}).status_code == 303
        broken = client.post(path, data={"nom": "Vide"}, files={"fichiers": ("vide.csv", b"  ")})
        assert broken.status_code == 422
        assert "le fichier est vide." in broken.text
    assert client.post(f"{draft}/confirmer", data={"x": "1"}).status_code == 303
