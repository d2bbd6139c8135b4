"""Coverage from the tables: approved facts only, against one release or another."""

import json

import pytest
from sqlalchemy import Engine

from app.catalogues.service import catalogue_and_laboratory
from app.coverage.definitions import Definition, ExamRule, Measure
from app.coverage.files import CsvKind, report_csv, report_json
from app.coverage.report import CoverageReport
from app.coverage.service import coverage_report
from app.errors import ConflictError, NotFoundError
from app.models import Level
from app.platform.database import reading
from app.transcoding.standing import Standing
from tests.app.coverage.sample import Sample, make_sample
from tests.conftest import BIOLOGIST, NAMES, World


@pytest.fixture
def sample(engine: Engine, world: World) -> Sample:
    return make_sample(engine, world)


@pytest.fixture
def report(engine: Engine, world: World, sample: Sample) -> CoverageReport:
    with reading(engine) as session:
        return coverage_report(session, world.laboratory, sample.catalogue)


def shares(report: CoverageReport) -> dict[Definition, tuple[int, int]]:
    return {definition: (figure.numerator, figure.denominator) for definition, figure in report.figures}


def test_figures_side_by_side(report: CoverageReport) -> None:
    by_analyses = ExamRule.ALL_ANALYSES
    assert shares(report) == {
        Definition(): (4, 8),
        Definition(with_subcontracted=False): (3, 7),
        Definition(Level.EXAM): (0, 2),
        Definition(Level.EXAM, with_subcontracted=False): (0, 2),
        Definition(Level.EXAM, exam_rule=by_analyses): (1, 2),
        Definition(Level.EXAM, exam_rule=by_analyses, with_subcontracted=False): (1, 2),
        Definition(measure=Measure.VOLUME): (950, 1000),
        Definition(measure=Measure.VOLUME, with_subcontracted=False): (950, 1000),
    }
    assert report.main.rows_missing == 3


def test_what_leaves_and_what_does_not_count_is_listed(report: CoverageReport) -> None:
    assert [(row.code, row.reason) for row in report.out_of_scope] == [("COM", "=Commentaire, texte libre")]
    assert {row.code: standing for row, standing in report.without_code} == {
        "GLY": Standing.NOT_IN_RELEASE,
        "DIV": Standing.PLACEHOLDER,
        "RARE": Standing.NO_CODE,
    }


def test_chapters_come_from_the_exam_when_the_analysis_names_none(report: CoverageReport) -> None:
    figures = {
        chapter: (figure.numerator, figure.denominator) for chapter, figure in report.chapters[Level.ANALYSIS].items()
    }
    assert figures == {"Biochimie": (2, 2), "Ions": (1, 1), "": (1, 5)}
    assert list(report.chapters[Level.EXAM]) == ["Biochimie"]


def test_who_approved(report: CoverageReport) -> None:
    (approver,) = report.approvers
    assert approver.name == NAMES[BIOLOGIST]
    # The retired row is nobody's credit.
    assert (approver.with_code, approver.without_code) == (6, 2)
    assert approver.first_at <= approver.last_at


def test_another_release_gives_another_figure(engine: Engine, world: World, sample: Sample) -> None:
    with reading(engine) as session:
        report = coverage_report(session, world.laboratory, sample.catalogue, sample.other_release_id)
    assert report.context.release_version == "2.81"
    assert shares(report)[Definition()] == (5, 8)


def test_warnings_name_what_is_odd(report: CoverageReport) -> None:
    assert any("absentes du catalogue" in sentence for sentence in report.warnings)
    assert any("portés par plusieurs analyses\u202f: 1" in sentence for sentence in report.warnings)


def test_json_says_the_same(report: CoverageReport) -> None:
    content = json.loads(report_json(report))
    first = content["figures"][0]
    assert (first["numerator"], first["denominator"], first["rate"]) == (4, 8, 0.5)
    assert first["target_reached"] is False
    assert first["rows_by_standing"]["out_of_scope"] == 1
    assert content["loinc_release"] == {"version": "2.80", "kind": "official"}
    assert "Regenstrief" in content["loinc_notice"]
    assert {row["code"] for row in content["approved_without_code"]} == {"GLY", "DIV", "RARE"}


@pytest.mark.parametrize("kind", list(CsvKind))
def test_csv_states_its_definition(report: CoverageReport, kind: CsvKind) -> None:
    text = report_csv(report, kind).decode("utf-8-sig")
    assert "Une ligne compte comme transcodée" in text
    assert "LOINC 2.80" in text


def test_csv_never_starts_a_cell_with_a_formula(report: CoverageReport) -> None:
    text = report_csv(report, CsvKind.OUT_OF_SCOPE).decode("utf-8-sig")
    assert ";'=Commentaire, texte libre;" in text


def test_without_release_there_is_no_figure(engine: Engine, world: World) -> None:
    catalogue = world.add_catalogue()
    with reading(engine) as session, pytest.raises(ConflictError):
        coverage_report(session, world.laboratory, catalogue)


def test_unknown_catalogue_and_release(engine: Engine, world: World) -> None:
    catalogue = world.add_catalogue()
    with reading(engine) as session:
        with pytest.raises(NotFoundError):
            catalogue_and_laboratory(session, 404)
        with pytest.raises(NotFoundError):
            coverage_report(session, world.laboratory, catalogue, 404)
