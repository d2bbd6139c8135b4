"""What is computed beside the server: its answers, its errors, and what becomes of its processes."""

import errno
import io
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from threading import Thread

import pytest
from fastapi import FastAPI
from openpyxl import Workbook
from sqlalchemy import Engine
from sqlmodel import func, select

from app.errors import ImportRefusedError, InputProblem, InvalidInputError, TooBusyError, WorkbenchError
from app.models import Laboratory
from app.platform.apart import BUSY, CLOSED, MOST_WAITING, Beside, Here, ReadingStoppedError, beside
from app.platform.apart_process import NICENESS, TooMuchMemoryError
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


def takes_memory(_engine: Engine, count: int) -> int:
    return len(bytearray(count))


def sleeps(_engine: Engine, pid_file: str) -> None:
    Path(pid_file).write_text(str(os.getpid()))
    time.sleep(600)


def sleeps_a_while(_engine: Engine, name: str) -> tuple[str]:
    time.sleep(1.5)
    return (name,)


def stuck(_engine: Engine, pid_file: str) -> None:
    Path(pid_file).write_text(str(os.getpid()))
    re.match(r"(a+)+$", "a" * 60 + "b")


def counts(_engine: Engine, up_to: int) -> Iterator[tuple[int, int]]:
    """The process, and each number."""
    for number in range(up_to):
        yield os.getpid(), number


def counts_then(_engine: Engine, up_to: int, what: str) -> Iterator[int]:
    yield from range(up_to)
    match what:
        case "refuses":
            raise ImportRefusedError([InputProblem("a.csv", "illisible")])
        case "dies":
            os._exit(9)
        case "sleeps":
            time.sleep(600)
        case "fills":
            bytearray(1_500_000_000)


class WordedError(WorkbenchError):
    """It words its sentence itself."""

    def __init__(self, place: str) -> None:
        super().__init__(f"Refusé ici : {place}.")


def refuses_in_its_words(_engine: Engine) -> None:
    raise WordedError("ligne 3")


class OddError(Exception):
    """It does not come out of a pickle as it went in."""

    def __init__(self, one: str, two: str) -> None:
        super().__init__(one)


def fails_oddly(_engine: Engine) -> None:
    raise OddError("un", "deux")


def content_of(path: Path) -> str:
    for _ in range(400):
        if path.exists() and (text := path.read_text()):
            return text
        time.sleep(0.05)
    raise AssertionError(path)


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
def test_a_refusal_keeps_its_words(world: World, apart: Beside) -> None:
    with pytest.raises(WordedError) as caught:
        apart.run(refuses_in_its_words)
    assert caught.value.message == str(caught.value) == "Refusé ici : ligne 3."


@once
def test_pieces_come_as_they_are_made(world: World, apart: Beside) -> None:
    found = list(apart.stream(counts, 50))
    assert [number for _, number in found] == list(range(50))
    (pid,) = {pid for pid, _ in found}
    assert pid != os.getpid()
    assert apart.run(whereabouts, "après")[1] == pid, "the process stays for the next one"
    assert list(Here().stream(counts, 2)) == [(os.getpid(), 0), (os.getpid(), 1)]


@once
def test_a_process_whose_pieces_are_not_wanted_is_ended(world: World, apart: Beside) -> None:
    with closing(apart.stream(counts, 1_000_000)) as pieces:
        pid, number = next(pieces)
    assert number == 0
    assert is_gone(pid)
    assert apart.run(whereabouts, "après")[1] != pid


@once
def test_pieces_end_with_a_refusal_or_at_the_bounds(world: World, settings: Settings) -> None:
    """What was handed over stays so: nothing is begun again behind the back of whoever has it."""
    limited = settings.model_copy(update={"reading_processes": 1, "reading_memory_bytes": 1_000_000_000})
    made = Beside(limited)
    whys: dict[str, tuple[type[WorkbenchError], str]] = {
        "refuses": (ImportRefusedError, "illisible"),
        "fills": (TooMuchMemoryError, "plus de mémoire"),
        "dies": (ReadingStoppedError, "a été interrompue,"),
        "sleeps": (ReadingStoppedError, "a été arrêtée"),
    }
    try:
        for what, (kind, why) in whys.items():
            _, before, _, _ = made.run(whereabouts, "avant")
            made._seconds = 3 if what == "sleeps" else 300
            found: list[int] = []
            with pytest.raises(kind, match=why):
                found.extend(made.stream(counts_then, 3, what))
            assert found == [0, 1, 2]
            made._seconds = 300
            _, after, _, _ = made.run(whereabouts, "après")
            assert (after == before) is (what in ("refuses", "fills")), what
    finally:
        made.close()


@once
def test_few_wait_and_not_for_long(world: World, settings: Settings, tmp_path: Path) -> None:
    """The threads of the server are for everybody: those that wait for a file are a few of them."""
    one = settings.model_copy(update={"reading_processes": 1})
    made = Beside(one, wait_seconds=3)
    refused: list[str] = []

    def ask(name: str) -> None:
        try:
            made.run(sleeps, str(tmp_path / name))
        except TooBusyError as error:
            refused.append(error.message)

    threads = [Thread(target=ask, args=(str(number),)) for number in range(MOST_WAITING + 6)]
    try:
        made.run(whereabouts, "prêt")
        begun = time.monotonic()
        for thread in threads:
            thread.start()
        time.sleep(1)
        assert refused == [BUSY] * 5, "one is served, some wait, the others are told at once"
        while len(refused) < MOST_WAITING + 5 and time.monotonic() - begun < 20:
            time.sleep(0.05)
        assert refused == [BUSY] * (MOST_WAITING + 5)
        assert time.monotonic() - begun < 10
    finally:
        made.close()
    for thread in threads:
        thread.join(10)
    assert refused[-1] == CLOSED


@once
def test_the_limit_of_one_ends_nobody_else(world: World, settings: Settings, tmp_path: Path) -> None:
    made = Beside(settings)
    said: dict[str, str] = {}

    def ask(name: str) -> None:
        try:
            said[name] = str(made.run(sleeps_a_while, name)[0])
        except TooBusyError as error:
            said[name] = error.message

    def ask_too_much() -> None:
        with pytest.raises(TooBusyError, match="arrêtée"):
            made.run(sleeps, str(tmp_path / "pid"))
        said["long"] = "arrêtée"

    long = Thread(target=ask_too_much)
    try:
        # Both are there before the limit is set: to start takes a loaded machine some seconds.
        ready = [Thread(target=ask, args=(f"prêt {number}",)) for number in range(2)]
        for thread in ready:
            thread.start()
        for thread in ready:
            thread.join(120)
        made._seconds = 6
        long.start()
        time.sleep(3)
        others = [Thread(target=ask, args=(str(number),)) for number in range(3)]
        for thread in others:
            thread.start()
        for thread in [*others, long]:
            thread.join(60)
    finally:
        made.close()
    assert {said.pop("prêt 0"), said.pop("prêt 1")} == {"prêt 0", "prêt 1"}
    assert said == {"0": "0", "1": "1", "2": "2", "long": "arrêtée"}
    assert is_gone(int((tmp_path / "pid").read_text()))


@once
@pytest.mark.parametrize("state", [sleeps, stuck])
def test_a_process_is_ended_whatever_its_state(
    world: World, settings: Settings, tmp_path: Path, state: Callable[..., None]
) -> None:
    """Frozen, or in a function that never gives the interpreter back."""
    made = Beside(settings)

    def ask() -> None:
        with pytest.raises(TooBusyError):
            made.run(state, str(tmp_path / "pid"))

    thread = Thread(target=ask)
    thread.start()
    pid = int(content_of(tmp_path / "pid"))
    if state is sleeps:
        os.kill(pid, signal.SIGSTOP)
    begun = time.monotonic()
    made.close()
    thread.join(10)
    assert not thread.is_alive()
    assert time.monotonic() - begun < 5
    assert is_gone(pid)


@once
def test_a_machine_that_opens_no_process_is_said(
    world: World, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_given: object) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    made = Beside(settings)
    monkeypatch.setattr("multiprocessing.popen_spawn_posix.Popen", full)
    made.prepare()
    with pytest.raises(TooBusyError, match="ne peut ouvrir de processus"):
        made.run(whereabouts, "essai")
    monkeypatch.undo()
    assert made.run(whereabouts, "essai")[0] == "essai"
    made.close()


@once
def test_an_error_that_does_not_pickle_comes_back_by_its_name(world: World, apart: Beside) -> None:
    with pytest.raises(RuntimeError, match="OddError"):
        apart.run(fails_oddly)
    assert apart.run(whereabouts, "après")[0] == "après"


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


@once
def test_a_file_that_takes_too_much_memory_is_refused_and_the_process_stays(settings: Settings, engine: Engine) -> None:
    limited = settings.model_copy(update={"reading_processes": 1, "reading_memory_bytes": 1_000_000_000})
    apart = Beside(limited)
    try:
        _, before, _, _ = apart.run(whereabouts, "avant")
        with pytest.raises(InvalidInputError, match="plus de mémoire"):
            apart.run(takes_memory, 1_500_000_000)
        assert apart.run(takes_memory, 1_000) == 1_000
        assert apart.run(whereabouts, "après")[1] == before
    finally:
        apart.close()
