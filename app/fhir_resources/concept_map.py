"""The FHIR R4 ConceptMap: local codes to approved LOINC codes, one group for each kind of local code.

R4 reads from the target: `wider` says that the LOINC code is wider than the local test. A row without
approved code is an element without target, which translators answer by "no match"; that a biologist approved
this lack, why and when, is said in extensions of HL7. `group.unmapped` is never written. The resource is held
against `fhir_rules` before it leaves.
"""

from typing import Any

from app.fhir_resources.naming import Canonicals, FhirRuleError, described, header, status_of
from app.fhir_resources.no_code import no_map
from app.fhir_resources.rules import LOINC_VALUE_SET, equivalence_of, problems
from app.fhir_resources.values import Resource, filled, published
from app.files.fhir_json import LOINC_SYSTEM
from app.publication.assessment import Assessment, definition_of
from app.publication.mapping import MapElement, MapTarget, map_groups
from app.publication.statement import Statement
from app.text import paris_day


def _comment(target: MapTarget) -> str:
    """R4 has no place of its own for authors and dates: they follow what was written."""
    test = target.test
    parts = []
    if test.decided_by:
        parts.append(f"Décidé par {test.decided_by} le {paris_day(test.decided_at)}.")
    if test.approved_by:
        parts.append(f"Approuvé par {test.approved_by} le {paris_day(test.approved_at)}.")
    # A dash, so that what was written is found again as it was.
    return " — ".join(part for part in (target.comment, " ".join(parts)) if part)


def _target(target: MapTarget) -> dict[str, Any]:
    values = {
        "code": target.term.loinc_num,
        "display": target.term.long_common_name,
        "equivalence": equivalence_of(target.relation).value,
        "comment": _comment(target),
    }
    return filled(values)


def _element(element: MapElement) -> dict[str, Any]:
    targets = [_target(element.target)] if element.target is not None else []
    settled = no_map(element.settled) if element.settled is not None and not targets else []
    return filled({"extension": settled, "code": element.code, "display": element.display, "target": targets})


def map_header(assessment: Assessment, statement: Statement, canonicals: Canonicals, version: str) -> dict[str, Any]:
    """The publishing metadata of the map, the same in R4 and in R5."""
    values = header(
        statement,
        id=canonicals.identifier("loinc"),
        url=canonicals.concept_map(),
        version=version,
        name="VersLOINC",
        title="codes LOINC",
    )
    return values | {
        "status": status_of(bool(assessment.names)),
        "description": described(statement),
        "purpose": definition_of(statement.release),
        "copyright": statement.copyright,
    }


def concept_map(assessment: Assessment, statement: Statement, canonicals: Canonicals, version: str) -> Resource:
    """The map as a resource; raises FhirRuleError if it breaks a rule."""
    groups = [
        {
            "source": canonicals.code_system(group.level),
            "sourceVersion": version,
            "target": LOINC_SYSTEM,
            "targetVersion": statement.loinc_version,
            "element": [_element(element) for element in group.elements],
        }
        for group in map_groups(assessment)
    ]
    values = map_header(assessment, statement, canonicals, version)
    scopes = {"sourceUri": canonicals.value_set(), "targetUri": LOINC_VALUE_SET}
    resource = published("ConceptMap", {**values, **scopes, "group": [filled(group) for group in groups]})
    found = problems(resource)
    if found:
        raise FhirRuleError("; ".join(found[:5]))
    return resource
