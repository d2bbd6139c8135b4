"""Byte identity: whatever a file was written like, its stored form gives the received columns back."""

import codecs
import csv
import io
import itertools

import pytest
from sqlmodel import col, select

from app.files.ans_files import ANS_COLUMNS
from app.files.choices import IncomingFile
from app.files.records import Dialect, encode_cell, read_records
from app.models import FileKind, SourceFile, SourceRow
from app.platform.database import reading
from tests.app.catalogues.conftest import Importer
from tests.app.files.appending import append_cells

ROWS = [
    ("NA", "Sodium ; natrémie", "dit « natrémie »", "", "U1", "mmol/L", "PT", "SE", "Sérum", "QN", 'ISE "A"', ""),
    ("K", "Potassium", "kaliémie", "", "U1", "mmol/L", "PT", "SE", "Sérum", "QN", "", "1608"),
    ("AFP", "Alpha-fœtoprotéine", "AFP\nsur deux lignes", "", "", "µg/L", "", "SE", "Sérum", "QN", "", "HN"),
]
PLAIN_ROWS = [tuple(cell.replace(";", ",").replace("\n", " ") for cell in row) for row in ROWS]
HEADINGS = tuple(column.heading for column in ANS_COLUMNS[FileKind.LOINC_3])


def written(encoding: str, bom: bool, header: bool, quoting: str, end: str) -> bytes:
    """The rows as some laboratory system might write them."""
    rows = PLAIN_ROWS if quoting == "none" else ROWS
    dialect = Dialect(quotechar="" if quoting == "none" else '"', quoting=quoting)
    lines = [*([HEADINGS] if header else []), *rows]
    text = "".join(";".join(encode_cell(cell, dialect) for cell in line) + end for line in lines)
    return (codecs.BOM_UTF8 if bom else b"") + text.encode(encoding)


VARIANTS = list(
    itertools.product(
        [("utf-8", False), ("utf-8", True), ("cp1252", False)],
        [True, False],
        ["none", "minimal", "all"],
        ["\r\n", "\n"],
    )
)


@pytest.mark.same_sql("the same rows, written otherwise")
@pytest.mark.parametrize(("encoding", "header", "quoting", "end"), VARIANTS)
def test_the_received_bytes_come_back_with_columns_appended(
    importer: Importer, encoding: tuple[str, bool], header: bool, quoting: str, end: str
) -> None:
    content = written(*encoding, header, quoting, end)
    report = importer(IncomingFile("LOINC_3_export_resultats_20261101.csv", content))
    with reading(importer.engine) as session:
        stored = session.exec(select(SourceFile)).one()
        rows = session.exec(select(SourceRow).order_by(col(SourceRow.row_number))).all()
    dialect = Dialect.from_json(stored.dialect)
    assert (dialect.encoding, dialect.bom) == encoding
    assert dialect.header_rows == int(header)
    assert dialect.line_terminator == end
    assert (dialect.quoting == "all") is (quoting == "all")

    # What the workbench understood is what the laboratory wrote.
    expected = PLAIN_ROWS if quoting == "none" else ROWS
    tests = importer.tests(report.catalogue_id)
    assert [(test.code, test.label, test.synonym) for test in tests] == [row[:3] for row in expected]
    assert [tuple(row.cells) for row in rows[int(header) :]] == expected

    # What leaves is what came, and two columns more.
    records = read_records(stored.content, dialect.encoding, dialect.delimiter, dialect.quotechar)
    assert b"".join(record.raw + record.terminator for record in records) == content
    exported = b"".join(append_cells(record, ["2951-2", "é;x"], dialect) for record in records)
    for new, old in zip(read_records(exported, dialect.encoding, ";"), records, strict=True):
        assert new.raw.startswith(old.raw)
        assert new.terminator == old.terminator
    again = list(csv.reader(io.StringIO(exported.decode(dialect.encoding), newline=""), delimiter=";"))
    assert [row[-2:] for row in again] == [["2951-2", "é;x"]] * len(records)
