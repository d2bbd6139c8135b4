"""FHIR in XML: what two readers that are not ours make of it is what the JSON says."""

import json
from xml.etree.ElementTree import fromstring

import pytest

from app.exports.schemas import ExportKind
from app.fhir_resources.values import Syntax, as_xml
from app.models import LocalTest
from app.platform.database import transaction
from app.settings import Settings
from tests.app.exports.sample import Sample
from tests.app.fhir_resources.fhir_sample import FHIR_KINDS, R4_KINDS, exported, exported_file
from tests.fhir.node import ask
from tests.fhir.panel import model_of

NAMESPACE = "{http://hl7.org/fhir}"


def test_lantana_reads_the_same_r4_resources_from_xml_and_from_json(narrow: Sample, settings: Settings) -> None:
    with transaction(narrow.world.engine) as session:
        test = session.get(LocalTest, narrow.test_id("NA"))
        assert test is not None
        test.label = 'Na <b>&amp; "K"</b> µ — é'
    texts = [exported_file(narrow, settings, kind, Syntax.XML).content.decode() for kind in R4_KINDS]
    wanted = [exported(narrow, settings, kind) for kind in R4_KINDS]
    assert ask(xml=texts)["xml"] == wanted
    assert 'Na <b>&amp; "K"</b> µ — é' in json.dumps(wanted[0], ensure_ascii=False).replace('\\"', '"')


@pytest.mark.parametrize("kind", FHIR_KINDS)
def test_fhir_resources_reads_the_same_resource_from_xml_and_from_json(
    narrow: Sample, settings: Settings, kind: ExportKind
) -> None:
    content = exported_file(narrow, settings, kind, Syntax.XML).content
    wanted = exported(narrow, settings, kind)
    model = model_of(wanted["resourceType"], "r5" if kind is ExportKind.CONCEPT_MAP_R5 else "r4")
    assert json.loads(model.model_validate_xml(content).model_dump_json()) == wanted
    # Its own XML has the elements in the same order as ours.
    theirs = fromstring(model.model_validate(wanted).model_dump_xml())
    assert [element.tag for element in fromstring(content).iter()] == [element.tag for element in theirs.iter()]


def test_a_text_that_xml_cannot_hold_is_replaced(narrow: Sample, settings: Settings) -> None:
    with transaction(narrow.world.engine) as session:
        test = session.get(LocalTest, narrow.test_id("NA"))
        assert test is not None
        test.label, test.code = "So\x01di\x0bum\x1f", "N\x02A"
    for kind in FHIR_KINDS:
        assert fromstring(exported_file(narrow, settings, kind, Syntax.XML).content).tag
        assert "So\ufffddi\ufffdum\ufffd" in exported_file(narrow, settings, kind).content.decode()


def test_what_makes_an_attribute_in_xml() -> None:
    resource = {
        "resourceType": "Basic",
        "extension": [{"id": "a", "url": "urn:x?a=1&b=2", "valueBoolean": True}],
        "code": {"id": "b", "text": 'x "y"\n'},
    }
    assert as_xml(resource).decode().partition("\n")[2] == (
        '<Basic xmlns="http://hl7.org/fhir"><extension id="a" url="urn:x?a=1&amp;b=2"><valueBoolean value="true"/>'
        '</extension><code id="b"><text value="x &quot;y&quot;&#10;"/></code></Basic>'
    )


@pytest.mark.parametrize("kind", FHIR_KINDS)
def test_the_file_says_what_it_is(narrow: Sample, settings: Settings, kind: ExportKind) -> None:
    file = exported_file(narrow, settings, kind, Syntax.XML)
    assert file.name.endswith(".xml")
    version = "5.0" if kind is ExportKind.CONCEPT_MAP_R5 else "4.0"
    assert file.media_type == f"application/fhir+xml; fhirVersion={version}"
    assert file.content.startswith(b'<?xml version="1.0" encoding="UTF-8"?>')
    root = fromstring(file.content)
    assert root.tag in (f"{NAMESPACE}ConceptMap", f"{NAMESPACE}Bundle")
    # FHIR writes a primitive value as an attribute, never as a text.
    assert all(not (element.text or "").strip() for element in root.iter())
