"""The codes that R4 and R5 require in the resources we write, as our own list, and where they stand."""

from collections.abc import Iterator
from typing import Any

STATUS = frozenset({"draft", "active", "retired", "unknown"})
_SHARED: dict[str, frozenset[str]] = {
    "status": STATUS,
    "ConceptMap.property.type": frozenset({"Coding", "string", "integer", "boolean", "dateTime", "decimal", "code"}),
    "CodeSystem.content": frozenset({"not-present", "example", "fragment", "complete", "supplement"}),
    "CodeSystem.property.type": frozenset({"code", "Coding", "string", "integer", "boolean", "dateTime", "decimal"}),
    "Bundle.type": frozenset({"collection", "searchset"}),
    "Bundle.entry.search.mode": frozenset({"match", "include", "outcome"}),
    "ObservationDefinition.permittedDataType": frozenset({"Quantity", "CodeableConcept", "string"}),
    "ActivityDefinition.kind": frozenset({"ServiceRequest"}),
    "CapabilityStatement.kind": frozenset({"instance", "capability", "requirements"}),
    "CapabilityStatement.rest.mode": frozenset({"client", "server"}),
    "CapabilityStatement.rest.resource.interaction.code": frozenset({"read", "vread", "search-type"}),
    "CapabilityStatement.rest.resource.searchParam.type": frozenset({"uri", "token", "string", "date"}),
    "OperationOutcome.issue.severity": frozenset({"fatal", "error", "warning", "information"}),
    "OperationOutcome.issue.code": frozenset(
        {"invalid", "required", "value", "not-supported", "login", "expired", "forbidden", "not-found", "exception",
         "structure", "processing", "unknown", "too-long", "too-costly"}
    ),
}  # fmt: skip
_BY_VERSION: dict[str, dict[str, frozenset[str]]] = {
    "r4": _SHARED
    | {
        "ConceptMap.group.element.target.equivalence": frozenset(
            {"relatedto", "equivalent", "equal", "wider", "subsumes", "narrower", "specializes", "inexact",
             "unmatched", "disjoint"}
        ),
        "ConceptMap.group.unmapped.mode": frozenset({"provided", "fixed", "other-map"}),
    },
    "r5": _SHARED
    | {
        "ConceptMap.group.element.target.relationship": frozenset(
            {"related-to", "equivalent", "source-is-narrower-than-target", "source-is-broader-than-target",
             "not-related-to"}
        ),
        "ConceptMap.group.unmapped.mode": frozenset({"use-source-code", "fixed", "other-map"}),
    },
}  # fmt: skip
_HAVE_STATUS = frozenset(
    {"ConceptMap", "CodeSystem", "ValueSet", "ActivityDefinition", "PlanDefinition", "CapabilityStatement"}
)


def _at(value: Any, steps: list[str]) -> Iterator[Any]:
    if isinstance(value, list):
        for item in value:
            yield from _at(item, steps)
    elif not steps:
        yield value
    elif isinstance(value, dict) and steps[0] in value:
        yield from _at(value[steps[0]], steps[1:])


def wrong_codes(resource: dict[str, Any], fhir_version: str) -> list[str]:
    """The codes outside their required value sets, and the missing statuses."""
    kind = resource.get("resourceType", "")
    found = []
    if kind in _HAVE_STATUS and resource.get("status") not in STATUS:
        found.append(f"{kind}.status: {resource.get('status')!r}")
    for path, allowed in _BY_VERSION[fhir_version].items():
        if path.startswith(f"{kind}."):
            found += [f"{path}: {code!r}" for code in _at(resource, path.split(".")[1:]) if code not in allowed]
    return found
