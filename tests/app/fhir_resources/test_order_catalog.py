"""The catalogue as FHIR definitions, with the approved LOINC codes added."""

from typing import Any

import pytest

from app.exports.schemas import ExportKind
from app.fhir_resources.naming import LEVEL_SLUGS
from app.fhir_resources.order_items import data_type_of, nabm_codes, ucum_of
from app.models import Level
from app.publication.schemas import PublishedTest
from app.settings import Settings
from loinc_data.notice import LOINC_NOTICE
from tests.app.exports.sample import CHEMISTRY, GLUCOSE, SODIUM, TERMS, TSH, Sample
from tests.app.fhir_resources.fhir_sample import exported, inside

LOINC = "http://loinc.org"


@pytest.fixture
def bundle(narrow: Sample, settings: Settings) -> dict[str, Any]:
    return exported(narrow, settings, ExportKind.FHIR_CATALOGUE)


def loinc_of(concept: dict[str, Any]) -> list[str]:
    return [coding["code"] for coding in concept["coding"] if coding["system"] == LOINC]


def by_code(resources: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {resource["identifier"][0]["value"]: resource for resource in resources}


def test_an_analysis_is_an_observation_definition(bundle: dict[str, Any]) -> None:
    found = by_code(inside(bundle, "ObservationDefinition"))
    assert {code: loinc_of(item["code"]) for code, item in found.items()} == {
        "NA": [SODIUM],
        "K": ["2823-3"],
        "GLY": [GLUCOSE],
        "CREA": ["14682-9"],
        "TSH": [],
        "COM": [],
        "RARE": [],
    }
    creatinine = found["CREA"]
    assert creatinine["code"]["coding"][0]["code"] == "CREA"
    assert creatinine["code"]["coding"][1] == {
        "system": LOINC,
        "version": "2.80",
        "code": "14682-9",
        "display": TERMS["14682-9"],
    }
    assert creatinine["method"] == {"text": "enzymatique"}
    assert creatinine["permittedDataType"] == ["Quantity"]
    details = creatinine["quantitativeDetails"]
    assert details["unit"]["coding"] == [{"system": "http://unitsofmeasure.org", "code": "umol/L"}]
    assert details["customaryUnit"]["coding"][0]["code"] == "U2"
    assert details["customaryUnit"]["text"] == "µmol/L"
    # UI is an enzyme unit or an international unit: the spelling alone does not say.
    assert "unit" not in found["TSH"]["quantitativeDetails"]
    assert found["TSH"]["quantitativeDetails"]["customaryUnit"]["text"] == "mUI/L"


def test_the_specimen_of_an_analysis_is_one_of_the_file(bundle: dict[str, Any]) -> None:
    addresses = {entry["fullUrl"]: entry["resource"] for entry in bundle["entry"]}
    sodium = by_code(inside(bundle, "ObservationDefinition"))["NA"]
    (extension,) = sodium["extension"]
    specimen = addresses[extension["valueReference"]["reference"]]
    assert specimen["resourceType"] == "SpecimenDefinition"
    assert specimen["typeCollected"]["text"] == "Sérum"
    assert specimen["typeCollected"]["coding"][0]["code"] == "SE"


def test_an_exam_of_one_analysis_is_an_activity(bundle: dict[str, Any], narrow: Sample) -> None:
    exams = [item for item in inside(bundle, "ActivityDefinition") if "identifier" in item]
    assert set(by_code(exams)) == {"GLY"}
    glucose = by_code(exams)["GLY"]
    assert glucose["kind"] == "ServiceRequest"
    assert glucose["title"] == "GLYCEMIE"
    assert loinc_of(glucose["code"]) == [TSH]
    assert glucose["copyright"] == LOINC_NOTICE
    assert glucose["topic"][0]["coding"][0]["code"] == "BIO"
    assert loinc_of(glucose["topic"][0]) == [CHEMISTRY]
    assert glucose["topic"][1]["coding"][0]["code"] == "BIO/AUT"
    billing = [item["valueCodeableConcept"]["coding"][0]["code"] for item in glucose["extension"]]
    assert billing == ["0552"]
    assert [item["display"] for item in glucose["observationResultRequirement"]] == ["GLYCÉMIE à jeun"]


def test_an_exam_of_several_analyses_is_a_plan_that_points_to_its_activity(bundle: dict[str, Any]) -> None:
    (plan,) = inside(bundle, "PlanDefinition")
    assert plan["identifier"][0]["value"] == "IONO"
    assert plan["type"]["coding"][0]["code"] == "panel"
    (action,) = plan["action"]
    assert action["code"][0]["coding"][0]["code"] == "IONO"
    url, _, version = action["definitionCanonical"].partition("|")
    addresses = {entry["fullUrl"]: entry["resource"] for entry in bundle["entry"]}
    activity = addresses[url]
    assert activity["version"] == version
    # The exam is the plan: its activity does not pass for an exam of its own.
    assert "identifier" not in activity
    results = [addresses[item["reference"]] for item in activity["observationResultRequirement"]]
    assert [item["identifier"][0]["value"] for item in results] == ["NA", "K"]


def test_chapters_have_their_loinc_codes_in_their_code_system(bundle: dict[str, Any]) -> None:
    systems = {item["id"].partition("-")[2].partition("-")[2]: item for item in inside(bundle, "CodeSystem")}
    assert set(systems) == {"analyses", "examens", "chapitres", "sous-chapitres", "milieux", "unites"}
    chemistry = next(item for item in systems["chapitres"]["concept"] if item["code"] == "BIO")
    codings = [item["valueCoding"] for item in chemistry["property"] if item["code"] == "loinc"]
    assert [coding["code"] for coding in codings] == [CHEMISTRY]
    assert {item["type"] for item in systems["chapitres"]["property"] if item["code"] == "loinc"} == {"Coding"}
    for system in (systems[name] for name in LEVEL_SLUGS.values()):
        assert system["copyright"] == LOINC_NOTICE
        assert "LOINC 2.80" in system["description"]


def test_every_code_system_that_is_cited_is_in_the_file(bundle: dict[str, Any], narrow: Sample) -> None:
    """Codes of specimens and units too: nobody else publishes them."""

    def systems(value: Any) -> set[str]:
        if isinstance(value, dict):
            own = {value["system"]} if isinstance(value.get("system"), str) else set()
            return own.union(*map(systems, value.values()))
        return set().union(*map(systems, value)) if isinstance(value, list) else set()

    own = {url for url in systems(bundle) if url.startswith("urn:uuid:")}
    assert len(own) == 6
    assert own == {system["url"] for system in inside(bundle, "CodeSystem")}


def test_every_reference_leads_somewhere_in_the_file(bundle: dict[str, Any]) -> None:
    addresses = {entry["fullUrl"] for entry in bundle["entry"]}

    def references(value: Any) -> list[str]:
        if isinstance(value, dict):
            own = [value["reference"]] if "reference" in value else []
            return own + [item for child in value.values() for item in references(child)]
        return [item for child in value for item in references(child)] if isinstance(value, list) else []

    found = references(bundle)
    assert len(found) > 10
    assert set(found) <= addresses


def test_the_provenance_names_each_approved_definition(bundle: dict[str, Any], narrow: Sample) -> None:
    (provenance,) = inside(bundle, "Provenance")
    addresses = {entry["fullUrl"]: entry["resource"] for entry in bundle["entry"]}
    kinds = [addresses[item["reference"]]["resourceType"] for item in provenance["target"]]
    # Six analyses and two exams approved, with or without a code, and the code system of the chapters.
    assert sorted(set(kinds)) == ["ActivityDefinition", "CodeSystem", "ObservationDefinition"]
    assert kinds.count("ObservationDefinition") == 6
    assert kinds.count("ActivityDefinition") == 2


@pytest.mark.parametrize(
    ("unit", "ucum"),
    [("mmol/L", "mmol/L"), ("G/L", "10*9/L"), ("mmol/24h", "mmol/(24.h)"), ("UI/L", ""), ("", ""), ("??", "")],
)
def test_ucum_is_given_when_the_spelling_leaves_no_doubt(unit: str, ucum: str) -> None:
    assert ucum_of(unit) == ucum


@pytest.mark.parametrize(
    ("scale", "unit", "kind"),
    [
        ("QN", "", "Quantity"),
        ("ORD", "", "CodeableConcept"),
        ("", "mmol/L", "Quantity"),
        ("", "", ""),
        ("inconnu", "mmol/L", ""),
    ],
)
def test_type_of_the_results(scale: str, unit: str, kind: str) -> None:
    test = PublishedTest(id=1, level=Level.ANALYSIS, code="X", label="X", scale=scale, unit=unit)
    assert data_type_of(test) == kind


def test_nabm_codes_of_a_cell() -> None:
    assert nabm_codes("0552 1610,HN;9105") == ["0552", "1610", "9105"]
    assert nabm_codes("HN") == []
    assert nabm_codes("552") == ["0552"]
    assert nabm_codes("2 x 1104") == ["1104"]
    assert nabm_codes("1104 B 27") == ["1104"]
