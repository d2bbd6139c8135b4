"""Versions, conditions, HEAD, searches by form and by date, and what is said of what is not understood."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.routing import Match

from app.exports.schemas import ExportKind
from app.fhir.moments import Span, is_met
from app.fhir.published import SLUGS
from app.fhir.routes import router
from app.fhir.searching import SEARCH_PARAMETERS
from app.fhir.unserved import NO_HISTORY
from app.fhir_resources.naming import Canonicals
from app.fhir_resources.values import Syntax
from app.models import Action, Laboratory, LoincRelease
from app.platform.database import transaction
from app.settings import Settings
from app.text import PARIS
from tests.app.exports.sample import Sample
from tests.app.fhir.conftest import ProgramFor
from tests.app.fhir_resources.fhir_sample import exported, exported_file
from tests.conftest import BIOLOGIST

Json = dict[str, Any]
R5 = "application/fhir+json; fhirVersion=5.0"
BASE = "https://labo.exemple.fr/fhir"


@pytest.fixture
def addressed(narrow: Sample) -> Sample:
    """The sample in a laboratory that has an address of its own."""
    with transaction(narrow.world.engine) as session:
        laboratory = session.get_one(Laboratory, narrow.world.laboratory_id)
        laboratory.canonical_url = BASE
    narrow.world.laboratory.canonical_url = BASE
    return narrow


def addresses(sample: Sample) -> list[str]:
    names = Canonicals(sample.world.laboratory, sample.catalogue)
    return [f"/fhir/{kind}/{names.identifier(slug)}" for kind, slugs in SLUGS.items() for slug in slugs]


# ---------- versions and conditions ----------


def test_every_resource_has_a_version_that_its_headers_repeat(program: TestClient, narrow: Sample) -> None:
    for address in addresses(narrow):
        answer = program.get(address)
        assert answer.status_code == 200, address
        meta = answer.json()["meta"]
        assert answer.headers["etag"] == f'W/"{meta["versionId"]}"'
        assert datetime.fromisoformat(meta["lastUpdated"]).tzinfo is not None
        assert answer.headers["vary"] == "Accept, Authorization"
        again = program.get(f"{address}/_history/{meta['versionId']}")
        assert again.json() == answer.json()
        assert program.get(f"{address}/_history/1").status_code == 404


@pytest.mark.parametrize("tag", ["W/{0}", "{0}", '"x", W/{0}', "*"])
def test_a_copy_that_is_still_the_one_is_not_sent_again(program: TestClient, narrow: Sample, tag: str) -> None:
    (address,) = [item for item in addresses(narrow) if "ConceptMap" in item]
    first = program.get(address)
    known = {"If-None-Match": tag.format(first.headers["etag"].removeprefix("W/"))}
    for method in ("GET", "HEAD"):
        same = program.request(method, address, headers=known)
        assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", first.headers["etag"])
    narrow.act(narrow.test_id("NA"), Action.SEND_BACK, email=BIOLOGIST, reason="à revoir")
    if tag != "*":
        assert program.get(address, headers=known).status_code == 200


def test_the_date_of_a_copy_counts_only_without_its_tag(program: TestClient, narrow: Sample) -> None:
    address = addresses(narrow)[0]
    first = program.get(address)
    moment = first.headers["last-modified"]
    past = format_datetime(datetime(2000, 1, 1, tzinfo=UTC), usegmt=True)
    for headers, status in (
        ({"If-Modified-Since": moment}, 304),
        ({"If-Modified-Since": past}, 200),
        ({"If-Modified-Since": "hier"}, 200),
        ({"If-None-Match": "autre", "If-Modified-Since": moment}, 200),
        ({"If-None-Match": ""}, 200),
        ({"If-Modified-Since": moment, "If-None-Match": '"autre"'}, 200),
        ({"If-Modified-Since": past, "If-None-Match": first.headers["etag"]}, 304),
    ):
        assert program.get(address, headers=headers).status_code == status


@pytest.mark.parametrize("kind", [ExportKind.CONCEPT_MAP, ExportKind.CONCEPT_MAP_R5])
def test_one_state_has_one_version_in_the_service_and_in_every_file(
    program: TestClient, narrow: Sample, settings: Settings, kind: ExportKind
) -> None:
    (address,) = [item for item in addresses(narrow) if "ConceptMap" in item]
    accept = {"Accept": R5} if kind is ExportKind.CONCEPT_MAP_R5 else {}
    served = program.get(address, headers=accept).json()
    assert served.pop("meta")
    assert served == exported(narrow, settings, kind)
    written = exported_file(narrow, settings, kind, Syntax.XML).content.decode()
    assert f'<version value="{served["version"]}"/>' in written
    assert exported_file(narrow, settings, ExportKind.SSSOM).business_version == served["version"]


def test_what_changes_without_a_decision_changes_the_version(program: TestClient, narrow: Sample) -> None:
    address = next(item for item in addresses(narrow) if "CodeSystem" in item)
    seen = [program.get(address).headers["etag"]]
    with transaction(narrow.world.engine) as session:
        session.get_one(Laboratory, narrow.world.laboratory_id).name = "Laboratoire du Port"
    seen.append(program.get(address).headers["etag"])
    with transaction(narrow.world.engine) as session:
        session.get_one(LoincRelease, narrow.release.id).is_current = False
        loaded_at = datetime(2020, 1, 1, tzinfo=UTC)
        session.add(LoincRelease(version="2.79", kind="official", is_current=True, loaded_at=loaded_at))
    seen.append(program.get(address).headers["etag"])
    assert len(set(seen)) == 3


# ---------- HEAD and the other methods ----------


def test_head_is_served_wherever_get_is(program: TestClient, narrow: Sample) -> None:
    paths = ["/fhir/metadata", *(f"/fhir/{kind}" for kind in SLUGS), *addresses(narrow)]
    paths += ["/fhir/ConceptMap/$translate?system=urn:x&code=NA", "/fhir/ConceptMap/absent", "/fhir/Patient"]
    for path in paths:
        got, head = program.get(path), program.head(path)
        assert (head.status_code, head.content) == (got.status_code, b"")
        assert head.headers["content-type"] == got.headers["content-type"]
        assert head.headers["content-length"] == got.headers["content-length"] == str(len(got.content))


def test_another_method_names_those_that_are_served(program: TestClient, narrow: Sample) -> None:
    expected = {
        "/fhir/metadata": "GET, HEAD",
        "/fhir/ConceptMap": "GET, HEAD",
        addresses(narrow)[0]: "GET, HEAD",
        "/fhir/CodeSystem/_search": "GET, HEAD, POST",
        "/fhir/ConceptMap/$translate": None,
    }
    for path, allowed in expected.items():
        for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"):
            answer = program.request(method, path)
            assert answer.json()["resourceType"] == "OperationOutcome"
            assert answer.headers.get("allow") == allowed, (method, path)
            assert answer.status_code == (405 if allowed else 404)


# ---------- searches ----------


def test_a_search_by_form_is_the_same_search(program: TestClient, narrow: Sample) -> None:
    for query in ({"status": "active"}, {"name:contains": "general", "_count": "2"}, {"_summary": "count"}, {}):
        asked = program.get("/fhir/CodeSystem", params=query).json()
        assert program.post("/fhir/CodeSystem/_search", data=query).json() == asked
        assert program.post(f"/fhir/CodeSystem/_search?{urlencode(query)}").json() == asked
        assert program.get("/fhir/CodeSystem/_search", params=query).json() == asked
    both = program.post("/fhir/CodeSystem/_search?status=active", data={"_format": "xml"})
    assert both.headers["content-type"] == "application/fhir+xml; fhirVersion=4.0"
    refused = program.post("/fhir/CodeSystem/_search", json={"status": "active"})
    assert (refused.status_code, refused.json()["issue"][0]["code"]) == (415, "not-supported")


def test_what_changed_since_a_moment(program: TestClient, narrow: Sample) -> None:
    (entry,) = program.get("/fhir/ConceptMap").json()["entry"]
    exact = entry["resource"]["meta"]["lastUpdated"]
    moment = datetime.fromisoformat(exact)
    moment = moment.astimezone(PARIS)
    day, before, after = f"{moment:%Y-%m-%d}", f"{moment - timedelta(days=2):%Y-%m-%d}", f"{moment:%Y}-12-31T23:59:59Z"

    def total(value: str) -> int:
        return int(program.get("/fhir/ConceptMap", params={"_lastUpdated": value}).json()["total"])

    found = {value: total(value) for value in (
        exact, f"eq{exact}", day, f"{moment:%Y-%m}", f"{moment:%Y}", f"ge{exact}", f"le{exact}", f"gt{before}",
        f"sa{before}", f"lt{after}", f"eb{after}", f"ne{before}", f"{before},{day}",
    )}  # fmt: skip
    assert found == dict.fromkeys(found, 1)
    missed = {value: total(value) for value in (
        f"gt{exact}", f"lt{exact}", f"ne{exact}", before, f"lt{before}", f"sa{day}", f"eb{day}", f"gt{after}",
    )}  # fmt: skip
    assert missed == dict.fromkeys(missed, 0)
    # A poller that asks for what came after its last copy gets the next change, even one of the same second.
    narrow.act(narrow.test_id("NA"), Action.SEND_BACK, email=BIOLOGIST, reason="à revoir")
    assert total(f"gt{exact}") == 1
    assert int(program.get(f"/fhir/ConceptMap?_lastUpdated=gt{exact.replace('Z', '+00:00')}").json()["total"]) == 1
    assert int(program.get(f"/fhir/ConceptMap?_lastUpdated=ge{before}&_lastUpdated=lt{day}").json()["total"]) == 0


@pytest.mark.parametrize(
    ("value", "held", "answer"),
    [
        # Without a time zone, a day is a day of Paris.
        ("2026-11-21", "2026-11-21T22:59:59Z", True),
        ("2026-11-21", "2026-11-21T23:00:00Z", False),
        ("2026-07-14", "2026-07-13T22:00:00Z", True),
        ("2026-07-14T00:30", "2026-07-13T22:30:59Z", True),
        ("2026-11-21T23:30:00+02:00", "2026-11-21T21:30:00Z", True),
        ("2026-11-22T00:30+02:00", "2026-11-21T22:30:59.999Z", True),
        ("gt2026-11-21T14:05:03.25Z", "2026-11-21T14:05:03.250Z", False),
        ("gt2026-11-21T14:05:03.24Z", "2026-11-21T14:05:03.250Z", True),
        ("sa2026", "2027-01-01T00:00:00Z", True),
        ("eb2026-12", "2026-11-30T22:59:59Z", True),
        ("lt2026-11", "2026-10-31T22:59:59Z", True),
        ("le2026-11", "2026-12-01T00:00:00Z", False),
        ("2026-12", "2026-12-31T22:59:59Z", True),
        ("ne2026-11", "2026-11-21T00:00:00Z", False),
        ("2024-02-29", "2024-02-29T12:00:00Z", True),
    ],
)
def test_a_date_is_the_span_that_it_names(value: str, held: str, answer: bool) -> None:
    assert is_met("_lastUpdated", value, held) is answer


def test_the_longest_months_end_where_the_next_begins() -> None:
    for month in range(1, 13):
        end = Span.of(f"2026-{month:02}").end.astimezone(PARIS)
        assert (end.day, end.hour) == (1, 0)
        assert (end.month - month) % 12 == 1


@pytest.mark.same_sql("refused as it is read")
@pytest.mark.parametrize(
    "query",
    [
        "_lastUpdated=hier", "_lastUpdated=2026-13", "_lastUpdated=2026-02-30", "_lastUpdated=0000",
        "_lastUpdated=9999-12-31", "_lastUpdated=ap2026", "_lastUpdated=xx2026", "_lastUpdated=2026-11-21T25:00Z",
        "_lastUpdated=2026-11-21T10:00:00%2B99:00", "_lastUpdated=2026,hier", "date=x", "url=urn:absent&date=x",
        "_lastUpdated:missing=true", "_id:not=x", "status:in=x", "_total=x", "_elements=a.b", "_count=1&_count=2",
        "_summary=true&_summary=false", "_summary=true&_elements=url", "_count=-1", "_count=1e3", "_offset=x",
    ],
)  # fmt: skip
def test_invalid_values_are_refused_however_lenient(program: TestClient, query: str) -> None:
    answer = program.get(f"/fhir/ConceptMap?{query}", headers={"Prefer": "handling=lenient"})
    assert answer.status_code == 400, answer.text
    assert answer.json()["resourceType"] == "OperationOutcome"


@pytest.mark.parametrize(
    "query", ["couleur=bleu", "name=", "_sort=name", "_include=*", "source-code=NA", "Status=active"]
)
def test_what_restricts_nothing_is_said_or_refused(program: TestClient, query: str) -> None:
    strict = program.get(f"/fhir/ConceptMap?{query}", headers={"Prefer": "return=minimal; handling=strict"})
    assert (strict.status_code, strict.json()["resourceType"]) == (400, "OperationOutcome")
    lenient = program.get(f"/fhir/ConceptMap?{query}&status=active", headers={"Prefer": "respond-async"}).json()
    assert lenient["total"] == 1
    assert lenient["link"][0]["url"] == "http://testserver/fhir/ConceptMap?status=active"
    match, said = lenient["entry"]
    assert match["search"]["mode"] == "match"
    assert said["search"]["mode"] == "outcome"
    assert query.partition("=")[0] in said["resource"]["issue"][0]["details"]["text"]
    assert said["resource"]["issue"][0]["severity"] == "warning"
    counted = program.get(f"/fhir/ConceptMap?{query}&_summary=count").json()
    assert [item["search"]["mode"] for item in counted["entry"]] == ["outcome"]


def test_a_strict_caller_is_refused_on_reads_too(program: TestClient, narrow: Sample) -> None:
    for path in (addresses(narrow)[0], "/fhir/metadata"):
        assert program.get(f"{path}?couleur=bleu").status_code == 200
        assert program.get(f"{path}?couleur=bleu", headers={"Prefer": "handling=strict"}).status_code == 400
        assert program.get(f"{path}?_format=json", headers={"Prefer": "handling=strict"}).status_code == 200


@pytest.mark.parametrize("value", ["’", ",", " , ", "%", "…", "\\,"])
def test_signs_alone_do_not_match_everything(program: TestClient, value: str) -> None:
    for name in ("name", "name:contains", "title", "url", "version", "_id", "status"):
        assert program.get(f"/fhir/ConceptMap?{name}={quote(value)}").json()["total"] == 0, name


def test_tokens_and_addresses_with_their_bars(program: TestClient, narrow: Sample) -> None:
    resource = program.get("/fhir/ConceptMap").json()["entry"][0]["resource"]
    url, version = resource["url"], resource["version"]
    for query, total in (
        ({"url": f"{url}|{version}"}, 1),
        ({"url": f"{url}|1"}, 0),
        ({"status": "http://hl7.org/fhir/publication-status|active"}, 1),
        ({"status": "|active"}, 1),
        ({"status": "urn:x|active"}, 0),
        ({"status": "draft,active"}, 1),
        ({"_id": f"urn:x|{resource['id']}"}, 0),
        ({"title:contains": "parc —"}, 1),
    ):
        assert program.get("/fhir/ConceptMap", params=query).json()["total"] == total, query


def test_parts_of_a_resource_say_that_they_are_parts(program: TestClient, narrow: Sample) -> None:
    address = next(item for item in addresses(narrow) if "CodeSystem" in item)
    for query, absent, present in (
        ("_summary=true", {"concept", "copyright"}, {"count", "title"}),
        ("_elements=title,concept", {"count", "publisher"}, {"title", "concept", "status", "content"}),
    ):
        part = program.get(f"{address}?{query}").json()
        assert not absent & part.keys()
        assert present <= part.keys()
        assert part["meta"]["tag"][0]["code"] == "SUBSETTED"
    whole = program.get(address).json()
    assert "tag" not in whole["meta"]
    assert program.get(f"{address}?_summary=data").json() == whole
    assert program.get(f"{address}?_summary=count").status_code == 400


# ---------- what is cited is served; what is stated exists ----------


def cited(value: Any, base: str) -> set[str]:
    """Every canonical address under a base, without version and fragment."""
    if isinstance(value, dict):
        return set().union(*(cited(item, base) for item in value.values()))
    if isinstance(value, list):
        return set().union(*(cited(item, base) for item in value))
    return {value.partition("|")[0].partition("#")[0]} if isinstance(value, str) and value.startswith(base) else set()


@pytest.mark.parametrize("accept", ["application/fhir+json", R5])
def test_every_address_that_we_cite_is_served(
    program_for: ProgramFor, addressed: Sample, settings: Settings, accept: str
) -> None:
    program = program_for(addressed.world.laboratory)
    program.headers["Accept"] = accept
    told: list[Json] = [program.get(f"/fhir/{kind}").json() for kind in SLUGS]
    told += [exported(addressed, settings, kind) for kind in (ExportKind.FHIR_BUNDLE, ExportKind.FHIR_CATALOGUE)]
    found = {url for item in told for url in cited(item, f"{BASE}/") if url.split("/")[-2] in SLUGS}
    assert {url.split("/")[-2] for url in found} == set(SLUGS)
    assert len(found) == len([slug for slugs in SLUGS.values() for slug in slugs])
    for url in found:
        kind, identifier = url.split("/")[-2:]
        assert program.get(f"/fhir/{kind}/{identifier}").json()["url"] == url
        bundle = program.get(f"/fhir/{kind}", params={"url": url}).json()
        assert [entry["resource"]["url"] for entry in bundle["entry"]] == [url]


@pytest.mark.parametrize("accept", ["application/fhir+json", R5])
def test_the_statement_lists_what_exists(
    program: TestClient, narrow: Sample, application: FastAPI, accept: str
) -> None:
    program.headers["Accept"] = accept
    (rest,) = program.get("/fhir/metadata").json()["rest"]
    stated = {item["type"]: item for item in rest["resource"]}
    routed = {path.split("/")[2] for route in router.routes if (path := getattr(route, "path", "")).count("/") > 1}
    assert set(stated) == routed - {"metadata", "{path:path}"}
    names = Canonicals(narrow.world.laboratory, narrow.catalogue)
    for kind, item in stated.items():
        first = f"/fhir/{kind}/{names.identifier(SLUGS[kind][0])}"
        version = program.get(first).json()["meta"]["versionId"]
        examples = {"read": first, "vread": f"{first}/_history/{version}", "search-type": f"/fhir/{kind}"}
        assert {entry["code"] for entry in item["interaction"]} == set(examples)
        assert [program.get(path).status_code for path in examples.values()] == [200] * 3
        assert {entry["name"]: entry["type"] for entry in item["searchParam"]} == SEARCH_PARAMETERS
        for name in SEARCH_PARAMETERS:
            asked = program.get(f"/fhir/{kind}?{name}=2026", headers={"Prefer": "handling=strict"})
            assert asked.status_code == 200, name
        for operation in item.get("operation", []):
            scope = {"type": "http", "method": "GET", "path": f"/fhir/{kind}/${operation['name']}", "headers": []}
            assert any(route.matches(scope)[0] is Match.FULL for route in router.routes[:-2])


def test_a_history_is_said_not_to_be_kept_wherever_it_is_asked(program: TestClient) -> None:
    for path in ("_history", "ConceptMap/_history", "ConceptMap/x/_history"):
        answer = program.get(f"/fhir/{path}")
        assert answer.status_code == 404
        assert answer.json()["issue"][0]["details"]["text"] == NO_HISTORY


def test_the_page_before_one_beyond_the_end_is_the_last(program: TestClient) -> None:
    bundle = program.get("/fhir/CodeSystem?_count=2&_offset=100").json()
    (address,) = (link["url"] for link in bundle["link"] if link["relation"] == "previous")
    assert len(program.get(address).json()["entry"]) == 2
