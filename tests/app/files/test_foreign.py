"""Files that are something else: each is named for what it is, whatever it is called, and says what to do."""

import pytest

from app.errors import ImportRefusedError
from app.files.choices import IncomingFile
from app.files.foreign import foreign, is_fhir_xml
from app.files.reading import read_file

WORKBOOK_2003 = (
    '<?xml version="1.0"?>\n<?mso-application progid="Excel.Sheet"?>\n'
    '<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet/></Workbook>'
)
PAGE = "<html><head><meta charset='utf-8'></head><body><table><tr><td>Code</td></tr></table></body></html>"
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
    ],
)
def test_what_is_no_table_is_refused_by_its_real_name(content: bytes, name: str) -> None:
    assert name in foreign(content)
    with pytest.raises(ImportRefusedError) as caught:
        read_file(IncomingFile("catalogue.xls", content), 1 << 20)
    (problem,) = caught.value.problems
    assert name in problem.message
    assert problem.message.endswith(".")


@pytest.mark.parametrize(
    "content",
    [
        b"Code;Libell\xe9\nA;B\n", b"<1;2\n", b"", b"A<B;C\n", b"<Code>;<Nom>\nA;B\n",
        b'{"resourceType": "Bundle"}', "Seuil;< 5 µg/L\n".encode(),
    ],
)
def test_tables_are_not_taken_for_something_else(content: bytes) -> None:
    assert foreign(content) == ""
    assert not is_fhir_xml(content)
