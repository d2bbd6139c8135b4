"""Reading and searching maps and code systems, and what is answered to bad requests."""

import json
import re
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest
from fastapi.testclient import TestClient
from fhir.resources.conceptmap import ConceptMap as ConceptMapR5

from app.fhir_resources.naming import Canonicals
from app.models import Action, FhirNaming, Laboratory, Level
from app.platform.database import transaction
from tests.app.exports.sample import SODIUM, Sample
from tests.app.fhir.conftest import ProgramFor
from tests.conftest import BIOLOGIST
from tests.fhir.panel import faults, judge_r4, judge_r5

JSON, XML = "application/fhir+json; fhirVersion=4.0", "application/fhir+xml; fhirVersion=4.0"
NAMESPACE = "{http://hl7.org/fhir}"


def map_id(sample: Sample) -> str:
    return Canonicals(sample.world.laboratory, sample.catalogue).identifier("loinc")


def test_the_panel_finds_nothing_wrong_in_any_r4_answer(program: TestClient, narrow: Sample) -> None:
    urls = Canonicals(narrow.world.laboratory, narrow.catalogue)
    system = urls.code_system(Level.ANALYSIS)
    paths = [
        "metadata",
        "ConceptMap",
        "CodeSystem",
        "ValueSet",
        "ConceptMap?_summary=true",
        "ConceptMap?_elements=title&couleur=bleu",
        "CodeSystem?_summary=count",
        f"ConceptMap/{map_id(narrow)}",
        f"CodeSystem/{urls.identifier('analyses')}",
        f"ConceptMap/$translate?system={system}&code=GLY",
        f"ConceptMap/$translate?system={system}&code=RARE",
        "ConceptMap/$translate?code=GLY",
        "ConceptMap/absent",
        "Patient",
    ]
    answers = [program.get(f"/fhir/{path}") for path in paths]
    assert [answer.headers["content-type"] for answer in answers] == [JSON] * len(paths)
    assert [answer.status_code for answer in answers] == [200] * 11 + [400, 404, 404]
    assert [faults(verdicts) for verdicts in judge_r4([answer.json() for answer in answers])] == [[]] * len(paths)


def test_the_panel_finds_nothing_wrong_in_any_r5_answer(program: TestClient, narrow: Sample) -> None:
    urls = Canonicals(narrow.world.laboratory, narrow.catalogue)
    system = urls.code_system(Level.ANALYSIS)
    paths = [
        "metadata",
        "ConceptMap",
        "CodeSystem",
        "ValueSet",
        "ValueSet?couleur=bleu",
        f"ConceptMap/{map_id(narrow)}",
        f"ConceptMap/$translate?system={system}&sourceCode=GLY",
        f"ConceptMap/$translate?system={system}&sourceCode=RARE",
        "ConceptMap/$translate?system=http://loinc.org&targetCode=2951-2",
        "ConceptMap/absent",
    ]
    accept = {"Accept": "application/fhir+json; fhirVersion=5.0"}
    answers = [program.get(f"/fhir/{path}", headers=accept) for path in paths]
    types = {answer.headers["content-type"] for answer in answers[:-1]}
    assert types == {"application/fhir+json; fhirVersion=5.0"}
    assert [faults(verdicts) for verdicts in judge_r5([answer.json() for answer in answers])] == [[]] * len(paths)
    assert answers[0].json()["fhirVersion"] == "5.0.0"
    assert "relationship" in answers[5].text
    assert "equivalence" not in answers[5].text


def test_the_map_is_that_of_the_export_and_follows_the_facts(program: TestClient, narrow: Sample) -> None:
    address = f"/fhir/ConceptMap/{map_id(narrow)}"
    before = program.get(address)
    resource = before.json()
    assert resource["url"] == Canonicals(narrow.world.laboratory, narrow.catalogue).concept_map()
    assert before.headers["etag"] == f'W/"{resource["meta"]["versionId"]}"'
    assert program.get(address).json() == resource
    narrow.act(narrow.test_id("NA"), Action.SEND_BACK, email=BIOLOGIST, reason="à revoir")
    after = program.get(address).json()
    assert SODIUM in json.dumps(resource)
    assert SODIUM not in json.dumps(after)
    with transaction(narrow.world.engine) as session:
        laboratory = session.get(Laboratory, narrow.world.laboratory_id)
        assert laboratory is not None
        laboratory.fhir_naming = FhirNaming.ANS
    assert program.get(address).status_code == 404
    renamed = program.get("/fhir/ConceptMap").json()["entry"][0]["resource"]
    assert renamed["id"] == f"laboratoire-750000001-{map_id(narrow)}"
    assert re.fullmatch(r"\d{14}-[0-9a-f]{8}", renamed["version"])


def total(program: TestClient, query: str) -> int:
    return int(program.get(f"/fhir/{query}").json()["total"])


def test_searches(program: TestClient, narrow: Sample) -> None:
    urls = Canonicals(narrow.world.laboratory, narrow.catalogue)
    found = program.get("/fhir/ConceptMap", params={"url": urls.concept_map(), "status": "active"}).json()
    assert found["total"] == 1
    assert found["entry"][0]["fullUrl"] == f"http://testserver/fhir/ConceptMap/{map_id(narrow)}"
    assert found["link"][0]["url"].startswith("http://testserver/fhir/ConceptMap?url=")
    assert total(program, "ConceptMap?status=draft") == 0
    assert total(program, "ConceptMap?name=cataloguegeneral") == 1
    assert total(program, "ConceptMap?title=parc") == 0
    assert total(program, "ConceptMap?title:contains=parc") == 1
    assert total(program, "ConceptMap?name:exact=cataloguegeneral") == 0
    assert total(program, "CodeSystem") == 6
    assert total(program, f"CodeSystem?_id={urls.identifier('examens')},{urls.identifier('analyses')}") == 2
    # What we do not know is left out, and the self link says so.
    lenient = program.get("/fhir/ConceptMap?couleur=bleu").json()
    assert lenient["total"] == 1
    assert lenient["link"][0]["url"] == "http://testserver/fhir/ConceptMap"
    summary = program.get("/fhir/CodeSystem?_summary=true").json()["entry"][0]["resource"]
    assert "concept" not in summary
    assert summary["meta"]["tag"][0]["code"] == "SUBSETTED"
    assert "entry" not in program.get("/fhir/CodeSystem?_count=0").json()


def test_pages_of_a_search(program: TestClient) -> None:
    seen, address = [], "/fhir/CodeSystem?_count=3"
    while address:
        page = program.get(address).json()
        seen += [entry["resource"]["id"] for entry in page["entry"]]
        address = next((link["url"] for link in page["link"] if link["relation"] == "next"), "")
    assert len(seen) == len(set(seen)) == 6


@pytest.mark.same_sql("refused as it is read")
@pytest.mark.parametrize("query", ["_count=x", "_summary=text", "name:missing=true", "url:below=x", "_offset=-1"])
def test_bad_searches_are_refused(program: TestClient, query: str) -> None:
    answer = program.get(f"/fhir/ConceptMap?{query}")
    assert answer.status_code == 400
    assert answer.json()["resourceType"] == "OperationOutcome"


@pytest.mark.same_sql("the same resource, written otherwise")
@pytest.mark.parametrize(
    ("accept", "parameters", "wanted"),
    [
        ("*/*", {}, JSON),
        ("application/fhir+xml", {}, XML),
        ("text/html, application/xml;q=0.5, application/json;q=0.9", {}, JSON),
        ("application/fhir+xml", {"_format": "json"}, JSON),
        ("application/json", {"_format": "application/fhir+xml"}, XML),
        ("application/fhir+json; fhirVersion=5.0", {}, JSON.replace("4.0", "5.0")),
        ("application/fhir+json; fhirVersion=4.3", {}, JSON),
        ("*/*", {"_format": "application/fhir+xml; fhirVersion=5.0"}, XML.replace("4.0", "5.0")),
    ],
)
def test_the_caller_chooses_syntax_and_release(
    program: TestClient, accept: str, parameters: dict[str, str], wanted: str
) -> None:
    answer = program.get("/fhir/ConceptMap", headers={"Accept": accept}, params=parameters)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == wanted
    if "xml" in wanted:
        assert fromstring(answer.content).tag == f"{NAMESPACE}Bundle"


def test_a_plus_sign_may_be_left_unescaped(program: TestClient) -> None:
    assert program.get("/fhir/metadata?_format=application/fhir+xml").headers["content-type"] == XML


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ({"Accept": "text/turtle"}, ""),
        ({"Accept": "application/fhir+json; fhirVersion=3.0"}, ""),
        ({}, "?_format=ttl"),
        ({"Accept": "application/fhir+json;q=1.2.3"}, ""),
    ],
)
def test_what_is_not_served_is_said(program: TestClient, headers: dict[str, str], query: str) -> None:
    answer = program.get(f"/fhir/ConceptMap{query}", headers=headers)
    assert answer.status_code == 406
    assert answer.json()["issue"][0]["code"] == "not-supported"


def test_r5_in_xml(program: TestClient, narrow: Sample) -> None:
    accept = {"Accept": "application/fhir+xml; fhirVersion=5.0"}
    content = program.get(f"/fhir/ConceptMap/{map_id(narrow)}", headers=accept).content
    assert ConceptMapR5.model_validate_xml(content).group[0].element[0].target[0].relationship == "equivalent"


def test_errors_are_outcomes_in_the_syntax_asked_for(program: TestClient) -> None:
    answer = program.get("/fhir/ConceptMap/absent?_format=xml")
    assert answer.status_code == 404
    assert fromstring(answer.content).tag == f"{NAMESPACE}OperationOutcome"
    refused = program.put("/fhir/ConceptMap/absent", json={})
    assert refused.status_code == 405
    assert refused.json()["issue"][0]["code"] == "not-supported"


def test_the_statement_of_capability_is_read_without_a_token(anonymous: TestClient) -> None:
    answer = anonymous.get("/fhir/metadata")
    assert answer.status_code == 200
    resource: dict[str, Any] = answer.json()
    assert resource["fhirVersion"] == "4.0.1"
    assert resource["implementation"]["url"] == "http://testserver/fhir"
    served = {item["type"]: item for item in resource["rest"][0]["resource"]}
    assert set(served) == {"ConceptMap", "CodeSystem", "ValueSet"}
    assert served["ConceptMap"]["operation"][0]["name"] == "translate"


def test_an_empty_catalogue_publishes_nothing(program_for: ProgramFor, decided: Sample) -> None:
    catalogue = decided.world.add_catalogue("Vide")
    program = program_for(decided.world.laboratory)
    assert program.get("/fhir/ConceptMap").json()["total"] == 1
    assert program.get(f"/fhir/ConceptMap/catalogue-{catalogue.id}-loinc").status_code == 404
