"""The LOINC codes that the definitions of a FHIR catalogue carry: an earlier transcoding, like a column of codes."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from app.files.fhir_json import LOINC_SYSTEMS, Json, items, one_line
from app.files.fields import fold_heading

_SPEAKS = re.compile(
    r"^(?!.*\b(version|date|name|nom|libelle|display|relation|comment\w*|statut|status|class|classe|axe|part)\b)"
    r".*\bloinc\b"
)
"""A property that holds a code of LOINC, and not what else is told of it."""
_TARGETS = frozenset({"map", "mapping", "mapped to", "target", "equivalent", "correspondance", "code cible", "cible"})


def told(codes: Iterable[str]) -> str:
    """Codes in one cell, each once: which of several is meant is for a person."""
    return " ; ".join(dict.fromkeys(code for code in codes if code))


def _of_codings(codings: Iterable[Json]) -> list[str]:
    return [one_line(item.get("code")) for item in codings if one_line(item.get("system")).startswith(LOINC_SYSTEMS)]


def loinc_of(concept: Mapping[str, Any]) -> str:
    """The LOINC codings of a concept."""
    return told(_of_codings(items(concept, "coding")))


def loinc_of_plan(resource: Mapping[str, Any]) -> str:
    """Those of a plan, which has no code of its own: of its action. Several actions with codes are its parts."""
    said = [told(loinc_of(concept) for concept in items(action, "code")) for action in items(resource, "action")]
    found = [text for text in said if text]
    return found[0] if len(found) == 1 else ""


def loinc_of_properties(concept: Mapping[str, Any]) -> str:
    """What the properties of a concept of a code system say, as a Coding, a code or a text."""
    found: list[str] = []
    for item in items(concept, "property"):
        name = fold_heading(one_line(item.get("code")))
        coding = item.get("valueCoding")
        if _SPEAKS.search(name):
            found.append(one_line(item.get("valueCode")) or one_line(item.get("valueString")))
            found += [one_line(coding.get("code"))] if isinstance(coding, dict) else []
        elif name in _TARGETS and isinstance(coding, dict):
            found += _of_codings([coding])
    return told(found)
