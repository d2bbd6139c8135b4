"""`$translate`: R4 and R5, GET and POST, JSON and XML."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from fhir.resources.R4B.parameters import Parameters
from sqlalchemy import event

from app.fhir import reasons
from app.fhir.reasons import NO_LOCAL_CODE, NO_LOINC, NOT_APPROVED, OUT_OF_SCOPE, UNKNOWN
from app.fhir_resources.naming import Canonicals
from app.models import Level
from tests.app.exports.sample import GLUCOSE, SODIUM, TERMS, TSH, Sample

LOINC = "http://loinc.org"
ADDRESS = "/fhir/ConceptMap/$translate"
R5 = {"Accept": "application/fhir+json; fhirVersion=5.0"}


@pytest.fixture
def analyses(narrow: Sample) -> str:
    """The system of the analyses."""
    return Canonicals(narrow.world.laboratory, narrow.catalogue).code_system(Level.ANALYSIS)


@pytest.fixture
def urls(narrow: Sample) -> Canonicals:
    return Canonicals(narrow.world.laboratory, narrow.catalogue)


def said(answer: Any) -> tuple[bool, list[tuple[str, str]], str]:
    """Result, (relation, code) of each match, message."""
    assert answer.status_code == 200, answer.text
    resource = answer.json()
    assert resource["resourceType"] == "Parameters"
    values = {item["name"]: item for item in resource["parameter"] if item["name"] != "match"}
    matches = []
    for item in resource["parameter"]:
        if item["name"] == "match":
            parts = {part["name"]: part for part in item["part"]}
            relation = parts.get("equivalence") or parts["relationship"]
            matches.append((relation["valueCode"], parts["concept"]["valueCoding"]["code"]))
    return values["result"]["valueBoolean"], matches, values.get("message", {}).get("valueString", "")


def parameters(**values: Any) -> dict[str, Any]:
    named = [{"name": name, kind: value} for name, (kind, value) in values.items()]
    return {"resourceType": "Parameters", "parameter": named}


@pytest.mark.parametrize(
    ("code", "equivalence", "relationship", "loinc"),
    [
        ("NA", "equivalent", "equivalent", SODIUM),
        ("GLY", "wider", "source-is-narrower-than-target", GLUCOSE),
        ("K", "narrower", "source-is-broader-than-target", "2823-3"),
        ("CREA", "relatedto", "related-to", "14682-9"),
    ],
)
def test_an_approved_code(
    program: TestClient, analyses: str, code: str, equivalence: str, relationship: str, loinc: str
) -> None:
    older = program.get(ADDRESS, params={"system": analyses, "code": code})
    assert said(older) == (True, [(equivalence, loinc)], "")
    recent = program.get(ADDRESS, params={"system": analyses, "sourceCode": code})
    assert said(recent) == (True, [(relationship, loinc)], "")
    assert recent.headers["content-type"] == "application/fhir+json; fhirVersion=5.0"


def test_a_match_names_its_concept_and_its_map(program: TestClient, analyses: str, urls: Canonicals) -> None:
    answer = program.get(ADDRESS, params={"system": analyses, "code": "NA"}).json()
    parts = {part["name"]: part for part in answer["parameter"][1]["part"]}
    assert parts["concept"]["valueCoding"] == {
        "system": LOINC,
        "version": "2.80",
        "code": SODIUM,
        "display": TERMS[SODIUM],
    }
    assert parts["source"]["valueUri"].partition("|")[0] == urls.concept_map()
    recent = program.get(ADDRESS, params={"system": analyses, "sourceCode": "NA"}).json()
    assert {part["name"] for part in recent["parameter"][1]["part"]} == {"relationship", "concept", "originMap"}


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("TSH", NOT_APPROVED.format(state="en doute")),
        ("RARE", NO_LOINC),
        ("COM", OUT_OF_SCOPE),
        ("ABSENT", UNKNOWN),
        ("na", UNKNOWN),
        ("", None),
    ],
)
def test_a_code_without_match_has_a_reason_and_no_code(
    program: TestClient, analyses: str, code: str, message: str | None
) -> None:
    answer = program.get(ADDRESS, params={"system": analyses, "code": code})
    if message is None:
        assert answer.status_code == 400
    else:
        assert said(answer) == (False, [], message)


def test_the_same_code_at_two_levels_is_two_codes(program: TestClient, urls: Canonicals) -> None:
    found = {
        level: said(program.get(ADDRESS, params={"system": urls.code_system(level), "code": "GLY"}))[1][0][1]
        for level in (Level.ANALYSIS, Level.EXAM)
    }
    assert found == {Level.ANALYSIS: GLUCOSE, Level.EXAM: TSH}


def test_an_unknown_system_has_no_match(program: TestClient) -> None:
    told = reasons.OTHER_SYSTEM.format(system="urn:x")
    assert said(program.get(ADDRESS, params={"system": "urn:x", "code": "NA"})) == (False, [], told)


@pytest.mark.parametrize("given", ["type", "instance", "url"])
def test_the_map_is_named_by_its_id_or_by_its_url(
    program: TestClient, analyses: str, urls: Canonicals, given: str
) -> None:
    address = f"/fhir/ConceptMap/{urls.identifier('loinc')}/$translate" if given == "instance" else ADDRESS
    asked = {"system": analyses, "code": "NA"} | ({"url": urls.concept_map()} if given == "url" else {})
    assert said(program.get(address, params=asked))[0]
    body = parameters(
        coding=("valueCoding", {"system": analyses, "code": "NA"}),
        **({"url": ("valueUri", urls.concept_map())} if given == "url" else {}),
    )
    assert said(program.post(address, json=body))[0]


def test_a_map_or_a_version_that_is_not_served(program: TestClient, analyses: str, urls: Canonicals) -> None:
    asked = {"system": analyses, "code": "NA"}
    version = program.get(f"/fhir/ConceptMap/{urls.identifier('loinc')}").json()["version"]
    assert program.get(ADDRESS, params=asked | {"url": "urn:x"}).status_code == 404
    assert program.get("/fhir/ConceptMap/absent/$translate", params=asked).status_code == 404
    assert program.get(ADDRESS, params=asked | {"conceptMapVersion": "1"}).status_code == 404
    assert said(program.get(ADDRESS, params=asked | {"conceptMapVersion": version}))[0]
    assert said(program.get(ADDRESS, params=asked | {"url": f"{urls.concept_map()}|{version}"}))[0]


def test_what_restricts_the_answer(program: TestClient, analyses: str, urls: Canonicals) -> None:
    asked = {"system": analyses, "code": "NA"}
    for name, value, result in (
        ("targetsystem", LOINC, True),
        ("targetsystem", "http://snomed.info/sct", False),
        ("source", urls.value_set(), True),
        ("source", "urn:x", False),
        ("target", "http://loinc.org/vs", True),
        ("target", "urn:x", False),
    ):
        assert said(program.get(ADDRESS, params=asked | {name: value}))[0] is result
    recent = {"system": analyses, "sourceCode": "NA"}
    for name, value, result in (
        ("targetSystem", LOINC, True),
        ("targetSystem", "urn:x", False),
        ("sourceScope", urls.value_set(), True),
        ("targetScope", "urn:x", False),
    ):
        assert said(program.get(ADDRESS, params=recent | {name: value}))[0] is result


def test_several_codings_give_all_their_matches(program: TestClient, analyses: str, urls: Canonicals) -> None:
    codings = [
        {"system": analyses, "code": "NA"},
        {"system": analyses, "code": "ABSENT"},
        {"system": urls.code_system(Level.EXAM), "code": "GLY"},
    ]
    concept = ("valueCodeableConcept", {"coding": codings, "text": "x"})
    assert said(program.post(ADDRESS, json=parameters(codeableConcept=concept))) == (
        True,
        [("equivalent", SODIUM), ("equivalent", TSH)],
        f"ABSENT : {UNKNOWN}",
    )
    assert said(program.post(ADDRESS, json=parameters(sourceCodeableConcept=concept)))[1] == [
        ("equivalent", SODIUM),
        ("equivalent", TSH),
    ]


def test_from_loinc_to_all_local_codes(program: TestClient, narrow: Sample, analyses: str) -> None:
    narrow.approve("TSH", SODIUM, relation="loinc_wider")
    older = program.get(ADDRESS, params={"system": LOINC, "code": SODIUM, "reverse": "true"})
    # R4 says how the concept that is given stands to the one asked for; R5 names source and target of the map.
    assert said(older) == (True, [("equivalent", "NA"), ("narrower", "TSH")], "")
    recent = program.get(ADDRESS, params={"system": LOINC, "targetCode": SODIUM})
    assert said(recent)[1] == [("equivalent", "NA"), ("source-is-narrower-than-target", "TSH")]
    body = parameters(targetCoding=("valueCoding", {"system": LOINC, "code": SODIUM}))
    assert said(program.post(ADDRESS, json=body))[0]
    assert said(program.get(ADDRESS, params={"system": LOINC, "targetCode": "1-8"})) == (False, [], NO_LOCAL_CODE)
    reverse = {"system": LOINC, "code": SODIUM, "reverse": "true"}
    assert said(program.get(ADDRESS, params=reverse | {"targetsystem": analyses}))[0]
    assert not said(program.get(ADDRESS, params=reverse | {"targetsystem": "urn:x"}))[0]
    assert not said(program.get(ADDRESS, params={"system": analyses, "code": "NA", "reverse": "true"}))[0]


def test_in_xml_both_ways(program: TestClient, analyses: str) -> None:
    body = Parameters.model_validate(
        parameters(coding=("valueCoding", {"system": analyses, "code": "NA"}), reverse=("valueBoolean", False))
    ).model_dump_xml()
    headers = {"Content-Type": "application/fhir+xml", "Accept": "application/fhir+xml"}
    answer = program.post(ADDRESS, content=body, headers=headers)
    assert answer.headers["content-type"] == "application/fhir+xml; fhirVersion=4.0"
    read = Parameters.model_validate_xml(answer.content)
    assert read.parameter[0].valueBoolean is True
    assert read.parameter[1].part[1].valueCoding.code == SODIUM


def test_the_release_stated_wins_over_the_names(program: TestClient, analyses: str) -> None:
    asked = {"system": analyses, "sourceCode": "NA"}
    older = program.get(ADDRESS, params=asked, headers={"Accept": "application/fhir+json; fhirVersion=4.0"})
    assert older.status_code == 400
    assert program.get(ADDRESS, params={"system": analyses, "code": "NA"}, headers=R5).status_code == 400
    body = parameters(sourceCoding=("valueCoding", {"system": analyses, "code": "NA"}))
    sent_as_r5 = {"Content-Type": "application/fhir+json; fhirVersion=5.0"}
    assert said(program.post(ADDRESS, json=body, headers=sent_as_r5))[0]


@pytest.mark.same_sql("refused as it is read")
@pytest.mark.parametrize(
    "query",
    [
        "",
        "code=NA",
        "system=urn:x",
        "system=urn:x&code=NA&sourceCode=NA",
        "system=urn:x&code=NA&code=K",
        "system=urn:x&code=NA&reverse=oui",
        "system=urn:x&code=NA&couleur=bleu",
        "system=urn:x&code=NA&conceptMap=x",
        "coding=urn:x|NA",
        "system=urn:x&sourceCode=NA&targetCode=NA",
        "system=urn:x&sourceCode=NA&reverse=true",
    ],
)
def test_unclear_questions_are_refused(program: TestClient, query: str) -> None:
    answer = program.get(f"{ADDRESS}?{query}")
    assert answer.status_code == 400
    assert answer.json()["resourceType"] == "OperationOutcome"


@pytest.mark.same_sql("refused as it is read")
@pytest.mark.parametrize(
    ("content", "media_type", "status"),
    [
        (b"", "application/fhir+json", 400),
        (b"{", "application/fhir+json", 400),
        (b"[]", "application/fhir+json", 400),
        (b'{"resourceType":"Bundle"}', "application/fhir+json", 400),
        (b'{"resourceType":"Parameters","parameter":{}}', "application/fhir+json", 400),
        (b'{"resourceType":"Parameters","parameter":[{"name":"code"}]}', "application/fhir+json", 400),
        (b'{"resourceType":"Parameters","parameter":[{"name":"coding","valueCoding":"NA"}]}', "application/json", 400),
        (b'{"resourceType":"Parameters","parameter":[{"name":"coding","valueCoding":{}}]}', "application/json", 400),
        (
            b'{"resourceType":"Parameters","parameter":[{"name":"codeableConcept","valueCodeableConcept":{}}]}',
            "application/json",
            400,
        ),
        (b"[" * 100_000, "application/json", 400),
        (b"<Parameters", "application/fhir+xml", 400),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><Parameters/>', "application/fhir+xml", 400),
        (b"<a value='x'/>", "application/xml", 400),
        (b"code=NA", "application/x-www-form-urlencoded", 415),
        (b"{}", "", 415),
    ],
)
def test_bodies_that_cannot_be_read_are_refused(
    program: TestClient, content: bytes, media_type: str, status: int
) -> None:
    answer = program.post(ADDRESS, content=content, headers={"Content-Type": media_type})
    assert answer.status_code == status
    assert answer.json()["resourceType"] == "OperationOutcome"


def test_asking_writes_nothing(program: TestClient, narrow: Sample, analyses: str) -> None:
    statements: list[str] = []

    def listen(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        statements.append(statement.lstrip().upper())

    # That the token is in use is told once in a while, after the answer.
    program.get(ADDRESS, params={"system": analyses, "code": "NA"})
    event.listen(narrow.world.engine, "before_cursor_execute", listen)
    try:
        program.get(ADDRESS, params={"system": analyses, "code": "NA"})
        program.post(ADDRESS, json=parameters(coding=("valueCoding", {"system": analyses, "code": "NA"})))
    finally:
        event.remove(narrow.world.engine, "before_cursor_execute", listen)
    assert statements
    assert all(statement.startswith(("SELECT", "BEGIN DEFERRED", "PRAGMA")) for statement in statements)
