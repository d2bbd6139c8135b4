"""Small writers of the workbooks that no library of ours writes: XLS (BIFF8 in a compound file) and ODS."""

import io
import struct
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from openpyxl import Workbook
from openpyxl.utils import get_column_letter


@dataclass(frozen=True, slots=True)
class Shown:
    """A number, its format, and what a spreadsheet shows of it."""

    value: float
    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Layout:
    """What is said of the first sheet beside its values."""

    merges: Sequence[tuple[int, int, int, int]] = ()
    """(first row, last row, first column, last column), rows from 1, columns from 0."""
    hidden_rows: Sequence[int] = ()
    hidden_columns: Sequence[int] = ()
    is_protected: bool = False


Cell = str | float | int | Shown | None
Sheets = Mapping[str, Sequence[Sequence[Cell]]]
PLAIN = Layout()
_COLLAPSE = '"collapse"'
_FREE, _END, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
_SECTOR = 512


def xlsx(sheets: Sheets, merges: Sequence[str] = (), layout: Layout = PLAIN) -> bytes:
    """A workbook of these sheets; the merged ranges and the layout are those of the first one."""
    workbook = Workbook()
    workbook.remove(workbook.worksheets[0])
    for name, rows in sheets.items():
        sheet = workbook.create_sheet(name)
        for row in rows:
            sheet.append([value.value if isinstance(value, Shown) else value for value in row])
        for number, row in enumerate(rows, start=1):
            for column, value in enumerate(row, start=1):
                if isinstance(value, Shown):
                    sheet.cell(number, column).number_format = value.code
    first = workbook.worksheets[0]
    for merged in merges:
        first.merge_cells(merged)
    for top, bottom, left, right in layout.merges:
        first.merge_cells(start_row=top, end_row=bottom, start_column=left + 1, end_column=right + 1)
    for row in layout.hidden_rows:
        first.row_dimensions[row].hidden = True
    for column in layout.hidden_columns:
        first.column_dimensions[get_column_letter(column + 1)].hidden = True
    first.protection.sheet = layout.is_protected
    buffer = io.BytesIO()
    workbook.save(buffer)
    return buffer.getvalue()


def ods(sheets: Sheets, *, trailing: int = 1000, layout: Layout = PLAIN) -> bytes:
    """An ODS workbook; as LibreOffice does, each row ends with empty cells repeated and each sheet with rows."""
    tables = []
    for position, (name, rows) in enumerate(sheets.items()):
        said = layout if position == 0 else PLAIN
        width = max((len(row) for row in rows), default=0)
        lines = [
            f'<table:table-column{" table:visibility=" + _COLLAPSE if column in said.hidden_columns else ""}/>'
            for column in range(width)
        ]
        for number, row in enumerate(rows, start=1):
            cells = "".join(_ods_cell(value, _spans(said, number, column)) for column, value in enumerate(row))
            hidden = " table:visibility=" + _COLLAPSE if number in said.hidden_rows else ""
            lines.append(
                f"<table:table-row{hidden}>{cells}"
                f'<table:table-cell table:number-columns-repeated="{16384 - len(row)}"/></table:table-row>'
            )
        lines.append(
            f'<table:table-row table:number-rows-repeated="{trailing}">'
            '<table:table-cell table:number-columns-repeated="16384"/></table:table-row>'
        )
        protected = ' table:protected="true"' if said.is_protected else ""
        tables.append(f'<table:table table:name="{escape(name)}"{protected}>{"".join(lines)}</table:table>')
    return ods_of("".join(tables))


def _spans(layout: Layout, row: int, column: int) -> str:
    for top, bottom, left, right in layout.merges:
        if (row, column) == (top, left):
            down, across = bottom - top + 1, right - left + 1
            return f' table:number-rows-spanned="{down}" table:number-columns-spanned="{across}"'
    return ""


def ods_of(tables: str, manifest: str = "") -> bytes:
    """An ODS workbook of this XML."""
    content = (
        '<?xml version="1.0" encoding="UTF-8"?><office:document-content '
        'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
        'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" office:version="1.3">'
        f"<office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>"
    )
    listed = (
        '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        f'<manifest:file-entry manifest:full-path="/">{manifest}</manifest:file-entry></manifest:manifest>'
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet", zipfile.ZIP_STORED)
        archive.writestr("content.xml", content, zipfile.ZIP_DEFLATED)
        archive.writestr("META-INF/manifest.xml", listed, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _ods_cell(value: Cell, spans: str = "") -> str:
    if value is None or value == "":
        return "<table:table-cell/>"
    if isinstance(value, str):
        text = "</text:p><text:p>".join(escape(line) for line in value.split("\n"))
        return f'<table:table-cell{spans} office:value-type="string"><text:p>{text}</text:p></table:table-cell>'
    number, text = (value.value, value.text) if isinstance(value, Shown) else (value, f"{value:.15g}")
    typed = f'office:value-type="float" office:value="{number:.15g}"'
    return f"<table:table-cell{spans} {typed}><text:p>{escape(text)}</text:p></table:table-cell>"


def _record(kind: int, data: bytes) -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def _unicode(text: str) -> bytes:
    return struct.pack("<HB", len(text), 1) + text.encode("utf-16-le")


def biff(sheets: Sheets, more: bytes = b"", layout: Layout = PLAIN) -> bytes:
    """The workbook stream: globals with shared texts, then each sheet. `more` goes into the globals."""
    codes = list(dict.fromkeys(value.code for rows in sheets.values() for row in rows for value in row
                               if isinstance(value, Shown)))  # fmt: skip
    for number, code in enumerate(codes, start=164):
        more += _record(0x041E, struct.pack("<HHB", number, len(code), 1) + code.encode("utf-16-le"))
    more += b"".join(
        _record(0x00E0, struct.pack("<HH", 0, number) + bytes(16)) for number in (0, *range(164, 164 + len(codes)))
    )
    styles = {code: place for place, code in enumerate(codes, start=1)}
    texts: dict[str, int] = {}
    for rows in sheets.values():
        for row in rows:
            for value in row:
                if isinstance(value, str) and value:
                    texts.setdefault(value, len(texts))
    table = struct.pack("<II", len(texts), len(texts)) + b"".join(map(_unicode, texts))
    bof = struct.pack("<HHHHII", 0x0600, 0x0005, 0x0DBB, 0x07CC, 0, 6)
    head = _record(0x0809, bof) + _record(0x0042, struct.pack("<H", 1200)) + more
    parts = [
        _sheet(rows, texts, styles, PLAIN if position else layout) for position, rows in enumerate(sheets.values())
    ]
    names = [struct.pack("<BB", len(name), 1) + name.encode("utf-16-le") for name in sheets]
    shared = b"".join(_shared(table))
    length = len(head) + sum(4 + 6 + len(name) for name in names) + len(shared) + 4
    entries = b""
    for name, part in zip(names, parts, strict=True):
        entries += _record(0x0085, struct.pack("<IH", length, 0) + name)
        length += len(part)
    return head + entries + shared + _record(0x000A, b"") + b"".join(parts)


def _shared(table: bytes) -> list[bytes]:
    assert len(table) < 8200, "one record holds the texts of a fixture"
    return [_record(0x00FC, table)]


def _sheet(
    rows: Sequence[Sequence[Cell]], texts: Mapping[str, int], styles: Mapping[str, int], layout: Layout
) -> bytes:
    width = max((len(row) for row in rows), default=0)
    stream = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0x0DBB, 0x07CC, 0, 6))
    stream += _record(0x0200, struct.pack("<IIHHH", 0, len(rows), 0, width, 0))
    if layout.is_protected:
        stream += _record(0x0012, struct.pack("<H", 1))
    for column in layout.hidden_columns:
        stream += _record(0x007D, struct.pack("<HHHHHH", column, column, 0, 0, 1, 0))
    for number in layout.hidden_rows:
        stream += _record(0x0208, struct.pack("<HHHHHHI", number - 1, 0, width, 255, 0, 0, 0x20))
    for number, row in enumerate(rows):
        for column, value in enumerate(row):
            if isinstance(value, Shown):
                style = styles[value.code]
                stream += _record(0x0203, struct.pack("<HHHd", number, column, style, float(value.value)))
            elif isinstance(value, str) and value:
                stream += _record(0x00FD, struct.pack("<HHHI", number, column, 0, texts[value]))
            elif isinstance(value, int | float):
                stream += _record(0x0203, struct.pack("<HHHd", number, column, 0, float(value)))
    if layout.merges:
        ranges = b"".join(struct.pack("<4H", top - 1, bottom - 1, *sides) for top, bottom, *sides in layout.merges)
        stream += _record(0x00E5, struct.pack("<H", len(layout.merges)) + ranges)
    return stream + _record(0x000A, b"")


def compound(stream: bytes, name: str = "Workbook") -> bytes:
    """A compound file that holds one stream, in sectors of 512 bytes."""
    stream = stream.ljust(4096, b"\0")
    count = -(-len(stream) // _SECTOR)
    fat_count = 1
    while fat_count * 128 < count + fat_count + 1:
        fat_count += 1
    fat = [_FAT] * fat_count + [_END]
    first = fat_count + 1
    fat += [first + number + 1 for number in range(count - 1)] + [_END]
    fat += [_FREE] * (fat_count * 128 - len(fat))
    header = bytearray(_SECTOR)
    header[:8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    struct.pack_into("<HHHHH", header, 24, 0x3E, 3, 0xFFFE, 9, 6)
    struct.pack_into("<9I", header, 40, 0, fat_count, fat_count, 0, 4096, _END, 0, _END, 0)
    for number in range(109):
        struct.pack_into("<I", header, 76 + 4 * number, number if number < fat_count else _FREE)
    directory = _entry("Root Entry", 5, _END, 0, child=1) + _entry(name, 2, first, len(stream))
    directory += _entry("", 0, 0, 0) * 2
    return bytes(header) + struct.pack(f"<{len(fat)}I", *fat) + directory + stream.ljust(count * _SECTOR, b"\0")


def _entry(name: str, kind: int, start: int, size: int, child: int = -1) -> bytes:
    entry = bytearray(128)
    encoded = (name + "\0").encode("utf-16-le") if name else b""
    entry[: len(encoded)] = encoded
    struct.pack_into("<HBBiii", entry, 64, len(encoded), kind, 1, -1, -1, child)
    struct.pack_into("<II", entry, 116, start, size)
    return bytes(entry)


def xls(sheets: Sheets, more: bytes = b"", layout: Layout = PLAIN) -> bytes:
    """An XLS workbook of these sheets."""
    return compound(biff(sheets, more, layout))


def zipped(files: Mapping[str, bytes]) -> bytes:
    """An archive of files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()
