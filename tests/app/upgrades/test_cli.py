"""The commands that load LOINC and value sets."""

import sys
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select
from typer.testing import CliRunner

import app.upgrades.cli
from app.cli import cli
from app.errors import ConflictError, InvalidInputError
from app.models import Action, AuditEvent, Laboratory, Level, LocalTest, Role, User, ValueSet
from app.platform.database import reading, transaction
from app.platform.identity import CatalogueAccess
from app.settings import Settings
from app.terminology import publishing
from app.terminology.service import current_release
from app.transcoding.facts import derive_state
from app.transcoding.ledger import DecisionContent, OpenRow, append
from app.upgrades.service import load_starter
from tests.app.terminology.fixtures.official import SODIUM, first_release, second_release
from tests.conftest import TRANSCODER, World


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, engine: Engine, settings: Settings) -> CliRunner:
    """The command line on the database of the test."""
    monkeypatch.setattr(app.upgrades.cli, "get_settings", lambda: settings)
    monkeypatch.setattr(app.upgrades.cli, "open_ready", lambda _settings: engine)
    return CliRunner()


def test_load_loinc_then_another_release(run: CliRunner, engine: Engine, tmp_path: Path) -> None:
    first = run.invoke(cli, ["load-loinc", str(first_release().write_zip(tmp_path))])
    assert first.exit_code == 0, first.output
    assert "LOINC 2.80 chargée" in first.output
    assert "Attention\u202f: une distribution complète de LOINC compte plus de 90\u202f000 termes." in first.output
    assert "Elle est utilisée dès maintenant\u202f: rien n'était encore décidé." in first.output
    path = str(second_release().write_folder(tmp_path / "Loinc_2.81"))
    second = run.invoke(cli, ["load-loinc", path])
    assert "La version utilisée reste LOINC 2.80" in second.output
    third = run.invoke(cli, ["load-loinc", path, "--current"])
    assert "était déjà chargée" in third.output
    with reading(engine) as session:
        release = current_release(session)
    assert release is not None
    assert release.version == "2.81"


def decide_something(world: World) -> None:
    catalogue = world.add_catalogue()
    with transaction(world.engine) as session:
        test = LocalTest(catalogue_id=catalogue.id or 0, level=Level.ANALYSIS, code="NA", label="Sodium", position=0)
        session.add(test)
        session.flush()
        said = DecisionContent(reason="essai")
        user = session.get_one(User, world.user_id(TRANSCODER))
        laboratory = session.get_one(Laboratory, world.laboratory_id)
        access = CatalogueAccess(user, laboratory, Role.TRANSCODER, catalogue)
        append(session, OpenRow(access, test, [], derive_state([])), Action.OUT_OF_SCOPE, said)


def test_the_first_official_release_waits_once_something_is_decided(
    run: CliRunner, world: World, tmp_path: Path
) -> None:
    with transaction(world.engine) as session:
        starter = load_starter(session)
    decide_something(world)
    path = str(first_release().write_zip(tmp_path))
    loaded = run.invoke(cli, ["load-loinc", path])
    assert "Elle n'est pas encore utilisée\u202f: des décisions existent." in loaded.output
    assert f"La version utilisée reste LOINC {starter.version}" in loaded.output
    with reading(world.engine) as session:
        release = current_release(session)
        event = session.exec(select(AuditEvent).where(AuditEvent.action == "terminology.load_release")).one()
    assert release is not None
    assert release.id == starter.id
    assert event.details["is_used"] is False
    refused = run.invoke(cli, ["load-loinc", path, "--current"])
    assert isinstance(refused.exception, ConflictError)
    assert "paraît coupée\u202f: elle compte 300 termes" in refused.exception.message
    asked = run.invoke(cli, ["load-loinc", path, "--current", "--entiere"])
    assert asked.exit_code == 0
    with reading(world.engine) as session:
        release = current_release(session)
    assert release is not None
    assert release.version == "2.80"


def test_a_release_asked_for_is_not_said_to_wait(run: CliRunner, world: World, tmp_path: Path) -> None:
    with transaction(world.engine) as session:
        load_starter(session)
    decide_something(world)
    loaded = run.invoke(cli, ["load-loinc", str(first_release().write_zip(tmp_path)), "--current", "--entiere"])
    assert loaded.exit_code == 0
    assert "pas encore utilisée" not in loaded.output
    assert "reste LOINC" not in loaded.output


def test_what_is_decided_while_a_release_is_made_ready_keeps_it_waiting(
    run: CliRunner, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with transaction(world.engine) as session:
        load_starter(session)
    locked, times = publishing.locks.lock_subject, []

    def decided_meanwhile(session: Session, subject: object, key: str = "") -> None:
        if not times:
            times.append(1)
            decide_something(world)
        locked(session, subject, key)  # type: ignore[arg-type]

    monkeypatch.setattr(publishing.locks, "lock_subject", decided_meanwhile)
    loaded = run.invoke(cli, ["load-loinc", str(first_release().write_zip(tmp_path))])
    assert loaded.exit_code == 0, loaded.output
    assert "Elle n'est pas encore utilisée" in loaded.output


def test_a_refusal_is_one_sentence(run: CliRunner, tmp_path: Path) -> None:
    result = run.invoke(cli, ["load-loinc", str(tmp_path / "absent.zip")])
    assert result.exit_code == 1
    assert isinstance(result.exception, InvalidInputError)
    assert "n'existe pas" in result.exception.message


def test_load_valueset(run: CliRunner, tmp_path: Path) -> None:
    path = tmp_path / "liste.csv"
    path.write_text(f"Code;Texte\r\n{SODIUM};Sodium\r\nautre;Autre\r\n", encoding="utf-8")
    options = ["--type", "circuit_biologie", "--colonne-code", "Code", "--colonne-libelle", "Texte", "--version", "v1"]
    result = run.invoke(cli, ["load-valueset", str(path), *options])
    assert result.exit_code == 0, result.output
    assert "Circuit de la biologie v1" in result.output
    assert "1 codes" in result.output
    again = run.invoke(cli, ["load-valueset", str(path), *options])
    assert "déjà chargé" in again.output


def test_a_list_and_a_release_may_come_from_the_standard_input(run: CliRunner, engine: Engine, tmp_path: Path) -> None:
    options = ["--type", "circuit_biologie", "--colonne-code", "Code", "--colonne-libelle", "Texte"]
    content = f"Code;Texte\r\n{SODIUM};Sodium\r\n"
    listed = run.invoke(cli, ["load-valueset", "-", *options, "--nom", "circuit.csv"], input=content.encode("cp1252"))
    assert listed.exit_code == 0, listed.output
    with reading(engine) as session:
        assert session.exec(select(ValueSet.source_name)).one() == "circuit.csv"
    loaded = run.invoke(cli, ["load-loinc", "-"], input=first_release().write_zip(tmp_path).read_bytes())
    assert loaded.exit_code == 0, loaded.output
    with reading(engine) as session:
        release = current_release(session)
    assert release is not None
    assert (release.version, release.source_name) == ("2.80", "entree-standard")


def test_progress_reads_100_only_when_all_is_done(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    console = app.upgrades.cli._Console()
    for done in (0, 7999, 9999, 10_000):
        console(done, 10_000, "Lecture")
    shown = capsys.readouterr().err.split("\r")
    assert [line.strip() for line in shown[1:]] == ["Lecture 0 %", "Lecture 79 %", "Lecture 99 %", "Lecture 100 %"]
