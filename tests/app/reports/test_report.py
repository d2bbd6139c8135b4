"""What the report says is what the facts say, in every format; nothing in it is computed or fetched."""

import csv
import hashlib
import io
import re
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest
from openpyxl import load_workbook
from pypdf import PdfReader
from sqlmodel import select

from app.coverage.printed import PRINTED, compare
from app.errors import ConflictError, TooBusyError
from app.jobs.runner import run_job
from app.models import Action, AuditEvent, Job, Level, LocalTest
from app.platform.database import reading
from app.publication.statement import COUNTED, NOT_THE_RATE
from app.reports import content as content_room
from app.reports import pdf
from app.reports.content import LINES, Listed, ReportContent
from app.reports.document import WIDTH_RULES, RowFile, column_widths, document_html
from app.reports.formats import ReportFormat, written
from app.reports.jobs import JOB_KIND, WITH_FIGURES
from app.reports.row_file import AMBIGUOUS, HEADINGS, rows_csv
from app.settings import Settings
from app.storage import prepared, repository
from loinc_data.notice import LOINC_NOTICE
from tests.app.exports.sample import GLUCOSE, SODIUM, Sample
from tests.conftest import BIOLOGIST, OUTSIDER, READER, ClientFor

STARTS = {
    ReportFormat.PDF: b"%PDF-", ReportFormat.HTML: b"<!doctype html>", ReportFormat.XLSX: b"PK",
    ReportFormat.CSV: "\ufeffLaboratoire;".encode(), ReportFormat.EFFECTIVE_CSV: "\ufeffLaboratoire;".encode(),
}  # fmt: skip


def rows_of(file: bytes) -> list[dict[str, str]]:
    """The rows of the table, below its head."""
    lines = list(csv.reader(io.StringIO(file.decode("utf-8-sig"), newline=""), delimiter=";"))
    start = lines.index(list(HEADINGS))
    return [dict(zip(HEADINGS, line, strict=True)) for line in lines[start + 1 :]]


def html_of(content: ReportContent) -> str:
    return document_html(content, RowFile.of("lignes.csv", rows_csv(content)))


def text_of(html: str) -> str:
    """What is read on the page."""
    return re.sub(r"[ \n]+", " ", re.sub(r"<style>.*?</style>|<[^>]+>", " ", html, flags=re.DOTALL))


def pages_of(file: bytes) -> list[str]:
    return [re.sub(r"\s+", " ", page.extract_text()) for page in PdfReader(io.BytesIO(file)).pages]


def fonts_of(page: Any) -> list[Any]:
    return [font.get_object() for font in page["/Resources"]["/Font"].values()]


def test_the_table_holds_every_row_and_gives_the_figure_again(content: ReportContent) -> None:
    rows = rows_of(rows_csv(content))
    assert len(rows) == len(content.rows) > 10
    analyses = [row for row in rows if row["Niveau"] == "analyse" and row["Retiré"] == "non"]
    in_scope = [row for row in analyses if not row["Sans code : motif"].startswith("hors périmètre")]
    coded = [row for row in in_scope if row["Code LOINC approuvé"]]
    main = content.coverage.main
    assert (len(coded), len(in_scope)) == (main.numerator, main.denominator)
    glucose = next(row for row in analyses if row["Code local"] == "GLY")
    assert (glucose["Code LOINC approuvé"], glucose["État"]) == (GLUCOSE, "approuvé")
    assert glucose["Commentaires"] == "À jeun non précisé ; vu avec le service"
    assert glucose["Approuvé par"]
    assert re.fullmatch(r"\d\d/\d\d/\d{4} \d\d:\d\d", glucose["Approuvé le"])
    waiting = next(row for row in analyses if row["Code local"] == "K")
    assert (waiting["Code LOINC approuvé"], waiting["État"]) == ("", "décidé, à approuver")
    assert waiting["Code décidé, non approuvé"]


def test_the_table_depends_on_the_facts_alone(content: ReportContent) -> None:
    later = replace(content.coverage.context, computed_at=datetime(2031, 1, 1, tzinfo=UTC))
    again = replace(content, coverage=replace(content.coverage, context=later))
    assert rows_csv(again) == rows_csv(content)
    assert LOINC_NOTICE in rows_csv(content).decode("utf-8-sig")


def test_nothing_in_the_table_is_computed_by_a_spreadsheet(content: ReportContent) -> None:
    for start in "=+-@\t\r":
        test = replace(content.assessment.tests[0], label=f"{start}1+1", justification=f"{start}HYPERLINK()")
        rows = rows_of(rows_csv(replace(content, assessment=replace(content.assessment, tests=(test,)))))
        assert rows[0]["Libellé local"] == f"'{start}1+1"
        assert rows[0]["Justification"] == f"'{start}HYPERLINK()"


def test_the_document_says_the_figures_their_definition_and_the_file_of_the_rows(content: ReportContent) -> None:
    html = html_of(content)
    said = text_of(html)
    main = content.coverage.main
    floored = main.numerator * 10_000 // main.denominator
    assert f"{floored // 100},{floored % 100:02d}\u00a0%" in said
    assert f"{main.numerator} sur {main.denominator}" in said
    for sentence in content.coverage.all_warnings:
        assert sentence.replace("'", "&#39;") in said
    assert hashlib.sha256(rows_csv(content)).hexdigest() in said
    assert "PROJET : aucune version signée" in said
    for reason in ("commentaire", "aucun terme"):
        assert reason in said, "of what is out of scope, of what has no code"
    assert LOINC_NOTICE.split(".")[0].replace("'", "&#39;") in said
    for word in ("certifié", "référencé", "signature électronique"):
        assert word not in said.lower()


def test_a_share_just_below_the_target_is_never_rounded_up(content: ReportContent) -> None:
    definition, figure = content.coverage.figures[0]
    nearly = replace(figure, numerator=79_999, denominator=100_000, rows_missing=1)
    coverage = replace(content.coverage, figures=((definition, nearly),))
    said = text_of(html_of(replace(content, coverage=coverage)))
    assert "79,99\u00a0%" in said
    assert "est atteint" not in said


def test_words_of_a_laboratory_are_never_markup(content: ReportContent) -> None:
    hostile = "<img src=x onerror=alert(1)><style>@import url(http://x)</style>"
    listed = Listed.of([("alerte", "A", hostile, "1-8", hostile)])
    html = html_of(replace(content, anomalies=listed, version=hostile))
    assert "<img" not in html
    assert html.count("<style>") == 1


def test_a_long_list_is_cut_and_says_by_how_much(content: ReportContent) -> None:
    listed = Listed.of([("n", f"C{number}", "l", "c", "m", "p") for number in range(LINES + 1200)])
    said = text_of(html_of(replace(content, excluded=listed)))
    assert "1\u202f200 autres lignes sont dans le fichier des lignes (1\u202f700 en tout)" in said
    assert f"C{LINES - 1}" in said
    assert f"C{LINES}" not in said


def test_the_pages_are_numbered_marked_and_the_same_each_time(content: ReportContent) -> None:
    listed = Listed.of([("analyse", f"C{number}", "Libellé", "Chapitre", "motif", "B") for number in range(200)])
    html = html_of(replace(content, excluded=listed))
    first = pdf.pdf_of(html)
    assert first == pdf.pdf_of(html)
    pages = pages_of(first)
    assert len(pages) > 2
    for number, page in enumerate(pages, 1):
        assert f"Page {number} sur {len(pages)}" in page
        assert "PROJET : aucune version signée" in page
    # The headings of a table are said again on each of its pages.
    assert all("Motif" in page for page in pages if page.count("C1") > 20)
    reader = PdfReader(io.BytesIO(first))
    box = reader.pages[0].mediabox
    assert (round(float(box.width)), round(float(box.height))) == (595, 842), "A4"
    fonts = {str(font["/BaseFont"]) for page in reader.pages for font in fonts_of(page)}
    assert {"+Rapport-" in name for name in fonts} == {True}, fonts


def test_a_document_fetches_nothing(tmp_path: Any) -> None:
    asked: list[str] = []

    class Telling(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(404)
            self.end_headers()

        def log_message(self, *_said: object) -> None:
            """Nothing."""

    secret = tmp_path / "secret.css"
    secret.write_text("body::after { content: 'SECRET' }")
    server = HTTPServer(("127.0.0.1", 0), Telling)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        address = f"http://127.0.0.1:{server.server_address[1]}"
        html = (
            f'<link rel="stylesheet" href="{secret.as_uri()}"><link rel="attachment" href="{secret.as_uri()}">'
            f'<img src="{address}/a.png"><style>@import "{address}/b.css";'
            f"body {{ background: url({address}/c) }}</style>"
            "<p>texte</p>"
        )
        file = pdf.pdf_of(html)
    finally:
        server.shutdown()
        server.server_close()
    assert asked == []
    assert "SECRET" not in " ".join(pages_of(file))
    assert b"EmbeddedFile" not in file


def test_a_document_of_too_many_pages_is_refused_not_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    html = "".join(f'<p style="break-after: page">{number}</p>' for number in range(pdf.MOST_PAGES + 2))
    with pytest.raises(ConflictError, match="150 pages"):
        pdf.pdf_of(html)


@pytest.mark.parametrize(
    ("status", "said", "error", "told"),
    [
        (3, b"", ConflictError, "Pango"), (-9, b"", TooBusyError, "trop de temps"),
        (1, b"MemoryError", TooBusyError, "mémoire"), (1, b"Traceback", ConflictError, "mis en pages"),
    ],
)  # fmt: skip
def test_what_fails_beside_is_told_in_french(
    monkeypatch: pytest.MonkeyPatch, status: int, said: bytes, error: type[Exception], told: str
) -> None:
    monkeypatch.setattr(subprocess, "run", lambda *_a, **_k: subprocess.CompletedProcess([], status, b"", said))
    with pytest.raises(error, match=told):
        pdf.pdf_of("<p>x</p>")


# The PDF, which takes seconds to lay out, is prepared and downloaded in the journey of the manager.
@pytest.mark.parametrize("asked", [asked for asked in ReportFormat if asked is not ReportFormat.PDF])
def test_each_format_is_prepared_and_downloaded(
    decided: Sample, settings: Settings, client_for: ClientFor, asked: ReportFormat
) -> None:
    world, number = decided.world, decided.catalogue.id
    client = client_for(READER)
    # That table is offered where emitted reports were measured (`test_effective_report`).
    is_offered = asked is not ReportFormat.EFFECTIVE_CSV
    assert (asked.label in client.get(f"/catalogues/{number}/rapport").text) is is_offered
    answer = client.post(f"/catalogues/{number}/rapport/{asked.value}")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/catalogues/{number}/fichiers-prepares")
    with reading(world.engine) as session:
        job_id = session.exec(select(Job.id).where(Job.kind == JOB_KIND)).one() or 0
    run_job(world.engine, settings, job_id)
    assert "rapport-catalogue-" in client.get(f"/catalogues/{number}/fichiers-prepares").text
    with reading(world.engine) as session:
        stored = repository.published(session, prepared.key_of(job_id))
        assert stored is not None
        address = f"/catalogues/{number}/fichiers-prepares/{stored.id}"
    file = client.get(address).content
    assert file.startswith(STARTS[asked])
    with reading(world.engine) as session:
        printed = session.exec(select(AuditEvent).where(AuditEvent.action == PRINTED)).all()
        assert len(printed) == int(asked in WITH_FIGURES)
        for event in printed:
            # The history holds what was printed, and the facts give it again.
            compared = compare(session, world.catalogue_access(READER, decided.catalogue), event.details)
            assert len(compared) == 6
            assert all(line.is_equal for line in compared)
    assert client_for(OUTSIDER).post(f"/catalogues/{number}/rapport/{asked.value}").status_code == 404


def test_the_workbook_holds_the_same_rows(content: ReportContent) -> None:
    name, _, file = written(content, ReportFormat.XLSX)
    assert name.endswith("-lignes.xlsx")
    sheet = load_workbook(io.BytesIO(file))["Décisions"]
    values = list(sheet.iter_rows(values_only=True))
    headings = list(values[0])
    codes = {row[headings.index("Code local")]: row[headings.index("Code LOINC approuvé")] for row in values[1:]}
    assert codes["NA"] == SODIUM


def test_a_report_is_refused_to_whoever_may_still_read_blind(
    decided: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(content_room, "approved_unread_by", lambda *_asked: True)
    with reading(decided.world.engine) as session, pytest.raises(ConflictError, match="deuxième lecture"):
        content_room.read_report(session, decided.world.laboratory, decided.catalogue, "x", 1)


def test_a_justified_alert_is_listed_with_its_words(decided: Sample) -> None:
    decided.approve("TSH", SODIUM, relation="related", justification="Le chlorure se rend avec le sodium ici.")
    with reading(decided.world.engine) as session:
        content = content_room.read_report(
            session, decided.world.laboratory, decided.catalogue, "Camille", None
        )
    assert [line[4] for line in content.justified.lines] == ["Le chlorure se rend avec le sodium ici."]
    assert "Le chlorure se rend avec le sodium ici." in html_of(content)


def test_who_approved_says_which_lines_are_counted(content: ReportContent) -> None:
    said = text_of(html_of(content))
    assert "analyses et examens seuls, sans les lignes retirées ; une signature compte aussi les chapitres" in said


def test_the_table_of_rows_says_which_approved_codes_do_not_count(decided: Sample) -> None:
    with decided.together() as session:
        for occurrence, code in enumerate((SODIUM, GLUCOSE)):
            row = LocalTest(
                catalogue_id=decided.catalogue_id, level=Level.ANALYSIS, code="DUP", occurrence=occurrence,
                label=f"DOUBLE {occurrence}", position=900,
            )  # fmt: skip
            session.add(row)
            session.flush()
            decided.act(row.id or 0, Action.CHOOSE, loinc_num=code, relation="equivalent")
            decided.act(row.id or 0, Action.APPROVE, email=BIOLOGIST)
    with reading(decided.world.engine) as session:
        content = content_room.read_report(session, decided.world.laboratory, decided.catalogue, "Camille", None)
    rows = rows_of(rows_csv(content))
    assert [row["Sans code : motif"] for row in rows if row["Code local"] == "DUP"] == [AMBIGUOUS] * 2
    counted = [
        row for row in rows
        if row["Niveau"] == "analyse" and row["Code LOINC approuvé"] and row["Retiré"] == "non"
        and not row["Sans code : motif"]
    ]  # fmt: skip
    assert len(counted) == content.coverage.main.numerator
    # The workbook beside it counts its lines, and says that they are not the rate.
    assert dict(content.statement.lines())[COUNTED] == NOT_THE_RATE


def test_where_nothing_is_in_scope_nothing_is_measured(sample: Sample) -> None:
    with sample.together():
        for (level, _), rows in sample.ids.items():
            for row in rows if level is Level.ANALYSIS else ():
                sample.act(row, Action.OUT_OF_SCOPE, reason="essai")
                sample.act(row, Action.APPROVE, email=BIOLOGIST)
    with reading(sample.world.engine) as session:
        content = content_room.read_report(session, sample.world.laboratory, sample.catalogue, "Camille", None)
    main = text_of(html_of(content)).split("Part du catalogue transcodée", 1)[1].split("Selon chaque définition", 1)[0]
    assert "— 0 sur 0" in main
    assert "il n’y a rien à mesurer" in main
    assert "Il manque" not in main
    assert "est atteint" not in main


def test_the_columns_of_a_long_list_share_the_page() -> None:
    lines = [("A00282", f"Libellé numéro {number} d’une analyse assez longue", "équivalent") for number in range(30)]
    code, label, relation = column_widths(("Code", "Libellé", "Relation"), lines)
    assert 98 <= code + label + relation <= 100
    assert relation > code, "a short text stays on one line, whatever its length"
    assert label > 60
    assert len(column_widths(("Code", "Libellé"), [])) == 2
    assert all(f"col.w{width} {{" in WIDTH_RULES for width in (code, label, relation))
