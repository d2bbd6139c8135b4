"""`$translate`: what the approved map says of a code. Nothing is guessed: an unknown code has no match."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.fhir import reasons
from app.fhir.dialect import FhirVersion
from app.fhir.published import GroupIndex, PublishedCatalogue
from app.fhir.questions import Coding, Question
from app.fhir_resources.rules import LOINC_VALUE_SET, equivalence_of
from app.fhir_resources.rules_r5 import relationship_of
from app.files.fhir_json import LOINC_SYSTEM
from app.models import Relation
from app.publication.mapping import MapElement, MapTarget
from app.text import UNPRINTABLE

_SEEN_FROM_LOINC = {
    Relation.LOINC_WIDER: Relation.LOINC_NARROWER,
    Relation.LOINC_NARROWER: Relation.LOINC_WIDER,
}
"""How R4, which speaks of the concept given, sees from LOINC what is wider or narrower seen from the local test."""


@dataclass(frozen=True, slots=True)
class Match:
    """A concept that the map gives, how the map relates the two, and which map says so."""

    relation: Relation
    is_reverse: bool
    system: str
    version: str
    code: str
    display: str
    origin: str

    @property
    def concept(self) -> dict[str, str]:
        """The concept as a Coding."""
        coding = {"system": self.system, "version": self.version, "code": self.code, "display": self.display}
        return {key: value for key, value in coding.items() if value}


@dataclass(frozen=True, slots=True)
class Translation:
    """The answer: each match once, why each code without match has none, and what to know of those that are given."""

    matches: tuple[Match, ...]
    message: str = ""


@dataclass(slots=True)
class _Answer:
    """What the maps say of one code."""

    matches: list[Match] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    """Why a map that goes where the question asks gives nothing."""
    beside: list[str] = field(default_factory=list)
    """Why a map does not go there."""
    remarks: dict[str, None] = field(default_factory=dict)

    def add(self, catalogue: PublishedCatalogue, coding: Coding, question: Question) -> None:
        """Ask one map more."""
        elsewhere = _beside(catalogue, question)
        if elsewhere:
            self.beside.append(elsewhere)
            return
        matches, reason = _asked(catalogue, coding, question)
        self.matches += matches
        self.reasons.append(reason)
        for match in matches:
            remark = catalogue.reasons.remarks.get(coding.code if match.is_reverse else match.code)
            other = _of_other_version(catalogue, coding, question)
            self.remarks |= dict.fromkeys(text for text in (remark, other) if text)

    def why(self, coding: Coding, question: Question) -> str:
        """Why there is no match: a map that goes there knows better than one that does not."""
        found = next(filter(None, self.reasons), "")
        if not found and not (question.is_reverse and self.reasons):
            found = next(iter(self.beside), "")
        return found or _of_nobody(coding, question)


def translate(catalogues: Sequence[PublishedCatalogue], question: Question) -> Translation:
    """Ask the maps, from either side."""
    matches: dict[Match, None] = {}
    unmatched: dict[Coding, str] = {}
    remarks: dict[str, None] = {}
    for coding in question.codings:
        answer = _Answer()
        for catalogue in catalogues:
            answer.add(catalogue, coding, question)
        matches |= dict.fromkeys(answer.matches)
        remarks |= answer.remarks
        if not answer.matches:
            unmatched[coding] = answer.why(coding, question)
    return Translation(tuple(matches), "\n".join([*_told(unmatched, question), *remarks]))


def _told(unmatched: Mapping[Coding, str], question: Question) -> Iterator[str]:
    """Each code without match with its reason; one code of two systems is two codes."""
    if len(question.codings) == 1:
        yield from unmatched.values()
        return
    systems = Counter(code for _, code in {(item.system, item.code) for item in question.codings})
    for coding, reason in unmatched.items():
        yield f"{coding.system}|{coding.code} : {reason}" if systems[coding.code] > 1 else f"{coding.code} : {reason}"


def _of_other_version(catalogue: PublishedCatalogue, coding: Coding, question: Question) -> str:
    """What to know when the code was taken from another version of its system than that of the map."""
    held = catalogue.statement.loinc_version if question.is_reverse else catalogue.version
    if coding.version in ("", held) or not held:
        return ""
    return reasons.OTHER_VERSION.format(asked=coding.version[:80], system=coding.system, held=held)


def _of_nobody(coding: Coding, question: Question) -> str:
    """Why there is no match when no map speaks of the code."""
    if not question.is_reverse:
        if question.target_system not in ("", LOINC_SYSTEM):
            return reasons.OTHER_TARGET.format(system=question.target_system)
        return reasons.OTHER_SYSTEM.format(system=coding.system)
    return reasons.NO_LOCAL_CODE


def _beside(catalogue: PublishedCatalogue, question: Question) -> str:
    """Why this map does not go where the question asks; empty when it does."""
    source, target = question.source_scope, question.target_scope
    if question.is_reverse and question.version is FhirVersion.R4:
        # R4 names the scopes as the translation goes, R5 as the map does.
        source, target = target, source
    if source not in ("", catalogue.canonicals.value_set()):
        return reasons.OTHER_SOURCE_SCOPE.format(scope=source)
    if target not in ("", LOINC_VALUE_SET):
        return reasons.OTHER_TARGET_SCOPE.format(scope=target)
    names_target = not question.is_reverse or question.version is FhirVersion.R5
    if names_target and question.target_system not in ("", LOINC_SYSTEM):
        return reasons.OTHER_TARGET.format(system=question.target_system)
    if question.is_reverse and not _groups(catalogue, question):
        return reasons.NO_SUCH_LOCAL_SYSTEM.format(system=question.target_system)
    return ""


def _groups(catalogue: PublishedCatalogue, question: Question) -> list[GroupIndex]:
    """The groups of a map that a reversed question looks into."""
    if question.version is FhirVersion.R4 and question.target_system:
        # R4 reversed looks for its target system among the sources of the map; R5 always names the map's target.
        return [group for group in catalogue.groups if group.system == question.target_system]
    return catalogue.groups


def _asked(catalogue: PublishedCatalogue, coding: Coding, question: Question) -> tuple[list[Match], str]:
    origin = f"{catalogue.canonicals.concept_map()}|{catalogue.version}"
    if question.is_reverse:
        return _from_loinc(catalogue, coding, question, origin)
    for group in catalogue.groups:
        if group.system != coding.system:
            continue
        element = group.by_code.get(coding.code)
        if element is not None and element.target is not None:
            return [_loinc(element.target, catalogue, origin)], ""
        return [], catalogue.reasons.by_code[group.level].get(coding.code, reasons.UNKNOWN)
    return [], ""


def _from_loinc(
    catalogue: PublishedCatalogue, coding: Coding, question: Question, origin: str
) -> tuple[list[Match], str]:
    if coding.system != LOINC_SYSTEM:
        return [], reasons.NOT_LOINC.format(system=coding.system)
    groups = _groups(catalogue, question)
    found = [_local(element, group, catalogue, origin) for group in groups for element in _leading(group, coding.code)]
    return found, "" if found else catalogue.reasons.by_loinc.get(coding.code, "")


def _leading(group: GroupIndex, loinc_num: str) -> Iterator[tuple[MapElement, MapTarget]]:
    for element in group.by_loinc.get(loinc_num, []):
        if element.target is not None:
            yield element, element.target


def _loinc(target: MapTarget, catalogue: PublishedCatalogue, origin: str) -> Match:
    version, term = catalogue.statement.loinc_version, target.term
    return Match(target.relation, False, LOINC_SYSTEM, version, term.loinc_num, term.long_common_name, origin)


def _local(
    mapped: tuple[MapElement, MapTarget], group: GroupIndex, catalogue: PublishedCatalogue, origin: str
) -> Match:
    element, target = mapped
    return Match(target.relation, True, group.system, catalogue.version, element.code, element.display, origin)


def parameters_of(translation: Translation, version: FhirVersion) -> dict[str, Any]:
    """The answer as a Parameters resource of this release."""
    parameters: list[dict[str, Any]] = [{"name": "result", "valueBoolean": bool(translation.matches)}]
    if translation.message:
        parameters.append({"name": "message", "valueString": UNPRINTABLE.sub("\ufffd", translation.message)})
    for match in translation.matches:
        if version is FhirVersion.R4:
            # R4 says how the concept that it gives stands to the one that was asked for: reversed, the other way round.
            seen = _SEEN_FROM_LOINC.get(match.relation, match.relation) if match.is_reverse else match.relation
            relation = {"name": "equivalence", "valueCode": equivalence_of(seen).value}
            origin = {"name": "source", "valueUri": match.origin}
        else:
            # R5 names the source and the target of the map, whichever of them was asked for.
            relation = {"name": "relationship", "valueCode": relationship_of(match.relation).value}
            origin = {"name": "originMap", "valueUri": match.origin}
        concept = {"name": "concept", "valueCoding": match.concept}
        parameters.append({"name": "match", "part": [relation, concept, origin]})
    return {"resourceType": "Parameters", "parameter": parameters}
