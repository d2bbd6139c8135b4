"""A catalogue received in FHIR XML goes back with its codings, and the rest of it byte for byte."""

import difflib
import json
from typing import Any
from xml.etree.ElementTree import Element, fromstring
from xml.sax.saxutils import quoteattr

import pytest

from app.errors import ConflictError
from app.exports.schemas import ExportFile, ExportKind
from app.fhir_resources.received_xml import ReceivedXml
from app.files.choices import IncomingFile
from app.files.fhir_json import FhirReadError
from app.models import Level, SourceFile
from app.platform.database import transaction
from app.settings import Settings
from tests.app.catalogues.fhir_fixtures import CODE_SYSTEM, R4_BUNDLE, R5_BUNDLE, TREE, as_bytes
from tests.app.exports.sample import CHEMISTRY, CREATININE, POTASSIUM, SODIUM, TSH, Sample, add_sample
from tests.app.fhir_resources.fhir_sample import exported_file
from tests.conftest import World
from tests.rewriting import allow_rewriting

Json = dict[str, Any]
DECLARED = '<?xml version="1.0" encoding="{}"?>\r\n<!-- sorti du SGL : « été » -->\r\n'
NARRATIVE = '<text><status value="generated"/><div xmlns="http://www.w3.org/1999/xhtml"><p>a &gt; b</p></div></text>'


def lines_of(name: str, value: Any, prefix: str, depth: int) -> list[str]:
    """An element as a laboratory system might write it: indented, attributes in single quotes, prefixed or not."""
    space = "\t" * depth
    if isinstance(value, list):
        return [line for item in value for line in lines_of(name, item, prefix, depth)]
    if not isinstance(value, dict):
        text = str(value).lower() if isinstance(value, bool) else str(value)
        return [f"{space}<{prefix}{name}  value={quoteattr(text)} />"]
    inner = name
    if "resourceType" in value:
        inner = value["resourceType"]
        if name:
            body = lines_of("", value, prefix, depth + 1)
            return [f"{space}<{prefix}{name}>", *body, f"{space}</{prefix}{name}>"]
    said = "".join(f" {key}='{value[key]}'" for key in ("url",) if key in value and name in ("extension",))
    children = [
        line
        for key, item in value.items()
        if key != "resourceType" and not (said and key == "url")
        for line in lines_of(key, item, prefix, depth + 1)
    ]
    return [f"{space}<{prefix}{inner}{said}>", *children, f"{space}</{prefix}{inner}>"]


def xml_of(resource: Json, prefix: str = "", encoding: str = "utf-8") -> bytes:
    """A resource with a comment and a narrative, in this encoding."""
    first, *lines = lines_of("", resource, prefix, 0)
    name = f"xmlns:{prefix[:-1]}" if prefix else "xmlns"
    start = first.replace(">", f' {name}="http://hl7.org/fhir">')
    narrative = NARRATIVE.replace("<text", f"<{prefix}text").replace("</text", f"</{prefix}text")
    narrative = narrative.replace("<status", f"<{prefix}status")
    if resource["resourceType"] == "Bundle":
        narrative = "<!-- <coding> -->"
    text = DECLARED.format(encoding.removesuffix("-sig")) + "\r\n".join([start, f"\t{narrative}", *lines, ""])
    return text.encode(encoding)


def received(world: World, content: bytes, name: str = "catalogue.xml") -> Sample:
    return add_sample(world, [IncomingFile(name, content)], f"Reçu {name}")


def returned(sample: Sample, settings: Settings) -> ExportFile:
    return exported_file(sample, settings, ExportKind.ORIGINAL)


def decide(sample: Sample) -> None:
    with sample.together():
        sample.approve("NA", TSH)
        sample.approve("CREAU", CREATININE)
        sample.approve("IONO", SODIUM, Level.EXAM)
        sample.approve("BILAN", POTASSIUM, Level.EXAM)


def tree_of(element: Element) -> Any:
    """An element and all that it holds; the order of elements of other names is left out."""
    children: dict[str, list[Any]] = {}
    for child in element:
        children.setdefault(child.tag, []).append(tree_of(child))
    return element.tag, sorted(element.attrib.items()), (element.text or "").strip(), sorted(children.items())


def _changes(before: bytes, after: bytes, encoding: str) -> list[str]:
    """The lines of a file that are not in the other."""
    lines = [text.decode(encoding).splitlines(keepends=True) for text in (before, after)]
    return [line for line in difflib.ndiff(*lines) if line[0] in "+-"]


@pytest.mark.same_sql("the body differs, as it is read")
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "iso-8859-15", "utf-16"])
@pytest.mark.parametrize("prefix", ["", "f:"])
def test_only_the_codings_come_and_go(world: World, settings: Settings, prefix: str, encoding: str) -> None:
    content = xml_of(R4_BUNDLE, prefix, encoding)
    sample = received(world, content)
    waiting = returned(sample, settings)
    lost = _changes(content, waiting.content, encoding)
    assert {line[0] for line in lost} == {"-"}
    assert [line.split()[1].removeprefix("<" + prefix).rstrip(">") for line in lost[:4]] == [
        "coding", "system", "code", "display",
    ]  # fmt: skip
    assert (len(lost), lost[1].count("http://loinc.org")) == (5, 1), "the received coding alone went"
    assert waiting.notes == ("Codes LOINC déjà reçus, retirés faute de code approuvé : 1.",)
    decide(sample)
    file = returned(sample, settings)
    assert (file.media_type, file.name.endswith(".xml")) == ("application/fhir+xml", True)
    assert file.notes == ("Codes LOINC déjà reçus, remplacés par le code approuvé : 1.",)
    changes = _changes(content, file.content, encoding)
    gone = "".join(line[2:] for line in changes if line[0] == "-")
    come = [line[2:] for line in changes if line[0] == "+"]
    # The one LOINC coding that was received and is not the approved one; everything else is still there.
    assert gone.count("value=") == gone.count("value=\"http://loinc.org\"") + gone.count("<" + prefix + "code ") + (
        gone.count("<" + prefix + "display ")
    )
    assert gone.count("http://loinc.org") == 1
    assert sum(f"<{prefix}coding><{prefix}system value=\"http://loinc.org\"/>" in line for line in come) == 4
    assert all(line.endswith("\r\n") for line in come)


@pytest.mark.parametrize("resource", [R4_BUNDLE, R5_BUNDLE, CODE_SYSTEM, TREE], ids=["r4", "r5", "flat", "tree"])
def test_it_says_what_the_same_file_in_json_says(world: World, settings: Settings, resource: Json) -> None:
    files = []
    for name, content in (("catalogue.xml", xml_of(resource)), ("catalogue.json", as_bytes(resource))):
        sample = received(world, content, name)
        with sample.together():
            for (level, code), _ in sample.ids.items():
                sample.approve(code, CHEMISTRY if level is Level.CHAPTER else SODIUM, level)
        files.append(returned(sample, settings))
    in_xml, in_json = files
    assert tree_of(fromstring(in_xml.content)) == tree_of(fromstring(xml_of(json.loads(in_json.content))))
    assert (in_xml.rows, in_xml.coded, in_xml.notes) == (in_json.rows, in_json.coded, in_json.notes)
    assert in_xml.coded > 0


def test_new_elements_stand_in_the_order_of_their_definitions() -> None:
    content = (
        b'<ActivityDefinition xmlns="http://hl7.org/fhir"><status value="active"/><purpose value="a>b"/>'
        b'<approvalDate value="2026-01-01"/><kind value="ServiceRequest"/><location><reference value="x"/></location>'
        b"</ActivityDefinition>"
    )
    received_file = ReceivedXml.read(content)
    received_file.root["code"] = {"coding": [{"system": "urn:x", "code": "a\"<é\n"}]}
    received_file.root["copyright"] = "n\n'1'"
    assert received_file.written().decode() == (
        '<ActivityDefinition xmlns="http://hl7.org/fhir"><status value="active"/><purpose value="a>b"/>'
        "<copyright value=\"n&#10;'1'\"/><approvalDate value=\"2026-01-01\"/><kind value=\"ServiceRequest\"/>"
        "<code><coding><system value=\"urn:x\"/><code value='a\"&lt;é&#10;'/></coding></code>"
        '<location><reference value="x"/></location></ActivityDefinition>'
    )
    both = ReceivedXml.read(b'<ActivityDefinition xmlns="http://hl7.org/fhir"/>')
    both.root["code"], both.root["copyright"] = {"text": "x"}, "y"
    assert both.written() == (
        b'<ActivityDefinition xmlns="http://hl7.org/fhir"><copyright value="y"/><code><text value="x"/></code>'
        b"</ActivityDefinition>"
    )
    filled = ReceivedXml.read(b'<CodeSystem xmlns="http://hl7.org/fhir"><status value="draft"/></CodeSystem>')
    filled.root["code"], filled.root["copyright"], filled.root["status"] = {"text": "x"}, "y", "active"
    assert filled.written() == (
        b'<CodeSystem xmlns="http://hl7.org/fhir"><status value="active"/><copyright value="y"/>'
        b'<code><text value="x"/></code></CodeSystem>'
    )


@pytest.mark.parametrize(
    "content",
    [
        b'<!DOCTYPE a><a xmlns="http://hl7.org/fhir"/>',
        b'<a xmlns="urn:x"/>',
        b'<a xmlns="http://hl7.org/fhir">',
        b'<?xml version="1.0" encoding="rien"?><a xmlns="http://hl7.org/fhir"/>',
        b'<a xmlns="http://hl7.org/fhir" b="\xe9"/>',
    ],
)
def test_a_file_that_cannot_be_kept_is_refused(content: bytes) -> None:
    with pytest.raises(FhirReadError):
        ReceivedXml.read(content)


def test_a_file_that_would_not_say_what_is_approved_does_not_leave() -> None:
    file = ReceivedXml.read(b'<Bundle xmlns="http://hl7.org/fhir"><id value="a"/></Bundle>')
    file.root["type"] = "x\u0001"
    with pytest.raises(FhirReadError):
        file.written()


def test_the_refusal_names_the_file_and_what_to_take_instead(world: World, settings: Settings) -> None:
    sample = received(world, xml_of(CODE_SYSTEM))
    with transaction(world.engine) as session:
        allow_rewriting(session.connection(), "source_file")
        session.execute(
            SourceFile.__table__.update().values(content=b'<CodeSystem xmlns="http://hl7.org/fhir">')  # type: ignore[attr-defined]
        )
    with pytest.raises(ConflictError, match=r"catalogue\.xml ne peut pas être complété en place"):
        returned(sample, settings)
