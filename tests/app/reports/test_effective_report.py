"""What the report says of emitted reports and of requests of codes, in each of its forms."""

import csv
import io
import re

import pytest
from openpyxl import load_workbook
from sqlmodel import select

from app.coverage.printed import PRINTED, compare
from app.effective import service, wording
from app.effective.reported import REPAIRS, REPAIRS_SHOWN, UNMEASURED
from app.jobs.runner import run_job
from app.models import Action, AuditEvent, EffectiveRun, Job
from app.platform.database import reading, transaction
from app.reports import pdf
from app.reports.content import ReportContent, read_report
from app.reports.formats import ReportFormat, written
from app.reports.jobs import JOB_KIND
from app.settings import Settings
from app.storage import prepared, repository
from tests.app.effective.hand_made import counts_of_results, seen
from tests.app.effective.runs import keep_run
from tests.app.exports.sample import Sample
from tests.app.reports.test_report import html_of, pages_of, text_of
from tests.conftest import BIOLOGIST, READER, TRANSCODER, ClientFor


@pytest.fixture
def run(decided: Sample) -> EffectiveRun:
    """A run of the sample catalogue."""
    world = decided.world
    return keep_run(world.engine, world.laboratory, decided.catalogue, world.users[TRANSCODER])


def read(sample: Sample) -> ReportContent:
    with reading(sample.world.engine) as session:
        return read_report(session, sample.world.laboratory, sample.catalogue, "Camille", None)


def part(said: str, start: str, end: str) -> str:
    return said.split(start, 1)[1].split(end, 1)[0]


def effective_part(content: ReportContent) -> str:
    return part(text_of(html_of(content)), " Transcodage effectif ", " Double lecture ")


def test_without_a_run_one_sentence_says_so_and_nothing_else(content: ReportContent) -> None:
    assert effective_part(content).strip() == UNMEASURED
    sheets = load_workbook(io.BytesIO(written(content, ReportFormat.XLSX)[2]))
    assert sheets.sheetnames == ["À lire", "Décisions", "Erreurs attendues", "Transcodage effectif"]
    assert UNMEASURED in [cell.value for row in sheets["Transcodage effectif"] for cell in row]
    lines = written(content, ReportFormat.EFFECTIVE_CSV)[2].decode("utf-8-sig").splitlines()
    assert lines[-1] == f"Transcodage effectif;{UNMEASURED}"
    assert len(lines) == 5


def test_each_figure_stands_beside_its_definition(decided: Sample, run: EffectiveRun) -> None:
    said = effective_part(read(decided))
    for figure, definition in (
        ("100 249 40,16\u00a0% de 35,16\u00a0% à 46,05\u00a0%", wording.BY_RESULTS),
        ("115 249 46,18\u00a0%", wording.WITH_LOINC_ALONE),
        ("0 7 0,00\u00a0%", wording.BY_CODES),
        ("2 6 33,33\u00a0%", wording.COVERAGE),
    ):
        assert f"{figure} {definition}" in said
    assert "Biochimie 100 186 53,76\u00a0% 2 3 66,66\u00a0%" in said
    assert wording.BY_CHAPTER in said
    assert "du 01/03/2026 au 31/03/2026" in said
    assert "2\u202f000 tirages" in said
    assert "Remplacez 2823-3 par 14749-6 sur cette analyse." in said
    assert UNMEASURED not in said


def test_a_run_that_was_taken_back_is_no_measure(decided: Sample, run: EffectiveRun) -> None:
    with transaction(decided.world.engine) as session:
        access = decided.world.catalogue_access(BIOLOGIST, decided.catalogue)
        service.withdraw(session, access, run.public_id, "Comptes rendus d’essai")
    assert effective_part(read(decided)).strip() == UNMEASURED


def test_what_changed_since_the_run_is_said(decided: Sample, run: EffectiveRun) -> None:
    assert "À savoir" not in effective_part(read(decided))
    decided.approve("K", "2823-3")
    assert "À savoir : Depuis cette mesure, ce qui est approuvé a changé pour 1 code local vu" in effective_part(
        read(decided)
    )


def test_the_document_holds_the_first_lines_and_the_tables_all_of_them(decided: Sample) -> None:
    world = decided.world
    many = [[seen(f"X{number:03}")] * (number + 1) for number in range(REPAIRS_SHOWN + 9)]
    keep_run(world.engine, world.laboratory, decided.catalogue, None, counts_of_results(many))
    content = read(decided)
    said = effective_part(content)
    assert f"À corriger dans le SGL, le plus fréquent d’abord ({REPAIRS_SHOWN + 9})" in said
    assert "X009" in said
    assert "X008" not in said
    assert "9 autres lignes sont dans le tableau du transcodage effectif (59 en tout)." in said
    lines = list(csv.reader(io.StringIO(written(content, ReportFormat.EFFECTIVE_CSV)[2].decode("utf-8-sig")),
                            delimiter=";"))  # fmt: skip
    start = lines.index(list(REPAIRS))
    assert [line[1] for line in lines[start + 1 :]] == [f"X{number:03}" for number in range(58, -1, -1)]
    sheet = load_workbook(io.BytesIO(written(content, ReportFormat.XLSX)[2]))["À corriger dans le SGL"]
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0] == REPAIRS
    assert [[cell or "" for cell in row] for row in rows[1:]] == [
        [cell.removeprefix("'") for cell in line] for line in lines[start + 1 :]
    ]


def test_tables_give_each_percentage_with_its_definition(decided: Sample, run: EffectiveRun) -> None:
    content = read(decided)
    table = written(content, ReportFormat.EFFECTIVE_CSV)[2].decode("utf-8-sig")
    told = dict(line[:2] for line in csv.reader(io.StringIO(table), delimiter=";") if len(line) == 2)
    interval = "intervalle de 35,16\u00a0% à 46,05\u00a0%"
    assert told["Par résultats"] == f"40,16\u00a0% (100 sur 249), {interval}. {wording.BY_RESULTS}"
    assert told["Par codes locaux"] == f"0,00\u00a0% (0 sur 7). {wording.BY_CODES}"
    assert told["Par chapitre"].startswith(wording.BY_CHAPTER)
    assert told["Chapitre Biochimie"] == (
        "53,76\u00a0% (100 sur 186) des résultats, couverture 66,66\u00a0% (2 sur 3) des analyses"
    )
    assert told["Chapitre Sans code local"] == "0,00\u00a0% (0 sur 30) des résultats, aucune analyse"
    sheet = load_workbook(io.BytesIO(written(content, ReportFormat.XLSX)[2]))["Transcodage effectif"]
    assert told.items() - {row[:2] for row in sheet.iter_rows(values_only=True)} <= {
        (name, told[name]) for name in ("Laboratoire", "Catalogue", "Version du transcodage", "État du")
    }
    # A local code that a spreadsheet would compute stays a text.
    assert "'=1+1;" in table


def test_the_pages_of_the_document_say_it_too(decided: Sample, run: EffectiveRun) -> None:
    pages = " ".join(pages_of(pdf.pdf_of(html_of(read(decided)))))
    assert "Transcodage effectif" in pages
    assert "40,16" in pages
    assert "Demandes de code LOINC" in pages


def test_the_table_is_offered_where_something_was_measured(decided: Sample, client_for: ClientFor) -> None:
    client, address = client_for(READER), f"/catalogues/{decided.catalogue_id}/rapport"
    label = ReportFormat.EFFECTIVE_CSV.label
    assert label not in client.get(address).text
    keep_run(decided.world.engine, decided.world.laboratory, decided.catalogue, None)
    assert label in client.get(address).text


@pytest.mark.parametrize("asked", [ReportFormat.EFFECTIVE_CSV, ReportFormat.XLSX])
def test_a_table_that_prints_the_coverage_is_in_the_history(
    decided: Sample, run: EffectiveRun, settings: Settings, client_for: ClientFor, asked: ReportFormat
) -> None:
    world, client = decided.world, client_for(READER)
    client.post(f"/catalogues/{decided.catalogue_id}/rapport/{asked.value}")
    with reading(world.engine) as session:
        job_id = session.exec(select(Job.id).where(Job.kind == JOB_KIND)).one() or 0
    run_job(world.engine, settings, job_id)
    with reading(world.engine) as session:
        stored = repository.published(session, prepared.key_of(job_id))
        assert stored is not None
        (event,) = session.exec(select(AuditEvent).where(AuditEvent.action == PRINTED)).all()
        compared = compare(session, world.catalogue_access(READER, decided.catalogue), event.details)
        assert all(line.is_equal for line in compared)
    page = client.get(f"/catalogues/{decided.catalogue_id}/fichiers-prepares").text
    assert re.search(r"rapport-catalogue-\d+-\d+-(effectif\.csv|lignes\.xlsx)", page)


def test_requests_of_codes_are_counted_by_where_they_stand(decided: Sample) -> None:
    def said() -> str:
        return part(text_of(html_of(read(decided))), " Demandes de code LOINC ", " Alertes justifiées")

    assert "À préparer 1 0" in said()
    with decided.together():
        decided.act(decided.test_id("K"), Action.NO_LOINC, reason="aucun terme")
    assert "À préparer 1 1" in said()
    decided.act(decided.test_id("K"), Action.CHOOSE, loinc_num="2823-3")
    decided.act(decided.test_id("RARE"), Action.CHOOSE, loinc_num="2823-3")
    assert "Aucune ligne n’est déclarée sans code LOINC." in said()
