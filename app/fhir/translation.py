"""`$translate`: what the approved map says of a code. Nothing is guessed: an unknown code has no match."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from app.fhir.dialect import FhirVersion
from app.fhir.published import GroupIndex, PublishedCatalogue
from app.fhir.questions import Coding, Question
from app.fhir_resources.rules import LOINC_VALUE_SET, equivalence_of
from app.fhir_resources.rules_r5 import relationship_of
from app.files.fhir_json import LOINC_SYSTEM
from app.publication.mapping import MapElement, MapTarget

UNKNOWN = "Ce code n'est pas dans le catalogue."
NOT_APPROVED = "Ce code est dans le catalogue ; aucun code LOINC n'y est encore approuvé."
NO_LOINC = "Ce code est dans le catalogue ; un biologiste a approuvé qu'aucun code LOINC ne lui correspond."
NO_LOCAL_CODE = "Aucun code local approuvé ne mène à ce code LOINC."


@dataclass(frozen=True, slots=True)
class Match:
    """A concept that the map gives, how the map relates the two, and which map says so."""

    target: MapTarget
    concept: dict[str, str]
    origin: str


@dataclass(frozen=True, slots=True)
class Translation:
    """The answer; without a match, why there is none."""

    matches: tuple[Match, ...]
    message: str = ""


def translate(catalogues: Sequence[PublishedCatalogue], question: Question) -> Translation:
    """Ask the maps; the relation of a match is that of the map, also when it is asked from its target."""
    matches: list[Match] = []
    messages: dict[str, None] = {}
    for coding in question.codings:
        for catalogue in catalogues:
            if _is_concerned(catalogue, question):
                found, message = _asked(catalogue, coding, question)
                matches += found
                messages |= {message: None} if message else {}
    if matches:
        return Translation(tuple(matches))
    return Translation((), next(iter(messages), NO_LOCAL_CODE if question.is_reverse else UNKNOWN))


def _is_concerned(catalogue: PublishedCatalogue, question: Question) -> bool:
    """Whether this map goes between the value sets of the question."""
    source, target = catalogue.canonicals.value_set(), LOINC_VALUE_SET
    if question.is_reverse and question.version is FhirVersion.R4:
        source, target = target, source
    return question.source_scope in ("", source) and question.target_scope in ("", target)


def _asked(catalogue: PublishedCatalogue, coding: Coding, question: Question) -> tuple[list[Match], str]:
    origin = f"{catalogue.canonicals.concept_map()}|{catalogue.version}"
    if question.is_reverse:
        return list(_from_loinc(catalogue, coding, question, origin)), ""
    if question.target_system not in ("", LOINC_SYSTEM):
        return [], ""
    for group in catalogue.groups:
        element = group.by_code.get(coding.code) if group.system == coding.system else None
        if element is None:
            continue
        if element.target is None:
            return [], NOT_APPROVED if element.settled is None else NO_LOINC
        return [Match(element.target, _loinc(element.target, catalogue), origin)], ""
    return [], ""


def _from_loinc(catalogue: PublishedCatalogue, coding: Coding, question: Question, origin: str) -> Iterator[Match]:
    if coding.system != LOINC_SYSTEM:
        return
    for group in catalogue.groups:
        # R4 reversed looks for its target system among the sources of the map; R5 always names the map's target.
        wanted = group.system if question.version is FhirVersion.R4 else LOINC_SYSTEM
        if question.target_system in ("", wanted):
            for element in group.by_loinc.get(coding.code, []):
                assert element.target is not None
                yield Match(element.target, _local(element, group, catalogue), origin)


def _loinc(target: MapTarget, catalogue: PublishedCatalogue) -> dict[str, str]:
    concept = {
        "system": LOINC_SYSTEM,
        "version": catalogue.statement.loinc_version,
        "code": target.term.loinc_num,
        "display": target.term.long_common_name,
    }
    return {key: value for key, value in concept.items() if value}


def _local(element: MapElement, group: GroupIndex, catalogue: PublishedCatalogue) -> dict[str, str]:
    concept = {
        "system": group.system,
        "version": catalogue.version,
        "code": element.code,
        "display": element.display,
    }
    return {key: value for key, value in concept.items() if value}


def parameters_of(translation: Translation, version: FhirVersion) -> dict[str, Any]:
    """The answer as a Parameters resource of this release."""
    parameters: list[dict[str, Any]] = [{"name": "result", "valueBoolean": bool(translation.matches)}]
    if translation.message:
        parameters.append({"name": "message", "valueString": translation.message})
    for match in translation.matches:
        if version is FhirVersion.R4:
            relation = {"name": "equivalence", "valueCode": equivalence_of(match.target.relation).value}
            origin = {"name": "source", "valueUri": match.origin}
        else:
            relation = {"name": "relationship", "valueCode": relationship_of(match.target.relation).value}
            origin = {"name": "originMap", "valueUri": match.origin}
        concept = {"name": "concept", "valueCoding": match.concept}
        parameters.append({"name": "match", "part": [relation, concept, origin]})
    return {"resourceType": "Parameters", "parameter": parameters}
