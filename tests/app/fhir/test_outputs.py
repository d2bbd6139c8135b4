"""Everything in FHIR that leaves the application, judged by all the readers that apply to it.

A new address of the service, a new format or a new resource type that is not in these lists fails here.
"""

import io
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import sssom_pydantic
from starlette.routing import Match

import app
from app.exports.schemas import ExportKind
from app.fhir.dialect import FhirVersion
from app.fhir.routes import router
from app.fhir_resources.naming import Canonicals
from app.fhir_resources.values import Syntax
from app.models import Level
from tests.app.exports.sample import ans_files
from tests.app.fhir.demonstrated import Demonstration, serving
from tests.fhir.node import ask
from tests.fhir.panel import Resource, faults, judge_r4, judge_r5, model_of

LOINC = "http://loinc.org"
NOT_FHIR = frozenset({ExportKind.LOINC_4, ExportKind.LOINC_5, ExportKind.LOINC_6, ExportKind.XLSX, ExportKind.SSSOM})
EXPORTS = {
    ExportKind.CONCEPT_MAP: FhirVersion.R4,
    ExportKind.CONCEPT_MAP_R5: FhirVersion.R5,
    ExportKind.FHIR_BUNDLE: FhirVersion.R4,
    ExportKind.FHIR_CATALOGUE: FhirVersion.R4,
    # Of a catalogue received in FHIR: the received file, completed.
    ExportKind.ORIGINAL: FhirVersion.R4,
}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
PARAMETERS = {"Content-Type": "application/fhir+json"}
ASKED: dict[str, tuple[str, str, str | None]] = {
    "capabilities": ("GET", "metadata", None),
    "maps": ("GET", "ConceptMap", None),
    "code systems": ("GET", "CodeSystem", None),
    "value sets": ("GET", "ValueSet", None),
    "a search told what it ignored": ("GET", "CodeSystem?couleur=bleu&_count=2&_offset=1&name=", None),
    "a search of nothing": ("GET", "ConceptMap?name=rien", None),
    "a count": ("GET", "ValueSet?_summary=count", None),
    "summaries": ("GET", "CodeSystem?_summary=true", None),
    "elements": ("GET", "ConceptMap?_elements=title,date", None),
    "maps by form": ("POST", "ConceptMap/_search", "status=active"),
    "code systems by form": ("POST", "CodeSystem/_search", "_count=1"),
    "value sets by form": ("POST", "ValueSet/_search", ""),
    "maps by search": ("GET", "ConceptMap/_search?_lastUpdated=gt2000", None),
    "code systems by search": ("GET", "CodeSystem/_search", None),
    "value sets by search": ("GET", "ValueSet/_search", None),
    "a map": ("GET", "ConceptMap/{map}", None),
    "a map without its groups": ("GET", "ConceptMap/{map}?_summary=true", None),
    "a code system": ("GET", "CodeSystem/{system}", None),
    "a value set": ("GET", "ValueSet/{set}", None),
    "a version of a map": ("GET", "ConceptMap/{map}/_history/{version}", None),
    "a version of a code system": ("GET", "CodeSystem/{system}/_history/{version}", None),
    "a version of a value set": ("GET", "ValueSet/{set}/_history/{version}", None),
    "a translation": ("GET", "ConceptMap/$translate?system={url}&{code}={coded}", None),
    "a translation by one map": ("GET", "ConceptMap/{map}/$translate?system={url}&{code}={coded}", None),
    "no translation": ("GET", "ConceptMap/$translate?system={url}&{code}=ABSENT", None),
    "a translation from LOINC": ("GET", "ConceptMap/$translate?system=" + LOINC + "&{reverse}", None),
    "a translation asked in a resource": ("POST", "ConceptMap/$translate", "{body}"),
    "a translation asked of one map in a resource": ("POST", "ConceptMap/{map}/$translate", "{body}"),
    "a version that is no more": ("GET", "ConceptMap/{map}/_history/1", None),
    "a history": ("GET", "ConceptMap/{map}/_history", None),
    "histories": ("GET", "_history", None),
    "an unknown type": ("GET", "Patient", None),
    "an unknown operation": ("GET", "CodeSystem/$lookup?system={url}&code=NA", None),
    "nothing": ("GET", "", None),
    "a write": ("PUT", "ConceptMap/{map}", "{}"),
    "a value that is none": ("GET", "ConceptMap?_lastUpdated=hier", None),
    "a question without code": ("GET", "ConceptMap/$translate", None),
    "a body that is none": ("POST", "ConceptMap/$translate", "<"),
}
"""Method, address under /fhir, and what is sent."""
SERVED = [
    f"{name}, {version.name}, {syntax}" for name, version, syntax in product(ASKED, FhirVersion, Syntax)
]
EXPORTED = [f"export {kind}, {syntax}" for kind, syntax in product(EXPORTS, Syntax)]
OTHERS = ["without token, json", "without token, xml", "sssom"]


@dataclass
class Outputs:
    """What was sent, by name, and what is wrong with it."""

    resources: dict[str, tuple[Resource, FhirVersion]] = field(default_factory=dict)
    in_xml: dict[str, tuple[bytes, FhirVersion]] = field(default_factory=dict)
    problems: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def add(self, name: str, content: bytes, version: FhirVersion) -> None:
        """Keep an output under its name, which ends with its syntax."""
        self.problems[name] = []
        if name.endswith(Syntax.XML):
            self.in_xml[name] = content, version
        else:
            self.resources[name] = json.loads(content), version

    def judge(self) -> None:
        """Ask every reader, each once."""
        for version, judges in ((FhirVersion.R4, judge_r4), (FhirVersion.R5, judge_r5)):
            names = [name for name, (_, spoken) in self.resources.items() if spoken is version]
            for name, verdicts in zip(names, judges([self.resources[name][0] for name in names]), strict=True):
                self.problems[name] += faults(verdicts)
        older = [name for name, (_, spoken) in self.in_xml.items() if spoken is FhirVersion.R4]
        texts = [self.in_xml[name][0].decode() for name in older]
        for name, found in zip(older, ask(xml=texts)["xml"], strict=True):
            if found != self._sibling(name):
                self.problems[name].append("lantana: another resource than in JSON")
        for name, (content, version) in self.in_xml.items():
            wanted = self._sibling(name)
            model = model_of(wanted["resourceType"], version.name.lower())
            if json.loads(model.model_validate_xml(content).model_dump_json()) != wanted:
                self.problems[name].append("fhir.resources: another resource than in JSON")

    def _sibling(self, name: str) -> Resource:
        return self.resources[name.removesuffix(Syntax.XML) + Syntax.JSON][0]


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory: pytest.TempPathFactory, installation: Path) -> Iterator[Demonstration]:
    """A small catalogue of all levels, served."""
    with serving(tmp_path_factory.mktemp("fhir"), installation, ans_files()) as found:
        yield found


@pytest.fixture(scope="module")
def outputs(demonstration: Demonstration) -> Outputs:
    """Everything, judged."""
    found = Outputs()
    content = {syntax: demonstration.export(ExportKind.FHIR_CATALOGUE, syntax).content for syntax in Syntax}
    for name, version, syntax in product(ASKED, FhirVersion, Syntax):
        found.add(f"{name}, {version.name}, {syntax}", _answer(demonstration, name, version, syntax), version)
    for syntax in Syntax:
        headers = {"Authorization": "", "Accept": f"application/fhir+{syntax}"}
        refused = demonstration.client.get("/fhir/ConceptMap", headers=headers)
        assert refused.status_code == 401
        found.add(f"without token, {syntax}", refused.content, FhirVersion.R4)
    for kind, syntax in product(EXPORTS, Syntax):
        catalogue = None
        if kind is ExportKind.ORIGINAL:
            catalogue = demonstration.receive(f"catalogue.{syntax}", content[syntax])
        file = demonstration.export(kind, syntax, catalogue)
        assert file.coded > 0
        assert file.media_type.startswith(f"application/fhir+{syntax}")
        found.add(f"export {kind}, {syntax}", file.content, EXPORTS[kind])
    text = demonstration.export(ExportKind.SSSOM).content.decode()
    found.problems["sssom"] = [str(error) for error in sssom_pydantic.read(io.StringIO(text), return_errors=True)[3]]
    found.judge()
    return found


def _values(demonstration: Demonstration, version: FhirVersion) -> dict[str, str]:
    names = Canonicals(demonstration.laboratory, demonstration.catalogue)
    url = names.code_system(Level.ANALYSIS)
    (group,) = (group for group in demonstration.concept_map["group"] if group["source"] == url)
    coded = next(element for element in group["element"] if "target" in element)
    number = coded["target"][0]["code"]
    is_r4 = version is FhirVersion.R4
    coding = {"name": "coding" if is_r4 else "sourceCoding", "valueCoding": {"system": url, "code": coded["code"]}}
    return {
        "map": names.identifier("loinc"),
        "system": names.identifier("analyses"),
        "set": names.identifier(""),
        "url": url,
        "version": demonstration.concept_map["version"],
        "code": "code" if is_r4 else "sourceCode",
        "coded": coded["code"],
        "reverse": f"code={number}&reverse=true" if is_r4 else f"targetCode={number}",
        "body": json.dumps({"resourceType": "Parameters", "parameter": [coding]}),
    }


def _answer(demonstration: Demonstration, name: str, version: FhirVersion, syntax: Syntax) -> bytes:
    method, path, sent = ASKED[name]
    values = _values(demonstration, version)
    headers = {"Accept": f"application/fhir+{syntax}; fhirVersion={version.value}"}
    if method == "POST":
        headers |= FORM if path.endswith("_search") else PARAMETERS
    body = sent.format(**values) if sent and sent != "{}" else sent
    answer = demonstration.client.request(method, f"/fhir/{path.format(**values)}", content=body, headers=headers)
    assert answer.headers["content-type"] == f"application/fhir+{syntax}; fhirVersion={version.value}"
    return answer.content


@pytest.mark.parametrize("name", [*SERVED, *EXPORTED, *OTHERS])
def test_no_reader_finds_anything_wrong(outputs: Outputs, name: str) -> None:
    assert outputs.problems.pop(name) == []


def test_every_output_was_asked_about(outputs: Outputs) -> None:
    assert {*outputs.resources, *outputs.in_xml, "sssom"} == {*SERVED, *EXPORTED, *OTHERS}


def test_every_format_is_in_the_list(demonstration: Demonstration) -> None:
    assert set(ExportKind) == NOT_FHIR | set(EXPORTS)
    assert not [kind for kind in NOT_FHIR if "fhir" in demonstration.export(kind).media_type]


def test_every_address_of_the_service_is_in_the_list() -> None:
    """Whatever is served, by any method, was asked."""
    values = defaultdict(lambda: "x", set="x")
    asked = set()
    for method, path, _ in ASKED.values():
        address = f"/fhir/{path.partition('?')[0]}".format_map(values)
        scope = {"type": "http", "method": method, "path": address}
        # The first that matches answers.
        answering = next(route for route in router.routes if route.matches(scope)[0] is Match.FULL)
        asked.add((_path(answering), method if getattr(answering, "methods", None) else "any"))
    served = {
        (_path(route), method) for route in router.routes for method in getattr(route, "methods", None) or {"any"}
    }
    # HEAD answers as GET does, without its content; the bare prefix as what is below it.
    assert {item for item in served - asked if item[1] != "HEAD" and item[0] != "/fhir"} == set()
    assert len(served) > 20


def _path(route: Any) -> str:
    return str(route.path)


def test_every_resource_type_that_is_written_is_in_the_list(outputs: Outputs) -> None:
    named = re.compile(r'"resourceType": "([A-Z]\w+)"|published\(\s*"([A-Z]\w+)"')
    rooms = Path(app.__file__).parent
    sources = [path for room in ("fhir", "fhir_resources", "exports") for path in (rooms / room).glob("*.py")]
    written = {kind for path in sources for found in named.findall(path.read_text("utf-8")) for kind in found if kind}
    seen = {inner["resourceType"] for resource, _ in outputs.resources.values() for inner in _inside(resource)}
    assert written <= seen
    assert {"ConceptMap", "Bundle", "Parameters", "OperationOutcome", "CapabilityStatement"} <= written


def _inside(resource: Resource) -> Iterator[Resource]:
    yield resource
    for entry in resource.get("entry", []):
        yield from _inside(entry["resource"])
