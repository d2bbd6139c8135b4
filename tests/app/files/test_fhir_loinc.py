"""The LOINC codes that a FHIR catalogue carries are read, in both syntaxes, wherever definitions may hold them."""

from typing import Any

import pytest

from app.fhir_resources.values import as_xml
from app.files.choices import IncomingFile
from app.files.fhir_catalogue import read_catalogue
from app.files.reading import read_file
from app.memory.file_reading import read_mappings
from app.models import Level
from app.platform.database import Transactions
from tests.app.catalogues.fhir_fixtures import LAB, as_bytes, bundle, coding
from tests.conftest import World

Json = dict[str, Any]


def loinc(code: str) -> Json:
    return {"system": "http://loinc.org", "code": code}


def definition(kind: str, code: str, *codes: str, **values: Any) -> Json:
    concept = {"coding": [coding("codes", code, code), *map(loinc, codes)]}
    return {"resourceType": kind, "id": code.lower(), "status": "active", "code": concept, **values}


def plan(code: str, *actions: str) -> Json:
    said = [{"code": [{"coding": [loinc(action)]}]} for action in actions]
    own = {"resourceType": "PlanDefinition", "id": code, "identifier": [{"value": code}], "title": code}
    return own | {"action": said}


SYSTEM = {
    "resourceType": "CodeSystem", "id": "analyses", "url": f"{LAB}/CodeSystem/analyses", "content": "complete",
    "concept": [
        {"code": "CHIM", "display": "Chimie", "property": [{"code": "loinc", "valueCoding": loinc("18719-5")}],
         "concept": [
            {"code": "P1", "property": [{"code": "LOINC", "valueCode": "2951-2"}]},
            {"code": "P2", "property": [{"code": "code-loinc", "valueString": "2823-3"}]},
            {"code": "P3", "property": [{"code": "mapping", "valueCoding": loinc("2075-0")}]},
            {"code": "P4", "property": [{"code": "version loinc", "valueString": "2.80"}]},
            {"code": "P5", "property": [{"code": "component", "valueCoding": loinc("LP15099-2")}]},
        ]},
    ],
}  # fmt: skip
FILE = bundle(
    definition("ObservationDefinition", "NA", "2951-2"),
    definition("ObservationDefinition", "TWO", "2951-2", "2947-0"),
    definition("ObservationDefinition", "NONE"),
    definition("ActivityDefinition", "IONO", "24326-1",
               observationResultRequirement=[{"reference": "ObservationDefinition/na"},
                                             {"reference": "ObservationDefinition/none"}]),
    plan("PLAN", "24362-6"), plan("PARTS", "2951-2", "2823-3"), SYSTEM,
)  # fmt: skip
SAID = {
    "NA": "2951-2", "TWO": "2951-2 ; 2947-0", "IONO": "24326-1", "PLAN": "24362-6", "CHIM": "18719-5", "P1": "2951-2",
    "P2": "2823-3", "P3": "2075-0",
}  # fmt: skip


@pytest.mark.parametrize("content", [as_bytes(FILE), as_xml(FILE)], ids=["json", "xml"])
def test_every_place_of_a_code_is_read_and_each_is_said_once(content: bytes) -> None:
    file = read_file(IncomingFile("catalogue", content), 1 << 20)
    said = [(line["code"], line["earlier_code"]) for line in file.lines() if line["earlier_code"]]
    assert len(said) == len(SAID)
    assert dict(said) == SAID


@pytest.mark.parametrize("content", [as_bytes(FILE), as_xml(FILE)], ids=["json", "xml"])
def test_they_are_earlier_work_with_their_levels(world: World, content: bytes) -> None:
    read = read_mappings(Transactions(world.engine), "catalogue", content, 1 << 20)
    levels = {item.local_code: item.level for item in read.mappings}
    assert {code: levels[code] for code in ("NA", "IONO", "PLAN", "CHIM", "P1")} == {
        "NA": Level.ANALYSIS, "IONO": Level.EXAM, "PLAN": Level.EXAM, "CHIM": Level.CHAPTER, "P1": Level.ANALYSIS,
    }  # fmt: skip
    assert [item.local_code for item in read.others] == ["TWO"], "of two codes a person chooses"


def test_a_code_system_that_says_another_code_than_the_definition_leaves_both() -> None:
    system = SYSTEM | {"concept": [{"code": "NA", "property": [{"code": "loinc", "valueCode": "2947-0"}]}]}
    found = read_catalogue(as_bytes(bundle(definition("ObservationDefinition", "NA", "2951-2"), system)))
    assert found.analyses["NA"]["earlier_code"] == "2951-2 ; 2947-0"


def test_a_catalogue_without_codes_has_no_column_of_them() -> None:
    file = read_file(IncomingFile("c.json", as_bytes(definition("ObservationDefinition", "NA"))), 1 << 20)
    assert "earlier_code" not in file.columns
