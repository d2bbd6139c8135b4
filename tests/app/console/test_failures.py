"""What ends a command, in one French sentence; a defect of the program keeps its trace."""

import errno
import os
import socket
import sqlite3
from collections.abc import Callable

import pytest
from sqlalchemy.exc import IntegrityError, OperationalError

import app.cli
from app.console.failures import failure_sentence
from app.console.system_errors import SQLITE_REASONS, SYSTEM_REASONS, system_reason
from app.errors import ImportRefusedError, InputProblem, NotFoundError, WorkbenchError
from tests.app.console.conftest import RunMain
from tests.app.console.english import english_in

URL = "postgresql+psycopg://labo:secret@serveur/base"


def sentence(error: Exception) -> str | None:
    return failure_sentence(error, lambda: URL)


@pytest.mark.parametrize("number", errno.errorcode)
def test_every_error_of_the_system_is_said_in_french(number: int) -> None:
    said = sentence(OSError(number, os.strerror(number), "fichier.csv"))
    assert said is not None
    assert said.startswith("« fichier.csv » : ")
    assert os.strerror(number) not in said
    assert english_in(said) == []


def test_the_usual_ones_have_words_of_their_own() -> None:
    numbers = (errno.ENOENT, errno.EACCES, errno.EISDIR, errno.ENOSPC, errno.EADDRINUSE, errno.EROFS, errno.EEXIST)
    assert len({system_reason(OSError(number, "")) for number in numbers}) == len(numbers)
    assert all(number in SYSTEM_REASONS for number in numbers)
    assert system_reason(socket.gaierror(-2, "Name or service not known")) == "cette adresse n'existe pas"


def sqlite_error(name: str) -> sqlite3.DatabaseError:
    error = sqlite3.DatabaseError("database disk image is malformed")
    error.sqlite_errorname = name
    return error


@pytest.mark.parametrize("name", [*SQLITE_REASONS, "SQLITE_IOERR_SHORT_READ", "SQLITE_INCONNU"])
def test_every_error_of_sqlite_is_said_in_french(name: str) -> None:
    for error in (sqlite_error(name), OperationalError("SELECT 1", {}, sqlite_error(name))):
        said = sentence(error)
        assert said is not None
        assert english_in(said) == []
        assert "malformed" not in said


def test_the_password_of_the_database_is_never_said() -> None:
    said = sentence(OperationalError("SELECT 1", {}, Exception("connexion refusée\npar le pare-feu")))
    assert said is not None
    assert "secret" not in said
    assert "serveur/base" in said
    assert "\n" not in said


def test_refusals_are_said_as_they_are() -> None:
    assert sentence(NotFoundError("Ce catalogue n'existe pas.")) == "Ce catalogue n'existe pas."
    refused = ImportRefusedError([InputProblem("a.csv", "vide."), InputProblem("b.csv", "vide.", row=2)])
    assert sentence(refused) == (
        "fichier refusé, rien n'a été fait.\n- fichier « a.csv » : vide.\n- fichier « b.csv », ligne 2 : vide."
    )


@pytest.mark.parametrize(
    "defect", [KeyError("x"), AssertionError(), IntegrityError("INSERT", {}, sqlite_error("SQLITE_CONSTRAINT"))]
)
def test_a_defect_keeps_its_trace(defect: Exception) -> None:
    assert sentence(defect) is None


def fails(error: Exception) -> Callable[[], None]:
    def command() -> None:
        raise error

    return command


def test_main_gives_each_end_its_status(run_main: RunMain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app.cli, "cli", fails(WorkbenchError("Refusé.")))
    assert run_main() == (1, "", "Erreur : Refusé.\n")
    monkeypatch.setattr(app.cli, "cli", fails(KeyError("défaut")))
    with pytest.raises(KeyError, match="défaut"):
        run_main()


def test_an_address_of_another_machine_is_said_in_french(run_main: RunMain) -> None:
    code, _, err = run_main("serve", "--host", "192.0.2.1", "--port", "0")
    assert code == 1
    assert "cette machine n'a pas cette adresse" in err
    assert english_in(err) == []


def test_a_command_that_is_interrupted_has_its_status(run_main: RunMain, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_settings: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("app.administration.cli.open_ready", interrupted)
    assert run_main("user", "list")[0] == 130
