"""The catalogue and its transcoding in one FHIR R4 file: local code systems, value set, ConceptMap.

The ConceptMap alone names code systems that nobody else publishes; the collection carries them with it.
"""

from collections.abc import Iterable
from typing import Any

from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.codesystem import CodeSystem
from fhir.resources.R4B.valueset import ValueSet

from app.exports.assessment import Assessment
from app.exports.concept_map import concept_map
from app.exports.fhir_local import (
    LEVEL_ORDER,
    LEVEL_SLUGS,
    Canonicals,
    FhirRuleError,
    computable_name,
    display_of,
    header,
    local_codes,
    status_of,
)
from app.exports.schemas import ExportTest
from app.exports.statement import Statement
from app.models import Level

_PROPERTIES = {
    "unite": "Unité du résultat, comme le laboratoire l'écrit",
    "milieu": "Milieu, comme le laboratoire l'écrit",
    "technique": "Technique, comme le laboratoire l'écrit",
    "chapitre": "Chapitre du catalogue",
}


def _property_values(test: ExportTest) -> list[dict[str, str]]:
    values = {
        "unite": test.unit or test.unit_code,
        "milieu": test.specimen or test.specimen_code,
        "technique": test.technique,
        "chapitre": test.chapter if test.level is not Level.CHAPTER else "",
    }
    written = {code: " ".join(value.split()) for code, value in values.items()}
    return [{"code": code, "valueString": value} for code, value in written.items() if value]


def _concepts(tests: Iterable[ExportTest]) -> list[dict[str, Any]]:
    """One concept for each local code; rows that share a code keep the first label and properties."""
    concepts: dict[str, dict[str, Any]] = {}
    ordered = list(tests)
    codes = local_codes(ordered)
    for test in ordered:
        code = codes.get(test.id, "")
        if not code or code in concepts:
            continue
        concept = {"code": code, "display": display_of(test), "property": _property_values(test)}
        concepts[code] = {key: value for key, value in concept.items() if value}
    return list(concepts.values())


def _code_system(
    level: Level, concepts: list[dict[str, Any]], statement: Statement, canonicals: Canonicals, version: str
) -> CodeSystem:
    slug = LEVEL_SLUGS[level]
    used = {item["code"] for concept in concepts for item in concept.get("property", [])}
    values = header(
        statement,
        url=canonicals.code_system(level),
        version=version,
        name=computable_name(slug),
        title=f"codes locaux des {slug}",
    )
    values |= {
        "status": status_of(is_usable=True),
        "caseSensitive": True,
        "content": "complete",
        "count": len(concepts),
        "concept": concepts,
    }
    declared = [
        {"code": code, "description": description, "type": "string"}
        for code, description in _PROPERTIES.items()
        if code in used
    ]
    if declared:
        values["property"] = declared
    return CodeSystem(**values)


def _value_set(levels: Iterable[Level], statement: Statement, canonicals: Canonicals, version: str) -> ValueSet:
    values = header(statement, url=canonicals.value_set(), version=version, name="CodesLocaux", title="codes locaux")
    include = [{"system": canonicals.code_system(level), "version": version} for level in levels]
    values |= {"status": status_of(is_usable=True), "compose": {"include": include}}
    return ValueSet(**values)


def catalogue_bundle(assessment: Assessment, statement: Statement, canonicals: Canonicals, version: str) -> Bundle:
    """The collection; raises FhirRuleError if a resource breaks a rule."""
    systems = {}
    for level in LEVEL_ORDER:
        concepts = _concepts(test for test in assessment.tests if test.level is level)
        if concepts:
            systems[level] = _code_system(level, concepts, statement, canonicals, version)
    if not systems:
        raise FhirRuleError("no local code to publish")
    resources: list[Any] = [
        *systems.values(),
        _value_set(systems, statement, canonicals, version),
        concept_map(assessment, statement, canonicals, version),
    ]
    return Bundle(
        type="collection",
        timestamp=statement.made_at.replace(microsecond=0).isoformat(),
        entry=[{"fullUrl": resource.url, "resource": resource} for resource in resources],
    )
