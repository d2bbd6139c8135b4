"""The decision workbook as a person prints it: landscape, one page wide, headings on each page, real dates."""

import io
import re
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from app.exports.decision_sheet import decision_workbook
from app.exports.workbook_conversion import as_xlsx
from app.models import Level, Outcome, Relation, Status
from app.publication.assessment import Assessment, assess
from app.publication.schemas import PublishedRelease, PublishedTerm, PublishedTest
from app.publication.statement import Statement
from loinc_data.notice import LOINC_NOTICE
from tests.app.exports.sample import GLUCOSE, SODIUM, TERMS
from tests.app.files.workbooks import ods

RELEASE = PublishedRelease(1, "2.80", "official")
MADE_AT = datetime(2026, 12, 31, 23, 30, 12, 345, tzinfo=UTC)
ROWS = 70
SOFFICE = shutil.which("soffice")


def _rows() -> list[PublishedTest]:
    first = PublishedTest(
        id=0,
        level=Level.ANALYSIS,
        code="0012",
        label="Natrémie",
        synonym="ionogramme sanguin, sodium",
        specimen="Sérum ou plasma hépariné",
        unit="mmol/L",
        technique="potentiométrie indirecte",
        chapter="Biochimie — ionogramme",
        status=Status.APPROVED,
        outcome=Outcome.CODE,
        loinc_num=SODIUM,
        relation=Relation.EQUIVALENT,
        comments=("=1+1", "vu avec le service de néphrologie, qui demande la même unité partout"),
        decided_by="Camille Transcodeuse",
        approved_by="Dr Béatrice Biologiste",
        release_version="2.80",
        term=PublishedTerm(SODIUM, TERMS[SODIUM]),
    )
    start = datetime(2026, 10, 24, 22, 15, tzinfo=UTC)
    return [
        replace(
            first,
            id=number,
            code=f"{number:04d}",
            label=f"Natrémie du tube {number}, " + "prélèvement à jeun, " * (number % 5),
            decided_at=start + timedelta(hours=number),
            approved_at=start + timedelta(hours=number, minutes=20),
        )
        for number in range(1, ROWS + 1)
    ]


def _made(tests: list[PublishedTest], catalogue: str = "Catalogue R&D, 2026") -> bytes:
    assessment = assess(tests, RELEASE, circuit=frozenset())
    return decision_workbook(assessment, _statement(assessment, catalogue))


def _statement(assessment: Assessment, catalogue: str) -> Statement:
    return Statement.of(
        assessment,
        laboratory="Laboratoire du Port",
        catalogue=catalogue,
        release=RELEASE,
        made_at=MADE_AT,
        changed_at=MADE_AT,
        made_by="Camille Transcodeuse",
    )


def _sheets(content: bytes) -> list[Worksheet]:
    return [sheet for sheet in load_workbook(io.BytesIO(content)).worksheets if isinstance(sheet, Worksheet)]


def test_every_sheet_prints_in_landscape_on_pages_of_one_width() -> None:
    for sheet in _sheets(_made(_rows())):
        setup = sheet.page_setup
        assert (setup.orientation, setup.fitToWidth, setup.fitToHeight, int(setup.paperSize)) == ("landscape", 1, 0, 9)
        properties = sheet.sheet_properties.pageSetUpPr
        assert properties is not None
        assert properties.fitToPage
        # The ampersand of a name begins no code of its own.
        assert sheet.oddHeader.left.text.strip() == "Laboratoire du Port — Catalogue R&&D, 2026"
        assert sheet.oddHeader.right.text.strip() == "LOINC 2.80, exporté le 01/01/2027 00:30"
        assert "LOINC®" in sheet.oddFooter.left.text
        assert sheet.oddFooter.right.text == "&A, page &P sur &N"


def test_a_long_name_leaves_its_header_within_what_a_workbook_holds() -> None:
    for sheet in _sheets(_made(_rows()[:1], "x" * 400)):
        assert len(str(sheet.oddHeader)) <= 255
        assert sheet.oddHeader.left.text.endswith("x…")


def test_headings_are_repeated_frozen_and_filtered() -> None:
    _, decisions, errors = _sheets(_made(_rows()))
    assert decisions.print_title_rows == errors.print_title_rows == "$1:$1"
    assert (decisions.freeze_panes, errors.freeze_panes) == ("D2", "A2")
    assert decisions.auto_filter.ref == f"A1:U{ROWS + 1}"
    assert errors.auto_filter.ref == f"A1:F{ROWS + 1}"
    assert decisions["C1"].alignment.wrap_text
    assert decisions["C2"].alignment.wrap_text


def test_moments_are_dates_of_paris_and_codes_stay_texts() -> None:
    _, decisions, _ = _sheets(_made(_rows()))
    columns = {cell.value: cell.column - 1 for cell in decisions[1]}
    rows = {row[columns["Code local"]].value: row for row in decisions.iter_rows(min_row=2)}
    cells = [(row[columns["Décidé le"]], row[columns["Approuvé le"]]) for row in rows.values()]
    assert all(cell.is_date and cell.number_format == "dd/mm/yyyy hh:mm" for pair in cells for cell in pair)
    # Summer time until 1 UTC on 25 October 2026, then winter time: 2:15 comes twice.
    assert [rows[code][columns["Décidé le"]].value for code in ("0001", "0002", "0003", "0004")] == [
        datetime(2026, 10, 25, 1, 15),
        datetime(2026, 10, 25, 2, 15),
        datetime(2026, 10, 25, 2, 15),
        datetime(2026, 10, 25, 3, 15),
    ]
    code, comment = rows["0001"][columns["Code local"]], rows["0001"][columns["Commentaire"]]
    assert (code.data_type, code.number_format) == ("s", "@")
    assert (comment.data_type, comment.value[:4]) == ("s", "=1+1")


def test_columns_are_as_wide_as_what_they_hold() -> None:
    """An empty column takes the place of its heading, a long text its share of the page."""
    _, decisions, _ = _sheets(_made(_rows()))
    widths = {cell.value: decisions.column_dimensions[cell.column_letter].width for cell in decisions[1]}
    assert widths["Unité"] < widths["Synonyme"] < widths["Commentaire"] <= 30
    # The longest word of each heading stands on one line beside the mark of the filter.
    assert all(width >= max(len(word) for word in re.split(r"[\s-]", heading)) for heading, width in widths.items())
    assert sum(widths.values()) < 300


def test_the_bytes_depend_on_the_facts_alone() -> None:
    assert _made(_rows()) == _made(_rows())


def test_a_workbook_written_anew_depends_on_the_moment_of_the_export_alone() -> None:
    content, title = as_xlsx(ods({"Feuille 1": [["Code", "Libellé"], ["NA", "Sodium"]]}), "Feuille 1", MADE_AT)
    workbook = load_workbook(io.BytesIO(content))
    assert workbook.properties.created == MADE_AT.replace(tzinfo=None, microsecond=0)
    assert workbook[title].page_setup.orientation == "landscape"


def test_a_text_that_a_workbook_cannot_hold_loses_its_control_characters() -> None:
    (strange,) = (replace(_rows()[0], label="a\x00b\x1fc\ufffe\r\nd"),)
    _, decisions, _ = _sheets(_made([strange]))
    assert decisions["C2"].value == "a b c  \nd"


@pytest.mark.skipif(SOFFICE is None, reason="LibreOffice is not on this machine")
def test_printed_pages_are_one_page_wide_and_begin_with_the_headings(tmp_path: Path) -> None:
    assert SOFFICE is not None
    (tmp_path / "decisions.xlsx").write_bytes(_made(_rows()))
    profile = f"-env:UserInstallation=file://{tmp_path / 'profile'}"
    command = [SOFFICE, profile, "--headless", "--convert-to", "pdf", "--outdir", str(tmp_path), "decisions.xlsx"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=300)
    pages = re.findall(rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)\s*\]", (tmp_path / "decisions.pdf").read_bytes())
    sizes = {(round(float(width)), round(float(height))) for width, height in pages}
    assert sizes == {(842, 595)}
    # A sheet of 70 rows that spread over several pages in width would take twice as many.
    assert 3 <= len(pages) <= 14


def test_the_notice_is_in_the_workbook_in_full() -> None:
    about = _sheets(_made(_rows()))[0]
    found = {row[0].value: row[1].value for row in about.iter_rows(min_row=3)}
    assert found["Notice LOINC"] == LOINC_NOTICE
    assert found["Date de l'export"] == "01/01/2027 00:30 (heure de Paris)"
    assert found["Dates et heures"] == "Heure de Paris."
    assert GLUCOSE not in str(found)
