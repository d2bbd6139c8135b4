"""A catalogue received in FHIR goes back with its codings, and our own catalogue is read as it was written."""

import json
from typing import Any

import pytest
from sqlmodel import Session, col, select

from app.catalogues.service import import_files
from app.exports.schemas import ExportKind
from app.files.choices import IncomingFile
from app.models import Action, ExamAnalysis, Level, LocalTest
from app.platform.database import reading, transaction
from app.settings import Settings
from loinc_data.notice import LOINC_NOTICE
from tests.app.catalogues.fhir_fixtures import CODE_SYSTEM, R4_BUNDLE, TREE, as_bytes
from tests.app.exports.sample import CHEMISTRY, CREATININE, POTASSIUM, SODIUM, TSH, Sample, add_sample
from tests.app.fhir_resources.fhir_sample import exported_file, inside
from tests.conftest import TRANSCODER, ClientFor, World

LOINC = "http://loinc.org"
Json = dict[str, Any]


def received(world: World, resource: Json) -> Sample:
    return add_sample(world, [IncomingFile("catalogue.json", as_bytes(resource))], "Reçu en FHIR")


def returned(sample: Sample, settings: Settings) -> tuple[Json, tuple[str, ...]]:
    file = exported_file(sample, settings, ExportKind.ORIGINAL)
    assert file.name.endswith(".json")
    resource: Json = json.loads(file.content)
    return resource, file.notes


def loinc_of(concept: Json) -> list[str]:
    return [item["code"] for item in concept.get("coding", []) if item["system"] == LOINC]


def without_loinc(value: Any) -> Any:
    """The resource without what we add."""
    if isinstance(value, list):
        kept = [without_loinc(item) for item in value]
        return [item for item in kept if not (isinstance(item, dict) and item.get("system") == LOINC)]
    if not isinstance(value, dict):
        return value
    kept = {key: without_loinc(item) for key, item in value.items() if key != "copyright"}
    return {key: item for key, item in kept.items() if item != []}


def test_approved_codings_are_added_to_the_definitions_received(world: World, settings: Settings) -> None:
    sample = received(world, R4_BUNDLE)
    with sample.together():
        sample.approve("NA", TSH)
        sample.approve("CREAU", CREATININE)
        sample.choose("K", POTASSIUM, relation="equivalent")
        sample.approve("IONO", SODIUM, Level.EXAM)
        sample.approve("BILAN", POTASSIUM, Level.EXAM)
    bundle, notes = returned(sample, settings)
    analyses = {item["id"]: item for item in inside(bundle, "ObservationDefinition")}
    # The code received for NA is no decision: the approved one takes its place, and K waits for its approval.
    assert loinc_of(analyses["na"]["code"]) == [TSH]
    assert loinc_of(analyses["k"]["code"]) == []
    assert loinc_of(analyses["creau"]["code"]) == [CREATININE]
    assert notes == ("Codes LOINC déjà reçus, remplacés par le code approuvé : 1.",)
    exams = {item["id"]: item for item in inside(bundle, "ActivityDefinition")}
    assert loinc_of(exams["iono"]["code"]) == [SODIUM]
    assert "code" not in exams["creau-exam"]
    assert exams["iono"]["copyright"] == LOINC_NOTICE
    (plan,) = inside(bundle, "PlanDefinition")
    assert loinc_of(plan["action"][0]["code"][0]) == [POTASSIUM]
    del plan["action"][0]["code"]
    assert without_loinc(bundle) == without_loinc(R4_BUNDLE)


def test_nothing_approved_gives_back_what_was_received(world: World, settings: Settings) -> None:
    uncoded = without_loinc(R4_BUNDLE)
    bundle, notes = returned(received(world, uncoded), settings)
    assert bundle == uncoded
    assert notes == ()


def test_a_code_that_nobody_approved_does_not_leave(world: World, settings: Settings) -> None:
    bundle, notes = returned(received(world, R4_BUNDLE), settings)
    assert bundle == without_loinc(R4_BUNDLE)
    assert notes == ("Codes LOINC déjà reçus, retirés faute de code approuvé : 1.",)


def test_a_definition_that_had_a_loinc_code_alone_keeps_its_words(world: World, settings: Settings) -> None:
    resource = json.loads(json.dumps(R4_BUNDLE))
    (sodium,) = [item for item in inside(resource, "ObservationDefinition") if item["id"] == "na"]
    sodium["identifier"] = [{"value": "NA"}]
    sodium["code"] = {"coding": [item for item in sodium["code"]["coding"] if item["system"] == LOINC]}
    bundle, _ = returned(received(world, resource), settings)
    (given,) = [item for item in inside(bundle, "ObservationDefinition") if item["id"] == "na"]
    assert given["code"] == {"text": "Sodium [Moles/volume] in Serum or Plasma"}


def test_a_property_that_nobody_approved_does_not_leave(world: World, settings: Settings) -> None:
    resource = json.loads(json.dumps(CODE_SYSTEM))
    coding = {"system": LOINC, "code": SODIUM}
    sodium = next(item for item in resource["concept"] if item["code"] == "NA")
    sodium["property"] = [*sodium.get("property", []), {"code": "loinc", "valueCoding": coding}]
    system, notes = returned(received(world, resource), settings)
    assert "loinc" not in json.dumps(system["concept"])
    assert notes == ("Codes LOINC déjà reçus, retirés faute de code approuvé : 1.",)


@pytest.mark.parametrize(("resource", "chapter"), [(CODE_SYSTEM, ""), (TREE, "BIO")], ids=["flat", "tree"])
def test_codes_alone_carry_theirs_as_a_property(world: World, settings: Settings, resource: Json, chapter: str) -> None:
    sample = received(world, resource)
    with sample.together():
        sample.approve("NA", SODIUM)
        if chapter:
            sample.approve(chapter, CHEMISTRY, Level.CHAPTER)
    system, _ = returned(sample, settings)

    def walk(concepts: list[Json]) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for concept in concepts:
            codings = [item["valueCoding"] for item in concept.get("property", []) if item["code"] == "loinc"]
            found[concept["code"]] = [coding["code"] for coding in codings]
            found |= walk(concept.get("concept", []))
        return found

    found = {code: codes for code, codes in walk(system["concept"]).items() if codes}
    assert found == {"NA": [SODIUM]} | ({chapter: [CHEMISTRY]} if chapter else {})
    assert system["copyright"] == LOINC_NOTICE
    assert system["property"][-1]["type"] == "Coding"


def test_numbers_keep_their_digits_and_the_file_its_shape(world: World, settings: Settings) -> None:
    resource = json.loads(json.dumps(R4_BUNDLE))
    content = json.dumps(resource, indent=3, ensure_ascii=False).replace(
        '"permittedDataType"', '"extension": [{"url": "urn:x", "valueDecimal": 0.10}],\n "permittedDataType"', 1
    )
    sample = add_sample(world, [IncomingFile("catalogue.json", content.encode())], "Reçu en FHIR")
    file = exported_file(sample, settings, ExportKind.ORIGINAL).content.decode()
    assert '"valueDecimal": 0.10' in file
    assert file.startswith('{\n   "resourceType"')


def test_the_page_offers_the_file_received(world: World, client_for: ClientFor) -> None:
    sample = received(world, R4_BUNDLE)
    client = client_for(TRANSCODER)
    page = client.get(f"/catalogues/{sample.catalogue_id}/exports").text
    assert "Les définitions reçues, codes LOINC approuvés ajoutés" in page
    answer = client.post(f"/catalogues/{sample.catalogue_id}/exports/original")
    assert answer.headers["content-type"] == "application/fhir+json"
    assert answer.json() == without_loinc(R4_BUNDLE)


_COMPARED = (
    "level", "code", "label", "unit_code", "unit", "specimen_code", "specimen", "technique", "scale", "timing",
    "property_kind", "nabm", "is_retired",
)  # fmt: skip


def _tests(session: Session, catalogue_id: int) -> dict[tuple[str, str, str], dict[str, Any]]:
    tests = session.exec(select(LocalTest).where(LocalTest.catalogue_id == catalogue_id))
    return {
        (test.level, test.chapter_code if test.level == Level.SUBCHAPTER else "", test.code): {
            name: getattr(test, name) for name in _COMPARED
        }
        for test in tests
    }


def _contents(session: Session, catalogue_id: int) -> list[tuple[str, str]]:
    statement = (
        select(LocalTest.code, ExamAnalysis.analysis_code)
        .join(ExamAnalysis, col(ExamAnalysis.exam_id) == col(LocalTest.id))
        .where(LocalTest.catalogue_id == catalogue_id)
    )
    return sorted(session.exec(statement).all())


def test_our_catalogue_in_fhir_is_read_as_it_was_written(narrow: Sample, settings: Settings) -> None:
    content = exported_file(narrow, settings, ExportKind.FHIR_CATALOGUE).content
    with transaction(narrow.world.engine) as session:
        files = [IncomingFile("catalogue.json", content)]
        report = import_files(session, narrow.world.laboratory_id, files, catalogue_name="Relu")
    with reading(narrow.world.engine) as session:
        wanted, found = _tests(session, narrow.catalogue_id), _tests(session, report.catalogue_id)
        contents = _contents(session, narrow.catalogue_id), _contents(session, report.catalogue_id)
    # A chapter without code is known by its label, which is then its code.
    assert found.keys() == wanted.keys()
    for key, values in wanted.items():
        assert found[key] == values, key
    assert contents[0] == contents[1] != []


def test_decisions_are_not_read_back(narrow: Sample, settings: Settings) -> None:
    content = exported_file(narrow, settings, ExportKind.FHIR_CATALOGUE).content
    sample = add_sample(narrow.world, [IncomingFile("catalogue.json", content)], "Relu")
    sample.act(sample.test_id("TSH"), Action.COMMENT, comment="à voir")
    assert exported_file(sample, settings, ExportKind.CONCEPT_MAP).coded == 0
