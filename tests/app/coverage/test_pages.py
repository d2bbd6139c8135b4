"""The coverage page, its files and the command."""

import csv
import io
import json
from dataclasses import replace

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner

from app.coverage.files import CsvKind, report_csv
from app.coverage.service import coverage_report
from app.exports.original import FORMULA_STARTERS
from app.platform.database import reading
from app.settings import Settings
from tests.app.coverage.sample import Sample, make_sample
from tests.conftest import BIOLOGIST, OUTSIDER, READER, ClientFor, World


@pytest.fixture
def sample(engine: Engine, world: World) -> Sample:
    return make_sample(engine, world)


def test_the_page_prints_the_definition_beside_the_figure(client_for: ClientFor, sample: Sample) -> None:
    page = client_for(READER).get(f"/catalogues/{sample.catalogue_id}/couverture")
    assert page.status_code == 200
    assert "50,00\u00a0%" in page.text
    assert "Nombre d&#39;analyses approuvées avec un code LOINC" in page.text
    assert "Il manque 3 analyses approuvées" in page.text
    assert "=Commentaire, texte libre" in page.text
    assert "Béatrice Biologiste" in page.text
    assert "style=" not in page.text


def test_the_page_of_another_release_says_so(client_for: ClientFor, sample: Sample) -> None:
    address = f"/catalogues/{sample.catalogue_id}/couverture?version={sample.other_release_id}"
    page = client_for(BIOLOGIST).get(address)
    assert "62,50\u00a0%" in page.text
    assert "ne sont pas calculés avec la version de LOINC utilisée" in page.text


def test_an_empty_catalogue_is_measured_without_error(client_for: ClientFor, sample: Sample, world: World) -> None:
    catalogue = world.add_catalogue("Vide")
    page = client_for(READER).get(f"/catalogues/{catalogue.id}/couverture")
    assert page.status_code == 200
    assert "il n&#39;y a rien à mesurer" in page.text


@pytest.mark.parametrize("name", ["indicateurs.csv", "chapitres.csv", "hors-perimetre.csv", "sans-code.csv"])
def test_downloads(client_for: ClientFor, sample: Sample, name: str) -> None:
    answer = client_for(READER).get(f"/catalogues/{sample.catalogue_id}/couverture/{name}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert name in answer.headers["content-disposition"]
    assert answer.content.startswith(b"\xef\xbb\xbf")


def test_json_download(client_for: ClientFor, sample: Sample) -> None:
    answer = client_for(READER).get(f"/catalogues/{sample.catalogue_id}/couverture/rapport.json")
    assert answer.json()["figures"][0]["numerator"] == 4


@pytest.mark.parametrize("path", ["", "/indicateurs.csv", "/rapport.json"])
def test_outsiders_see_nothing(client_for: ClientFor, sample: Sample, path: str) -> None:
    assert client_for(OUTSIDER).get(f"/catalogues/{sample.catalogue_id}/couverture{path}").status_code == 404


def test_unknown_table(client_for: ClientFor, sample: Sample) -> None:
    assert client_for(READER).get(f"/catalogues/{sample.catalogue_id}/couverture/autre.csv").status_code == 404


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, engine: Engine, settings: Settings) -> CliRunner:
    """The command line on the database of the test."""
    import app.coverage.cli

    monkeypatch.setattr(app.coverage.cli, "get_settings", lambda: settings)
    monkeypatch.setattr(app.coverage.cli, "open_ready", lambda _settings: engine)
    return CliRunner()


def test_the_command(run: CliRunner, sample: Sample) -> None:
    from app.cli import cli

    result = run.invoke(cli, ["coverage", "--catalogue", str(sample.catalogue_id)])
    assert result.exit_code == 0, result.output
    assert "4 analyses transcodées sur 8." in result.output
    assert "50,00\u00a0%" in result.output


def test_the_command_in_json(run: CliRunner, sample: Sample) -> None:
    from app.cli import cli

    result = run.invoke(cli, ["coverage", "--catalogue", str(sample.catalogue_id), "--json"])
    assert json.loads(result.output)["figures"][0]["denominator"] == 8


@pytest.mark.same_sql("the text of a cell differs")
@pytest.mark.parametrize("start", FORMULA_STARTERS)
def test_no_cell_of_a_table_is_taken_for_a_formula(engine: Engine, world: World, sample: Sample, start: str) -> None:
    """Those in full width, which some spreadsheets read as the others, and those behind an end of line, too."""
    with reading(engine) as session:
        report = coverage_report(session, world.laboratory, sample.catalogue)
    named = replace(report, context=replace(report.context, catalogue=f"{start}1+1"))
    for kind in CsvKind:
        lines = csv.reader(io.StringIO(report_csv(named, kind).decode("utf-8-sig"), newline=""), delimiter=";")
        assert ["Catalogue", f"'{start}1+1"] in list(lines)
