"""What sort of file is what, by its content; what is refused is named, and nothing of it quoted."""

import io
import zipfile

import pytest

from app.emitted.kinds import EMPTY, OTHER_XML, UNKNOWN, ReportKind, kind_of
from app.emitted.observed import CodeSystems, ObservedReport, Refused
from app.emitted.reading import NESTED, read_file
from tests.app.emitted.cda_documents import LOCAL, act, chapter, code, document
from tests.app.emitted.cda_documents import observation as measured
from tests.app.emitted.messages import message, obx, text
from tests.app.emitted.resources import OURS, as_bytes, as_xml, bundle, diagnostic, observation

CDA = b'<?xml version="1.0" encoding="UTF-8"?><ClinicalDocument xmlns="urn:hl7-org:v3"></ClinicalDocument>'


def zipped(method: int = zipfile.ZIP_DEFLATED, **parts: bytes) -> bytes:
    """A zip of these parts; two underscores in a name are a slash, one a dot."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", method) as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), content)
    return held.getvalue()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (CDA, ReportKind.CDA),
        (b"\xef\xbb\xbf  " + CDA, ReportKind.CDA),
        (CDA.decode().replace("UTF-8", "UTF-16").encode("utf-16"), ReportKind.CDA),
        (b'<x:ClinicalDocument xmlns:x="urn:hl7-org:v3"/>', ReportKind.CDA),
        (b"<soap:Envelope xmlns:soap='a'><b>" + b" " * 100_000 + CDA[38:] + b"</b></soap:Envelope>", ReportKind.CDA),
        (text(message()).encode(), ReportKind.HL7V2),
        (b"\x0b" + text(message()).encode() + b"\x1c\r", ReportKind.HL7V2),
        (as_bytes(bundle(diagnostic("r"))), ReportKind.FHIR),
        (b"\xef\xbb\xbf\n" + as_bytes(bundle(diagnostic("r"))), ReportKind.FHIR),
        (b"[" + as_bytes(diagnostic("r")) + b"]", ReportKind.FHIR),
        (as_xml(bundle(diagnostic("r"))), ReportKind.FHIR),
        (zipped(IHE_XDM__SUBSET01__DOC0001_XML=CDA), ReportKind.ZIP),
    ],
)
def test_reports_are_told_by_their_content(content: bytes, kind: ReportKind) -> None:
    assert kind_of(content) is kind


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"H|~^\\&|0001.hpr||LABO^Dupont||ORU|||||P|H2.1^L|20260301\rP|1||123||DUPONT^Zoe\r", "HPRIM Santé"),
        (b"\x0b\r\nH|~^\\&|x\r", "HPRIM Santé"),
        (b"H|\\^&|||LIS^Dupont|||||||P|1\r", "ASTM"),
        (b"1H|\\^&|||LIS^Dupont\r", "ASTM"),
        (b'<?xml version="1.0"?><evenementsServeurActes xmlns="http://www.hprim.org/hprimXML"/>', "HPRIM XML"),
        (b"0001\r\nDUPONT\r\nZOE\r\n1 rue\r\n\r\n75001 PARIS\r\n14/02/80\r\n\r\n26001\r\n01/03/26\r\n****LAB****\r\n"
         b"RES|Sodium|NA|A|N|140|mmol/l|||N\r\n****FIN****\r\n", "HPRIM Net"),
        (b"%PDF-1.7 Dupont", "PDF"),
        (b"{\\rtf1 Dupont}", "RTF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "bureautique"),
        (zipped(word__document_xml=b"<w/>"), "Word"),
        (zipped(xl__workbook_xml=b"<w/>"), "un classeur"),
        (b"\x1f\x8b\x08\x00", "gzip"),
        (b"\x89PNG\r\n", "une image"),
        (b"\0" * 128 + b"DICM", "DICOM"),
        (b"<!DOCTYPE html><html><body>Dupont</body></html>", "HTML"),
        (b"<lettre>Dupont</lettre>", OTHER_XML),
        (b"code;libelle\r\nNA;Dupont\r\n", UNKNOWN),
        (b"\xff\xfe\x00Dupont", UNKNOWN),
        (b"", EMPTY),
        (b" \r\n\0\0", EMPTY),
    ],
)  # fmt: skip
def test_other_sorts_are_refused_by_name_and_not_quoted(content: bytes, name: str) -> None:
    told = kind_of(content)
    assert not isinstance(told, ReportKind)
    assert name in told
    assert not told.endswith(".")
    assert "'" not in told
    assert "dupont" not in told.lower()
    assert list(read_file(content, "fichier 3", CodeSystems())) == [Refused("fichier 3", told)]


def test_what_hprim_cannot_be_read_for_says_what_to_ask_for() -> None:
    told = kind_of(b"H|~^\\&|x\r")
    assert "que l’atelier ne lit pas" in told
    assert "CR-Bio" in told


def test_parts_of_an_archive_are_read_as_files_and_named_by_their_place() -> None:
    content = zipped(a_bin=b"%PDF-1.7 Dupont", b_json=as_bytes(bundle(diagnostic("r"))), c_hpr=b"H|~^\\&|x\r")
    first, second, third = read_file(content, "fichier 1", CodeSystems())
    assert isinstance(first, Refused)
    assert "PDF" in first.reason
    assert isinstance(second, ObservedReport)
    assert isinstance(third, Refused)
    assert "HPRIM" in third.reason
    assert (first.place, third.place) == ("fichier 1, document 1", "fichier 1, document 3")


def test_packages_in_an_archive_are_opened_and_nothing_deeper() -> None:
    lines = as_bytes(bundle(diagnostic("r")))
    (report,) = read_file(zipped(a=zipped(b_json=lines)), "fichier 1", CodeSystems())
    assert isinstance(report, ObservedReport)
    assert report.place == "fichier 1, document 1, document 1, compte rendu 1"
    deeper = zipped(a=zipped(b=zipped(c_json=lines)))
    assert list(read_file(deeper, "fichier 1", CodeSystems())) == [Refused("fichier 1, document 1, document 1", NESTED)]


def test_a_package_that_is_not_compressed_is_opened_too() -> None:
    clinical = CDA.replace(b"><", b'><id root="1.2"/><')
    (report,) = read_file(zipped(a=zipped(zipfile.ZIP_STORED, b_xml=clinical)), "fichier 1", CodeSystems())
    assert isinstance(report, ObservedReport)
    assert report.keys


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("is_zipped", [False, True])
@pytest.mark.parametrize(
    "written",
    [
        message(obx("HÉMO^Hémoglobine^L")),
        "\x0b" + message(obx("HÉMO^Hémoglobine^L")) + "\x1c\r",
        '<?xml version="1.0" encoding="UTF-16"?>' + document(chapter(act(measured(code("HÉMO", LOCAL))))),
        as_bytes(bundle(diagnostic("r", "Observation/hb"), observation("hb", (OURS, "HÉMO")))).decode(),
        as_xml(bundle(diagnostic("r", "Observation/hb"), observation("hb", (OURS, "HÉMO")))).decode(),
    ],
)
def test_utf_16_that_says_no_byte_order_is_read(written: str, is_zipped: bool, encoding: str) -> None:
    content = written.encode(encoding)
    (report,) = read_file(zipped(a_bin=content) if is_zipped else content, "fichier 1", CodeSystems())
    assert isinstance(report, ObservedReport)
    assert [result.local for result in report.results] == [("HÉMO",)]
