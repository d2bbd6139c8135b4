"""The received file completed: CSV byte for byte, workbook cell for cell."""

import io
import json
from collections.abc import Callable

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.styles import Font

from app.errors import NotFoundError
from app.exports.original import completed_workbook
from app.exports.repository import source_files
from app.exports.schemas import ExportFile, ExportKind
from app.exports.service import ExportRequest, build, read_material
from app.files.choices import IncomingFile
from app.files.reading import read_file
from app.files.tabular import read_table
from app.models import Action, Relation, utc_now
from app.platform.database import reading
from app.settings import Settings
from app.text import paris_day, stamp_day
from tests.app.exports.sample import (
    GLUCOSE,
    LOINC_3,
    POTASSIUM,
    SODIUM,
    TERMS,
    Sample,
    add_sample,
    ans_files,
)
from tests.app.files.workbooks import Layout, Shown, ods, xls, xlsx
from tests.conftest import BIOLOGIST, NAMES, TRANSCODER, World

HEADINGS = [
    "Code LOINC",
    "Nom LOINC",
    "Relation",
    "Commentaire",
    "Décidé par",
    "Approuvé par",
    "Date d'approbation",
    "Version LOINC",
]
FREE_CSV = (
    "Code;Libellé;Unité;Milieu\n"
    "-ALB;Albumine;g/L;Sérum\n"
    "GLU;Glucose;mmol/L;Sérum\n"
    "GLU;Glucose;mmol/L;Urines\n"
    "GLU;Glucose;mmol/L;Sérum\n"
    "007;Sodium;mmol/L;Sérum\n"
)


def completed(sample: Sample, settings: Settings, source_file_id: int | None = None) -> ExportFile:
    with reading(sample.world.engine) as session:
        request = ExportRequest(ExportKind.ORIGINAL, source_file_id=source_file_id)
        material = read_material(session, sample.world.laboratory, sample.catalogue, request)
    return build(material, settings, request, utc_now(), "Test")[0]


def test_a_free_csv_gets_eight_columns(world: World, settings: Settings) -> None:
    sample = add_sample(world, [IncomingFile("catalogue labo.csv", FREE_CSV.encode("cp1252"))])
    sample.approve("GLU", GLUCOSE, relation=Relation.LOINC_WIDER, comment="=1+1 vu avec le service")
    urine = sample.test_id("GLU", number=1)
    sample.act(urine, Action.CHOOSE, loinc_num=POTASSIUM, relation=Relation.EQUIVALENT)
    sample.act(urine, Action.APPROVE, email=BIOLOGIST)
    sample.act(sample.test_id("007"), Action.NO_LOINC, reason="test ancien")
    sample.act(sample.test_id("007"), Action.APPROVE, email=BIOLOGIST)
    file = completed(sample, settings)
    today = paris_day(utc_now())
    assert file.name == f"catalogue labo_LOINC_{stamp_day(utc_now())}.csv"
    assert (file.rows, file.coded) == (5, 3)
    rows = file.content.decode("cp1252").split("\n")
    received = FREE_CSV.split("\n")
    assert rows[0] == ";".join([received[0], *HEADINGS])
    assert rows[1] == received[1] + ";;;;non décidé;;;;"
    by = f"{NAMES[TRANSCODER]};{NAMES[BIOLOGIST]};{today};2.80"
    # Our free text is kept from computing; the received columns, "-ALB" included, are as they were.
    serum = (
        f';{GLUCOSE};"Glucose [Moles/Volume] Sérum/Plasma ; Numérique";LOINC plus large;\'=1+1 vu avec le service;{by}'
    )
    assert rows[2] == received[2] + serum
    # Two rows with one code are two tests, each with its LOINC code; a row said twice is one test.
    assert rows[3] == received[3] + f";{POTASSIUM};{TERMS[POTASSIUM]};équivalent;;{by}"
    assert rows[4] == received[4] + serum
    people = f"Tania Transcodeuse;Béatrice Biologiste;{today};"
    assert rows[5] == received[5] + f";;;;aucun code LOINC n'existe (approuvé) : test ancien;{people}"


def test_each_ans_file_can_be_completed_too(decided: Sample, settings: Settings) -> None:
    with reading(decided.world.engine) as session:
        files = {file.kind: file.id for file in source_files(session, decided.catalogue_id)}
    analyses = completed(decided, settings)
    assert analyses.name.startswith("LOINC_3_export_resultats_20261101_LOINC_")
    for line, received in zip(analyses.content.decode().split("\r\n"), LOINC_3.split("\r\n"), strict=True):
        assert line.startswith(received)
    chapters = completed(decided, settings, files["LOINC_1"]).content.decode()
    # A row with a sub-chapter speaks of it; a row without, of its chapter.
    assert "BIO;Biochimie;ION;Ionogramme;;;;non décidé;" in chapters
    assert ";Hématologie;;;;;;non décidé;" in chapters
    exams = completed(decided, settings, files["LOINC_2"]).content.decode()
    assert "GLYCEMIE;3016-3;" in exams


def _workbook() -> bytes:
    workbook = Workbook()
    notes = workbook.active
    assert notes is not None
    notes.title = "Notes"
    notes["A1"] = "à garder"
    sheet = workbook.create_sheet("Catalogue")
    sheet.append(["Catalogue du laboratoire"])
    sheet.append(["Code", "Libellé", "Unité", "Volume annuel"])
    sheet.append(["NA", "Sodium", "mmol/L", 1500])
    sheet.append([])
    sheet.append(["K", "Potassium", "mmol/L", "=SUM(1,2)"])
    sheet["A2"].font = Font(bold=True)
    sheet["D2"].font = Font(bold=True)
    sheet["Z40"].font = Font(italic=True)
    buffer = io.BytesIO()
    workbook.save(buffer)
    return buffer.getvalue()


def test_a_workbook_keeps_its_sheets_cells_and_types(world: World, settings: Settings) -> None:
    sample = add_sample(world, [IncomingFile("catalogue.xlsx", _workbook())])
    sample.approve("NA", SODIUM, comment="=HYPERLINK(1)")
    file = completed(sample, settings)
    assert file.name.endswith(".xlsx")
    workbook = load_workbook(io.BytesIO(file.content))
    assert workbook.sheetnames == ["Notes", "Catalogue"]
    assert workbook["Notes"]["A1"].value == "à garder"
    sheet = workbook["Catalogue"]
    rows = [[cell.value for cell in row[:8]] for row in sheet.iter_rows(max_row=5)]
    assert rows == [
        ["Catalogue du laboratoire", None, None, None, None, None, None, None],
        ["Code", "Libellé", "Unité", "Volume annuel", *HEADINGS[:4]],
        ["NA", "Sodium", "mmol/L", 1500, SODIUM, TERMS[SODIUM], "équivalent", "'=HYPERLINK(1)"],
        [None] * 8,
        ["K", "Potassium", "mmol/L", "=SUM(1,2)", None, None, None, "non décidé"],
    ]
    assert sheet["A2"].font.bold
    assert sheet["E2"].font.bold
    assert sheet["H3"].data_type == "s"
    assert sheet["D5"].data_type == "f"
    # A real day, which a spreadsheet sorts and filters.
    assert sheet["K3"].is_date
    assert f"{sheet['K3'].value:%d/%m/%Y}" == paris_day(utc_now())
    assert sheet["K3"].number_format == "dd/mm/yyyy"


def test_a_received_workbook_gives_a_csv_for_the_laboratory_system(world: World, settings: Settings) -> None:
    workbook = Workbook()
    sheet = workbook.active
    assert sheet is not None
    for line in LOINC_3.splitlines():
        sheet.append(line.split(";"))
    buffer = io.BytesIO()
    workbook.save(buffer)
    sample = add_sample(world, [IncomingFile("LOINC_3_export_resultats_20261101.xlsx", buffer.getvalue())])
    sample.approve("NA", SODIUM)
    with reading(sample.world.engine) as session:
        request = ExportRequest(ExportKind.LOINC_6)
        material = read_material(session, sample.world.laboratory, sample.catalogue, request)
    file, _ = build(material, settings, request, utc_now(), "Test")
    lines = file.content.decode("utf-8-sig").split("\r\n")
    assert lines[1] == LOINC_3.split("\r\n")[1] + f";{SODIUM};{TERMS[SODIUM]}"
    assert "classeur" in file.notes[0]


def test_files_of_another_catalogue_cannot_be_completed(world: World, settings: Settings) -> None:
    sample = add_sample(world, ans_files())
    with pytest.raises(NotFoundError):
        completed(sample, settings, 999)


CATALOGUE = [
    ["Code", "Libellé", "Unité", "Milieu"],
    [Shown(12, "0000", "0012"), "Sodium", "mmol/L", "Sérum"],
    [Shown(7, '"T"000', "T007"), "Potassium", "mmol/L", ""],
    ["GLU", "Glucose", "mmol/L", "Plasma"],
    ["Biochimie urinaire", "Urines", "", ""],
]


@pytest.mark.parametrize("write", [xlsx, xls, ods])
def test_codes_shown_with_zeros_and_merged_specimens_come_back_as_they_came(
    world: World, settings: Settings, write: Callable[..., bytes]
) -> None:
    merges = [(2, 3, 3, 3), (5, 5, 1, 6)]
    name = f"catalogue.{write.__name__}"
    content = write({"Catalogue": CATALOGUE}, layout=Layout(merges=merges))
    sample = add_sample(world, [IncomingFile(name, content)])
    sample.approve("0012", SODIUM)
    sample.approve("T007", POTASSIUM)
    file = completed(sample, settings)
    assert (file.rows, file.coded) == (4, 2)
    workbook = load_workbook(io.BytesIO(file.content))
    sheet = workbook["Catalogue"]
    assert [sheet.cell(row, 5).value for row in range(1, 6)] == ["Code LOINC", SODIUM, POTASSIUM, None, None]
    assert (sheet["A2"].value, sheet["A2"].number_format, sheet["A3"].value) == (12, "0000", 7)
    assert {"D2:D3", "B5:D5"} == {merged.coord for merged in sheet.merged_cells.ranges}
    # Read again, the completed workbook says what the received one said.
    again = read_file(IncomingFile("retour.xlsx", file.content), 20_000_000)
    before = read_file(IncomingFile(name, content), 20_000_000)
    assert [row.cells[:4] for row in again.table.rows] == [row.cells[:4] for row in before.table.rows]
    assert before.table.rows[2].cells[0] == "T007"
    assert before.table.rows[2].cells[3] == "Sérum"


def test_a_completed_workbook_is_asked_for_the_codes_that_it_shows() -> None:
    content = xlsx({"Catalogue": CATALOGUE[:3]})
    table = read_table("catalogue.xlsx", content)
    done = completed_workbook(content, table.dialect, table.rows, lambda _row, cells: [cells[0]] * 8, utc_now())
    sheet = load_workbook(io.BytesIO(done))["Catalogue"]
    assert [sheet.cell(row, 5).value for row in (2, 3)] == ["0012", "T007"]


ALIGNED = """\
Code analyse  Libellé analyse       Libellé unité principale  Libellé milieu
NA            Sodium                mmol/L                    Sérum
0012          Potassium, plasma     mmol/L                    Sang total
GLU/J         Glycémie à jeun       g/L
"""


def test_a_text_of_fixed_width_is_completed_in_line(world: World, settings: Settings) -> None:
    sample = add_sample(world, [IncomingFile("catalogue.txt", ALIGNED.encode("cp1252"))])
    sample.approve("0012", POTASSIUM)
    file = completed(sample, settings)
    assert (file.rows, file.coded) == (3, 1)
    lines = file.content.decode("cp1252").splitlines()
    for before, after in zip(ALIGNED.splitlines(), lines, strict=True):
        assert after.startswith(before)
    assert lines[0].index("Code LOINC") == lines[2].index(POTASSIUM)
    assert "non décidé" in lines[1]


def test_an_ans_file_of_fixed_width_comes_back_as_csv(world: World, settings: Settings) -> None:
    name = "LOINC_3_export_resultats_20261101.txt"
    titles = LOINC_3.splitlines()[0].split(";")
    widths = [max(len(title) + 2, 14) for title in titles]
    rows = [titles, ["0012", "Potassium", *[""] * 3, "mmol/L"], ["NA", "Sodium", *[""] * 3, "mmol/L"]]
    text = "\n".join("".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)) for row in rows)
    sample = add_sample(world, [IncomingFile(name, text.encode())])
    sample.approve("0012", POTASSIUM)
    with reading(world.engine) as session:
        request = ExportRequest(ExportKind.LOINC_6)
        material = read_material(session, world.laboratory, sample.catalogue, request)
    file = build(material, settings, request, utc_now(), "Test")[0]
    lines = file.content.decode("utf-8-sig").splitlines()
    assert lines[1].startswith("0012;Potassium;;;;mmol/L;")
    assert f";{POTASSIUM};" in lines[1]
    assert any("colonnes de largeur fixe" in note for note in file.notes)


DRAWN = "| Code | Libellé |\n|------|---------|\n| 0012 | Potassium |\n| NA | Sodium |\n"
WRAPPED = '"Code;Libellé"\n"0012;Potassium"\n"NA;Sodium"\n'
OBJECTS = '[{"code": "0012", "libelle": "Potassium"},\n {"code": "NA", "libelle": "Sodium"}]\n'
ODD = "Code^Libellé\n0012^Potassium\nNA^Sodium\n"
ENDINGS = {DRAWN: "|", WRAPPED: '"', OBJECTS: "},"}


@pytest.mark.parametrize(
    ("name", "text", "media_type"),
    [
        ("a.md", DRAWN, "text/csv; charset=utf-8"), ("a.csv", WRAPPED, "text/csv; charset=utf-8"),
        ("a.json", OBJECTS, "application/json"), ("a.txt", ODD, "text/csv; charset=utf-8"),
    ],
)  # fmt: skip
def test_a_text_of_another_shape_is_completed_in_its_shape(
    world: World, settings: Settings, name: str, text: str, media_type: str
) -> None:
    sample = add_sample(world, [IncomingFile(name, text.encode())])
    sample.approve("0012", POTASSIUM)
    file = completed(sample, settings)
    assert (file.rows, file.coded, file.media_type) == (2, 1, media_type)
    assert file.name.endswith(name[1:])
    lines = file.content.decode().splitlines()
    for before, after in zip(text.splitlines(), lines, strict=True):
        assert after.startswith(before.rstrip('"},]'))
    row = next(line for line in lines if POTASSIUM in line)
    assert "0012" in row
    assert row.endswith(ENDINGS.get(text, "2.80"))


def test_ans_rows_in_json_come_back_as_csv(world: World, settings: Settings) -> None:
    titles = LOINC_3.splitlines()[0].split(";")
    rows = [["0012", "Potassium", *[""] * 3, "mmol/L"], ["NA", "Sodium", *[""] * 3, "mmol/L"]]
    full = [dict(zip(titles, [*row, *[""] * (len(titles) - len(row))], strict=True)) for row in rows]
    sample = add_sample(world, [IncomingFile("LOINC_3_export_resultats_20261101.json", json.dumps(full).encode())])
    sample.approve("0012", POTASSIUM)
    with reading(world.engine) as session:
        request = ExportRequest(ExportKind.LOINC_6)
        material = read_material(session, world.laboratory, sample.catalogue, request)
    file = build(material, settings, request, utc_now(), "Test")[0]
    assert file.content.decode("utf-8-sig").splitlines()[1].startswith("0012;Potassium;;;;mmol/L;")
    assert any("est en JSON" in note for note in file.notes)
