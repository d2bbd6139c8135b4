"""FHIR exports of the sample catalogue, made without a browser and without being recorded."""

import json
from datetime import UTC, datetime
from typing import Any

from app.exports.schemas import ExportFile, ExportKind
from app.exports.service import ExportRequest, build, read_material
from app.fhir_resources.values import Syntax
from app.models import Action, Level
from app.platform.database import reading
from app.settings import Settings
from tests.app.exports.sample import Sample
from tests.conftest import BIOLOGIST

MADE_AT = datetime(2026, 11, 21, 14, 5, 3, tzinfo=UTC)
R4_KINDS = (ExportKind.CONCEPT_MAP, ExportKind.FHIR_BUNDLE, ExportKind.FHIR_CATALOGUE)
FHIR_KINDS = (*R4_KINDS, ExportKind.CONCEPT_MAP_R5)


def exported_file(sample: Sample, settings: Settings, kind: ExportKind, syntax: Syntax = Syntax.JSON) -> ExportFile:
    """The file of one format."""
    with reading(sample.world.engine) as session:
        request = ExportRequest(kind, syntax=syntax)
        material = read_material(session, sample.world.laboratory, sample.catalogue, request)
    file, _ = build(material, settings, request, MADE_AT, "Test")
    return file


def exported(sample: Sample, settings: Settings, kind: ExportKind = ExportKind.CONCEPT_MAP) -> dict[str, Any]:
    """The resource of one format."""
    file = exported_file(sample, settings, kind)
    assert file.media_type.startswith("application/fhir+json; fhirVersion=")
    resource: dict[str, Any] = json.loads(file.content)
    return resource


def elements(resource: dict[str, Any], url: str) -> dict[str, dict[str, Any]]:
    """The elements of one group of a map, by local code."""
    group = next(group for group in resource["group"] if group["source"].partition("|")[0] == url)
    return {element["code"]: element for element in group["element"]}


def inside(bundle: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """The resources of one type in a Bundle."""
    return [entry["resource"] for entry in bundle["entry"] if entry["resource"]["resourceType"] == kind]


def add_relations(decided: Sample) -> Sample:
    """The decided sample with every relation, and an exam of which no code exists."""
    with decided.together():
        decided.approve("K", "2823-3", relation="loinc_narrower")
        decided.approve("CREA", "14682-9", relation="related")
        exam = decided.test_id("IONO", Level.EXAM)
        decided.act(exam, Action.NO_LOINC, reason="bilan propre au laboratoire")
        decided.act(exam, Action.APPROVE, email=BIOLOGIST)
    return decided
