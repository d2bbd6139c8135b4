"""Hours, durations and answers of a workbook: named in a column of codes, and shown as the cell shows them."""

import io
from datetime import time, timedelta

import pytest
from openpyxl import Workbook

from app.files.cell_kinds import CellKind
from app.files.choices import IncomingFile
from app.files.clock_formats import shown_time
from app.files.reading import ReadFile, read_file
from tests.app.files.workbooks import ods_of


def read(content: bytes, name: str) -> ReadFile:
    return read_file(IncomingFile(name, content), 20_000_000)


@pytest.mark.parametrize(
    ("value", "code", "text"),
    [
        (timedelta(hours=30), "[h]:mm", "30:00"), (timedelta(hours=30, seconds=5), "[h]:mm:ss", "30:00:05"),
        (timedelta(hours=30), "", "30:00:00"), (timedelta(minutes=90, seconds=5), "", "01:30:05"),
        (time(12, 30), "h:mm", "12:30"), (time(0, 5), "h:mm AM/PM", "12:05 AM"), (time(14, 5), "hh:mm", "14:05"),
        (timedelta(hours=2), "[mm]:ss", "120:00"), (timedelta(hours=-1), "[h]:mm", "-1:00"),
        (timedelta(hours=30), '[h]" h "mm', "30 h 00"), (time(12, 30), "yyyy-mm h:mm", "12:30:00"),
    ],
)  # fmt: skip
def test_an_hour_is_shown_in_the_format_of_its_cell(value: time | timedelta, code: str, text: str) -> None:
    assert shown_time(value, code) == text


def test_durations_of_a_workbook_are_named_and_shown_as_the_cell_shows_them() -> None:
    workbook = Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.append(["Code", "Libellé"])
    for value, code in ((timedelta(hours=30), "[h]:mm"), (time(12, 30), "h:mm"), (timedelta(hours=26), "[h]:mm:ss")):
        sheet.append([value, "Urée"])
        sheet.cell(sheet.max_row, 1).number_format = code
    buffer = io.BytesIO()
    workbook.save(buffer)
    file = read(buffer.getvalue(), "catalogue.xlsx")
    assert [row.cells[0] for row in file.table.data] == ["30:00", "12:30", "26:00:00"]
    assert [(cell.row_number, cell.kind, cell.is_refused) for cell in file.odd_cells] == [
        (number, CellKind.TIME, True) for number in (2, 3, 4)
    ]


def cell(attributes: str, text: str) -> str:
    return f"<table:table-cell {attributes}><text:p>{text}</text:p></table:table-cell>"


def label(text: str) -> str:
    return cell('office:value-type="string"', text)


def ods(*cells: str) -> bytes:
    rows = [label("Code") + label("Libellé"), *(code + label("Urée") for code in cells)]
    lines = "".join(f"<table:table-row>{row}</table:table-row>" for row in rows)
    return ods_of(f'<table:table table:name="Feuille">{lines}</table:table>')


@pytest.mark.parametrize(
    ("attributes", "shown", "kind"),
    [
        ('office:value-type="float" office:value="1" table:formula="of:=TRUE()"', "TRUE", CellKind.BOOLEAN),
        ('office:value-type="float" office:value="0"', "FAUX", CellKind.BOOLEAN),
        ('office:value-type="boolean" office:boolean-value="true"', "VRAI", CellKind.BOOLEAN),
        ('office:value-type="time" office:time-value="PT30H00M00S"', "30:00", CellKind.TIME),
        ('office:value-type="time" office:time-value="PT12H30M00S"', "12:30", CellKind.TIME),
        ('office:value-type="date" office:date-value="2005-03-01"', "01/03/2005", CellKind.DATE),
    ],
)
def test_each_type_of_ods_that_is_no_code_is_named(attributes: str, shown: str, kind: CellKind) -> None:
    file = read(ods(cell(attributes, shown), label("GLU"), label("NA")), "catalogue.ods")
    assert [(odd.row_number, odd.kind, odd.text, odd.is_refused) for odd in file.odd_cells] == [(2, kind, shown, True)]
    assert [problem.row for problem in file.problems] == [None, 2]
