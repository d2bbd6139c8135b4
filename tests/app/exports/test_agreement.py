"""What is counted is what leaves: rows that share their local code, in coverage, in every file and on the pages."""

import csv
import io
import json

import pytest

from app.coverage.definitions import Definition, ExamRule, Figure
from app.coverage.files import CsvKind, report_csv, report_json
from app.coverage.service import coverage_report, shown_report
from app.exports.report import report_csv as export_report
from app.exports.schemas import ExportFile, ExportKind
from app.exports.service import ExportRequest, build, read_material
from app.files.choices import Choices, Duplicates, IncomingFile
from app.models import Action, Level, utc_now
from app.platform.database import reading
from app.publication.assessment import Assessment
from app.settings import Settings
from tests.app.exports.sample import GLUCOSE, POTASSIUM, SODIUM, Sample, add_sample
from tests.app.files.workbooks import xlsx
from tests.conftest import BIOLOGIST, READER, TRANSCODER, ClientFor, World

NAME = "LOINC_3_export_resultats_20261101"
HEADINGS = (
    "Code analyse;Libellé analyse;Synonyme;Grandeur;Code unité principale;Libellé unité principale;"
    "Temporalité PT/24H;Code milieu;Libellé milieu;Echelle QN/ORD;Technique;Codes NABM ou mention HN"
)
ROWS = (
    "NA;SODIUM;;;;mmol/L;PT;SE;Sérum;QN;;1609",
    "K;POTASSIUM;;;;mmol/L;PT;SE;Sérum;QN;;1608",
    "NA;SODIUM DES URINES;;;;mmol/L;PT;SE;Sérum;QN;;1609",
    "GLY;GLYCEMIE;;;;mmol/L;PT;SE;Sérum;QN;;0552",
    "NA;SODIUM;natrémie;;;mmol/L;PT;SE;Sérum;QN;;1609",
)
FOR_MACHINES = [kind for kind in ExportKind if kind not in (ExportKind.ORIGINAL, ExportKind.XLSX)]
READ_HERE = [kind for kind in FOR_MACHINES if kind not in (ExportKind.LOINC_4, ExportKind.LOINC_5)]
"""Those that a catalogue of analyses alone can give."""


def _received(form: str) -> IncomingFile:
    choices = Choices(duplicates=Duplicates.KEEP)
    if form == "csv":
        return IncomingFile(f"{NAME}.csv", "\r\n".join((HEADINGS, *ROWS, "")).encode(), choices)
    rows = [line.split(";") for line in (HEADINGS, *ROWS)]
    return IncomingFile(f"{NAME}.xlsx", xlsx({"Analyses": rows}), choices)


@pytest.fixture(params=["csv", "xlsx"])
def doubled(world: World, request: pytest.FixtureRequest) -> Sample:
    """Three rows of one local code, all kept, and two others."""
    return add_sample(world, [_received(request.param)])


def _answer(sample: Sample, code: str, number: int, loinc_num: str) -> None:
    """A decision on the nth row of a local code, approved; no code is « no LOINC code »."""
    test = sample.test_id(code, number=number)
    if loinc_num:
        sample.act(test, Action.CHOOSE, loinc_num=loinc_num, relation="equivalent")
    else:
        sample.act(test, Action.NO_LOINC, reason="aucun terme")
    sample.act(test, Action.APPROVE, email=BIOLOGIST)


def _figure(sample: Sample) -> Figure:
    """The figure of the analyses, which the kept counts and a recount give alike."""
    with reading(sample.world.engine) as session:
        exact = coverage_report(session, sample.world.laboratory, sample.catalogue)
        shown = shown_report(session, sample.world.laboratory, sample.catalogue)
    assert exact.figures == shown.figures
    assert exact.ambiguous_total == shown.ambiguous_total
    assert [row.id for row, _ in exact.without_code] == [row.id for row, _ in shown.without_code]
    assert exact.figures[0][0] == Definition()
    return exact.main


def _made(sample: Sample, settings: Settings, kind: ExportKind) -> tuple[ExportFile, Assessment]:
    request = ExportRequest(kind)
    with reading(sample.world.engine) as session:
        material = read_material(session, sample.world.laboratory, sample.catalogue, request)
    return build(material, settings, request, utc_now(), "Test")


def _codes_of_loinc_6(sample: Sample, settings: Settings) -> list[str]:
    content = _made(sample, settings, ExportKind.LOINC_6)[0].content.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(content), delimiter=";"))
    return [row[12] for row in rows[1:]]


ANSWERS = {
    "one": ([SODIUM], [SODIUM, "", "", "", ""]),
    "same": ([SODIUM, SODIUM, SODIUM], [SODIUM, "", SODIUM, "", SODIUM]),
    "same on two": ([SODIUM, SODIUM], [SODIUM, "", SODIUM, "", ""]),
    "two codes": ([SODIUM, POTASSIUM], [""] * 5),
    "two codes of three": ([SODIUM, SODIUM, POTASSIUM], [""] * 5),
    "a code and none": ([SODIUM, ""], [""] * 5),
}


@pytest.mark.parametrize("case", ANSWERS)
def test_the_figure_counts_the_rows_that_leave_with_a_code(doubled: Sample, settings: Settings, case: str) -> None:
    answers, expected = ANSWERS[case]
    with doubled.together():
        for number, loinc_num in enumerate(answers):
            _answer(doubled, "NA", number, loinc_num)
        _answer(doubled, "GLY", 0, GLUCOSE)
    expected[3] = GLUCOSE
    assert _codes_of_loinc_6(doubled, settings) == expected
    figure = _figure(doubled)
    assert (figure.numerator, figure.denominator) == (sum(bool(code) for code in expected), 5)
    for kind in READ_HERE:
        file, assessment = _made(doubled, settings, kind)
        assert len(assessment.names) == figure.numerator, kind
        assert (SODIUM in file.content.decode()) is (SODIUM in expected), kind


def test_settled_answers_count_and_leave(doubled: Sample, settings: Settings) -> None:
    with doubled.together():
        _answer(doubled, "NA", 0, SODIUM)
        _answer(doubled, "NA", 1, "")
    assert _figure(doubled).numerator == 0
    wrong = doubled.test_id("NA", number=1)
    doubled.act(wrong, Action.SEND_BACK, email=BIOLOGIST, reason="même analyse")
    assert _figure(doubled).numerator == 1
    _answer(doubled, "NA", 1, SODIUM)
    assert _figure(doubled).numerator == 2
    assert _codes_of_loinc_6(doubled, settings) == [SODIUM, "", SODIUM, "", ""]


def test_the_coverage_page_and_its_reports_name_the_rows(doubled: Sample, client_for: ClientFor) -> None:
    address = f"/catalogues/{doubled.catalogue_id}/couverture"
    client = client_for(READER)
    assert "Voir ces lignes" not in client.get(address).text
    with doubled.together():
        _answer(doubled, "NA", 0, SODIUM)
        _answer(doubled, "NA", 1, POTASSIUM)
    page = client.get(address).text
    assert "2 lignes approuvées ne comptent pas" in page
    assert '<a href="#sans-code">Voir ces lignes</a>' in page
    for number in (0, 1):
        link = f"/catalogues/{doubled.catalogue_id}/revue/{doubled.test_id('NA', number=number)}"
        assert f'href="{link}"' in page
        assert client.get(link).status_code == 200
    assert "Autre réponse approuvée pour le même code local" in page
    with reading(doubled.world.engine) as session:
        report = coverage_report(session, doubled.world.laboratory, doubled.catalogue)
    told = "2 lignes approuvées ne comptent pas"
    assert any(sentence.startswith(told) for sentence in json.loads(report_json(report))["warnings"])
    for kind in CsvKind:
        assert told in report_csv(report, kind).decode("utf-8-sig")


@pytest.mark.parametrize("other", [POTASSIUM, ""], ids=["another code", "no code"])
def test_the_approval_page_warns_before_the_second_answer(doubled: Sample, client_for: ClientFor, other: str) -> None:
    _answer(doubled, "NA", 0, SODIUM)
    waiting = doubled.test_id("NA", number=1)
    if other:
        doubled.act(waiting, Action.CHOOSE, loinc_num=other, relation="equivalent")
    else:
        doubled.act(waiting, Action.NO_LOINC, reason="aucun terme")
    page = client_for(BIOLOGIST).get(f"/catalogues/{doubled.catalogue_id}/approbation").text
    warning = f"a une autre réponse approuvée ({SODIUM})"
    assert page.count(warning) == 1
    link = f"/catalogues/{doubled.catalogue_id}/approbation?q=NA&amp;etat=approuvee"
    assert f'href="{link}"' in page
    assert "SODIUM" in client_for(BIOLOGIST).get(link.replace("&amp;", "&")).text
    # The same answer for the same local code is no matter.
    doubled.act(waiting, Action.CHOOSE, loinc_num=SODIUM, relation="equivalent")
    assert warning not in client_for(BIOLOGIST).get(f"/catalogues/{doubled.catalogue_id}/approbation").text


@pytest.mark.parametrize("kind", [ExportKind.ORIGINAL, ExportKind.XLSX, *READ_HERE])
def test_every_export_says_what_became_of_them(doubled: Sample, settings: Settings, kind: ExportKind) -> None:
    with doubled.together():
        _answer(doubled, "NA", 0, SODIUM)
        _answer(doubled, "NA", 1, "")
    file, assessment = _made(doubled, settings, kind)
    assert any("réponses approuvées différentes : 1 (NA)" in note for note in file.notes)
    assert "« aucun code LOINC »" in export_report(assessment, (), "PROJET").decode("utf-8-sig")


def test_an_exam_without_analysis_in_scope_leaves_the_denominator_and_is_named(
    sample: Sample, client_for: ClientFor
) -> None:
    by_analyses = Definition(Level.EXAM, exam_rule=ExamRule.ALL_ANALYSES)
    with reading(sample.world.engine) as session:
        before = shown_report(session, sample.world.laboratory, sample.catalogue)
    assert (dict(before.figures)[by_analyses].denominator, before.emptied_total) == (2, 0)
    sample.act(sample.test_id("GLY"), Action.OUT_OF_SCOPE, reason="commentaire")
    sample.act(sample.test_id("GLY"), Action.APPROVE, email=BIOLOGIST)
    with reading(sample.world.engine) as session:
        exact = coverage_report(session, sample.world.laboratory, sample.catalogue)
        shown = shown_report(session, sample.world.laboratory, sample.catalogue)
    assert exact.figures == shown.figures
    assert [(row.id, row.chapter) for row in exact.emptied] == [(row.id, row.chapter) for row in shown.emptied]
    assert exact.emptied_total == shown.emptied_total == 1
    assert [row.code for row in shown.emptied] == ["GLY"]
    figures = dict(shown.figures)
    assert (figures[by_analyses].denominator, figures[by_analyses].rows_emptied) == (1, 1)
    assert figures[Definition(Level.EXAM)].denominator == 2
    page = client_for(READER).get(f"/catalogues/{sample.catalogue_id}/couverture").text
    assert "Examens dont aucune analyse n'est dans le périmètre" in page.replace("&#39;", "'")
    assert f'href="/catalogues/{sample.catalogue_id}/revue/{sample.test_id("GLY", Level.EXAM)}"' in page
    assert "GLYCEMIE" in report_csv(exact, CsvKind.OUT_OF_SCOPE).decode("utf-8-sig")
    assert json.loads(report_json(exact))["exams_without_analysis_in_scope"][0]["code"] == "GLY"


def test_the_page_of_exports_names_them(doubled: Sample, client_for: ClientFor) -> None:
    with doubled.together():
        _answer(doubled, "NA", 0, SODIUM)
        _answer(doubled, "NA", 1, "")
    page = client_for(TRANSCODER).get(f"/catalogues/{doubled.catalogue_id}/exports").text
    assert f"Réponses contraires pour ce code local : {SODIUM}, et « aucun code LOINC »." in page
