"""What a received file brought and the catalogue left out is named in the report of every export, row by row."""

import csv
import io
import json
import zipfile

import pytest
from openpyxl import Workbook

from app.exports.jobs import report_name
from app.exports.left_at_import import CHOICE, LEFT
from app.exports.report import HEADINGS
from app.exports.schemas import ExportKind, Packaging
from app.exports.service import ExportRequest, make_export
from app.files.choices import Choices, Duplicates, IncomingFile
from app.files.tabular import read_table
from app.models import Action, Laboratory, Level
from app.platform.database import Transactions, reading
from app.publication.schemas import Incomplete
from app.publication.statement import REPORT_NAME
from app.settings import Settings
from tests.app.exports.sample import CREATININE, GLUCOSE, LOINC_2, SODIUM, Sample, add_sample
from tests.app.exports.test_ans_files import export
from tests.conftest import BIOLOGIST, TRANSCODER, ClientFor, World

CONTENT = "code;libelle;unite\nNA;Sodium;mmol/L\nNA;Natrémie;mmol/L\n;Sans code;g/L\nK;Potassium;mmol/L\n".encode()
Line = dict[str, str]


def lines(report: bytes) -> list[Line]:
    return list(csv.DictReader(io.StringIO(report.decode("utf-8-sig")), delimiter=";"))


@pytest.fixture
def sample(world: World, request: pytest.FixtureRequest) -> Sample:
    choices = Choices(duplicates=request.param, leaves_rows=True)
    return add_sample(world, [IncomingFile("liste.csv", CONTENT, choices)])


def archived_report(sample: Sample, settings: Settings, kind: ExportKind) -> list[Line]:
    with reading(sample.world.engine) as session:
        laboratory = session.get_one(Laboratory, sample.catalogue.laboratory_id)
    request = ExportRequest(kind, Incomplete.BLANK, Packaging.ZIP)
    file, _ = make_export(Transactions(sample.world.engine), settings, laboratory, sample.catalogue, request)
    with zipfile.ZipFile(io.BytesIO(file.content)) as archive:
        return lines(archive.read(REPORT_NAME))


def left(found: list[Line]) -> list[tuple[str, str, str]]:
    return [(line["Code local"], line["Libellé local"], line["Message"]) for line in found if line[HEADINGS[0]] == LEFT]


@pytest.mark.parametrize(
    ("sample", "in_double", "said"),
    [
        (Duplicates.FIRST, ["Natrémie"], "la première ligne de chaque code est gardée"),
        (Duplicates.LEAVE, ["Sodium", "Natrémie"], "toutes ces lignes sont laissées de côté"),
        (Duplicates.KEEP, [], "toutes les lignes sont gardées et numérotées"),
    ],
    indirect=["sample"],
)
@pytest.mark.parametrize("kind", [ExportKind.ORIGINAL, ExportKind.SSSOM])
def test_the_report_names_the_choice_and_each_row_left_out(
    sample: Sample, settings: Settings, client_for: ClientFor, in_double: list[str], said: str, kind: ExportKind
) -> None:
    found = archived_report(sample, settings, kind)
    (choice,) = [line["Message"] for line in found if line[HEADINGS[0]] == CHOICE]
    assert "liste.csv" in choice
    assert said in choice
    named = left(found)
    assert [label for _, label, _ in named] == [*in_double, "Sans code"]
    for code, label, message in named:
        row = CONTENT.decode().split("\n").index(f"{code};{label};{'mmol/L' if code else 'g/L'}") + 1
        assert f"Ligne {row} de « liste.csv »" in message
        assert ("en double" if code else "ne pouvait être reprise") in message
    client = client_for(TRANSCODER)
    page = client.get(f"/catalogues/{sample.catalogue.id}/exports/rapport.csv")
    assert report_name(sample.catalogue.id or 0) in page.headers["content-disposition"]
    assert left(lines(page.content)) == named


ELSEWHERE = (
    "code;libelle;unite;laboratoire executant\r\n"
    "FER;Ferritine;µg/L;Sur place\r\n"
    "FER;Ferritine;µg/L;Ailleurs\r\n"
    "FER;Ferritine;µg/L;Ailleurs\r\n"
    "NA;Sodium;mmol/L;Sur place\r\n"
)


def spreadsheet(text: str) -> bytes:
    book = Workbook()
    assert book.active is not None
    for row in csv.reader(io.StringIO(text), delimiter=";"):
        book.active.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def objects(text: str) -> bytes:
    return json.dumps(list(csv.DictReader(io.StringIO(text), delimiter=";")), ensure_ascii=False).encode()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("liste.csv", ELSEWHERE.encode()),
        ("liste.xlsx", spreadsheet(ELSEWHERE)),
        ("liste.json", objects(ELSEWHERE)),
    ],
)
def test_a_row_left_out_has_no_code_whatever_it_shares_with_the_one_that_was_kept(
    world: World, settings: Settings, name: str, content: bytes
) -> None:
    """Nothing but the laboratory that executes it tells it apart, and its repetition goes with it."""
    sample = add_sample(world, [IncomingFile(name, content, Choices(duplicates=Duplicates.FIRST))])
    with sample.together():
        sample.approve("FER", CREATININE)
        sample.approve("NA", SODIUM)
    file = export(sample, settings, ExportKind.ORIGINAL)
    rows = [row.cells for row in read_table(file.name, file.content).data]
    assert [row[4] for row in rows] == [CREATININE, "", "", SODIUM]
    report = archived_report(sample, settings, ExportKind.ORIGINAL)
    assert len(left(report)) == 2


def test_a_row_of_an_exam_that_was_left_out_has_no_code_either(world: World, settings: Settings) -> None:
    """It has the code of an exam, and another label: nobody said that it is that exam."""
    content = LOINC_2.replace("1610;K;POTASSIUM", "1610;K;").encode()
    file = IncomingFile("LOINC_2_export_demandes_20261101.csv", content, Choices(leaves_rows=True))
    sample = add_sample(world, [file])
    sample.approve("IONO", SODIUM, Level.EXAM)
    for kind, place in ((ExportKind.LOINC_5, 9), (ExportKind.ORIGINAL, 9)):
        made = export(sample, settings, kind)
        rows = [row.cells for row in read_table("LOINC_5.csv", made.content).data]
        assert [row[place] for row in rows] == [SODIUM, "", ""], kind


SHARED = "code;libelle;unite\r\nGLU;Glycémie;mmol/L\r\nGLU;Glycémie;g/L\r\nGLU;Glycémie;g/L\r\nNA;Sodium;mmol/L\r\n"


@pytest.mark.parametrize(
    ("shared", "coded", "left_out"),
    [
        (Duplicates.KEEP, [GLUCOSE, CREATININE, CREATININE, SODIUM], 0),
        (Duplicates.FIRST, [GLUCOSE, "", "", SODIUM], 2),
        (Duplicates.LEAVE, ["", "", "", SODIUM], 3),
    ],
)
def test_rows_of_one_code_and_several_units_become_what_was_chosen(
    world: World, settings: Settings, shared: Duplicates, coded: list[str], left_out: int
) -> None:
    sample = add_sample(world, [IncomingFile("liste.csv", SHARED.encode(), Choices(shared=shared))])
    with sample.together():
        sample.approve("NA", SODIUM)
        for number, loinc in enumerate((GLUCOSE, CREATININE)[: len(sample.ids.get((Level.ANALYSIS, "GLU"), ()))]):
            test_id = sample.test_id("GLU", number=number)
            sample.act(test_id, Action.CHOOSE, loinc_num=loinc, relation="equivalent")
            sample.act(test_id, Action.APPROVE, email=BIOLOGIST)
    file = export(sample, settings, ExportKind.ORIGINAL)
    assert [row.cells[3] for row in read_table(file.name, file.content).data] == coded
    report = archived_report(sample, settings, ExportKind.ORIGINAL)
    (choice,) = [line["Message"] for line in report if line[HEADINGS[0]] == CHOICE]
    assert "codes de plusieurs lignes d'unité ou de milieu différents" in choice
    assert ("que si leurs réponses approuvées sont les mêmes" in choice) is (shared is Duplicates.KEEP)
    assert len(left(report)) == left_out
    assert all("d'autres lignes ont son code" in message for _, _, message in left(report))
