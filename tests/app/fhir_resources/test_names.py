"""The names of FHIR resources: the laboratory's own, or those of the ANS when it chose them."""

import re

import pytest

from app.exports.schemas import ExportKind
from app.fhir_resources.naming import Canonicals
from app.models import Catalogue, FhirNaming, Laboratory, Level
from app.settings import Settings
from tests.app.exports.sample import Sample
from tests.app.fhir_resources.fhir_sample import FHIR_KINDS, exported


def names(**values: str) -> Canonicals:
    return Canonicals(Laboratory(id=1, name="L", **values), Catalogue(id=3, laboratory_id=1, name="C"))


def test_ans_names_are_kebab_case_under_the_terminology_server() -> None:
    chosen = names(finess="2A0000001", fhir_naming=FhirNaming.ANS, canonical_url="https://labo.exemple.fr/fhir")
    assert chosen.identifier("loinc") == "laboratoire-2a0000001-catalogue-3-loinc"
    assert chosen.concept_map() == (
        "https://smt.esante.gouv.fr/fhir/ConceptMap/laboratoire-2a0000001-catalogue-3-loinc"
    )
    assert chosen.code_system(Level.SUBCHAPTER).endswith("/CodeSystem/laboratoire-2a0000001-catalogue-3-sous-chapitres")


def test_nobody_gets_ans_names_without_choosing_them_or_without_finess() -> None:
    assert not names(finess="750000001").is_ans
    assert not names(fhir_naming=FhirNaming.ANS).is_ans
    assert names(finess="750000001", canonical_url="https://labo.exemple.fr/fhir").concept_map() == (
        "https://labo.exemple.fr/fhir/ConceptMap/catalogue-3-loinc"
    )


@pytest.mark.parametrize("kind", FHIR_KINDS)
def test_the_choice_of_the_laboratory_is_in_every_export(narrow: Sample, settings: Settings, kind: ExportKind) -> None:
    narrow.world.laboratory.fhir_naming = FhirNaming.ANS
    resource = exported(narrow, settings, kind)
    resources = [entry["resource"] for entry in resource.get("entry", [])] or [resource]
    for item in resources:
        assert re.fullmatch(r"laboratoire-750000001-catalogue-\d+(-[a-z0-9]+)*", item["id"])
        assert len(item["id"]) <= 64
        if "url" in item:
            assert item["url"] == f"https://smt.esante.gouv.fr/fhir/{item['resourceType']}/{item['id']}"
            assert re.fullmatch(r"\d{14}-[0-9a-f]{8}", item["version"])
    for entry in resource.get("entry", []):
        item = entry["resource"]
        assert entry["fullUrl"] == f"https://smt.esante.gouv.fr/fhir/{item['resourceType']}/{item['id']}"
