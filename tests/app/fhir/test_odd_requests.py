"""Requests that no client should send: each gets an OperationOutcome that a program can read, and never a 500."""

import json
from itertools import product
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.models import Laboratory
from app.platform.database import transaction
from tests.app.exports.sample import Sample

TRANSLATE = "/fhir/ConceptMap/$translate"
JSON_TYPE = {"Content-Type": "application/fhir+json"}
XML_TYPE = {"Content-Type": "application/fhir+xml"}
PATHS = (
    "/fhir/ConceptMap", "/fhir/CodeSystem", "/fhir/ConceptMap/a", "/fhir/CodeSystem/a", TRANSLATE,
    "/fhir/ConceptMap/a/$translate", "/fhir/ConceptMap/a/_history/1", "/fhir/metadata", "/fhir/ConceptMap/_search",
    "/fhir/Patient", "/fhir/ConceptMap/a/b/c", "/fhir/", "/fhir/$translate", "/fhir/ConceptMap/%00",
    "/fhir/ConceptMap/%ff%fe", "/fhir/ConceptMap/..%2f..%2fetc", "/fhir/ConceptMap/" + "x" * 3000,
)  # fmt: skip
QUERIES = (
    "", "_id=%00", "_id=%ff", "url=" + "x" * 4000, "_count=99999999999999999999", "_count=1e3", "_count=-1", "_count=0",
    "_offset=999999", "_format=", "_format=json&_format=xml", "_lastUpdated=ge", "_lastUpdated=%F0%9F%98%80",
    "name:contains=%25", "name:exact=a,b,,c", "status=|active", "status=a|b|c", "&&&=&=x", "%=%", "_summary=",
    "[]=1", "_id=1;drop table", "&".join(f"p{n}=1" for n in range(300)),
)  # fmt: skip
BODIES: tuple[tuple[dict[str, str], bytes], ...] = (
    (JSON_TYPE, b""), (JSON_TYPE, b"null"), (JSON_TYPE, b"[]"), (JSON_TYPE, b"3"), (JSON_TYPE, b"{"),
    (JSON_TYPE, b"\xff\xfe\x00"), (JSON_TYPE, b'{"resourceType":"Parameters","parameter":{}}'),
    (JSON_TYPE, b'{"resourceType":"Parameters","parameter":[null]}'),
    (JSON_TYPE, b'{"resourceType":"Parameters","parameter":[{"name":"code"}]}'),
    (JSON_TYPE, b'{"resourceType":"Parameters","parameter":[{"name":["code"],"valueCode":"a"}]}'),
    (JSON_TYPE, b'{"resourceType":"Parameters","parameter":[{"name":"coding","valueCoding":[]}]}'),
    (JSON_TYPE, b'{"resourceType":"Parameters","parameter":[{"name":"coding","valueCoding":{"system":1,"code":{}}}]}'),
    (JSON_TYPE, b'{"resourceType":"Parameters","parameter":[{"name":"code","valueCode":"\\ud800"}]}'),
    (JSON_TYPE, b'{"resourceType":"Parameters","parameter":[{"name":"code","valueCode":"\\u0000"}]}'),
    (JSON_TYPE, b"[" * 50_000), (JSON_TYPE, b'{"resourceType":"Parameters","x":1e999}'),
    (XML_TYPE, b""), (XML_TYPE, b"<a>"), (XML_TYPE, b"<Parameters/>"),
    (XML_TYPE, b'<!DOCTYPE a [<!ENTITY b "c">]><Parameters xmlns="http://hl7.org/fhir">&b;</Parameters>'),
    (XML_TYPE, b'<Parameters xmlns="http://hl7.org/fhir"><parameter/></Parameters>'),
    (XML_TYPE, b"<a>" * 20_000),
    ({"Content-Type": "text/plain"}, b"code=a"), ({"Content-Type": "application/x-www-form-urlencoded"}, b"a=%ff&b"),
    ({"Content-Type": "multipart/form-data; boundary=x"}, b"--x--"), ({"Content-Type": ""}, b"x"),
    ({"Content-Type": "application/fhir+json; fhirVersion=9.9"}, b"{}"),
    ({"Content-Type": "application/json; charset=utf-16"}, "{}".encode("utf-16")),
)  # fmt: skip


def outcome(answer: Any) -> None:
    """Whatever is not answered is refused by an outcome, in the syntax that was asked for."""
    assert answer.status_code < 500, answer.text
    assert answer.status_code not in (301, 302, 303, 307), "a program follows no page"
    if answer.status_code >= 400:
        assert answer.headers["content-type"].startswith("application/fhir+"), answer.headers
        if answer.request.method != "HEAD":
            resource = json.loads(answer.content)
            assert resource["resourceType"] == "OperationOutcome"
            assert resource["issue"][0]["details"]["text"]
    if answer.status_code == 405:
        assert answer.headers["allow"]


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"])
def test_every_method_at_every_address(program: TestClient, method: str) -> None:
    for path in PATHS:
        outcome(program.request(method, path))


def test_every_query_of_a_search(program: TestClient, narrow: Sample) -> None:
    for kind, query in product(("ConceptMap", "CodeSystem", "ValueSet"), QUERIES):
        answer = program.get(f"/fhir/{kind}?{query}")
        outcome(answer)
        if answer.status_code == 200 and answer.headers["content-type"].startswith("application/fhir+json"):
            assert answer.json()["type"] == "searchset"


def test_every_body_of_a_question(program: TestClient) -> None:
    for headers, body in BODIES:
        answer = program.post(TRANSLATE, content=body, headers=headers)
        outcome(answer)
        assert answer.status_code >= 400, body[:80]
        outcome(program.post("/fhir/ConceptMap/_search", content=body, headers=headers))


@pytest.mark.parametrize(
    "headers",
    [
        {"Accept": ";;;q=,,"}, {"Accept": "*/*;q=0"}, {"Accept": "é"}, {"Prefer": "\x7f=,;"},
        {"If-None-Match": '"' * 300}, {"If-Modified-Since": "Thu, 99 Foo 99999"}, {"Authorization": "Bearer "},
        {"Authorization": "Bearer \x00"}, {"Authorization": "Basic eA=="}, {"Authorization": "Bearer " + "x" * 5000},
        {"Accept": "application/fhir+xml"},
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else str(value),
)  # fmt: skip
def test_every_odd_header(program: TestClient, headers: dict[str, str]) -> None:
    raw = {name: value.encode("utf-8") for name, value in headers.items()}
    answer = program.get("/fhir/ConceptMap", headers=raw)  # type: ignore[arg-type]
    assert answer.status_code in (200, 400, 401, 406)


def addresses(value: Any) -> set[str]:
    """Every address that a resource holds, without versions and fragments."""
    if isinstance(value, dict):
        return {found for item in value.values() for found in addresses(item)}
    if isinstance(value, list):
        return {found for item in value for found in addresses(item)}
    return {value.partition("|")[0].partition("#")[0]} if isinstance(value, str) else set()


@pytest.mark.parametrize("version", ["4.0", "5.0"])
def test_everything_cited_under_our_address_is_served(program: TestClient, narrow: Sample, version: str) -> None:
    with transaction(narrow.world.engine) as session:
        session.get_one(Laboratory, narrow.world.laboratory_id).canonical_url = "https://labo.example/fhir"
    accept = {"Accept": f"application/fhir+json; fhirVersion={version}"}
    found = [
        entry["resource"]
        for kind in ("ConceptMap", "CodeSystem", "ValueSet")
        for entry in program.get(f"/fhir/{kind}", headers=accept).json()["entry"]
    ]
    cited = {url for resource in found for url in addresses(resource) if url.startswith("https://labo.example/fhir/")}
    assert cited == {resource["url"] for resource in found}
    for url in cited:
        kind, identifier = url.rsplit("/", 2)[1:]
        assert program.get(f"/fhir/{kind}/{identifier}", headers=accept).json()["url"] == url
        assert program.get(f"/fhir/{kind}", params={"url": url}, headers=accept).json()["total"] == 1
