"""The FHIR R5 ConceptMap: the same map as in R4, read from the local test.

`source-is-narrower-than-target` says what R4 calls `wider`. The versions of both sides are in the canonicals,
authors and approvals have places of their own, and a row whose lack of a code a biologist approved says so
by `noMap`. A row that nobody has finished says nothing: it is an element without target and without `noMap`.
"""

from typing import Any

from app.fhir_resources.concept_map import map_header
from app.fhir_resources.naming import Canonicals, FhirRuleError
from app.fhir_resources.no_code import notes_on
from app.fhir_resources.rules import LOINC_VALUE_SET
from app.fhir_resources.rules_r5 import problems_r5, relationship_of
from app.fhir_resources.values import Resource, filled, instant, published
from app.files.fhir_json import LOINC_SYSTEM
from app.publication.assessment import Assessment
from app.publication.mapping import MapElement, MapTarget, map_groups
from app.publication.statement import Statement
from app.text import iso_day, one_line

PROPERTIES = (
    ("decidedBy", "string", "Personne qui a choisi le code LOINC"),
    ("decidedOn", "dateTime", "Moment de ce choix"),
    ("approvedBy", "string", "Biologiste qui a approuvé ce choix"),
    ("approvedOn", "dateTime", "Moment de l'approbation"),
)
"""Code, type and description of what is said of each target."""


def _properties(target: MapTarget) -> list[dict[str, Any]]:
    test = target.test
    values: list[dict[str, Any]] = []
    for person, at, prefix in (
        (test.decided_by, test.decided_at, "decided"),
        (test.approved_by, test.approved_at, "approved"),
    ):
        if person:
            values.append({"code": f"{prefix}By", "valueString": one_line(person)})
        if at is not None:
            values.append({"code": f"{prefix}On", "valueDateTime": instant(at)})
    return values


def _target(target: MapTarget) -> dict[str, Any]:
    return filled(
        {
            "code": target.term.loinc_num,
            "display": target.term.long_common_name,
            "relationship": relationship_of(target.relation).value,
            "comment": target.comment,
            "property": _properties(target),
        }
    )


def _element(element: MapElement) -> dict[str, Any]:
    no_map = True if element.target is None and element.settled is not None else None
    targets = [_target(element.target)] if element.target is not None else []
    notes = notes_on(element.settled) if no_map and element.settled is not None else []
    values = {"extension": notes, "code": element.code, "display": element.display, "noMap": no_map, "target": targets}
    return filled(values)


def _people(names: list[tuple[str, int]]) -> list[dict[str, str]]:
    return [{"name": one_line(name)} for name, _ in names if name]


def _versioned(url: str, version: str) -> str:
    return f"{url}|{version}" if version else url


def concept_map_r5(assessment: Assessment, statement: Statement, canonicals: Canonicals, version: str) -> Resource:
    """The map as an R5 resource; raises FhirRuleError if it breaks a rule."""
    values = map_header(assessment, statement, canonicals, version)
    approved = [test.approved_at for test in assessment.tests if test.id in assessment.names and test.approved_at]
    values |= {
        "property": [
            {"code": code, "uri": f"{canonicals.concept_map()}#{code}", "description": text, "type": kind}
            for code, kind, text in PROPERTIES
        ],
        "sourceScopeCanonical": _versioned(canonicals.value_set(), version),
        "targetScopeCanonical": LOINC_VALUE_SET,
        "author": _people(assessment.deciders()),
        "reviewer": _people(assessment.approvers()),
        "approvalDate": iso_day(max(approved)) if approved else None,
        "group": [
            {
                "source": _versioned(canonicals.code_system(group.level), version),
                "target": _versioned(LOINC_SYSTEM, statement.loinc_version),
                "element": [_element(element) for element in group.elements],
            }
            for group in map_groups(assessment)
        ],
    }
    resource = published("ConceptMap", values)
    found = problems_r5(resource)
    if found:
        raise FhirRuleError("; ".join(found[:5]))
    return resource
