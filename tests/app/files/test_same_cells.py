"""Proof by many tables: whatever carries a catalogue — workbook, CSV in any encoding — the same cells come in."""

import csv
import io
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook
from openpyxl.styles import Font

from app.files.records import WORKBOOK_FORMATS, Dialect
from app.files.tabular import read_table
from tests.app.files.workbooks import ods, xls
from tests.hypothesis_profiles import costly

HEADINGS = ["Code", "Libellé", "Unité", "Milieu"]
ENCODINGS = ("utf-8", "utf-8-sig", "cp1252", "iso8859-15", "mac-roman", "utf-16")
# Letters, signs and spaces that the six encodings share, and what a spreadsheet likes to change.
_LETTERS = "abcXYZ019 éèàçùÉ°µ.,;:/-+=%()'\"|_&<>#@*"
_TEXT = st.text(_LETTERS, max_size=12).map(str.strip)
_TROUBLE = st.sampled_from(
    ["0012", "007", "1-3", "1/2", "01/03/2005", "1E5", "1,5", "VRAI", "TRUE", "=1+1", '="0012"', "-ALB", "+5", "@x",
     "#N/A", "12345678901234567890", "GLU;J", 'Ac "x"', "a|b", "mars-05", "0", "00"]
)  # fmt: skip
_CELL = st.one_of(_TEXT, _TROUBLE)
_ROW = st.tuples(st.one_of(_TROUBLE, _TEXT.filter(bool)), _TEXT.filter(bool), _CELL, _CELL).map(list)
TABLES = st.lists(_ROW, min_size=1, max_size=6)


def rows_of(name: str, content: bytes, encoding: str = "") -> list[list[str]]:
    chosen = Dialect(encoding=encoding, delimiter=";") if encoding else None
    table = read_table(name, content, chosen, detect_header=True)
    return [list(row.cells) for row in table.rows]


def as_csv(rows: list[list[str]], encoding: str) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=";", lineterminator="\r\n").writerows(rows)
    return buffer.getvalue().encode(encoding)


def by_openpyxl(rows: list[list[str]], *, styled: bool = False, last: int | None = None) -> bytes:
    """The texts as a workbook, then a number shown with zeros."""
    made = Workbook()
    sheet = made.worksheets[0]
    for number, row in enumerate(rows, start=1):
        for column, text in enumerate(row, start=1):
            cell = sheet.cell(number, column)
            cell.value = text or None
            if text:
                cell.data_type = "s"
            if styled:
                cell.font, cell.number_format = Font(bold=True), "0000"
    if last is not None:
        sheet.append([last, "Nombre", "g/L", "Sérum"])
        sheet.cell(sheet.max_row, 1).number_format = "0000"
    buffer = io.BytesIO()
    made.save(buffer)
    return buffer.getvalue()


@costly(3)
@given(TABLES)
def test_texts_come_in_alike_from_workbooks_and_from_csv_in_six_encodings(table: list[list[str]]) -> None:
    rows = [HEADINGS, *table]
    assert rows_of("a.xlsx", by_openpyxl(rows)) == rows
    assert rows_of("a.xlsx", by_openpyxl(rows, styled=True)) == rows
    assert rows_of("a.ods", ods({"Catalogue": rows})) == rows
    assert rows_of("a.xls", xls({"Catalogue": rows})) == rows
    for encoding in ENCODINGS:
        chosen = {"utf-8-sig": "utf-8", "utf-16": "utf-16-le"}.get(encoding, encoding)
        assert rows_of("a.csv", as_csv(rows, encoding), chosen) == rows, encoding


@costly(3)
@given(st.lists(st.integers(0, 10**11), min_size=1, max_size=8), st.integers(1, 12))
def test_numbers_come_in_as_their_format_shows_them(numbers: list[int], digits: int) -> None:
    made = Workbook()
    sheet = made.worksheets[0]
    sheet.append(HEADINGS)
    for place, number in enumerate(numbers):
        sheet.append([number, "Analyse", "g/L", "Sérum"])
        sheet.cell(place + 2, 1).number_format = "0" * digits
    buffer = io.BytesIO()
    made.save(buffer)
    assert [row[0] for row in rows_of("a.xlsx", buffer.getvalue())[1:]] == [f"{number:0{digits}}" for number in numbers]


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
@pytest.mark.parametrize("suffix", WORKBOOK_FORMATS)
def test_what_libreoffice_writes_comes_in_alike(suffix: str, tmp_path: Path) -> None:
    texts = ["0012", "1-3", "1E5", "GLU/J", "VRAI", "=1+1", "12345678901234567890", "é à"]
    rows = [HEADINGS, *([text, f"Analyse {place}", "µmol/L", "Sérum"] for place, text in enumerate(texts))]
    source = tmp_path / "recu.xlsx"
    source.write_bytes(by_openpyxl(rows, last=57))
    target = tmp_path / "fait"
    environment = os.environ | {"HOME": str(tmp_path)}
    subprocess.run(
        ["soffice", "--headless", "--convert-to", suffix, "--outdir", str(target), str(source)],
        check=True, capture_output=True, env=environment,
    )  # fmt: skip
    read = rows_of(f"recu.{suffix}", (target / f"recu.{suffix}").read_bytes())
    assert [row[:4] for row in read] == [*rows, ["0057", "Nombre", "g/L", "Sérum"]]

