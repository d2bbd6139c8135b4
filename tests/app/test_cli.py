"""The command line, run as a user runs it."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlmodel import select
from typer.testing import CliRunner

from app.accounts.passwords import verify_password
from app.accounts.repository import find_user_by_email
from app.cli import cli
from app.errors import WorkbenchError
from app.models import AuditEvent, Catalogue, Laboratory, TotpSecret, UserSession
from app.platform.database import make_engine, reading, transaction
from app.platform.web_sessions import open_session
from app.second_factor.service import start_application
from app.settings import PROJECT_ROOT, get_settings
from app.tallies import marks

Run = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path, installation: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """`run("user", "list")` runs a command on an installation of its own and returns what it says."""
    shutil.copytree(installation, tmp_path / "var")
    monkeypatch.setenv("TRANSCODEUR_DATA_DIR", str(tmp_path / "var"))
    get_settings.cache_clear()

    def invoke(*arguments: str, typed: str | None = None) -> str:
        result = CliRunner().invoke(cli, list(arguments), input=typed, catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.output

    yield invoke
    get_settings.cache_clear()


def shell(data_dir: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"TRANSCODEUR_DATA_DIR": str(data_dir)}
    command = [sys.executable, "-m", "app.cli", *arguments]
    return subprocess.run(
        command, cwd=PROJECT_ROOT, env=environment, capture_output=True, text=True, check=False, timeout=300
    )


def test_migrating_says_where_the_database_stands(run: Run, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "var")
    assert "de la migration aucune à" in run("migrate")
    assert "est à jour" in run("migrate")
    assert "concordent" in run("migrate", "--check")


def test_migrating_leaves_no_count_to_bring_up(run: Run, tmp_path: Path) -> None:
    run("migrate")
    engine = make_engine(f"sqlite:///{tmp_path / 'var' / 'transcodeur.sqlite3'}")
    with transaction(engine) as session:
        laboratory = Laboratory(name="Laboratoire du Parc")
        session.add(laboratory)
        session.flush()
        catalogue = Catalogue(laboratory_id=laboratory.id or 0, name="Ancien")
        session.add(catalogue)
        session.flush()
        # As a migration leaves what it cannot count itself.
        marks.mark(session, [catalogue.id or 0], about_figures=True)
    assert "comptes" in run("migrate")
    with reading(engine) as session:
        assert marks.marked(session) == []
    assert "comptes" not in run("migrate")


def test_the_first_account_is_made_on_the_command_line(run: Run, tmp_path: Path) -> None:
    said = run("user", "add", "--email", "Chef@Labo.fr", "--name", "Chef Labo", "--administrator")
    password = re.search(r"[a-z2-9]{5}(?:-[a-z2-9]{5}){3}", said)
    assert password is not None
    with reading(make_engine(get_settings().resolved_database_url)) as session:
        user = find_user_by_email(session, "chef@labo.fr")
        assert user is not None
        assert user.is_administrator
        assert user.must_change_password
        assert verify_password(password[0], user.password_hash)
    listed = run("user", "list")
    assert "chef@labo.fr\tChef Labo\tadministrateur" in listed


def test_a_password_can_be_typed(run: Run) -> None:
    secret = "une phrase bien à moi"
    add = ("user", "add", "--email", "a@labo.fr", "--nom", "A", "--mot-de-passe")
    said = run(*add, typed=f"{secret}\n{secret}\n")
    assert secret not in said
    with reading(make_engine(get_settings().resolved_database_url)) as session:
        user = find_user_by_email(session, "a@labo.fr")
        assert user is not None
        assert verify_password(secret, user.password_hash)
        assert not user.must_change_password
    assert "provisoire" in run("user", "password", "a@labo.fr")


def test_a_lost_second_factor_is_taken_away_without_another_administrator(run: Run) -> None:
    run("user", "add", "--email", "chef@labo.fr", "--name", "Chef", "--administrator")
    engine = make_engine(get_settings().resolved_database_url)
    with transaction(engine) as session:
        user = find_user_by_email(session, "chef@labo.fr")
        assert user is not None
        start_application(session, user, get_settings())
        user.has_second_factor = True
        open_session(session, user, get_settings(), with_second_factor=True)
    assert "est retiré" in run("user", "second-factor", "chef@labo.fr")
    with reading(engine) as session:
        user = find_user_by_email(session, "chef@labo.fr")
        assert user is not None
        assert not user.has_second_factor
        assert session.exec(select(TotpSecret)).first() is None
        assert session.exec(select(UserSession)).one().revoked_at is not None
        event = session.exec(select(AuditEvent).where(AuditEvent.action == "second_factor.reset")).one()
        assert event.actor_id is None


def test_roles_are_given_changed_and_taken(run: Run) -> None:
    run("user", "add", "--email", "a@labo.fr", "--name", "A")
    assert "sous le numéro 1" in run("laboratory", "add", "Labo A", "--finess", "750000001")
    assert "Labo A\t750000001" in run("laboratory", "list")
    assert "biologiste à « Labo A »" in run("user", "role", "a@labo.fr", "Labo A", "biologiste")
    assert "biologiste à « Labo A »" in run("user", "list")
    assert "aucun rôle" in run("user", "role", "a@labo.fr", "Labo A", "aucun")
    assert "Labo A" not in run("user", "list")


def test_accounts_are_deactivated_and_reactivated(run: Run) -> None:
    run("user", "add", "--email", "a@labo.fr", "--name", "A")
    assert "désactivé" in run("user", "state", "a@labo.fr", "--inactif")
    assert "désactivé" in run("user", "list")
    assert "actif" in run("user", "state", "a@labo.fr", "--actif")


def test_a_backup_says_where_it_is(run: Run, tmp_path: Path) -> None:
    run("migrate")
    assert "Sauvegarde écrite" in run("backup", str(tmp_path / "copie.sqlite3"))


def test_every_command_explains_itself_in_french(run: Run) -> None:
    commands = re.findall(r"^  ([a-z-]+) ", run("--help").partition("Commandes")[2], re.MULTILINE)
    assert {"serve", "user", "migrate", "worker", "demo", "backup", "propose", "import"} <= set(commands)
    for command in commands:
        assert command in run(command, "--help")


def test_a_mistake_is_answered_by_one_sentence(tmp_path: Path) -> None:
    result = shell(tmp_path / "var", "backup", "copie.sqlite3")
    assert result.returncode == 1
    assert result.stderr.startswith("Erreur : ")
    assert "pas de base à sauvegarder" in result.stderr
    assert "Traceback" not in result.stderr


def test_each_mistake_has_its_sentence(run: Run) -> None:
    with pytest.raises(WorkbenchError, match="Aucun compte n'a l'adresse"):
        run("user", "password", "absent@labo.fr")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("user", "role", "absent@labo.fr", "Labo", "chef"), "Le rôle « chef » est inconnu"),
        (("import", "a.csv", "--laboratoire", "L", "--catalogue", "C", "--encodage", "ebcdic"), "Encodage inconnu"),
    ],
)
def test_a_value_that_is_not_admitted_is_a_mistake_of_use(
    tmp_path: Path, arguments: tuple[str, ...], reason: str
) -> None:
    (tmp_path / "a.csv").write_text("Code;Libelle\nNA;Sodium\n", "utf-8")
    given = [str(tmp_path / "a.csv") if item == "a.csv" else item for item in arguments]
    result = shell(tmp_path / "var", *given)
    assert (result.returncode, "Traceback" in result.stderr) == (2, False), result.stderr
    assert reason in result.stderr


def test_a_setting_that_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRANSCODEUR_PORT", "Huit mille")
    result = shell(tmp_path / "var", "serve")
    assert result.returncode == 1
    assert result.stderr.startswith("Erreur : Réglage illisible : TRANSCODEUR_PORT=Huit mille.")
    assert "Traceback" not in result.stderr


def test_a_port_in_use_is_said_before_anything_is_built(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = shell(tmp_path / "var", "serve", "--port", str(taken.getsockname()[1]))
    assert result.returncode == 1
    assert "un autre programme l'occupe déjà" in result.stderr
    assert not (tmp_path / "var").exists()


def test_serve_builds_a_new_installation_answers_and_stops(tmp_path: Path) -> None:
    environment = os.environ | {"TRANSCODEUR_DATA_DIR": str(tmp_path / "var"), "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "app.cli", "serve", "--port", "0"]
    with subprocess.Popen(
        command, cwd=PROJECT_ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as server:
        try:
            assert server.stdout is not None
            first = server.stdout.readline()
            address = re.search(r"http://127\.0\.0\.1:\d+/", first)
            assert address is not None, first
            assert "Aucun compte n'existe encore" in server.stdout.readline()
            page = _read(address[0] + "connexion")
            assert "Se connecter" in page
        finally:
            server.terminate()
        _, err = server.communicate(timeout=300)
    assert "Traceback" not in err, err


def _read(address: str) -> str:
    for _ in range(1200):
        try:
            with urllib.request.urlopen(address, timeout=60) as answer:
                return str(answer.read(), "utf-8")
        except OSError:
            time.sleep(0.05)
    raise AssertionError("the server did not answer")


def test_a_worker_starts_and_stops(tmp_path: Path, installation: Path) -> None:
    shutil.copytree(installation, tmp_path / "var")
    environment = os.environ | {"TRANSCODEUR_DATA_DIR": str(tmp_path / "var"), "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "app.cli", "worker"]
    with subprocess.Popen(
        command, cwd=PROJECT_ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as worker:
        assert worker.stdout is not None
        assert "En attente de travaux" in worker.stdout.readline()
        worker.terminate()
        _, err = worker.communicate(timeout=300)
    assert worker.returncode == 0, err


def _told_by(program: str) -> str:
    command = [sys.executable, "-c", program]
    return subprocess.run(command, cwd=PROJECT_ROOT, capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.parametrize("name", ["demo", "serve", "worker", "migrate", "user", "import"])
def test_whatever_a_command_writes_is_counted(name: str) -> None:
    program = (
        "import sys, typer; from app.cli import cli; "
        f"typer.main.get_command(cli).get_command(None, '{name}'); print('app.tallies.keeping' in sys.modules)"
    )
    assert _told_by(program) == "True"


def test_nothing_is_written_where_nobody_counts() -> None:
    program = (
        "from app.platform.database import make_engine, transaction\n"
        "try:\n    with transaction(make_engine('sqlite://')): print('written')\n"
        "except RuntimeError as error: print(error)"
    )
    assert _told_by(program).startswith("nobody keeps the counts")
