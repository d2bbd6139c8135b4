"""What HTTP and the searches of FHIR ask of every server: HEAD, states, forms, dates, strictness."""

from datetime import timedelta
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.fhir.moments import Moments
from app.models import Action
from tests.app.exports.sample import Sample
from tests.conftest import BIOLOGIST

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
STRICT = {"Prefer": "handling=strict"}


@pytest.fixture
def address(program: TestClient) -> str:
    return f"/fhir/ConceptMap/{program.get('/fhir/ConceptMap').json()['entry'][0]['resource']['id']}"


def total(answer: Any) -> int:
    assert answer.status_code == 200, answer.text
    return int(answer.json()["total"])


def test_a_state_is_sent_once(program: TestClient, narrow: Sample, address: str) -> None:
    first = program.get(address)
    tag, moment = first.headers["etag"], first.headers["last-modified"]
    assert first.headers["vary"] == "Accept, Authorization"
    for asked in (tag, tag.removeprefix("W/"), f'"other", {tag}', "*"):
        known = program.get(address, headers={"If-None-Match": asked})
        assert (known.status_code, known.content, known.headers["etag"]) == (304, b"", tag)
    assert program.get(address, headers={"If-Modified-Since": moment}).status_code == 304
    earlier = format_datetime(parsedate_to_datetime(moment) - timedelta(hours=1), usegmt=True)
    for headers in (
        {"If-None-Match": 'W/"other"'}, {"If-None-Match": "other", "If-Modified-Since": moment},
        {"If-Modified-Since": earlier}, {"If-Modified-Since": "hier"}, {"If-None-Match": ""},
    ):  # fmt: skip
        assert program.get(address, headers=headers).status_code == 200
    narrow.act(narrow.test_id("NA"), Action.SEND_BACK, email=BIOLOGIST, reason="à revoir")
    changed = program.get(address, headers={"If-None-Match": tag})
    assert changed.status_code == 200, "another state, be it of the same second"
    assert changed.headers["etag"] != tag


@pytest.mark.parametrize("path", ["metadata", "ConceptMap", "CodeSystem", "ConceptMap/absent"])
def test_head_answers_as_get_without_a_body(program: TestClient, path: str) -> None:
    got, head = program.get(f"/fhir/{path}"), program.head(f"/fhir/{path}")
    assert head.status_code == got.status_code
    assert head.headers["content-type"] == got.headers["content-type"]
    if got.status_code == 200:
        assert head.content == b""
        assert head.headers["content-length"] == str(len(got.content))


def test_head_of_a_resource_tells_its_state(program: TestClient, address: str) -> None:
    assert program.head(address).headers["etag"] == program.get(address).headers["etag"]


def test_every_resource_says_its_state_in_every_syntax(program: TestClient, address: str) -> None:
    meta = program.get(address).json()["meta"]
    assert set(meta) >= {"versionId", "lastUpdated"}
    assert f'<versionId value="{meta["versionId"]}"/>' in program.get(f"{address}?_format=xml").text
    recent = program.get(address, headers={"Accept": "application/fhir+json; fhirVersion=5.0"}).json()
    assert recent["meta"] == meta
    for entry in program.get("/fhir/CodeSystem?_summary=true").json()["entry"]:
        assert entry["resource"]["meta"]["versionId"] == meta["versionId"]


def test_the_present_state_alone_has_an_address(program: TestClient, address: str) -> None:
    state = program.get(address).json()["meta"]["versionId"]
    assert program.get(f"{address}/_history/{state}").json() == program.get(address).json()
    missing = program.get(f"{address}/_history/1")
    assert missing.status_code == 404
    assert state in missing.json()["issue"][0]["details"]["text"]


def test_a_search_may_be_sent_as_a_form(program: TestClient) -> None:
    sent = program.post("/fhir/ConceptMap/_search", content="status=active", headers=FORM)
    assert total(sent) == 1
    both = program.post("/fhir/ConceptMap/_search?status=active", content="name=autre", headers=FORM)
    assert total(both) == 0
    everything = total(program.get("/fhir/CodeSystem"))
    assert everything > 1
    assert total(program.post("/fhir/CodeSystem/_search", headers=FORM)) == everything
    assert total(program.post("/fhir/CodeSystem/_search")) == everything
    refused = program.post("/fhir/ConceptMap/_search", json={"status": "active"})
    assert refused.status_code == 415
    assert refused.json()["resourceType"] == "OperationOutcome"


@pytest.mark.parametrize("query", ["couleur=bleu", "status=", "_sort=name", "subject:Patient=1"])
def test_what_is_ignored_is_said_or_refused(program: TestClient, query: str) -> None:
    found = program.get(f"/fhir/ConceptMap?{query}").json()
    assert found["total"] == 1
    told = [entry["resource"] for entry in found["entry"] if entry["search"]["mode"] == "outcome"]
    assert query.partition("=")[0] in told[0]["issue"][0]["details"]["text"]
    assert query not in found["link"][0]["url"]
    for prefer in ("handling=strict", 'return=minimal; handling = "strict"', "respond-async, handling=strict"):
        strict = program.get(f"/fhir/ConceptMap?{query}", headers={"Prefer": prefer})
        assert strict.status_code == 400
        assert strict.json()["issue"][0]["code"] == "not-supported"
    assert program.get(f"/fhir/ConceptMap?{query}", headers={"Prefer": "handling=lenient"}).status_code == 200


def test_what_is_known_passes_a_strict_search(program: TestClient) -> None:
    query = "status=active&_count=5&_summary=true&_format=json&_lastUpdated=ge2020"
    assert total(program.get(f"/fhir/ConceptMap?{query}", headers=STRICT)) == 1


def test_searches_by_the_moment_of_the_last_change(program: TestClient, address: str) -> None:
    updated = program.get(address).json()["meta"]["lastUpdated"]
    day = updated[:10]
    for value, count in (
        (updated, 1), (f"ge{updated}", 1), (f"le{updated}", 1), (f"ne{updated}", 0), (f"gt{updated}", 0),
        (f"lt{updated}", 0), ("sa2020-01-01", 1), ("eb2020", 0), (day[:4], 1), ("lt2020-05,ge2021", 1),
    ):  # fmt: skip
        assert total(program.get("/fhir/ConceptMap", params={"_lastUpdated": value})) == count, value


@pytest.mark.parametrize("value", ["hier", "2026-13", "2026-02-30", "xx2026", "0000", "9999", "2026-01-01T25:00"])
def test_what_is_no_date_is_refused(program: TestClient, value: str) -> None:
    answer = program.get("/fhir/ConceptMap", params={"_lastUpdated": value})
    assert answer.status_code == 400
    assert answer.json()["issue"][0]["code"] == "value"


def test_a_day_is_a_day_of_paris() -> None:
    day = Moments.read("2026-07-14")
    assert day.holds("2026-07-13T22:00:00Z")
    assert not day.holds("2026-07-14T22:00:00Z")
    assert Moments.read("2026-07-14T00:00:00+02:00").holds("2026-07-13T22:00:00Z")
    assert Moments.read("2026-12").holds("2026-12-31T22:59:59Z")
