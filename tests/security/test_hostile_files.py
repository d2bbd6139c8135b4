"""A file that would drown its reader is refused in a sentence, by who reads catalogues and by who reads memory."""

import re
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import pytest

from app.errors import WorkbenchError
from app.exports.original import guarded
from app.files.archive import unpacked
from app.files.choices import IncomingFile
from app.files.foreign import foreign, is_fhir_xml
from app.files.guard import refuse_patients
from app.files.reading import read_file
from app.web.spreadsheet_csv import safe_cell
from loinc_data.release import REQUIRED, ReleaseError, open_source, read_release_terms
from tests.app.files.workbooks import ods_of
from tests.security.hostile_files import CUT_IN_MANY_WAYS, HOSTILE, fhir_of_many_names, sheet, xlsx, zipped

MAX_BYTES = 20_000_000


def told_of(error: WorkbenchError) -> str:
    return " ".join([error.message, *(problem.message for problem in getattr(error, "problems", ()))])


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused(name: str) -> None:
    content, why = HOSTILE[name]

    def read() -> None:
        for inner, inside in unpacked([("catalogue", content)], MAX_BYTES):
            read_file(IncomingFile(inner, inside), MAX_BYTES)

    with pytest.raises(WorkbenchError) as caught:
        read()
    assert re.search(why, told_of(caught.value))


@pytest.mark.parametrize("part", CUT_IN_MANY_WAYS)
def test_what_precedes_an_element_is_read_in_one_way(part: bytes) -> None:
    """In a process of its own, that can be ended: the old reading took years."""
    statement = (
        "from app.files.foreign import foreign, is_fhir_xml\n"
        f"content = {part!r} * 60 + b'x'\nis_fhir_xml(content)\nforeign(content)"
    )
    subprocess.run([sys.executable, "-c", statement], check=True, timeout=30)


def test_comments_before_a_resource_are_passed_over() -> None:
    start = b'<?xml version="1.0"?>\n<!-- a --><!-- b -->\n'
    assert is_fhir_xml(start + b'<Bundle xmlns="http://hl7.org/fhir"/>')
    assert not is_fhir_xml(start + b'<Bundle xmlns="http://ailleurs"/>')


def test_many_names_of_members_take_no_square_of_memory() -> None:
    tracemalloc.start()
    refuse_patients("a.json", fhir_of_many_names(4_000))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 60_000_000


def test_a_name_among_many_members_is_still_found() -> None:
    content = fhir_of_many_names(400).replace(b'"v"}]', b'"Mme DUPONT Jeanne, nee le 12/03/1950"}]')
    with pytest.raises(WorkbenchError):
        refuse_patients("a.json", content)


def test_drawings_full_of_open_marks_are_read_once() -> None:
    content = xlsx(
        {"xl/worksheets/sheet1.xml": sheet(""), "xl/drawings/vmlDrawing1.vml": "<" * 400_000},
        {"r1": "worksheets/sheet1.xml"},
    )
    started = time.process_time()
    refuse_patients("a.xlsx", content)
    assert time.process_time() - started < 1.5


def test_a_workbook_is_no_text_for_a_byte_that_it_holds() -> None:
    """A small ODS may hold the byte that ends records, and no end of line."""
    content = b"PK\x03\x04\0\0" + ods_of("")[6:].replace(b"\n", b" ").replace(b"\r", b" ") + b"\x1e"
    assert "0x1E" not in foreign(content)
    assert "0x1E" in foreign(b"code;libelle\x1eGLU;Glucose\x1e")


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("x" * 3_000_000, "anormalement longue"),
        ("2951-2,a,b,c,d,e,f,ACTIVE,n,²", "pas un entier"),
        (f"2951-2,a,b,c,d,e,f,ACTIVE,n,{'9' * 5_000}", "pas un entier"),
    ],
)
def test_a_release_that_would_drown_its_reader_is_refused(tmp_path: Path, line: str, why: str) -> None:
    headings = ",".join((*REQUIRED, "COMMON_TEST_RANK"))
    path = tmp_path / "Loinc_2.80.zip"
    path.write_bytes(zipped({"LoincTable/Loinc.csv": f"{headings}\n{line}\n"}))
    with open_source(path) as source, pytest.raises(ReleaseError, match=why):
        list(read_release_terms(source))


@pytest.mark.parametrize("start", "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
def test_no_text_that_goes_out_begins_as_a_formula(start: str) -> None:
    hostile = f"{start}cmd|' /C calc'!A0"
    assert safe_cell(hostile) == guarded(hostile) == f"'{hostile}"
