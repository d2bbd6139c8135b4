"""The collection of the transcoding: local codes, map, and who approved it."""

from datetime import timedelta

import pytest

from app.exports.schemas import ExportKind
from app.exports.service import ExportRequest, build, read_material
from app.models import Action
from app.platform.database import reading
from app.settings import Settings
from tests.app.exports.sample import SODIUM, Sample
from tests.app.fhir_resources.fhir_sample import FHIR_KINDS, MADE_AT, exported, inside
from tests.conftest import BIOLOGIST, NAMES, TRANSCODER


def test_it_carries_the_code_systems_that_the_map_speaks_of(narrow: Sample, settings: Settings) -> None:
    bundle = exported(narrow, settings, ExportKind.FHIR_BUNDLE)
    assert bundle["type"] == "collection"
    full_urls = [entry["fullUrl"] for entry in bundle["entry"]]
    assert len(set(full_urls)) == len(full_urls)
    codes = {
        system["url"]: [concept["code"] for concept in system["concept"]] for system in inside(bundle, "CodeSystem")
    }
    assert all(len(set(found)) == len(found) for found in codes.values())
    # Specimens and units are cited by definitions, not by the map.
    beside = {system["url"] for system in inside(bundle, "CodeSystem") if system["id"].endswith(("milieux", "unites"))}
    assert sorted(codes.pop(url) for url in beside) == [["SE"], ["U1", "U2", "U3"]]
    (concept_map,) = inside(bundle, "ConceptMap")
    assert {
        group["source"]: [element["code"] for element in group["element"]] for group in concept_map["group"]
    } == codes
    (value_set,) = inside(bundle, "ValueSet")
    assert value_set["url"] == concept_map["sourceUri"]
    assert {include["system"] for include in value_set["compose"]["include"]} == set(codes)
    published = [entry["resource"] for entry in bundle["entry"] if "version" in entry["resource"]]
    assert len({resource["version"] for resource in published}) == 1
    assert all(entry["resource"]["url"] == entry["fullUrl"] for entry in bundle["entry"] if "url" in entry["resource"])


def test_a_concept_says_what_the_laboratory_wrote(narrow: Sample, settings: Settings) -> None:
    bundle = exported(narrow, settings, ExportKind.FHIR_BUNDLE)
    analyses = next(item for item in inside(bundle, "CodeSystem") if item["title"].endswith("des analyses"))
    creatinine = next(concept for concept in analyses["concept"] if concept["code"] == "CREA")
    assert {item["code"]: item["valueString"] for item in creatinine["property"]} == {
        "unite": "µmol/L",
        "milieu": "Sérum",
        "technique": "enzymatique",
        "temporalite": "PT",
        "echelle": "QN",
        "nabm": "0592",
    }
    assert {item["code"] for item in analyses["property"]} >= {item["code"] for item in creatinine["property"]}


def test_the_provenance_names_who_decided_and_who_approved(narrow: Sample, settings: Settings) -> None:
    bundle = exported(narrow, settings, ExportKind.FHIR_BUNDLE)
    (provenance,) = inside(bundle, "Provenance")
    (concept_map,) = inside(bundle, "ConceptMap")
    assert provenance["target"] == [{"reference": concept_map["url"], "type": "ConceptMap"}]
    agents = {agent["type"]["coding"][0]["code"]: agent["who"]["display"] for agent in provenance["agent"]}
    assert agents == {"author": NAMES[TRANSCODER], "verifier": NAMES[BIOLOGIST]}
    assert provenance["recorded"] == provenance["occurredPeriod"]["end"]
    # Six rows have a code; the comment, the rare test and the exam have an approved reason for having none.
    assert provenance["activity"]["text"] == "Approbation : 6 codes LOINC, 3 lignes sans code."


def test_each_pair_of_people_has_its_provenance(narrow: Sample, settings: Settings) -> None:
    test = narrow.test_id("TSH")
    narrow.act(test, Action.CHOOSE, email=BIOLOGIST, loinc_num="3016-3", relation="equivalent")
    narrow.act(test, Action.APPROVE, email=TRANSCODER)
    found = inside(exported(narrow, settings, ExportKind.FHIR_BUNDLE), "Provenance")
    assert len(found) == 2
    assert len({item["id"] for item in found}) == 2


def test_nothing_approved_has_no_provenance(sample: Sample, settings: Settings) -> None:
    sample.choose("NA", SODIUM, relation="equivalent")
    assert inside(exported(sample, settings, ExportKind.FHIR_BUNDLE), "Provenance") == []


@pytest.mark.parametrize("kind", FHIR_KINDS)
def test_two_exports_of_one_state_are_one_resource(narrow: Sample, settings: Settings, kind: ExportKind) -> None:
    with reading(narrow.world.engine) as session:
        request = ExportRequest(kind)
        material = read_material(session, narrow.world.laboratory, narrow.catalogue, request)
    files = [
        build(material, settings, request, MADE_AT + timedelta(days=day), f"Personne {day}")[0] for day in range(2)
    ]
    assert files[0].content == files[1].content
