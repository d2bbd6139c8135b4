"""Files that are something else: each is named for what it is, whatever it is called, and says what to do."""

import pytest

from app.errors import ImportRefusedError
from app.files.archive import unpacked
from app.files.choices import IncomingFile
from app.files.foreign import foreign, is_fhir_xml
from app.files.reading import read_file
from tests.app.files.workbooks import compound, xls, xlsx, zipped

WORKBOOK_2003 = (
    '<?xml version="1.0"?>\n<?mso-application progid="Excel.Sheet"?>\n'
    '<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet/></Workbook>'
)
PAGE = "<html><head><meta charset='utf-8'></head><body><table><tr><td>Code</td></tr></table></body></html>"
DBASE = (
    b"\x03\x1a\x0b\x01\x02\x00\x00\x00" + (65).to_bytes(2, "little") + (11).to_bytes(2, "little") + bytes(20)
    + b"CODE".ljust(11, b"\0") + b"C" + bytes(20) + b"\r NA        "
)  # fmt: skip
MHTML = (
    "From: <Saved by Blink>\r\nSnapshot-Content-Location: https://sgl/catalogue\r\nSubject: =?utf-8?Q?x?=\r\n"
    'MIME-Version: 1.0\r\nContent-Type: multipart/related;\r\n\ttype="text/html"\r\n\r\n<html>'
)
CONCEPT_MAP = '<?xml version="1.0"?><ConceptMap xmlns="http://hl7.org/fhir"><status value="active"/></ConceptMap>'


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (PAGE.encode(), "une page HTML"),
        (b"\r\n <TABLE border=1><TR><TD>Code</TD></TR></TABLE>", "une page HTML"),
        (b"<!DOCTYPE html>\n<html></html>", "une page HTML"),
        (("\ufeff" + PAGE).encode(), "une page HTML"),
        (("\ufeff" + PAGE).encode("utf-16-le"), "une page HTML"),
        (WORKBOOK_2003.encode(), "format XML d'Excel 2003"),
        (b"<?xml version='1.0'?><catalogue/>", "un fichier XML"),
        (b"%PDF-1.7\n", "un document PDF"),
        (rb"{\rtf1\ansi Code", "un document RTF"),
        (b"\x1f\x8b\x08\x00", "une archive gzip"),
        (b"MSH|^~\\&|SGL|LABO", "un message HL7 v2"),
        (b"\x89PNG\r\n", "une image"),
        (MHTML.encode(), "page web enregistrée en un seul fichier (MHTML)"),
        (b"From: a@b.fr\r\nMIME-Version: 1.0\r\nSubject: catalogue\r\n\r\nBonjour", "un message électronique"),
        (b'ID;PWXL;N;E\r\nP;PGeneral\r\nC;Y1;X1;K"Code"\r\nC;X2;K"Nom"\r\nE\r\n', "format SYLK"),
        (b'TABLE\r\n0,1\r\n"EXCEL"\r\nVECTORS\r\n0,2\r\n""\r\n', "format DIF"),
        (rb"\documentclass{article}", "un document LaTeX"),
        (b"Catalogue\n\\begin{tabular}{ll}\nA & Sodium \\\\\n", "un document LaTeX"),
        (b"CREATE TABLE analyses (code text);\nINSERT INTO analyses VALUES ('NA');\n", "un script SQL"),
        (b"---\r\n- code: NA\r\n  libelle: Sodium\r\n", "un fichier YAML"),
        (b"Code\x1fLibelle\x1eNA\x1fSodium\x1e", "0x1E"),
        (b"analyses:\n  - code: NA\n    libelle: Sodium\n", "un fichier YAML"),
        ("Code;Nom\n".encode("utf-32"), "un texte en UTF-32"),
        (DBASE, "une table dBase (DBF)"),
        (b"BZh91AY&SY", "une archive bzip2"),
        (b"PAR1\x15\x04", "un fichier Parquet"),
        (b"\x09\x08\x08\x00\x00\x05\x05\x00", "Excel d'avant 1997"),
        (bytes(257) + b"ustar\x0000", "une archive tar"),
        (zipped({"[Content_Types].xml": b"", "word/document.xml": b""}), "Word (DOCX)"),
        (zipped({"[Content_Types].xml": b"", "ppt/presentation.xml": b""}), "PowerPoint (PPTX)"),
        (zipped({"[Content_Types].xml": b"", "xl/workbook.bin": b""}), "classeur binaire d'Excel (XLSB)"),
        (zipped({"mimetype": b"application/epub+zip", "META-INF/container.xml": b""}), "un livre EPUB"),
        (zipped({"mimetype": b"application/vnd.oasis.opendocument.text", "content.xml": b""}), "OpenDocument (ODT)"),
        (zipped({"Index/Document.iwa": b""}), "Numbers"),
        (zipped({"catalogue.csv": b"Code;Nom"}), "une archive zip"),
        (compound(b"x", "WordDocument"), "Word (DOC)"),
        (compound(b"x", "PowerPoint Document"), "PowerPoint (PPT)"),
    ],
)
def test_what_is_no_table_is_refused_by_its_real_name(content: bytes, name: str) -> None:
    with pytest.raises(ImportRefusedError) as caught:
        read_file(IncomingFile("catalogue.xls", content), 1 << 20)
    (problem,) = caught.value.problems
    assert name in problem.message
    assert problem.message.endswith(".")


@pytest.mark.parametrize(
    "content",
    [
        zipped({"mimetype": b"application/epub+zip", "META-INF/container.xml": b"<x/>"}),
        zipped({"mimetype": b"application/vnd.oasis.opendocument.presentation", "content.xml": b"<x/>"}),
    ],
)
def test_a_document_that_is_a_zip_is_not_opened_as_an_archive(content: bytes) -> None:
    with pytest.raises(ImportRefusedError) as caught:
        unpacked([("catalogue.zip", content)], 1 << 20)
    assert any(name in str(caught.value.problems[0]) for name in ("EPUB", "ODP"))


@pytest.mark.parametrize(
    "content",
    [
        b"Code;Libell\xe9\nA;B\n", b"<1;2\n", b"", b"A<B;C\n", b"<Code>;<Nom>\nA;B\n",
        b'{"resourceType": "Bundle"}', "Seuil;< 5 µg/L\n".encode(),
        b"ID;Parametre\nC;Calcium\nP;Plomb\n", b"ID;P\nX1;Sodium\n", b"TABLE;Nom\n0,1;A\n", b"- A;Sodium\n- B;Fer\n",
        b"Code: NA;Nom: x\nContent;b\n", b"Code;Nom\nA;Insert into\n", b"BM;Nom\nA;B\n", xls({"C": [["Code"]]}),
        xlsx({"C": [["Code"]]}),
    ],
)
def test_tables_are_not_taken_for_something_else(content: bytes) -> None:
    assert foreign(content) == ""
    assert not is_fhir_xml(content)


FLAT = (
    '<?xml version="1.0"?><office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'office:mimetype="application/vnd.oasis.opendocument.{kind}"><office:meta><meta:x/></office:meta><office:body>'
    "<table:table/></office:body></office:document>"
)


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (FLAT.format(kind="spreadsheet"), "un classeur OpenDocument à plat (FODS)"),
        (FLAT.format(kind="text"), "un document texte OpenDocument à plat (FODT)"),
        (FLAT.format(kind="presentation"), "une présentation OpenDocument à plat (FODP)"),
        ('<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><style/><metadata/></svg>', "un dessin SVG"),
        ('<?xml version="1.0"?><!-- x --><catalogue><analyse code="1"/></catalogue>', "élément « catalogue »"),
    ],
)
def test_xml_is_named_by_its_root(content: str, name: str) -> None:
    assert name in foreign(content.encode())
