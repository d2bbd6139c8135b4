"""The commands that load LOINC and value sets."""

import sys
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlmodel import select
from typer.testing import CliRunner

import app.upgrades.cli
from app.cli import cli
from app.errors import InvalidInputError
from app.models import ValueSet
from app.platform.database import reading
from app.settings import Settings
from app.terminology.service import current_release
from tests.app.terminology.fixtures.official import SODIUM, first_release, second_release


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
    path = str(second_release().write_folder(tmp_path / "Loinc_2.81"))
    second = run.invoke(cli, ["load-loinc", path])
    assert "La version utilisée reste LOINC 2.80" in second.output
    third = run.invoke(cli, ["load-loinc", path, "--current"])
    assert "était déjà chargée" in third.output
    with reading(engine) as session:
        release = current_release(session)
    assert release is not None
    assert release.version == "2.81"


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
