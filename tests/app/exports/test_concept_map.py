"""The ConceptMap R4: what it says, and that it is valid."""

import copy
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from fhir.resources.R4B.conceptmap import ConceptMap

from app.database import reading, transaction
from app.exports.fhir_local import Canonicals, computable_name
from app.exports.fhir_rules import problems
from app.exports.schemas import ExportKind
from app.exports.service import ExportRequest, build, gather, make_export
from app.models import Action, Laboratory, Level, utc_now
from app.settings import Settings
from loinc_data.notice import LOINC_NOTICE
from tests.app.exports.sample import GLUCOSE, SODIUM, TERMS, TSH, Sample
from tests.conftest import BIOLOGIST, NAMES, TRANSCODER

SCHEMA_FILE = Path(__file__).parent / "data" / "fhir_r4_schema.json"
"""The official definitions that our resources need; the file says where they come from."""


@pytest.fixture(scope="module")
def schema() -> jsonschema.Draft6Validator:
    """The JSON Schema of FHIR R4, restricted to ConceptMap."""
    return validator("ConceptMap")


def validator(resource_type: str) -> jsonschema.Draft6Validator:
    definitions = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))["definitions"]
    return jsonschema.Draft6Validator({"$ref": f"#/definitions/{resource_type}", "definitions": definitions})


def exported_map(sample: Sample, settings: Settings, kind: ExportKind = ExportKind.CONCEPT_MAP) -> dict[str, Any]:
    with reading(sample.world.engine) as session:
        facts = gather(session, sample.world.laboratory, sample.catalogue)
        file, _ = build(session, settings, facts, ExportRequest(kind), utc_now(), "Test")
    assert file.media_type.startswith("application/fhir+json; fhirVersion=")
    resource: dict[str, Any] = json.loads(file.content)
    return resource


def elements(resource: dict[str, Any], url: str) -> dict[str, dict[str, Any]]:
    group = next(group for group in resource["group"] if group["source"] == url)
    return {element["code"]: element for element in group["element"]}


@pytest.fixture
def narrow(decided: Sample) -> Sample:
    """The decided sample with the two relations that FHIR wants explained or not known."""
    decided.approve("K", "2823-3", relation="loinc_narrower")
    decided.approve("CREA", "14682-9", relation="related")
    return decided


def test_only_approved_rows_have_a_target(narrow: Sample, settings: Settings) -> None:
    resource = exported_map(narrow, settings)
    urls = Canonicals(narrow.world.laboratory, narrow.catalogue)
    analyses = elements(resource, urls.code_system(Level.ANALYSIS))
    assert {code: [t["code"] for t in e.get("target", [])] for code, e in analyses.items()} == {
        "NA": [SODIUM],
        "K": ["2823-3"],
        "GLY": [GLUCOSE],
        "CREA": ["14682-9"],
        "TSH": [],
        "COM": [],
        "RARE": [],
    }
    exams = elements(resource, urls.code_system(Level.EXAM))
    # The exam GLY is not the analysis GLY.
    assert exams["GLY"]["target"][0]["code"] == TSH
    assert all("unmapped" not in group for group in resource["group"])
    assert {group["targetVersion"] for group in resource["group"]} == {"2.80"}
    assert {group["target"] for group in resource["group"]} == {"http://loinc.org"}


def test_direction_and_comments(narrow: Sample, settings: Settings) -> None:
    url = Canonicals(narrow.world.laboratory, narrow.catalogue).code_system(Level.ANALYSIS)
    analyses = elements(exported_map(narrow, settings), url)
    found = {code: analyses[code]["target"][0] for code in ("NA", "GLY", "K", "CREA")}
    assert {code: target["equivalence"] for code, target in found.items()} == {
        "NA": "equivalent",
        "GLY": "wider",
        "K": "narrower",
        "CREA": "relatedto",
    }
    assert found["NA"]["display"] == TERMS[SODIUM]
    # cmd-1: in what sense the code is narrower is said even when nobody wrote it.
    assert found["K"]["comment"].startswith("Le code LOINC est plus précis que le test local (milieu Ser/Plas")
    assert found["GLY"]["comment"].startswith("À jeun non précisé ; vu avec le service. Décidé par")
    assert f"Approuvé par {NAMES[BIOLOGIST]}" in found["GLY"]["comment"]


def test_header(narrow: Sample, settings: Settings) -> None:
    resource = exported_map(narrow, settings)
    assert resource["resourceType"] == "ConceptMap"
    assert resource["name"] == "CatalogueGeneralVersLOINC"
    assert resource["status"] == "active"
    assert resource["publisher"] == "Laboratoire du Parc"
    assert resource["copyright"] == LOINC_NOTICE
    assert resource["targetUri"] == "http://loinc.org/vs"
    assert resource["sourceUri"].startswith("urn:uuid:")
    assert resource["version"] == f"{utc_now():%Y%m%d}.1"
    assert "LOINC 2.80" in resource["description"]
    assert NAMES[BIOLOGIST] in resource["description"]


def test_url_is_stable_and_version_changes_with_each_export(narrow: Sample, settings: Settings) -> None:
    versions, urls = set(), set()
    for _ in range(2):
        with transaction(narrow.world.engine) as session:
            file, exported = make_export(
                session,
                settings,
                narrow.world.laboratory,
                narrow.catalogue,
                ExportRequest(ExportKind.CONCEPT_MAP),
                narrow.world.users[TRANSCODER],
            )
        resource = json.loads(file.content)
        assert exported.business_version == resource["version"]
        versions.add(resource["version"])
        urls.add(resource["url"])
    assert len(versions) == 2
    assert len(urls) == 1


def test_the_address_of_the_laboratory_makes_the_urls(narrow: Sample) -> None:
    laboratory = Laboratory(id=1, name="L", canonical_url="https://labo.exemple.fr/fhir/")
    urls = Canonicals(laboratory, narrow.catalogue)
    number = narrow.catalogue_id
    assert urls.concept_map() == f"https://labo.exemple.fr/fhir/ConceptMap/catalogue-{number}-loinc"
    assert urls.code_system(Level.EXAM) == f"https://labo.exemple.fr/fhir/CodeSystem/catalogue-{number}-examens"


def test_shared_sub_chapter_codes_name_their_chapter(decided: Sample, settings: Settings) -> None:
    decided.act(decided.test_id("AUT", Level.SUBCHAPTER, 1), Action.CHOOSE, loinc_num=TSH)
    decided.act(decided.test_id("AUT", Level.SUBCHAPTER, 1), Action.APPROVE, email=BIOLOGIST)
    url = Canonicals(decided.world.laboratory, decided.catalogue).code_system(Level.SUBCHAPTER)
    found = elements(exported_map(decided, settings), url)
    assert {code: "target" in element for code, element in found.items()} == {
        "ION": False,
        "BIO/AUT": False,
        "SER/AUT": True,
    }


def test_nothing_approved_makes_a_draft_without_targets(sample: Sample, settings: Settings) -> None:
    resource = exported_map(sample, settings)
    assert resource["status"] == "draft"
    assert not problems(resource)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Catalogue général 2026", "CatalogueGeneral2026"),
        ("2026 — été", "Catalogue2026Ete"),
        ("œuf", "Oeuf"),
        ("…", "Catalogue"),
    ],
)
def test_computable_name(text: str, name: str) -> None:
    assert computable_name(text) == name


def test_the_export_is_valid(narrow: Sample, settings: Settings, schema: jsonschema.Draft6Validator) -> None:
    resource = exported_map(narrow, settings)
    assert ConceptMap.model_validate(resource).model_dump(mode="json") == resource
    assert problems(resource) == []
    assert [error.message for error in schema.iter_errors(resource)] == []


def _target(resource: dict[str, Any]) -> dict[str, Any]:
    group = next(group for group in resource["group"] if any("target" in e for e in group["element"]))
    found: dict[str, Any] = next(e for e in group["element"] if "target" in e)["target"][0]
    return found


FAULTS: dict[str, Any] = {
    "no status": lambda r: r.pop("status"),
    "bad status": lambda r: r.update(status="actif"),
    "bad equivalence": lambda r: _target(r).update(equivalence="equivalant"),
    "R5 relationship": lambda r: _target(r).update(relationship=_target(r).pop("equivalence")),
    "cmd-0": lambda r: r.update(name="carte locale"),
    "cmd-1 narrower": lambda r: (_target(r).update(equivalence="narrower"), _target(r).pop("comment")),
    "cmd-1 inexact": lambda r: (_target(r).update(equivalence="inexact"), _target(r).pop("comment")),
    "cmd-2": lambda r: r["group"][0].update(unmapped={"mode": "fixed"}),
    "fixed code": lambda r: r["group"][0].update(unmapped={"mode": "fixed", "code": "1-8"}),
    "cmd-3": lambda r: r["group"][0].update(unmapped={"mode": "other-map"}),
    "unknown property": lambda r: r.update(statut="active"),
    "empty elements": lambda r: r["group"][0].update(element=[]),
    "code with spaces": lambda r: r["group"][0]["element"][0].update(code=" NA"),
    "code as number": lambda r: r["group"][0]["element"][0].update(code=12),
    "doubled code": lambda r: r["group"][0]["element"].append(r["group"][0]["element"][0]),
    "two sources": lambda r: r.update(sourceCanonical="urn:x"),
    "bad date": lambda r: r.update(date="21/11/2026"),
    "empty display": lambda r: _target(r).update(display=""),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_caught(
    narrow: Sample, settings: Settings, schema: jsonschema.Draft6Validator, fault: str
) -> None:
    broken = copy.deepcopy(exported_map(narrow, settings))
    FAULTS[fault](broken)
    found = [error.message for error in schema.iter_errors(broken)]
    try:
        ConceptMap.model_validate(broken)
    except ValueError as error:
        found.append(str(error))
    try:
        found += problems(broken)
    except TypeError as error:
        found.append(str(error))
    assert found


def test_the_bundle_carries_the_code_systems_that_the_map_speaks_of(narrow: Sample, settings: Settings) -> None:
    bundle = exported_map(narrow, settings, ExportKind.FHIR_BUNDLE)
    resources = [entry["resource"] for entry in bundle["entry"]]
    for resource in (bundle, *resources):
        errors = validator(resource["resourceType"]).iter_errors(resource)
        assert [error.message for error in errors] == []
    assert bundle["type"] == "collection"
    assert [entry["fullUrl"] for entry in bundle["entry"]] == [resource["url"] for resource in resources]
    assert len({entry["fullUrl"] for entry in bundle["entry"]}) == len(resources)
    codes = {
        resource["url"]: [concept["code"] for concept in resource["concept"]]
        for resource in resources
        if resource["resourceType"] == "CodeSystem"
    }
    assert all(len(set(found)) == len(found) for found in codes.values())
    (concept_map,) = (item for item in resources if item["resourceType"] == "ConceptMap")
    assert problems(concept_map) == []
    assert {
        group["source"]: [element["code"] for element in group["element"]] for group in concept_map["group"]
    } == codes
    (value_set,) = (item for item in resources if item["resourceType"] == "ValueSet")
    assert value_set["url"] == concept_map["sourceUri"]
    assert {include["system"] for include in value_set["compose"]["include"]} == set(codes)
    assert {resource["version"] for resource in resources} == {f"{utc_now():%Y%m%d}.1"}
    analyses = next(item for item in resources if item["title"].endswith("codes locaux des analyses"))
    creatinine = next(concept for concept in analyses["concept"] if concept["code"] == "CREA")
    assert {item["code"]: item["valueString"] for item in creatinine["property"]} == {
        "unite": "µmol/L",
        "milieu": "Sérum",
        "technique": "enzymatique",
    }
