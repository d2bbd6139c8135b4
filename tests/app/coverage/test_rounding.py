"""Wherever coverage is printed, just under the target never reads as the target."""

import json
import re

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner

from app.cli import cli
from app.coverage.definitions import CountedCatalogue, CoverageRow
from app.coverage.files import CsvKind, report_csv, report_json
from app.coverage.pages import chapter_table, figure_line
from app.coverage.report import CoverageContext, CoverageReport, build_report
from app.models import Level, LocalTest, LoincRelease, LoincTerm, Outcome, ReviewState, Status, utc_now
from app.platform.database import transaction
from app.settings import Settings
from tests.conftest import READER, ClientFor, World

ROWS, TRANSCODED = 4004, 3203
"""Nearest to 4/5 from below: 79,995 %, which rounds to 80 % with one decimal, and with two."""
FEWER_ROWS, FEWER_TRANSCODED = 404, 323
"""79,9505 %, which rounds to 80,0 %."""
READS_80 = re.compile(r"80(?:,0+)?[\u00a0\u202f ]?%")
HEADINGS = ("n'est jamais écrit 80\u00a0%", "80\u00a0% atteint", "Manque pour 80\u00a0%", "pour atteindre 80\u00a0%")


@pytest.fixture(scope="module")
def report() -> CoverageReport:
    """Analyses and exams of one chapter, all just under the target, in rows and in volume."""
    context = CoverageContext("Labo", "", 1, "CountedCatalogue", 1, "2.80", "official", utc_now())
    rows = [
        CoverageRow(
            id=number,
            level=level,
            code=f"C{number}",
            label="",
            chapter="Biochimie",
            annual_volume=1,
            status=Status.APPROVED if number % ROWS < TRANSCODED else Status.TODO,
            outcome=Outcome.CODE if number % ROWS < TRANSCODED else Outcome.NONE,
            loinc_num="2951-2" if number % ROWS < TRANSCODED else "",
            code_exists=True,
            analysis_ids=(number - ROWS,),
        )
        for level, first in ((Level.ANALYSIS, 0), (Level.EXAM, ROWS))
        for number in range(first, first + ROWS)
    ]
    return build_report(context, CountedCatalogue(rows))


def without_headings(text: str) -> str:
    """The text less the words that name the target."""
    for words in HEADINGS:
        text = text.replace(words, "")
    return text


def test_the_sample_is_just_under_the_target(report: CoverageReport) -> None:
    assert {(figure.numerator, figure.denominator) for _, figure in report.figures} == {(TRANSCODED, ROWS)}
    assert {definition.level for definition, _ in report.figures} == {Level.ANALYSIS, Level.EXAM}
    assert not any(figure.is_reached for _, figure in report.figures)
    assert f"{TRANSCODED / ROWS:.1%}" == "80.0%"


@pytest.mark.parametrize("kind", [CsvKind.FIGURES, CsvKind.CHAPTERS])
def test_the_spreadsheets(report: CoverageReport, kind: CsvKind) -> None:
    text = without_headings(report_csv(report, kind).decode("utf-8-sig"))
    figures = report.figures if kind is CsvKind.FIGURES else report.chapters
    assert text.count("79,99\u00a0%") == len(figures)
    assert not READS_80.search(text)
    assert ";oui;" not in text


def test_the_json(report: CoverageReport) -> None:
    content = json.loads(report_json(report))
    figures = [*content["figures"], *(item for level in content["chapters"].values() for item in level)]
    assert {item["rate"] for item in figures} == {0.7999}
    assert {item["target_reached"] for item in content["figures"]} == {False}


def test_the_labels_of_the_bars(report: CoverageReport) -> None:
    bars = [figure_line(definition, figure).meter for definition, figure in report.figures]
    bars += [line.meter for level, figures in report.chapters.items() for line in chapter_table(level, figures).lines]
    assert len(bars) == len(report.figures) + 2
    for bar in bars:
        assert bar.label.endswith("79,99\u00a0%")


@pytest.fixture
def catalogue_id(engine: Engine, world: World) -> int:
    """A catalogue in the database, just under the target."""
    catalogue = world.add_catalogue()
    assert catalogue.id is not None
    with transaction(engine) as session:
        release = LoincRelease(version="2.80", kind="official", term_count=1, is_current=True)
        session.add(release)
        session.flush()
        session.add(LoincTerm(release_id=release.id, loinc_num="2951-2", component="Sodium"))
        tests = [
            LocalTest(catalogue_id=catalogue.id, level=Level.ANALYSIS, code=f"C{number}", label="", position=number)
            for number in range(FEWER_ROWS)
        ]
        session.add_all(tests)
        session.flush()
        session.add_all(
            ReviewState(local_test_id=test.id, status=Status.APPROVED, outcome=Outcome.CODE, loinc_num="2951-2")
            for test in tests[:FEWER_TRANSCODED]
        )
    return catalogue.id


def test_the_page(client_for: ClientFor, catalogue_id: int) -> None:
    page = client_for(READER).get(f"/catalogues/{catalogue_id}/couverture").text
    assert page.count("79,95\u00a0%") >= 4
    assert "80,0" not in page
    assert "sous 80" in page


def test_the_command(monkeypatch: pytest.MonkeyPatch, engine: Engine, settings: Settings, catalogue_id: int) -> None:
    import app.coverage.cli

    monkeypatch.setattr(app.coverage.cli, "get_settings", lambda: settings)
    monkeypatch.setattr(app.coverage.cli, "open_ready", lambda _settings: engine)
    said = CliRunner().invoke(cli, ["coverage", "--catalogue", str(catalogue_id)]).output
    assert said.count("79,95\u00a0%") == 2
    assert not READS_80.search(without_headings(said))
