"""LOINC codes that a received file already had: none that nobody approved goes back to the laboratory system."""

import csv
import io
import zipfile
from collections.abc import Sequence

import pytest
from openpyxl import Workbook

from app.exports.ans_files import AnsResult, transcoded_file
from app.exports.received_codes import REMOVED, REPLACED
from app.exports.schemas import ExportKind, Packaging
from app.exports.service import ExportRequest, make_export
from app.files.choices import IncomingFile
from app.files.reading import read_file
from app.models import Laboratory, Level, Outcome, Status
from app.platform.database import Transactions, reading
from app.publication.assessment import assess
from app.publication.lookup import RowLookup
from app.publication.schemas import PublishedRelease, PublishedTerm, PublishedTest
from app.publication.statement import REPORT_NAME
from app.settings import Settings
from tests.app.exports.sample import (
    CHEMISTRY,
    CREATININE,
    GLUCOSE,
    LOINC_1,
    LOINC_2,
    LOINC_3,
    POTASSIUM,
    SODIUM,
    TERMS,
    TSH,
    add_sample,
)
from tests.conftest import World

PAIR = ("Code LOINC analyse", "Libellé LOINC analyse")
EARLIER = {"NA": (POTASSIUM, "vieux nom"), "K": (POTASSIUM, TERMS[POTASSIUM]), "GLY": (CREATININE, "autre ; nom"),
           "CREA": ("14682-9 ", ""), "TSH": ("SANS", "")}  # fmt: skip
"""Local code -> code and name that the file came in with."""
APPROVED = {"NA": SODIUM, "K": POTASSIUM}


def published(level: Level, codes: Sequence[str], approved: dict[str, str]) -> list[PublishedTest]:
    found = []
    for number, code in enumerate(codes, start=1):
        loinc = approved.get(code, "")
        term = PublishedTerm(loinc, TERMS[loinc], "") if loinc else None
        status, outcome = (Status.APPROVED, Outcome.CODE) if loinc else (Status.TODO, Outcome.NONE)
        values = {"chapter_code": "BIO"} if level is Level.SUBCHAPTER else {}
        found.append(
            PublishedTest(id=number + 100 * len(level.value), level=level, code=code, label=code, status=status,
                          outcome=outcome, loinc_num=loinc, term=term, **values)  # type: ignore[arg-type]
        )  # fmt: skip
    return found


def rows_of(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text), delimiter=";"))


def written(rows: Sequence[Sequence[str]], delimiter: str = ";", quoting: int = csv.QUOTE_MINIMAL) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=delimiter, lineterminator="\r\n", quoting=quoting).writerows(rows)  # type: ignore[arg-type]
    return buffer.getvalue()


def with_codes(headings: Sequence[str] = PAIR) -> list[list[str]]:
    """LOINC_3 with the codes that somebody gave its rows."""
    first, *rows = rows_of(LOINC_3)
    return [[*first, *headings], *([*row, *EARLIER.get(row[0], ("", ""))][: 12 + len(headings)] for row in rows)]


def returned(
    name: str, content: bytes, kind: ExportKind = ExportKind.LOINC_6, tests: Sequence[PublishedTest] = ()
) -> AnsResult:
    """What goes back of a file read as an import reads it."""
    file = read_file(IncomingFile(name, content), 10_000_000)
    known = tests or published(Level.ANALYSIS, [row[0] for row in rows_of(LOINC_3)[1:]], APPROVED)
    release = PublishedRelease(1, "2.80", "official")
    lookup = RowLookup.build(known, {})
    return transcoded_file(kind, content, file.table.dialect, file.columns, lookup, assess(known, release))


def expected(row: Sequence[str]) -> list[str]:
    loinc = APPROVED.get(row[0], "")
    return [*row[:12], loinc, TERMS.get(loinc, "")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize(
    ("delimiter", "quoting"), [(";", csv.QUOTE_MINIMAL), (";", csv.QUOTE_ALL), ("\t", csv.QUOTE_MINIMAL)]
)
@pytest.mark.parametrize("has_headings", [True, False])
def test_the_received_pair_holds_what_is_approved(
    encoding: str, delimiter: str, quoting: int, has_headings: bool
) -> None:
    rows = with_codes()[0 if has_headings else 1 :]
    found = returned("LOINC_6.csv", written(rows, delimiter, quoting).encode(encoding))
    wanted = [rows[0]] if has_headings else []
    wanted += [expected(row) for row in rows[has_headings:]]
    # No column more, and each cell quoted as it was.
    text = found.appended.content.decode(encoding)
    assert text == written(wanted, delimiter, quoting)
    assert {(change.code, change.received, change.approved) for change in found.changes} == {
        ("NA", POTASSIUM, SODIUM), ("GLY", CREATININE, ""), ("CREA", "14682-9", ""), ("TSH", "SANS", ""),
    }  # fmt: skip
    assert found.coded == 2


def test_lines_wholly_between_quotes_keep_their_shape() -> None:
    inner = written(with_codes()).rstrip("\r\n").split("\r\n")
    lines = ['"{}"'.format(line.replace('"', '""')) for line in inner]
    content = "\r\n".join([*lines, ""]).encode()
    text = returned("LOINC_6.csv", content).appended.content.decode()
    assert text.split("\r\n")[1] == f'"{inner[1].split(f";{POTASSIUM}")[0]};{SODIUM};{TERMS[SODIUM]}"'
    assert POTASSIUM not in text.split("\r\n")[1]


def test_a_file_of_which_each_row_ends_with_a_separator_keeps_it() -> None:
    content = written(with_codes()).replace("\r\n", ";\r\n").encode()
    lines = returned("LOINC_6.csv", content).appended.content.decode().split("\r\n")
    assert lines[0] == content.decode().split("\r\n")[0]
    assert lines[1].endswith(f";{SODIUM};{TERMS[SODIUM]};")


@pytest.mark.parametrize("has_headings", [True, False])
def test_what_the_file_has_no_column_for_comes_after_its_columns(has_headings: bool) -> None:
    rows = [row[:13] for row in with_codes()][0 if has_headings else 1 :]
    found = returned("LOINC_3.csv", written(rows).encode(), tests=published(Level.ANALYSIS, ["NA", "K"], APPROVED))
    wanted = [[*rows[0], PAIR[1]]] if has_headings else []
    assert rows_of(found.appended.content.decode()) == [*wanted, *(expected(row) for row in rows[has_headings:])]


def test_a_headerless_column_of_which_nothing_is_approved_stays_a_column() -> None:
    rows = [row[:13] for row in with_codes()[1:]]
    nothing = published(Level.ANALYSIS, [row[0] for row in rows], {})
    found = returned("LOINC_3.csv", written(rows).encode(), tests=nothing)
    assert rows_of(found.appended.content.decode()) == [[*row[:12], "", ""] for row in rows]


def test_of_two_pairs_the_one_that_the_system_reads_is_written_and_the_other_emptied() -> None:
    rows = [
        [*row, *(PAIR if not number else (SODIUM, "de trop") if row[0] != "COM" else ("", ""))]
        for number, row in enumerate(with_codes())
    ]
    found = returned("LOINC_6.csv", written(rows).encode())
    back = rows_of(found.appended.content.decode())
    assert back[0] == rows[0]
    assert back[1:] == [[*expected(row), "", ""] for row in rows[1:]]


def test_codes_in_the_middle_are_replaced_where_they_stand() -> None:
    rows = [[*row[:2], row[12], *row[2:12], *row[13:]] for row in with_codes(("Code LOINC", "Nom LOINC"))]
    found = returned("LOINC_3.csv", written(rows).encode())
    back = rows_of(found.appended.content.decode())
    assert back[0] == rows[0]
    assert [(row[2], row[13]) for row in back[1:]] == [tuple(expected(row)[12:]) for row in rows[1:]]
    assert [[*row[:2], *row[3:13]] for row in back] == [[*row[:2], *row[3:13]] for row in rows]


def test_a_short_row_takes_its_code_in_its_column() -> None:
    lines = written(with_codes()).split("\r\n")
    lines[1] = lines[1].split(f";{POTASSIUM}")[0]
    found = returned("LOINC_6.csv", "\r\n".join(lines).encode())
    assert rows_of(found.appended.content.decode())[1] == expected(with_codes()[1])
    assert found.appended.short_rows == (2,)


@pytest.mark.parametrize("has_headings", [True, False])
def test_exams_and_chapters_too(has_headings: bool) -> None:
    skipped = 0 if has_headings else 1
    exams = rows_of(LOINC_2)
    exams = [[*exams[0], "Code LOINC examen", "Libellé LOINC examen"], *([*row, TSH, "vieux"] for row in exams[1:])]
    tests = published(Level.EXAM, ["IONO", "GLY"], {"IONO": SODIUM})
    found = returned("LOINC_5.csv", written(exams[skipped:]).encode(), ExportKind.LOINC_5, tests)
    assert [row[9:] for row in rows_of(found.appended.content.decode())[1 - skipped :]] == [
        [SODIUM, TERMS[SODIUM]], [SODIUM, TERMS[SODIUM]], ["", ""]
    ]  # fmt: skip
    assert [(change.row_number - has_headings, change.received) for change in found.changes] == [
        (1, TSH), (2, TSH), (3, TSH)
    ]  # fmt: skip

    chapters = rows_of(LOINC_1)
    headings = ("Code LOINC chapitre", "Libellé LOINC chapitre", "Code LOINC sous-chapitre",
                "Libellé LOINC sous-chapitre")  # fmt: skip
    chapters = [[*chapters[0], *headings], *([*row, TSH, "a", GLUCOSE, "b"] for row in chapters[1:])]
    tests = published(Level.CHAPTER, ["BIO", "SER", "Hématologie"], {"BIO": CHEMISTRY})
    tests += published(Level.SUBCHAPTER, ["ION"], {"ION": SODIUM})
    found = returned("LOINC_4.csv", written(chapters[skipped:]).encode(), ExportKind.LOINC_4, tests)
    assert [row[4:] for row in rows_of(found.appended.content.decode())[1 - skipped :]] == [
        [CHEMISTRY, TERMS[CHEMISTRY], SODIUM, TERMS[SODIUM]],
        [CHEMISTRY, TERMS[CHEMISTRY], "", ""],
        ["", "", "", ""],
        ["", "", "", ""],
    ]


def workbook() -> bytes:
    book = Workbook()
    assert book.active is not None
    for row in with_codes():
        book.active.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize("shape", ["csv", "xlsx"])
def test_the_notes_and_the_report_name_each_code_that_gave_way(world: World, settings: Settings, shape: str) -> None:
    content = written(with_codes()).encode() if shape == "csv" else workbook()
    name = f"LOINC_6_transcodage_demandes_20261101.{shape}"
    sample = add_sample(world, [IncomingFile(name, content)])
    with sample.together():
        for code, loinc in APPROVED.items():
            sample.approve(code, loinc)
    with reading(world.engine) as session:
        laboratory = session.get_one(Laboratory, sample.catalogue.laboratory_id)
    request = ExportRequest(ExportKind.LOINC_6, packaging=Packaging.ZIP)
    file, _ = make_export(Transactions(world.engine), settings, laboratory, sample.catalogue, request)
    with zipfile.ZipFile(io.BytesIO(file.content)) as archive:
        report = list(csv.DictReader(io.StringIO(archive.read(REPORT_NAME).decode("utf-8-sig")), delimiter=";"))
        (returned_name,) = [item for item in archive.namelist() if item.startswith("LOINC_6")]
        back = rows_of(archive.read(returned_name).decode("utf-8-sig"))
    assert back == [with_codes()[0], *(expected(row) for row in with_codes()[1:])]
    told = {line["Code local"]: (line["Gravité pour le SGL"], line["Message"]) for line in report
            if line["Gravité pour le SGL"] in (REPLACED, REMOVED)}  # fmt: skip
    assert {code: severity for code, (severity, _) in told.items()} == {
        "NA": REPLACED, "GLY": REMOVED, "CREA": REMOVED, "TSH": REMOVED
    }  # fmt: skip
    assert f"« {POTASSIUM} » remplacé par le code approuvé {SODIUM}" in told["NA"][1]
    assert f"« {CREATININE} » retiré" in told["GLY"][1]
    assert any("remplacés par le code approuvé : 1 (ligne 2" in note for note in file.notes)
    assert any("retirés, aucun code n'étant approuvé : 3" in note for note in file.notes)
