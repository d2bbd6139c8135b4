"""The FHIR R5 rules that no library checks for us: required codes, and the invariants of ConceptMap.

R5 renamed the relations and reads them from the source, added `noMap`, properties and versions in canonicals,
and wrote more invariants (cmd-1 to cmd-11). They are checked here, on the resource as JSON values.
"""

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

from app.fhir_resources.rules import PublicationStatus
from app.models import Relation


class Relationship(StrEnum):
    """http://hl7.org/fhir/concept-map-relationship: how the *source* stands to the target."""

    RELATED_TO = "related-to"
    EQUIVALENT = "equivalent"
    SOURCE_NARROWER = "source-is-narrower-than-target"
    SOURCE_BROADER = "source-is-broader-than-target"
    NOT_RELATED_TO = "not-related-to"


class UnmappedModeR5(StrEnum):
    """http://hl7.org/fhir/conceptmap-unmapped-mode"""

    USE_SOURCE_CODE = "use-source-code"
    FIXED = "fixed"
    OTHER_MAP = "other-map"


class PropertyType(StrEnum):
    """http://hl7.org/fhir/conceptmap-property-type"""

    CODING = "Coding"
    STRING = "string"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    DATE_TIME = "dateTime"
    DECIMAL = "decimal"
    CODE = "code"


RELATIONSHIP_OF_RELATION = {
    Relation.EQUIVALENT: Relationship.EQUIVALENT,
    Relation.LOINC_WIDER: Relationship.SOURCE_NARROWER,
    Relation.LOINC_NARROWER: Relationship.SOURCE_BROADER,
    Relation.RELATED: Relationship.RELATED_TO,
}
NEEDS_COMMENT_R5 = frozenset({Relationship.SOURCE_BROADER, Relationship.NOT_RELATED_TO})

_NAME = re.compile(r"[A-Z][A-Za-z0-9_]{1,254}")
_CODE = re.compile(r"[^\s]+(\s[^\s]+)*")


def relationship_of(relation: Relation) -> Relationship:
    """The R5 code of a relation."""
    return RELATIONSHIP_OF_RELATION[relation]


def problems_r5(concept_map: Mapping[str, Any]) -> list[str]:
    """What is wrong with a ConceptMap R5 given as JSON values; empty when nothing is."""
    found = list(_of_resource(concept_map))
    declared = {item.get("code"): item.get("type") for item in concept_map.get("property", [])}
    seen: set[tuple[Any, Any]] = set()
    is_draft = concept_map.get("status") == PublicationStatus.DRAFT
    for group in concept_map.get("group", []):
        key = (group.get("source"), group.get("target"))
        if key in seen:
            found.append(f"group: {key} appears twice")
        seen.add(key)
        found += _of_group(group, declared, is_draft)
    return found


def _of_resource(resource: Mapping[str, Any]) -> Iterator[str]:
    if resource.get("resourceType") != "ConceptMap":
        yield "resourceType: ConceptMap expected"
    if resource.get("status") not in list(PublicationStatus):
        yield f"status: {resource.get('status')!r} is not a publication status"
    if not _NAME.fullmatch(str(resource.get("name", ""))):
        yield f"cnl-0: {resource.get('name')!r} cannot name a computable resource"
    if re.search(r"[|#]", str(resource.get("url", ""))):
        yield "cnl-1: the url holds neither version nor fragment"
    for side in ("sourceScope", "targetScope"):
        if sum(f"{side}{kind}" in resource for kind in ("Uri", "Canonical")) > 1:
            yield f"{side}[x]: one of uri and canonical expected"
    for item in resource.get("property", []):
        if item.get("type") not in list(PropertyType):
            yield f"property.type: {item.get('type')!r} is not in the required value set"
        if item.get("type") == PropertyType.CODE and not item.get("system"):
            yield f"cmd-11: the property {item.get('code')!r} of type code needs its system"


def _of_group(group: Mapping[str, Any], declared: Mapping[Any, Any], is_draft: bool) -> Iterator[str]:
    if not group.get("element"):
        yield "group: an element is required"
    seen: set[Any] = set()
    for element in group.get("element", []):
        code = element.get("code")
        if code in seen:
            yield f"element.code: {code!r} appears twice in its group"
        seen.add(code)
        yield from _of_element(element, declared, is_draft)
    if "unmapped" in group:
        yield from _of_unmapped(group["unmapped"])


def _one_of(values: Mapping[str, Any]) -> bool:
    return ("code" in values) != ("valueSet" in values)


def _of_element(element: Mapping[str, Any], declared: Mapping[Any, Any], is_draft: bool) -> Iterator[str]:
    code = element.get("code")
    if not _one_of(element):
        yield "cmd-5: an element has either a code or a value set"
    elif code is not None and not _CODE.fullmatch(code):
        yield f"element.code: {code!r} is no code"
    if element.get("noMap") and element.get("target"):
        yield f"cmd-4: {code!r} has both a target and noMap"
    for target in element.get("target", []):
        relationship = target.get("relationship")
        if relationship not in list(Relationship):
            yield f"target.relationship of {code!r}: {relationship!r} is not in the required value set"
        if relationship in NEEDS_COMMENT_R5 and not str(target.get("comment", "")).strip() and not is_draft:
            yield f"cmd-1: the {relationship} target of {code!r} needs a comment"
        if not _one_of(target):
            yield f"cmd-7: a target of {code!r} has either a code or a value set"
        elif "code" in target and not _CODE.fullmatch(target["code"]):
            yield f"target.code of {code!r}: {target['code']!r} is no code"
        for item in target.get("property", []):
            if item.get("code") not in declared:
                yield f"target.property of {code!r}: {item.get('code')!r} is not declared"
        for item in (*target.get("dependsOn", []), *target.get("product", [])):
            if sum(key.startswith("value") for key in item) != 1:
                yield f"cmd-6: a condition of {code!r} has either a value or a value set"


def _of_unmapped(unmapped: Mapping[str, Any]) -> Iterator[str]:
    mode = unmapped.get("mode")
    if mode not in list(UnmappedModeR5):
        yield f"unmapped.mode: {mode!r} is not in the required value set"
    if mode == UnmappedModeR5.FIXED:
        if not _one_of(unmapped):
            yield "cmd-2: a fixed mode has either a code or a value set"
        yield "unmapped.mode fixed: translators would answer this code for any unknown test"
    elif unmapped.keys() & {"code", "display", "valueSet"}:
        yield "cmd-8: only a fixed mode has a code"
    if mode == UnmappedModeR5.OTHER_MAP:
        if not unmapped.get("otherMap"):
            yield "cmd-3: other-map needs its map"
    else:
        if not unmapped.get("relationship"):
            yield "cmd-9: the relationship of unmapped codes is required"
        if unmapped.get("otherMap"):
            yield "cmd-10: only other-map has a map"
