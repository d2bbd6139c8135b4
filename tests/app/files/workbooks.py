"""Small writers of the workbooks that no library of ours writes: XLS (BIFF8 in a compound file) and ODS."""

import io
import struct
import zipfile
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

from openpyxl import Workbook

Cell = str | float | int | None
Sheets = Mapping[str, Sequence[Sequence[Cell]]]
_FREE, _END, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
_SECTOR = 512


def xlsx(sheets: Sheets, merges: Sequence[str] = ()) -> bytes:
    """A workbook of these sheets; the merged ranges are those of the first one."""
    workbook = Workbook()
    workbook.remove(workbook.worksheets[0])
    for name, rows in sheets.items():
        sheet = workbook.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    for merged in merges:
        workbook.worksheets[0].merge_cells(merged)
    buffer = io.BytesIO()
    workbook.save(buffer)
    return buffer.getvalue()


def ods(sheets: Sheets, *, trailing: int = 1000) -> bytes:
    """An ODS workbook; as LibreOffice does, each row ends with empty cells repeated and each sheet with rows."""
    tables = []
    for name, rows in sheets.items():
        lines = []
        for row in rows:
            cells = "".join(_ods_cell(value) for value in row)
            lines.append(
                f"<table:table-row>{cells}"
                f'<table:table-cell table:number-columns-repeated="{16384 - len(row)}"/></table:table-row>'
            )
        lines.append(
            f'<table:table-row table:number-rows-repeated="{trailing}">'
            '<table:table-cell table:number-columns-repeated="16384"/></table:table-row>'
        )
        tables.append(f'<table:table table:name="{escape(name)}">{"".join(lines)}</table:table>')
    return ods_of("".join(tables))


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


def _ods_cell(value: Cell) -> str:
    if value in (None, ""):
        return "<table:table-cell/>"
    if isinstance(value, str):
        text = "</text:p><text:p>".join(escape(line) for line in value.split("\n"))
        return f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>'
    typed = f'office:value-type="float" office:value="{value}"'
    return f"<table:table-cell {typed}><text:p>{value}</text:p></table:table-cell>"


def _record(kind: int, data: bytes) -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def _unicode(text: str) -> bytes:
    return struct.pack("<HB", len(text), 1) + text.encode("utf-16-le")


def biff(sheets: Sheets, more: bytes = b"") -> bytes:
    """The workbook stream: globals with shared texts, then each sheet. `more` goes into the globals."""
    texts: dict[str, int] = {}
    for rows in sheets.values():
        for row in rows:
            for value in row:
                if isinstance(value, str) and value:
                    texts.setdefault(value, len(texts))
    table = struct.pack("<II", len(texts), len(texts)) + b"".join(map(_unicode, texts))
    bof = struct.pack("<HHHHII", 0x0600, 0x0005, 0x0DBB, 0x07CC, 0, 6)
    head = _record(0x0809, bof) + _record(0x0042, struct.pack("<H", 1200)) + more
    parts = [_sheet(rows, texts) for rows in sheets.values()]
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


def _sheet(rows: Sequence[Sequence[Cell]], texts: Mapping[str, int]) -> bytes:
    width = max((len(row) for row in rows), default=0)
    stream = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0x0DBB, 0x07CC, 0, 6))
    stream += _record(0x0200, struct.pack("<IIHHH", 0, len(rows), 0, width, 0))
    for number, row in enumerate(rows):
        for column, value in enumerate(row):
            if isinstance(value, str) and value:
                stream += _record(0x00FD, struct.pack("<HHHI", number, column, 0, texts[value]))
            elif isinstance(value, int | float):
                stream += _record(0x0203, struct.pack("<HHHd", number, column, 0, float(value)))
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


def xls(sheets: Sheets, more: bytes = b"") -> bytes:
    """An XLS workbook of these sheets."""
    return compound(biff(sheets, more))


def zipped(files: Mapping[str, bytes]) -> bytes:
    """An archive of files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()
