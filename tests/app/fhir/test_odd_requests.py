"""Requests that nobody should send: each gets an OperationOutcome, in the syntax asked for, never a fault of ours."""

import json
from itertools import product
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest
from fastapi.testclient import TestClient

from app.fhir_resources.naming import Canonicals
from app.models import Level
from tests.app.exports.sample import Sample
from tests.fhir.panel import faults, judge_r4

TRANSLATE = "/fhir/ConceptMap/$translate"
FORM = "application/x-www-form-urlencoded"
NAMESPACE = "{http://hl7.org/fhir}"
LONG = "x" * 60_000
DEEP_XML = b'<Parameters xmlns="http://hl7.org/fhir">' + b"<part>" * 500 + b"</part>" * 500 + b"</Parameters>"

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


def judged(program: TestClient, method: str, url: str, status: int | tuple[int, ...], **sent: Any) -> None:
    """The answer has this status and, in JSON and in XML, is an outcome that the panel accepts.

    What is refused leaves nothing behind: a test sends all that is odd in one way to one installation.
    """
    told = f"{method} {url[:200]} {str(sent)[:300]}"
    headers = sent.pop("headers", {})
    for accept in ("application/fhir+json", "application/fhir+xml"):
        answer = program.request(method, url, headers={"Accept": accept, **headers}, **sent)
        wanted = status if isinstance(status, tuple) else (status,)
        assert answer.status_code in wanted, (told, answer.status_code, answer.text[:300])
        if "Accept" not in headers:
            assert answer.headers["content-type"] == f"{accept}; fhirVersion=4.0", told
        if answer.headers["content-type"].startswith("application/fhir+xml"):
            assert fromstring(answer.content).tag == f"{NAMESPACE}OperationOutcome"
        else:
            resource = answer.json()
            assert resource["resourceType"] == "OperationOutcome"
            assert resource["issue"][0]["details"]["text"].strip()


ODD_ADDRESSES: list[tuple[str, int]] = [
    ("/fhir", 404),
    ("/fhir/", 404),
    ("/fhir/Patient", 404),
    ("/fhir/Patient/1", 404),
    ("/fhir/conceptmap", 404),
    ("/fhir/ConceptMap/absent", 404),
    (f"/fhir/ConceptMap/{LONG[:3000]}", 404),
    ("/fhir/ConceptMap/%00", 404),
    ("/fhir/ConceptMap/%FF%FE", 404),
    ("/fhir/ConceptMap/a%2Fb", 404),
    ("/fhir/ConceptMap/..%2F..%2Fetc%2Fpasswd", 404),
    ("/fhir/ConceptMap/x/_history", 404),
    ("/fhir/ConceptMap/_history", 404),
    ("/fhir/_history", 404),
    ("/fhir/ConceptMap/x/_history/1/2", 404),
    ("/fhir/ConceptMap/$closure", 404),
    ("/fhir/CodeSystem/$lookup?code=NA", 404),
    ("/fhir/CodeSystem/x/$validate-code", 404),
    ("/fhir/$export", 404),
    ("/fhir/.well-known/smart-configuration", 404),
    ("/fhir/ConceptMap?name=%FF", 400),
    ("/fhir/ConceptMap?name=%00", 400),
    ("/fhir/ConceptMap?%00=x", 400),
    ("/fhir/ConceptMap?_id=%ED%A0%80", 400),
    ("/fhir/ConceptMap?" + "&".join(f"a{number}=1" for number in range(600)), 400),
    (f"/fhir/ConceptMap?_count={'9' * 5000}", 400),
    ("/fhir/ConceptMap?_count=١", 400),
    ("/fhir/ConceptMap?_count=1&_count=1", 400),
    (f"/fhir/ConceptMap?name:{LONG[:2000]}=x", 400),
    ("/fhir/ConceptMap?_format=json&_format=xml", 400),
    ("/fhir/metadata?mode=terminology", 400),
    (f"{TRANSLATE}?system=urn:x&code=%00", 400),
    (f"{TRANSLATE}?system=urn:x&code=%FF", 400),
    (f"{TRANSLATE}?system=urn:x&code=", 400),
    (f"{TRANSLATE}?system=&code=NA", 400),
    (f"{TRANSLATE}?code=NA&code=K&system=urn:x", 400),
    (f"{TRANSLATE}?system=urn:x&code=NA&url=urn:absent", 404),
    (f"{TRANSLATE}?system=urn:x&code=NA&url=", 200),
]


def test_odd_addresses(program: TestClient) -> None:
    for url, status in ODD_ADDRESSES:
        if status == 200:
            assert not program.get(url).json()["parameter"][0]["valueBoolean"], url
        else:
            judged(program, "GET", url, status)


ODD_HEADERS: list[tuple[dict[str, str], int]] = [
    ({"Accept": "text/html"}, 406),
    ({"Accept": "application/fhir+turtle"}, 406),
    ({"Accept": "application/fhir+json; fhirVersion=1.0"}, 406),
    ({"Accept": "application/fhir+json; fhirVersion=R5"}, 406),
    ({"Accept": "application/fhir+json; fhirVersion="}, 406),
    ({"Accept": "*/*;q=0"}, 406),
    ({"Accept": ";;;,,,q=x"}, 406),
    ({"Accept": LONG}, 406),
    ({"Authorization": "Bearer"}, 401),
    ({"Authorization": "Bearer x y"}, 401),
    ({"Authorization": "Basic eDp5"}, 401),
    ({"Authorization": "Bearer " + LONG}, 401),
    ({"Authorization": "Bearer \u00e9\u0000".encode().decode("latin-1")}, 401),
    ({"Prefer": "handling=strict"}, 400),
    ({"Prefer": 'HANDLING="Strict"; x'}, 400),
]


def test_odd_headers(program: TestClient) -> None:
    for headers, status in ODD_HEADERS:
        sent = {name: value.encode("latin-1") for name, value in headers.items()}
        judged(program, "GET", "/fhir/ConceptMap?couleur=bleu", status, headers=sent)


@pytest.mark.same_sql("the headers differ, and change nothing")
@pytest.mark.parametrize(
    "headers",
    [
        {"Prefer": "handling=weird"},
        {"Prefer": ",;=,\u00e9"},
        {"If-None-Match": '"'},
        {"If-None-Match": "W/" * 500},
        {"If-Modified-Since": "Mon, 99 Zzz 99999 99:99:99 GMT"},
        {"If-Modified-Since": "Sun, 01 Jan 0001 00:00:00 +2359"},
        {"Range": "bytes=0-1"},
        {"Content-Type": "multipart/form-data"},
        {"Accept-Encoding": "\u00e9"},
        {"Accept": "application/fhir+xml;q=0, */*;q=0.1"},
        {"X-HTTP-Method-Override": "DELETE"},
    ],
)
def test_headers_that_change_nothing(program: TestClient, narrow: Sample, headers: dict[str, str]) -> None:
    address = f"/fhir/ConceptMap/{Canonicals(narrow.world.laboratory, narrow.catalogue).identifier('loinc')}"
    sent = {name: value.encode("latin-1") for name, value in headers.items()}
    answer = program.get(address, headers=sent)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/fhir+json; fhirVersion=4.0")
    assert answer.json()["resourceType"] == "ConceptMap"


def test_a_refused_syntax_is_not_given_by_a_wildcard(program: TestClient) -> None:
    answer = program.get("/fhir/metadata", headers={"Accept": "application/fhir+json;q=0, */*"})
    assert answer.headers["content-type"] == "application/fhir+xml; fhirVersion=4.0"


def test_odd_methods(program: TestClient) -> None:
    methods = ("PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "GETX")
    urls = ("/fhir/ConceptMap", "/fhir/ConceptMap/x", "/fhir/metadata", "/fhir/CodeSystem/x")
    for method, url in product(methods, urls):
        judged(program, method, url, 405, content=b"{}")


def test_nothing_is_created_or_sent_as_a_batch(program: TestClient) -> None:
    body = {"resourceType": "Bundle", "type": "batch", "entry": []}
    for url, status in (("/fhir", 404), ("/fhir/", 404), ("/fhir/ConceptMap", 405), ("/fhir/ConceptMap/x", 405)):
        judged(program, "POST", url, status, json=body)
    judged(program, "POST", "/fhir/Patient", 404, json={"resourceType": "Patient"})


def test_a_request_from_another_site_is_answered_in_fhir(program: TestClient, anonymous: TestClient) -> None:
    headers = {"Origin": "https://autre.exemple.fr", "Sec-Fetch-Site": "cross-site"}
    judged(anonymous, "POST", TRANSLATE, 401, headers=headers, json={})
    judged(program, "POST", TRANSLATE, 400, headers=headers, json={})


def parameters(*items: Any) -> bytes:
    return json.dumps({"resourceType": "Parameters", "parameter": list(items)}).encode()


CODING = {"name": "coding", "valueCoding": {"system": "urn:x", "code": "NA"}}


ODD_BODIES_IN_JSON: list[tuple[bytes, int]] = [
    (b"", 400),
    (b"null", 400),
    (b"1", 400),
    (b'"Parameters"', 400),
    (b"[]", 400),
    (b"[[[[", 400),
    (b"[" * 200_000, 400),
    (b'{"a":' * 50_000, 400),
    (b"\xff\xfe{}", 400),
    (b'{"resourceType":"Parameters","parameter":[{"name":"code","valueCode":"\xff"}]}', 400),
    (b'{"resourceType":"Parameters","parameter":[{"name":"code","valueCode":"\\u0000"}]}', 400),
    (b'{"resourceType":"Parameters","parameter":[{"name":"code","valueCode":"\\ud800"}]}', 400),
    (b'{"resourceType":"Parameters","parameter":' + b"9" * 5000 + b"}", 400),
    (b'{"resourceType":"Parameters","parameter":NaN}', 400),
    (b'{"resourceType":["Parameters"]}', 400),
    (b'{"resourceType":"Parameters"}', 400),
    (b'{"resourceType":"Parameters","parameter":null}', 400),
    (b'{"resourceType":"Parameters","parameter":"x"}', 400),
    (b'{"resourceType":"Parameters","parameter":[1,null,[]]}', 400),
    (parameters(), 400),
    (parameters({}), 400),
    (parameters({"name": 1, "valueCode": "NA"}), 400),
    (parameters({"name": ["code"], "valueCode": "NA"}), 400),
    (parameters({"name": "code", "valueCode": "NA", "valueString": "NA"}), 400),
    (parameters({"name": "code", "part": []}), 400),
    (parameters({"name": "code", "valueCode": ["NA"]}, {"name": "system", "valueUri": "urn:x"}), 400),
    (parameters({"name": "code", "valueCode": {"NA": 1}}, {"name": "system", "valueUri": 3}), 400),
    (parameters({"name": "coding", "valueCoding": ["urn:x", "NA"]}), 400),
    (parameters({"name": "coding", "valueCoding": {"system": {}, "code": []}}), 400),
    (parameters({"name": "codeableConcept", "valueCodeableConcept": []}), 400),
    (parameters({"name": "codeableConcept", "valueCodeableConcept": {"coding": {}}}), 400),
    (parameters({"name": "codeableConcept", "valueCodeableConcept": {"coding": [None]}}), 400),
    (parameters(CODING, CODING), 400),
    (parameters(CODING, {"name": "reverse", "valueBoolean": "oui"}), 400),
    (parameters(CODING, {"name": "reverse", "valueBoolean": 1}), 400),
    (parameters(CODING, {"name": "url", "valueUri": []}), 400),
    (parameters(CODING, {"name": "conceptMap", "resource": {"resourceType": "ConceptMap"}}), 400),
    (parameters(CODING, {"name": "sourceCode", "valueCode": "NA"}), 400),
    (parameters(CODING, {"name": "x" * 1000, "valueCode": "NA"}), 400),
    (b" " * 1_100_000, 413),
]


def test_odd_bodies_in_json(program: TestClient) -> None:
    for (content, status), media_type in product(
        ODD_BODIES_IN_JSON, ("application/fhir+json", "application/json; charset=utf-8")
    ):
        judged(program, "POST", TRANSLATE, status, content=content, headers={"Content-Type": media_type})


ODD_BODIES_IN_XML: list[bytes] = [
    b"",
    b"<",
    b"<Parameters/>",
    b'<Bundle xmlns="http://hl7.org/fhir"/>',
    b'<Parameters xmlns="http://hl7.org/fhir"/>',
    b'<Parameters xmlns="http://hl7.org/fhir"><parameter value="x"/></Parameters>',
    b'<Parameters xmlns="http://hl7.org/fhir"><parameter><name/><valueCode value="NA"/></parameter></Parameters>',
    b'<Parameters xmlns="http://hl7.org/fhir"><parameter><name value="a"/><name value="b"/><valueCode value="c"/>'
    b"</parameter></Parameters>",
    b'<?xml version="1.0" encoding="x-none"?><Parameters xmlns="http://hl7.org/fhir"/>',
    b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><Parameters>&b;</Parameters>',
    b'<Parameters xmlns="http://hl7.org/fhir">\xff</Parameters>',
    b'<Parameters xmlns="http://hl7.org/fhir">\x00</Parameters>',
    DEEP_XML,
]


def test_odd_bodies_in_xml(program: TestClient) -> None:
    for content in ODD_BODIES_IN_XML:
        judged(program, "POST", TRANSLATE, 400, content=content, headers={"Content-Type": "application/fhir+xml"})


def test_odd_types_of_bodies(program: TestClient) -> None:
    for media_type in ("text/plain", "", "application/octet-stream", FORM, "\u00e9", ";", "a/b/c"):
        sent = {"Content-Type": media_type.encode("latin-1")}
        judged(program, "POST", TRANSLATE, 415, content=parameters(CODING), headers=sent)


ODD_FORMS: list[tuple[bytes, str, int]] = [
    (b"name=%FF", FORM, 400),
    (b"name=\xff", FORM, 400),
    (b"name=%00", FORM, 400),
    (b"_count=x", FORM, 400),
    (b"_format=ttl", FORM, 406),
    (b"_format=json&_format=json", FORM, 400),
    (b"&".join(b"a=1" for _ in range(600)), FORM, 400),
    (b"{}", "application/fhir+json", 415),
    (b"--x\r\n", "multipart/form-data; boundary=x", 415),
    (b"x=" + b"y" * 1_100_000, FORM, 413),
]


def test_odd_forms(program: TestClient) -> None:
    for content, media_type, status in ODD_FORMS:
        headers = {"Content-Type": media_type}
        judged(program, "POST", "/fhir/CodeSystem/_search", status, content=content, headers=headers)


def test_what_is_quoted_can_be_written_in_xml(program: TestClient, narrow: Sample) -> None:
    """Control characters that XML cannot hold come back as signs, in refusals and in answers alike."""
    judged(program, "GET", "/fhir/ConceptMap/a%01b", 404)
    judged(program, "GET", "/fhir/ConceptMap?_lastUpdated:%02=x", 400)
    system = Canonicals(narrow.world.laboratory, narrow.catalogue).code_system(Level.ANALYSIS)
    codings = [{"system": system, "code": "N\u0001A"}, {"system": "urn:\u0002x", "code": "K"}]
    concept = {"name": "codeableConcept", "valueCodeableConcept": {"coding": codings}}
    headers = {"Content-Type": "application/fhir+json", "Accept": "application/fhir+xml"}
    answer = program.post(TRANSLATE, content=parameters(concept), headers=headers)
    assert answer.status_code == 200
    assert "N\ufffdA" in answer.text
    assert fromstring(answer.content).tag == f"{NAMESPACE}Parameters"


def test_the_panel_accepts_the_outcomes(program: TestClient) -> None:
    answers = [
        program.get("/fhir/Patient"),
        program.put("/fhir/ConceptMap", json={}),
        program.get("/fhir/ConceptMap?_count=x"),
        program.get("/fhir/ConceptMap", headers={"Accept": "text/html"}),
        program.post(TRANSLATE, content=b"x"),
        program.get("/fhir/ConceptMap", headers={"Authorization": "x"}),
        program.get("/fhir/ConceptMap?" + "&".join(f"a{number}=1" for number in range(600))),
        program.post(TRANSLATE, content=b" " * 1_100_000, headers={"Content-Type": "application/json"}),
    ]
    assert [answer.status_code for answer in answers] == [404, 405, 400, 406, 415, 401, 400, 413]
    assert [faults(verdicts) for verdicts in judge_r4([answer.json() for answer in answers])] == [[]] * len(answers)


# ---------- every method, and every query of a search ----------


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
