"""The invariants of ConceptMap as FHIRPath, written down from the published definitions, and their evaluation.

Each line: the key, where it applies, and what must hold there.
"""

from typing import Any

from fhirpathpy import evaluate
from fhirpathpy.models import models

R4 = (
    ("cmd-0", "ConceptMap", "name.matches('^[A-Z]([A-Za-z0-9_]){0,254}$')"),
    (
        "cmd-1",
        "ConceptMap.group.element.target",
        "comment.exists() or equivalence.empty() or ((equivalence != 'narrower') and (equivalence != 'inexact'))",
    ),
    ("cmd-2", "ConceptMap.group.unmapped", "(mode = 'fixed') implies code.exists()"),
    ("cmd-3", "ConceptMap.group.unmapped", "(mode = 'other-map') implies url.exists()"),
)
R5 = (
    ("cnl-0", "ConceptMap", "name.exists() implies name.matches('^[A-Z]([A-Za-z0-9_]){1,254}$')"),
    ("cnl-1", "ConceptMap.url", "matches('^[^|# ]+$')"),
    (
        "cmd-1",
        "ConceptMap.group.element.target",
        "comment.exists() or (%resource.status = 'draft') or relationship.empty() or "
        "((relationship != 'source-is-broader-than-target') and (relationship != 'not-related-to'))",
    ),
    ("cmd-2", "ConceptMap.group.unmapped", "(mode = 'fixed') implies (code.exists() xor valueSet.exists())"),
    ("cmd-3", "ConceptMap.group.unmapped", "(mode = 'other-map') implies otherMap.exists()"),
    ("cmd-4", "ConceptMap.group.element", "(noMap.exists() and noMap = true) implies target.empty()"),
    ("cmd-5", "ConceptMap.group.element", "code.exists() xor valueSet.exists()"),
    ("cmd-6", "ConceptMap.group.element.target.dependsOn", "value.exists() xor valueSet.exists()"),
    ("cmd-7", "ConceptMap.group.element.target", "code.exists() xor valueSet.exists()"),
    (
        "cmd-8",
        "ConceptMap.group.unmapped",
        "(mode != 'fixed') implies (code.empty() and display.empty() and valueSet.empty())",
    ),
    ("cmd-9", "ConceptMap.group.unmapped", "(mode != 'other-map') implies relationship.exists()"),
    ("cmd-10", "ConceptMap.group.unmapped", "(mode != 'other-map') implies otherMap.empty()"),
    ("cmd-11", "ConceptMap.property", "(type = 'code') implies system.exists()"),
)
_LISTS = {"r4": R4, "r5": R5}


def broken(resource: dict[str, Any], fhir_version: str) -> list[str]:
    """The keys of the invariants that a ConceptMap breaks."""
    found = []
    for key, where, rule in _LISTS[fhir_version]:
        (holds,) = evaluate(resource, f"{where}.all({rule})", {"resource": resource}, models[fhir_version])
        if not holds:
            found.append(key)
    return found
