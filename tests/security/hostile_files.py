"""Small files that would take all the memory or all the time of whoever reads them, each by a means of its own."""

import io
import json
import struct
import zipfile
from collections.abc import Mapping

from tests.app.files.workbooks import ods_of

_MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPES = (
    f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="xml" ContentType="application/xml"/>'
    '<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.'
    'sheet.main+xml"/></Types>'
)
HEAD = "<row><c t='inlineStr'><is><t>Code</t></is></c></row><row><c t='inlineStr'><is><t>GLU</t></is></c></row>"
SHEET = 'name="F" sheetId="1" r:id="r1"'


def sheet(rows: str) -> str:
    """A sheet of these rows after a heading and a row."""
    return f"<worksheet {_MAIN}><sheetData>{HEAD}{rows}</sheetData></worksheet>"


FAR = sheet('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')
"""A reader reserves 500 GB for it, and the whole process is aborted."""
WIDE = sheet('<row r="11000"><c r="IV11000"><v>1</v></c></row>')


def zipped(parts: Mapping[str, str | bytes]) -> bytes:
    """A zip of these parts."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def xlsx(
    parts: Mapping[str, str | bytes], targets: Mapping[str, str], sheets: tuple[str, ...] = (SHEET,), around: str = ""
) -> bytes:
    """A workbook of these parts; `targets`: relationship -> where it says that its sheet is."""
    kind = f"{_OFFICE}/worksheet"
    told = "".join(f'<Relationship Id="{key}" Type="{kind}" Target="{to}"/>' for key, to in targets.items())
    shown = "".join(f"<sheet {item}/>" for item in sheets)
    return zipped(
        {
            "[Content_Types].xml": _TYPES,
            "xl/workbook.xml": f'<workbook {_MAIN} xmlns:r="{_OFFICE}" {around}><sheets>{shown}</sheets></workbook>',
            "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">{told}</Relationships>',
            **parts,
        }
    )


def _texts(length: int) -> str:
    return f"<sst {_MAIN}><si><t>{'x' * length}</t></si></sst>"


def _repeating(value: str) -> str:
    return sheet(f"<row>{f'<c t=chr34><v>{value}</v></c>' * 250}</row>".replace("chr34", '"s"') * 300)


def _cells(count: int, inside: str = "", said: str = "") -> str:
    repeated = f'table:number-columns-repeated="{count}"'
    return f'<table:table-cell {repeated} office:value-type="string"{said}>{inside}</table:table-cell>'


def _table(rows: str, name: str = "F") -> str:
    return f'<table:table table:name="{name}">{rows}</table:table>'


def _rows(count: int, cells: str) -> str:
    return f'<table:table-row table:number-rows-repeated="{count}">{cells}</table:table-row>'


def _one_local_many_times(count: int) -> bytes:
    """Many entries of the list share the bytes of one part."""
    whole = zipped({"f.csv": bytes(15_000_000)})
    listed, end = whole.find(b"PK\x01\x02"), whole.find(b"PK\x05\x06")
    tail = bytearray(whole[end:])
    struct.pack_into("<HHII", tail, 8, count, count, (end - listed) * count, listed)
    return whole[:listed] + whole[listed:end] * count + bytes(tail)


def _many_parts(count: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for number in range(count):
            archive.writestr(f"{number:x}", b"")
    return buffer.getvalue()


def _packed(content: bytes, method: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        archive.writestr("f.csv", content)
    return buffer.getvalue()


_P = "<text:p>Code</text:p>"
_FHIR = '<Bundle xmlns="http://hl7.org/fhir">{}</Bundle>'

HOSTILE: dict[str, tuple[bytes, str]] = {
    "sheet whose name does not end as a sheet's": (
        xlsx({"xl/worksheets/sheet1.bin": FAR}, {"r1": "worksheets/sheet1.bin"}), "trop éloignée"),
    "sheet at a path with a step in place": (xlsx({"xl/./q/s.xml": FAR}, {"r1": "./q/s.xml"}), "trop éloignée"),
    "sheet at a path of another system": (xlsx({"xl\\q\\s.xml": FAR}, {"r1": "q/s.xml"}), "trop éloignée"),
    "two sheets of one name": (
        xlsx({"xl/q/far.xml": FAR, "xl/q/ok.xml": sheet("")}, {"r9": "q/far.xml", "r1": "q/ok.xml"},
             ('name="F" sheetId="2" r:id="r9"', SHEET)), "du même nom"),
    "sheet of two relationships": (
        xlsx({"xl/q/far.xml": FAR, "xl/q/ok.xml": sheet("")}, {"r9": "q/far.xml", "r1": "q/ok.xml"},
             ('name="F" sheetId="1" a:id="r1" r:id="r9"',), 'xmlns:a="y"'), "trop éloignée"),
    "one part shown as many sheets": (
        xlsx({"xl/worksheets/sheet1.xml": WIDE}, {"r1": "worksheets/sheet1.xml"},
             tuple(f'name="F{number}" sheetId="{number}" r:id="r1"' for number in range(1, 5_000))), "plusieurs"),
    "sheets that are large together": (
        xlsx({f"xl/worksheets/sheet{number}.xml": WIDE for number in range(40)},
             {f"r{number}": f"worksheets/sheet{number}.xml" for number in range(40)},
             tuple(f'name="F{number}" sheetId="{number + 1}" r:id="r{number}"' for number in range(40))), "ensemble"),
    "two parts that are one for some readers": (
        xlsx({"xl/Q/s.xml": FAR, "xl/q/s.xml": sheet("")}, {"r1": "q/s.xml"}), "deux fois|trop éloignée"),
    "shared text repeated in a sheet that stands elsewhere": (
        xlsx({"xl/q/s.xml": _repeating("0"), "xl/sharedStrings.xml": _texts(32_000)}, {"r1": "q/s.xml"}),
        "trop de texte"),
    "shared text named with a sign": (
        xlsx({"xl/worksheets/sheet1.xml": _repeating("+000000000"), "xl/sharedStrings.xml": _texts(32_000)},
             {"r1": "worksheets/sheet1.xml"}), "trop de texte"),
    "entities in the shared texts": (
        xlsx({"xl/worksheets/sheet1.xml": sheet(""),
              "xl/sharedStrings.xml": '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>' + _texts(1)},
             {"r1": "worksheets/sheet1.xml"}), "DTD"),
    "entities in UTF-16": (
        xlsx({"xl/worksheets/sheet1.xml": sheet(""),
              "xl/sharedStrings.xml": ('<!DOCTYPE x [<!ENTITY a "aaaa">]>' + _texts(1)).encode("utf-16")},
             {"r1": "worksheets/sheet1.xml"}), "DTD"),
    "millions of empty rows": (
        xlsx({"xl/worksheets/sheet1.xml": sheet("<row/>" * 400_000)}, {"r1": "worksheets/sheet1.xml"}),
        "trop éloignée|anormalement"),
    "ODS spaces counted in an attribute": (
        ods_of(_table(_rows(50_000, _cells(1, '<text:p>a<text:s text:c="30000"/></text:p>')))), "trop de texte"),
    "ODS text in an attribute": (
        ods_of(_table(_rows(50_000, _cells(1, _P, f' office:string-value="{"x" * 32_000}"')))), "trop de texte"),
    "ODS sheets that are large together": (
        ods_of("".join(_table(_rows(90_000, _cells(30, _P)), f"F{number}") for number in range(5))), "ensemble"),
    "ODS rows counted anew by a table within": (
        ods_of(_table((_rows(90_000, _cells(2, _P)) + '<x:table xmlns:x="y"/>') * 4)), "trop éloignée"),
    "ODS rows repeated": (ods_of(_table(_rows(4_000_000_000, _cells(2, _P)))), "trop éloignée"),
    "archive in an archive": (zipped({"a.zip": zipped({"b.zip": zipped({"c.csv": "a;b"})})}), "autre archive"),
    "archive of as many parts as fit": (_many_parts(21_000), "trop de parties"),
    "parts that share their bytes": (_one_local_many_times(900), "deux fois"),
    "zeros in LZMA": (_packed(bytes(30_000_000), zipfile.ZIP_LZMA), "anormalement"),
    "zeros in bzip2": (_packed(bytes(30_000_000), zipfile.ZIP_BZIP2), "anormalement"),
    "FHIR in XML of a document type": (
        b'<!DOCTYPE Bundle SYSTEM "file:///etc/passwd">' + _FHIR.format("").encode(), "DTD"),
    "FHIR in UTF-16 with entities": (
        ('<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE Bundle [<!ENTITY a "b">]>' + _FHIR.format("&a;"))
        .encode("utf-16"), "DTD"),
    "FHIR in UTF-7": (
        ('<?xml version="1.0" encoding="UTF-7"?>' + _FHIR.format("")).encode("utf-7"), ""),
    "FHIR that includes a file": (
        _FHIR.format('<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd"/>').encode(),
        "aucune analyse"),
    "FHIR nested without end": (_FHIR.format("<a>" * 100_000 + "</a>" * 100_000).encode(), "niveaux"),
    "JSON nested without end": (b'{"resourceType":"Bundle","a":' + b"[" * 2_000_000, "niveaux"),
    "JSON list nested without end": (b'[{"a":' + b"[" * 2_000_000, "niveaux"),
    "JSON number without end": (b'{"resourceType":"Bundle","a":' + b"9" * 2_000_000 + b"}", "bien formé"),
    "JSON that says twice what it is": (b'{"resourceType":"Patient","resourceType":"CodeSystem"}', "Patient"),
}  # fmt: skip
"""Name -> the file, and what its refusal says."""

CUT_IN_MANY_WAYS = (b"<!---->", b"<!doctype a[]>", b"<??>", b"<!doctype a[] >")
"""What stands before the first element of XML: it must be cut into parts in one way only."""


def fhir_of_many_names(count: int) -> bytes:
    """A catalogue with as many objects, each of another member."""
    system = {"resourceType": "CodeSystem", "concept": [{"code": "GLU", "display": "Glucose"}]}
    return json.dumps(system | {"extension": [{f"k{number}": "v"} for number in range(count)]}).encode()
