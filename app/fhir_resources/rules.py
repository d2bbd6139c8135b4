"""The FHIR R4 rules that no library checks for us: required codes, and the invariants of ConceptMap.

`fhir.resources` checks the structure of a resource; it accepts any text where a code of a closed list is
required, and ignores the invariants cmd-0 to cmd-3. They are checked here, on the resource as JSON values.
"""

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

from app.models import Relation

LOINC_VALUE_SET = "http://loinc.org/vs"


class PublicationStatus(StrEnum):
    """http://hl7.org/fhir/publication-status"""

    DRAFT = "draft"
    ACTIVE = "active"
    RETIRED = "retired"
    UNKNOWN = "unknown"


class Equivalence(StrEnum):
    """http://hl7.org/fhir/concept-map-equivalence: how the *target* stands to the source in R4."""

    RELATEDTO = "relatedto"
    EQUIVALENT = "equivalent"
    EQUAL = "equal"
    WIDER = "wider"
    SUBSUMES = "subsumes"
    NARROWER = "narrower"
    SPECIALIZES = "specializes"
    INEXACT = "inexact"
    UNMATCHED = "unmatched"
    DISJOINT = "disjoint"


class UnmappedMode(StrEnum):
    """http://hl7.org/fhir/conceptmap-unmapped-mode"""

    PROVIDED = "provided"
    FIXED = "fixed"
    OTHER_MAP = "other-map"


EQUIVALENCE_OF_RELATION = {
    Relation.EQUIVALENT: Equivalence.EQUIVALENT,
    Relation.LOINC_WIDER: Equivalence.WIDER,
    Relation.LOINC_NARROWER: Equivalence.NARROWER,
    Relation.RELATED: Equivalence.RELATEDTO,
}
NEEDS_COMMENT = frozenset({Equivalence.NARROWER, Equivalence.INEXACT})

_NAME = re.compile(r"[A-Z][A-Za-z0-9_]{0,254}")
_CODE = re.compile(r"[^\s]+(\s[^\s]+)*")


def equivalence_of(relation: Relation) -> Equivalence:
    """The R4 code of a relation."""
    return EQUIVALENCE_OF_RELATION[relation]


def problems(concept_map: Mapping[str, Any]) -> list[str]:
    """What is wrong with a ConceptMap R4 given as JSON values; empty when nothing is."""
    return [*_of_resource(concept_map), *_of_groups(concept_map.get("group", []))]


def _of_resource(resource: Mapping[str, Any]) -> Iterator[str]:
    if resource.get("resourceType") != "ConceptMap":
        yield "resourceType: ConceptMap expected"
    if resource.get("status") not in list(PublicationStatus):
        yield f"status: {resource.get('status')!r} is not a publication status"
    if not _NAME.fullmatch(str(resource.get("name", ""))):
        yield f"cmd-0: {resource.get('name')!r} cannot name a computable resource"
    for side in ("source", "target"):
        if sum(f"{side}{kind}" in resource for kind in ("Uri", "Canonical")) > 1:
            yield f"{side}[x]: one of uri and canonical expected"
    if "|" in str(resource.get("url", "")):
        yield "url: the version has its own element"


def _of_groups(groups: Any) -> Iterator[str]:
    seen_groups: set[tuple[Any, Any]] = set()
    for group in groups:
        key = (group.get("source"), group.get("target"))
        if key in seen_groups:
            yield f"group: {key} appears twice"
        seen_groups.add(key)
        if not group.get("element"):
            yield f"group {key}: an element is required"
        seen: set[str] = set()
        for element in group.get("element", []):
            yield from _of_element(element, seen)
        if "unmapped" in group:
            yield from _of_unmapped(group["unmapped"])


def _of_element(element: Mapping[str, Any], seen: set[str]) -> Iterator[str]:
    code = element.get("code", "")
    if not _CODE.fullmatch(code):
        yield f"element.code: {code!r} is no code"
    if code in seen:
        yield f"element.code: {code!r} appears twice in its group"
    seen.add(code)
    for target in element.get("target", []):
        equivalence = target.get("equivalence")
        if equivalence not in list(Equivalence):
            yield f"target.equivalence of {code!r}: {equivalence!r} is not in the required value set"
        if equivalence in NEEDS_COMMENT and not str(target.get("comment", "")).strip():
            yield f"cmd-1: the {equivalence} target of {code!r} needs a comment"
        if not _CODE.fullmatch(target.get("code", "")):
            yield f"target.code of {code!r}: {target.get('code')!r} is no code"


def _of_unmapped(unmapped: Mapping[str, Any]) -> Iterator[str]:
    mode = unmapped.get("mode")
    if mode not in list(UnmappedMode):
        yield f"unmapped.mode: {mode!r} is not in the required value set"
    if mode == UnmappedMode.FIXED:
        if not unmapped.get("code"):
            yield "cmd-2: a fixed mode needs its code"
        yield "unmapped.mode fixed: translators would answer this code for any unknown test"
    if mode == UnmappedMode.OTHER_MAP and not unmapped.get("url"):
        yield "cmd-3: other-map needs its url"
