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
from app.models import Relation
from app.publication.mapping import MapElement, MapTarget
from app.publication.schemas import UncodedReason

_REVERSED = {
    Relation.LOINC_WIDER: Relation.LOINC_NARROWER,
    Relation.LOINC_NARROWER: Relation.LOINC_WIDER,
}

UNKNOWN = "Ce code n'est pas dans le catalogue."
OTHER_SYSTEM = "« {} » n'est le système d'aucune carte de ce laboratoire."
OTHER_TARGET = "Les cartes de ce laboratoire mènent à LOINC (http://loinc.org) ; aucune ne mène à « {} »."
OTHER_SCOPE = "Aucune carte de ce laboratoire ne va entre les jeux de valeurs demandés."
NOT_LOINC = "En sens inverse, donnez un code LOINC (http://loinc.org) : « {} » n'en est pas le système."
NO_LOCAL_CODE = "Aucun code local approuvé ne mène à ce code LOINC."
WITHHELD = "Ce code est dans le catalogue ; un code LOINC y est approuvé, mais ne peut sortir : {}"
NO_LOINC = "Ce code est dans le catalogue ; un biologiste a approuvé qu'aucun code LOINC ne lui correspond."
OUT_OF_SCOPE = "Ce code est dans le catalogue ; un biologiste a approuvé que cette ligne est hors périmètre."
NOT_APPROVED = "Ce code est dans le catalogue ; aucun code LOINC n'y est encore approuvé ({})."


@dataclass(frozen=True, slots=True)
class Match:
    """A concept that the map gives, how the map relates the two, and which map says so."""

    relation: Relation
    """How the map's LOINC code stands to the local code."""
    concept: dict[str, str]
    origin: str
    is_reverse: bool = False


@dataclass(frozen=True, slots=True)
class Translation:
    """The answer; without a match, why there is none."""

    matches: tuple[Match, ...]
    message: str = ""


def translate(catalogues: Sequence[PublishedCatalogue], question: Question) -> Translation:
    """Ask the maps; each match once, and without any the reason that says most."""
    matches: dict[tuple[str, ...], Match] = {}
    messages: list[str] = []
    concerned = [catalogue for catalogue in catalogues if _is_concerned(catalogue, question)]
    for coding in question.codings:
        for catalogue in concerned:
            found, message = _asked(catalogue, coding, question)
            messages += [message] if message else []
            for match in found:
                key = (match.concept["system"], match.concept["code"], match.relation, match.origin)
                matches.setdefault(key, match)
    if matches:
        return Translation(tuple(matches.values()))
    if catalogues and not concerned:
        return Translation((), OTHER_SCOPE)
    return Translation((), next(iter(messages), _nothing(question)))


def _nothing(question: Question) -> str:
    """Why no map knows anything of the codes asked for."""
    system = question.codings[0].system
    if question.is_reverse:
        return NO_LOCAL_CODE if system == LOINC_SYSTEM else NOT_LOINC.format(system)
    return OTHER_SYSTEM.format(system)


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
    group = next((group for group in catalogue.groups if group.system == coding.system), None)
    if group is None:
        return [], ""
    element = group.by_code.get(coding.code)
    if element is None:
        return [], UNKNOWN
    if question.target_system not in ("", LOINC_SYSTEM):
        return [], OTHER_TARGET.format(question.target_system)
    if element.target is None:
        return [], _why_none(catalogue, group, element)
    return [Match(element.target.relation, _loinc(element.target, catalogue), origin)], ""


def _why_none(catalogue: PublishedCatalogue, group: GroupIndex, element: MapElement) -> str:
    """Why a code of the catalogue has no code of LOINC: withheld, approved to have none, or not approved yet."""
    assessment = catalogue.assessment
    tests = catalogue.tests_by_code.get((group.level, element.code), [])
    ids = {test.id for test in tests}
    blocked = [issue.message for issue in assessment.blocking if issue.test.id in ids]
    if blocked:
        return WITHHELD.format(" ".join(dict.fromkeys(blocked)))
    reasons = [assessment.reasons[test.id] for test in tests if test.id in assessment.reasons]
    if element.settled is not None:
        return OUT_OF_SCOPE if UncodedReason.OUT_OF_SCOPE in reasons else NO_LOINC
    unfinished = dict.fromkeys(reason.label for reason in reasons if not reason.is_settled)
    return NOT_APPROVED.format(", ".join(unfinished) or UncodedReason.TODO.label)


def _from_loinc(catalogue: PublishedCatalogue, coding: Coding, question: Question, origin: str) -> Iterator[Match]:
    if coding.system != LOINC_SYSTEM:
        return
    for group in catalogue.groups:
        # R4 reversed looks for its target system among the sources of the map; R5 always names the map's target.
        wanted = group.system if question.version is FhirVersion.R4 else LOINC_SYSTEM
        if question.target_system in ("", wanted):
            for element in group.by_loinc.get(coding.code, []):
                assert element.target is not None
                yield Match(element.target.relation, _local(element, group, catalogue), origin, is_reverse=True)


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
            # R4 says how the concept that it gives stands to the one that was asked for: reversed, the other way round.
            seen = _REVERSED.get(match.relation, match.relation) if match.is_reverse else match.relation
            relation = {"name": "equivalence", "valueCode": equivalence_of(seen).value}
            origin = {"name": "source", "valueUri": match.origin}
        else:
            # R5 names the source and the target of the map, whichever of them was asked for.
            relation = {"name": "relationship", "valueCode": relationship_of(match.relation).value}
            origin = {"name": "originMap", "valueUri": match.origin}
        concept = {"name": "concept", "valueCoding": match.concept}
        parameters.append({"name": "match", "part": [relation, concept, origin]})
    return {"resourceType": "Parameters", "parameter": parameters}
