"""Workbooks: what is read, and what is refused before any reader opens it."""

import io
import zipfile
from collections.abc import Callable
from datetime import date, datetime, time

import pytest
from openpyxl import Workbook

from app.files import limits
from app.files.workbook import UnsafeWorkbookError, cell_text, check_workbook, read_workbook

SHEET = "xl/worksheets/sheet1.xml"


def workbook_bytes(fill: Callable[[Workbook], None] | None = None) -> bytes:
    workbook = Workbook()
    workbook.active.append(["Code", "Libellé"])
    if fill is not None:
        fill(workbook)
    buffer = io.BytesIO()
    workbook.save(buffer)
    return buffer.getvalue()


def changed(part: str, change: Callable[[bytes], bytes], more: dict[str, bytes] | None = None) -> bytes:
    """A workbook with one part rewritten, and parts added."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook_bytes())) as source,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for entry in source.infolist():
            content = source.read(entry)
            target.writestr(entry.filename, change(content) if entry.filename == part else content)
        for name, content in (more or {}).items():
            target.writestr(name, content)
    return buffer.getvalue()


def test_cells_are_read_as_the_user_sees_them() -> None:
    values = (7.0, 1.5, 1e22, True, date(2026, 11, 2), datetime(2026, 11, 2, 8, 5), time(8, 5), None, "é")
    assert [cell_text(value) for value in values] == [
        "7", "1.5", "1e+22", "VRAI", "02/11/2026", "02/11/2026 08:05:00", "08:05:00", "", "é"
    ]  # fmt: skip


def test_rows_keep_their_place() -> None:
    def fill(workbook: Workbook) -> None:
        workbook.active["B4"] = "Sodium"
        hidden = workbook.create_sheet("Cachée", 0)
        hidden.append(["secret"])
        hidden.sheet_state = "hidden"
        workbook.create_sheet("Vide")

    first, second = read_workbook(workbook_bytes(fill))
    assert first.rows == (("Code", "Libellé"), ("", ""), ("", ""), ("", "Sodium"))
    assert (second.name, second.is_hidden, second.rows) == ("Cachée", True, (("secret",),))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (changed(SHEET, lambda xml: xml.replace(b'r="B1"', b'r="XFD1048576"')), "XFD1048576 est trop éloignée"),
        (changed(SHEET, lambda xml: xml.replace(b'r="B1"', b"r='ZZ1'")), "ZZ1 est trop éloignée"),
        (changed(SHEET, lambda xml: xml.replace(b'<row r="1"', b'<row r="900000"')), "900000 est trop éloignée"),
        (changed(SHEET, lambda xml: xml.replace(b'r="B1"', b'r="B-1"')), "adresse illisible"),
        (changed(SHEET, lambda xml: xml.replace(b'r="B1"', b'r="&#90;&#90;Z1"')), "ZZZ1 est trop éloignée"),
        (changed(SHEET, lambda xml: xml.replace(b'r="B1"', b'r="IV90000"')), "couvre trop de cellules"),
        (
            changed(SHEET, lambda xml: xml.replace(b"</row>", b"</row>" + b"<row><c/></row>" * 100_001)),
            "trop éloignée",
        ),
        (
            changed(
                SHEET,
                lambda xml: xml.replace(
                    b"</sheetData>", b'</sheetData><mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>'
                ),
            ),
            "fusionne trop de cellules",
        ),
        (changed(SHEET, lambda xml: b"<!DOCTYPE x [<!ENTITY a 'b'>]>" + xml), "DTD"),
        (
            changed(SHEET, lambda xml: ("<!DOCTYPE x><x>" + xml.decode()).encode("utf-16")),
            "DTD",
        ),
        (changed(SHEET, lambda xml: xml[:-20]), "abîmé"),
        (changed("", bytes, {"xl/media/zeros.bin": bytes(60_000_000)}), "anormalement compressé"),
        (changed("", bytes, {f"xl/media/{n}.bin": b"" for n in range(1001)}), "trop de parties"),
        (workbook_bytes()[:-200], "abîmé"),
        (b"PK\x03\x04 rubbish", "abîmé"),
    ],
)
def test_dangerous_workbooks_are_refused(content: bytes, message: str) -> None:
    with pytest.raises(UnsafeWorkbookError, match=message):
        read_workbook(content)


def test_a_far_cell_is_found_at_the_seam_of_two_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.files.zip_safety._CHUNK", 7)
    content = changed(SHEET, lambda xml: xml.replace(b'r="B1"', b" " * 290 + b'r="XFD1048576"'))
    with pytest.raises(UnsafeWorkbookError, match="trop éloignée"):
        check_workbook(content)


def test_a_zip_that_lies_about_its_sizes_is_refused() -> None:
    content = bytearray(changed("", bytes, {"xl/media/zeros.bin": bytes(1_000_000)}))
    # The size said in the central directory and in the local header: ten bytes.
    said = (1_000_000).to_bytes(4, "little")
    while (position := content.find(said)) >= 0:
        content[position : position + 4] = (10).to_bytes(4, "little")
    with pytest.raises(UnsafeWorkbookError, match="abîmé"):
        check_workbook(bytes(content))


def test_the_inflated_size_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_INFLATED_BYTES", 2_000)
    with pytest.raises(UnsafeWorkbookError, match="trop volumineux"):
        check_workbook(workbook_bytes())


def test_another_zip_is_not_a_workbook() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("LOINC_1.csv", "a;b")
    with pytest.raises(UnsafeWorkbookError, match="n'est pas un classeur XLSX"):
        read_workbook(buffer.getvalue())


def test_an_empty_workbook_is_refused() -> None:
    with pytest.raises(UnsafeWorkbookError, match="aucune donnée"):
        read_workbook(workbook_bytes(lambda workbook: workbook.active.delete_rows(1)))
