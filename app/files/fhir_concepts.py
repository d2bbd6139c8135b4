"""CodeSystems in: concepts with properties become analyses and exams, those above them chapters."""

import re
from collections.abc import Container, Iterator, Mapping
from typing import Any

from app.files.fhir_json import Coded, Json, Resources, items, one_line, said_by, says_true, walk
from app.files.fhir_loinc import loinc_of_properties
from app.files.fields import fold_heading
from app.files.kinds import Level

_FIELDS = {
    "synonym": "synonyme synonym synonyms",
    "property_kind": "grandeur property kind of property",
    "unit": "unite unit units ucum",
    "timing": "temporalite timing time time aspect",
    "specimen": "milieu specimen system nature",
    "scale": "echelle scale",
    "technique": "technique method methode",
    "nabm": "nabm",
    "chapter": "chapitre chapter famille discipline",
}
_MEANING = {word: name for name, words in _FIELDS.items() for word in words.split()}
_INACTIVE = frozenset({"inactive", "retired", "retire", "obsolete"})
_LEVEL = frozenset({"niveau", "level", "type", "kind"})
_LEVEL_NAMES = (
    (re.compile(r"\bsous chapitres?\b|\bsubchapters?\b"), Level.SUBCHAPTER),
    (re.compile(r"\bchapitres?\b|\bchapters?\b"), Level.CHAPTER),
    (re.compile(r"\bexamens?\b|\bdemandes?\b|\bexams?\b|\borders?\b"), Level.EXAM),
    (re.compile(r"\banalyses?\b|\bresultats?\b|\bresults?\b|\bobservations?\b"), Level.ANALYSIS),
)


_SIDE = re.compile(
    r"\b(milieux?|specimens?|prelevements?|tubes?|contenants?|containers?|unites?|units?|methodes?|methods?)\b"
)
"""What a code system is named that lists something else than tests."""


def systems_beside(resources: Resources) -> frozenset[str]:
    """The addresses of the code systems by which the definitions of a file name specimens, units and methods.

    A laboratory may have one code system for everything: one that names tests too is none of them.
    """
    named, codes = [], []
    for specimen in resources.of_type("SpecimenDefinition"):
        named += items(specimen, "typeCollected")
    for analysis in resources.of_type("ObservationDefinition"):
        named += items(analysis, "method")
        named += [{"coding": items(analysis, "permittedUnit")}]
        for details in items(analysis, "quantitativeDetails"):
            named += [*items(details, "customaryUnit"), *items(details, "unit")]
    for test in resources.of_type("ObservationDefinition", "ActivityDefinition"):
        codes += [*items(test, "code"), *items(test, "category"), *items(test, "topic")]
    return frozenset(_systems(named) - _systems(codes))


def _systems(concepts: list[Json]) -> set[str]:
    return {one_line(coding.get("system")) for concept in concepts for coding in items(concept, "coding")}


def _last(pattern: re.Pattern[str], text: str) -> int:
    """Where the last match in a text ends: a title names what it lists after the name of the laboratory."""
    return max((match.end() for match in pattern.finditer(text)), default=-1)


def lists_tests(system: Mapping[str, Any], beside: Container[str]) -> bool:
    """Whether the concepts of a code system are tests or chapters, and not specimens or units."""
    url = one_line(system.get("url"))
    if url and url in beside:
        return False
    tail = url.rstrip("/").rsplit("/", 1)[-1]
    for text in (tail, one_line(system.get("title")), one_line(system.get("name"))):
        folded = fold_heading(text)
        beside_at, tests_at = _last(_SIDE, folded), max(_last(pattern, folded) for pattern, _ in _LEVEL_NAMES)
        if beside_at != tests_at:
            return tests_at > beside_at
    return True


def level_named(text: str) -> Level | None:
    """The level that a name, a title or an address speaks of."""
    folded = fold_heading(text)
    return next((level for pattern, level in _LEVEL_NAMES if pattern.search(folded)), None)


def level_of(system: Mapping[str, Any]) -> Level | None:
    """What the concepts of a CodeSystem are, when its address or its name says it."""
    tail = one_line(system.get("url")).rstrip("/").rsplit("/", 1)[-1]
    for text in (tail, one_line(system.get("title")), one_line(system.get("name"))):
        level = level_named(text)
        if level is not None:
            return level
    return None


def _value(item: Json) -> Coded | bool:
    for name, value in item.items():
        if not name.startswith("value"):
            continue
        if isinstance(value, bool):
            return value
        if isinstance(value, dict):
            return said_by({"coding": [value]}) if "code" in value else Coded(text=one_line(value.get("text")))
        return Coded(code=one_line(value) if name == "valueCode" else "", text=one_line(value))
    return Coded()


def _is_true(value: Coded | bool) -> bool:
    return says_true(value.text if isinstance(value, Coded) else value)


def values_of(concept: Json) -> dict[str, str]:
    """The fields that the properties of a concept say."""
    values: dict[str, str] = {}
    for item in items(concept, "property"):
        code = fold_heading(one_line(item.get("code")))
        value = _value(item)
        if (code in _INACTIVE and _is_true(value)) or (
            code == "status" and isinstance(value, Coded) and value.text in ("retired", "deprecated")
        ):
            values["is_retired"] = "oui"
        elif code in _LEVEL and isinstance(value, Coded):
            level = level_named(value.text)
            if level is not None:
                values["level"] = level.value
        elif code in _MEANING and isinstance(value, Coded):
            name = _MEANING[code]
            values.setdefault(name, value.text)
            if value.code and name in ("unit", "specimen", "chapter"):
                values.setdefault(f"{name}_code", value.code)
    values["earlier_code"] = loinc_of_properties(concept)
    if "synonym" not in values:
        said = [one_line(item.get("value")) for item in items(concept, "designation")]
        display = one_line(concept.get("display"))
        values["synonym"] = ", ".join(dict.fromkeys(text for text in said if text and text != display))
    return {name: value for name, value in values.items() if value}


def concepts_of(system: Json) -> list[dict[str, str]]:
    """The concepts of a CodeSystem as values of tests and chapters, each with its level.

    A concept that has others below it is a chapter, or a sub-chapter when it has one above; without such a
    hierarchy the name of the code system tells, and otherwise they are analyses.
    """
    level = level_of(system)
    rows: list[dict[str, str]] = []
    above: list[tuple[int, Json]] = []
    for depth, concept in walk(items(system, "concept"), "concept"):
        code = one_line(concept.get("code"))
        if not code:
            continue
        del above[depth:]
        values = values_of(concept)
        own = _own_level(values, level, concept, depth)
        row = {"code": code, "label": one_line(concept.get("display")) or code, **values, "level": own.value}
        parents = [parent for _, parent in above]
        for name, parent in zip(("chapter", "subchapter"), parents, strict=False):
            row.setdefault(f"{name}_code", one_line(parent.get("code")))
            row.setdefault(name, one_line(parent.get("display")) or one_line(parent.get("code")))
        rows.append(row)
        above.append((depth, concept))
    return rows


def says_specimens(system: Mapping[str, Any]) -> bool:
    """Whether a code system says the specimen of its analyses, where it knows it."""
    declared = [fold_heading(one_line(item.get("code"))) for item in items(system, "property")]
    return level_of(system) is Level.ANALYSIS and any(_MEANING.get(code) == "specimen" for code in declared)


def codes_of(system: Json) -> Iterator[str]:
    """The codes of a code system."""
    return (one_line(node.get("code")) for _, node in walk(items(system, "concept"), "concept"))


def _own_level(values: Mapping[str, str], level: Level | None, concept: Json, depth: int) -> Level:
    if "level" in values:
        return Level(values["level"])
    if items(concept, "concept") and level not in (Level.EXAM,):
        return Level.SUBCHAPTER if depth else Level.CHAPTER
    if level is Level.CHAPTER and depth:
        return Level.SUBCHAPTER
    return level or Level.ANALYSIS
