"""XLS, ODS and archives: what is read, and what is refused before any reader opens it."""

import contextlib
import io
import struct
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from app.errors import ImportRefusedError
from app.files import limits
from app.files.archive import is_archive, unpacked, unpacked_and_left
from app.files.tabular import check_content
from app.files.workbook import CellKind, UnsafeWorkbookError, check_workbook, read_workbook, workbook_format
from tests.app.files.workbooks import biff, compound, ods, ods_of, xls, xlsx, zipped
from tests.hypothesis_profiles import costly

ROWS = [["Code", "Libellé"], ["NA", "Sodium µ"], [7.0, None], [None, None], ["K", 3.5]]
TEXTS = (("Code", "Libellé"), ("NA", "Sodium µ"), ("7", ""), ("", ""), ("K", "3.5"))


@pytest.mark.parametrize(("write", "name"), [(xls, "xls"), (ods, "ods"), (xlsx, "xlsx")])
def test_workbooks_of_every_format_read_alike(write: object, name: str) -> None:
    content = write({"Catalogue": ROWS, "Autre": [["x"]]})  # type: ignore[operator]
    assert workbook_format(content) == name
    first, second = read_workbook(content)
    assert (first.name, first.rows, second.rows) == ("Catalogue", TEXTS, (("x",),))
    assert list(first.kinds[0][CellKind.NUMBER]) == [3]


def cell(row: int, column: int) -> bytes:
    return struct.pack("<HHHHHd", 0x0203, 14, row, column, 0, 1.0)


def with_records(records: bytes) -> bytes:
    """An XLS whose last sheet has more records."""
    stream = biff({"A": ROWS})
    return compound(stream[:-4] + records + stream[-4:])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (with_records(cell(65_535, 255)), "couvre trop de cellules"),
        (with_records(cell(5, 300)), "trop éloignée"),
        (with_records(struct.pack("<HHIIHHH", 0x0200, 14, 0, 4_000_000_000, 0, 65_535, 0)), "abîmé"),
        (xls({"A": ROWS}, struct.pack("<HH", 0x002F, 0)), "mot de passe"),
        (compound(b"x" * 5000, "EncryptedPackage"), "mot de passe"),
        (compound(b"x" * 5000, "WordDocument"), "n'est pas un classeur XLS"),
        (compound(b"\x09\x08\xff\xff" + b"x" * 5000), "abîmé"),
        (xls({"A": ROWS})[:700], "abîmé"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "abîmé"),
    ],
)
def test_dangerous_xls_are_refused(content: bytes, message: str) -> None:
    with pytest.raises(UnsafeWorkbookError, match=message):
        read_workbook(content)


def test_a_loop_in_a_compound_file_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    content = bytearray(xls({"A": ROWS}))
    # Each sector of the stream says that it is followed by itself.
    for number in range(2, 10):
        struct.pack_into("<I", content, 512 + 4 * number, number)
    with pytest.raises(UnsafeWorkbookError, match="abîmé"):
        check_workbook(bytes(content))


def shared_xlsx(texts: list[str], shown: list[int]) -> bytes:
    """An XLSX that shows shared texts, by their numbers, one a row."""
    main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    strings = f"<sst {main}>" + "".join(f"<si><t>{text}</t></si>" for text in texts) + "</sst>"
    rows = "".join(f'<row><c t="s"><v>{number}</v></c></row>' for number in shown)
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(xlsx({"A": [["x"]]}))) as source, zipfile.ZipFile(buffer, "w") as target:
        for entry in source.infolist():
            inside = source.read(entry)
            if entry.filename == "xl/sharedStrings.xml":
                continue
            if entry.filename == "xl/worksheets/sheet1.xml":
                inside = f"<worksheet {main}><sheetData>{rows}</sheetData></worksheet>".encode()
            target.writestr(entry.filename, inside, zipfile.ZIP_DEFLATED)
        target.writestr("xl/sharedStrings.xml", strings, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def test_a_text_shown_everywhere_is_counted_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [["x" * 500] * 10] * 100
    files = [xls({"A": rows}), ods({"A": rows}), shared_xlsx(["court", "x" * 500], [1] * 1000)]
    for content in files:
        check_workbook(content)
    monkeypatch.setattr(limits, "MAX_TEXT_CHARACTERS", 400_000)
    for content in files:
        with pytest.raises(UnsafeWorkbookError, match="répète trop de texte"):
            check_workbook(content)


def test_many_short_texts_beside_one_long_are_no_bomb(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_TEXT_CHARACTERS", 20_000)
    check_workbook(shared_xlsx(["court", "x" * 3000], [0] * 1000 + [1]))


def repeated(columns: str, rows: str, content: str = "<text:p>x</text:p>") -> bytes:
    return ods_of(
        f'<table:table table:name="A"><table:table-row table:number-rows-repeated="{rows}">'
        f'<table:table-cell table:number-columns-repeated="{columns}">{content}</table:table-cell>'
        "</table:table-row></table:table>"
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (repeated("16384", "1"), "s'étend trop loin"),
        (repeated("1", "1048576"), "trop éloignée"),
        (repeated("200", "90000"), "trop de cellules"),
        (repeated("9" * 30, "1"), "illisible"),
        (ods_of("", "<manifest:encryption-data/>"), "mot de passe"),
        (ods_of("<table:table>"), "abîmé"),
        (ods({"A": []}), "aucune donnée"),
    ],
)
def test_dangerous_ods_are_refused(content: bytes, message: str) -> None:
    with pytest.raises(UnsafeWorkbookError, match=message):
        read_workbook(content)


def test_a_document_type_in_an_ods_is_refused() -> None:
    content = ods({"A": ROWS})
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(buffer, "w") as target:
        for entry in source.infolist():
            inside = source.read(entry)
            if entry.filename == "content.xml":
                inside = inside.replace(b"?>", b"?><!DOCTYPE x [<!ENTITY a 'b'>]>", 1)
            target.writestr(entry.filename, inside)
    with pytest.raises(UnsafeWorkbookError, match="DTD"):
        read_workbook(buffer.getvalue())


@costly(2)
@given(position=st.integers(0, 5_000), value=st.integers(0, 255))
def test_a_damaged_xls_is_read_or_refused_never_more(position: int, value: int) -> None:
    content = bytearray(xls({"A": ROWS}))
    content[position % len(content)] = value
    with contextlib.suppress(UnsafeWorkbookError):
        read_workbook(bytes(content))


# ---------- archives ----------


def test_an_archive_is_its_files() -> None:
    inside = {
        "export/LOINC_1.csv": b"a;b", "LOINC_3.csv": b"c;d", "__MACOSX/._x": b"x", "catalogue.xls": xls({"A": ROWS})
    }  # fmt: skip
    archive = zipped(inside)
    assert is_archive(archive)
    assert [name for name, _ in unpacked([("tout.zip", archive), ("seul.csv", b"e")], 1_000_000)] == [
        "LOINC_1.csv", "LOINC_3.csv", "catalogue.xls", "seul.csv"
    ]  # fmt: skip
    for content in inside.values():
        assert not is_archive(content)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (zipped({"a.csv": bytes(9_000_000)}), "anormalement compressée"),
        (zipped({"a.csv": b"x" * 1001 * 1000}), "dépasse la taille admise"),
        (zipped({f"{number}.csv": b"a" for number in range(11)}), "plus de 10 fichiers"),
        (zipped({"a.zip": zipped({"b.csv": b"c"})}), "une autre archive"),
        (zipped({"vide/": b""}), "aucun fichier"),
    ],
)
def test_dangerous_archives_are_refused(content: bytes, message: str) -> None:
    with pytest.raises(ImportRefusedError, match=message):
        unpacked([("tout.zip", content)], 1_000_000 if "taille" in message else 20_000_000)


def test_an_archive_of_many_long_files_is_refused() -> None:
    # Short once packed, each admitted by itself.
    text = b"".join(b"A%d;Analyse;mmol/L\n" % row for row in range(2_000))
    files = {f"{number}.csv": text for number in range(4)}
    assert len(unpacked([("tout.zip", zipped(dict(list(files.items())[:3])))], len(text) + 10)) == 3
    with pytest.raises(ImportRefusedError, match="dépassent ensemble"):
        unpacked([("tout.zip", zipped(files))], len(text) + 10)


def test_every_refused_archive_is_named() -> None:
    bad = zipped({"a.zip": zipped({"b.csv": b"c"})})
    with pytest.raises(ImportRefusedError) as refused:
        unpacked([("un.zip", bad), ("deux.zip", bad)], 1_000_000)
    assert [problem.file_name for problem in refused.value.problems] == ["un.zip", "deux.zip"]


def test_what_is_no_workbook_is_refused() -> None:
    with pytest.raises(ImportRefusedError, match="document PDF"):
        check_content("a.pdf", b"%PDF\0", 1000)
    workbook = Workbook()
    buffer = io.BytesIO()
    workbook.save(buffer)
    assert workbook_format(buffer.getvalue()) == "xlsx"


def test_what_is_no_table_in_an_archive_is_set_aside_and_said() -> None:
    inside = {"notes.pdf": b"%PDF-1.4", "dossier/.DS_Store": b"\0", "Lisez-moi.txt": b"Bonjour", "._a.csv": b"x"}
    archive = zipped(inside | {"a.csv": b"c;d"})
    files, left = unpacked_and_left([("tout.zip", archive)], 1_000_000)
    assert [name for name, _ in files] == ["a.csv"]
    assert [line.partition(",")[0] for line in left] == ["notes.pdf", "Lisez-moi.txt"]
    assert "un document PDF" in left[0]


def test_an_archive_without_any_table_is_refused_by_each_file() -> None:
    with pytest.raises(ImportRefusedError) as refused:
        unpacked([("tout.zip", zipped({"notes.pdf": b"%PDF-1.4", "LISEZMOI.md": b"x"}))], 1_000_000)
    assert [problem.file_name for problem in refused.value.problems] == ["notes.pdf", "LISEZMOI.md"]


def test_results_of_patients_in_an_archive_are_not_passed_over() -> None:
    archive = zipped({"a.csv": b"c;d", "r.hpr": b"H|~^\\&|x\rP|1|\r"})
    files, left = unpacked_and_left([("tout.zip", archive)], 1_000_000)
    assert ([name for name, _ in files], left) == (["a.csv", "r.hpr"], [])
