"""A question in XML is read as it comes: what it says, and the bounds that keep a hostile one small."""

import tracemalloc

import pytest

from app.fhir.parameters_xml import MOST_DEPTH, MOST_ELEMENTS, read_parameters
from app.fhir.questions import from_parameters
from app.fhir.routes import MOST_BODY_BYTES
from app.files.fhir_json import FhirReadError
from app.files.fhir_xml import load_xml

pytestmark = pytest.mark.only("sqlite", "nothing of it is asked of the database")
BEGINNING = b'<Parameters xmlns="http://hl7.org/fhir">'
END = b"</Parameters>"
MOST_MEMORY = 30_000_000
"""Bytes; the parser hands the attributes of one element over at once, and anything else takes far less. The tree of as
many elements takes twice that."""

ASKED = BEGINNING + (
    b'<!-- asked by hand --><parameter><name value="codeableConcept"/><valueCodeableConcept>'
    b'<coding><system value="http://a"/><code value="NA"/><userSelected value="true"/></coding>'
    b'<coding><system value="http://b"/><code value="K"/></coding><text value="Sodium"/>'
    b"</valueCodeableConcept></parameter>"
    b'<parameter><name value="reverse"/><valueBoolean value="false"/></parameter>'
    b'<parameter><name value="conceptMap"/><resource><ConceptMap><status value="draft"/></ConceptMap></resource>'
    b'</parameter><other xmlns="urn:x"><parameter/></other>' + END
)


def test_it_says_what_json_would() -> None:
    assert read_parameters(ASKED) == {
        "resourceType": "Parameters",
        "parameter": [
            {
                "name": "codeableConcept",
                "valueCodeableConcept": {
                    "coding": [
                        {"system": "http://a", "code": "NA", "userSelected": True},
                        {"system": "http://b", "code": "K"},
                    ],
                    "text": "Sodium",
                },
            },
            {"name": "reverse", "valueBoolean": False},
            {"name": "conceptMap", "resource": {"status": "draft", "resourceType": "ConceptMap"}},
        ],
    }
    assert read_parameters(ASKED) == load_xml(ASKED), "several of each: files are read alike"
    assert read_parameters(ASKED.decode().encode("utf-16")) == read_parameters(ASKED)


def test_one_parameter_is_a_list_of_one() -> None:
    body = BEGINNING + b'<parameter><name value="code"/><valueCode value="NA"/></parameter>' + END
    assert from_parameters(body, "application/fhir+xml") == {"code": "NA"}


ENTITIES = b'<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>'
REFUSED = {
    "entities": (ENTITIES + BEGINNING + b"&c;" + END, "déclare une DTD"),
    "a file of the machine": (b'<!DOCTYPE a SYSTEM "file:///etc/passwd">' + BEGINNING + END, "déclare une DTD"),
    "an entity without DTD": (BEGINNING + b"&c;" + END, "bien formé"),
    "too deep": (BEGINNING + b"<part>" * MOST_DEPTH, "plus de 32 niveaux"),
    "too many": (BEGINNING + b"<part/>" * MOST_ELEMENTS + END, "dépasse 10000 éléments"),
    "cut": (BEGINNING + b"<parameter>", "bien formé"),
    "no FHIR": (b"<Parameters/>", "pas une ressource FHIR"),
}


@pytest.mark.parametrize("name", list(REFUSED))
def test_what_is_refused(name: str) -> None:
    body, why = REFUSED[name]
    with pytest.raises(FhirReadError, match=why):
        read_parameters(body)


HOSTILE = {
    "elements": b"<a/>",
    "attributes": b"<part " + b" ".join(b'a%d=""' % number for number in range(100_000)) + b"/>",
    "values": b'<part value="' + b"x" * 90 + b'"/>',
    "text": b"x" * 1_000,
    "nesting": b"<part>",
}


@pytest.mark.parametrize("name", list(HOSTILE))
def test_the_largest_body_takes_little_memory(name: str) -> None:
    piece = HOSTILE[name]
    room = MOST_BODY_BYTES - len(BEGINNING) - len(END)
    body = BEGINNING + piece * (room // len(piece)) + END
    tracemalloc.start()
    try:
        try:
            read_parameters(body)
        except FhirReadError:
            assert name in ("elements", "values", "nesting")
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < MOST_MEMORY, most
