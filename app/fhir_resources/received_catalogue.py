"""The FHIR catalogue as received, with the approved LOINC codings added to its own definitions.

Nothing else changes: elements that we do not know stay, in their order, numbers as they were written. A LOINC
coding that the file already had gives way to the approved one, since two of them would block the laboratory
system; where nothing is approved it is taken out, since the laboratory system would take it for approved.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from app.fhir_resources.code_systems import PROPERTIES, loinc_coding
from app.fhir_resources.received_xml import ReceivedXml
from app.files.fhir_concepts import concepts_of, lists_tests, systems_beside
from app.files.fhir_definitions import code_of
from app.files.fhir_json import LOINC_SYSTEMS, Json, items, one_line, resources_of, walk
from app.files.foreign import is_fhir_xml
from app.files.kinds import SECTIONS
from app.models import Level
from app.publication.assessment import Assessment
from app.publication.lookup import RowLookup
from app.publication.schemas import PublishedTerm, PublishedTest
from app.publication.statement import Statement

_DEFINITIONS = {
    "ObservationDefinition": Level.ANALYSIS,
    "ActivityDefinition": Level.EXAM,
    "PlanDefinition": Level.EXAM,
}
_NUMBER = re.compile('"\ue000([^"]*)\ue000"')


@dataclass(slots=True)
class CompletedFhir:
    """The completed file, and what was done."""

    content: bytes = b""
    rows: int = 0
    coded: int = 0
    replaced: int = 0
    """Definitions whose LOINC coding was another than the approved one."""
    removed: int = 0
    """Definitions and concepts that had a LOINC coding, and for which nothing is approved."""


@dataclass(slots=True)
class _Completion:
    """The work on one file."""

    lookup: RowLookup
    assessment: Assessment
    statement: Statement
    done: CompletedFhir = field(default_factory=CompletedFhir)

    def term_of(self, test: PublishedTest | None) -> PublishedTerm | None:
        """The approved term of a row, counted."""
        if test is None:
            return None
        self.done.rows += 1
        term = self.assessment.names.get(test.id)
        self.done.coded += term is not None
        return term

    def definition(self, resource: Json, level: Level) -> None:
        """An analysis or an exam."""
        concept = resource.get("code")
        code = code_of(resource, concept if isinstance(concept, dict) else {})
        term = self.term_of(self.lookup.with_code(level, code))
        if term is None:
            self._clear(resource, concept)
            return
        if resource["resourceType"] == "PlanDefinition":
            self._plan(resource, term)
        else:
            if not isinstance(concept, dict):
                concept = resource["code"] = {}
            self._add(concept, term)
        if resource["resourceType"] != "ObservationDefinition":
            self._notice(resource)

    def _plan(self, resource: Json, term: PublishedTerm) -> None:
        """A plan has no code of its own: its action has it, one in R5, a list in R4."""
        actions = items(resource, "action")
        action = actions[0] if actions else {}
        if not actions:
            resource["action"] = [action]
        concepts = items(action, "code")
        if concepts:
            self._add(concepts[0], term)
        else:
            action["code"] = [{"coding": [self._coding(term)]}]

    def _clear(self, resource: Json, concept: Any) -> None:
        """Take out what LOINC coding a definition had."""
        concepts = [concept] if isinstance(concept, dict) else []
        if resource["resourceType"] == "PlanDefinition":
            concepts += [held for action in items(resource, "action") for held in items(action, "code")]
        had = [_without_loinc(held) for held in concepts]
        self.done.removed += any(had)

    def _coding(self, term: PublishedTerm) -> Json:
        return loinc_coding(term, self.statement.loinc_version)

    def _add(self, concept: Json, term: PublishedTerm) -> None:
        codings = items(concept, "coding")
        known = [one_line(item.get("code")) for item in codings if _is_loinc(item)]
        self.done.replaced += bool(known) and known != [term.loinc_num]
        concept["coding"] = [*(item for item in codings if not _is_loinc(item)), self._coding(term)]

    def _notice(self, resource: Json) -> None:
        held = resource.get("copyright")
        said = held if isinstance(held, str) else ""
        if self.statement.copyright not in said:
            resource["copyright"] = "\n".join(text for text in (said, self.statement.copyright) if text.strip())

    def code_system(self, system: Json, has_definitions: bool) -> None:
        """The concepts that no definition describes: chapters always, the others in a file without definitions."""
        nodes = [node for _, node in walk(items(system, "concept"), "concept") if one_line(node.get("code"))]
        is_used = False
        for node, values in zip(nodes, concepts_of(system), strict=True):
            level = Level(values["level"])
            if has_definitions and level not in SECTIONS:
                continue
            term = self.term_of(self._row(level, values))
            properties = items(node, "property")
            kept = [item for item in properties if item.get("code") != "loinc"]
            if term is None and len(kept) < len(properties):
                self.done.removed += 1
                node["property"] = kept
                if not kept:
                    del node["property"]
            if term is not None:
                node["property"] = [*kept, {"code": "loinc", "valueCoding": self._coding(term)}]
                is_used = True
        if is_used:
            self._notice(system)
            declared = items(system, "property")
            if not any(item.get("code") == "loinc" for item in declared):
                own = {"code": "loinc", "description": PROPERTIES["loinc"], "type": "Coding"}
                system["property"] = [*declared, own]

    def _row(self, level: Level, values: dict[str, str]) -> PublishedTest | None:
        code, label = values["code"], values.get("label", "")
        if level is Level.CHAPTER:
            return self.lookup.chapter(code, label)
        if level is Level.SUBCHAPTER:
            chapter = values.get("chapter_code") or code.rpartition("/")[0]
            return self.lookup.subchapter(chapter, code.removeprefix(f"{chapter}/"), label)
        return self.lookup.with_code(level, code)


def _without_loinc(concept: Json) -> bool:
    """Take the LOINC codings out of a concept; whether it had any. One that nothing else fills keeps their words."""
    codings = items(concept, "coding")
    loinc = [item for item in codings if _is_loinc(item)]
    if not loinc:
        return False
    kept = [item for item in codings if not _is_loinc(item)]
    if kept:
        concept["coding"] = kept
        return True
    del concept["coding"]
    if not one_line(concept.get("text")):
        concept["text"] = next((said for item in loinc if (said := one_line(item.get("display")))), "Sans code")
    return True


def _is_loinc(coding: Json) -> bool:
    return one_line(coding.get("system")).startswith(LOINC_SYSTEMS)


def _indent(text: str) -> int | None:
    """How the received file was indented; None when it was not."""
    found = re.match(r"\s*\{\r?\n( +)\"", text)
    return len(found[1]) if found else None


def _definitions(resources: Iterator[Json]) -> Iterator[tuple[Json, Level]]:
    for resource in resources:
        yield resource, _DEFINITIONS[resource["resourceType"]]


def completed_fhir(content: bytes, lookup: RowLookup, assessment: Assessment, statement: Statement) -> CompletedFhir:
    """The received file, which was read when it was imported, with the approved codings.

    In XML the rest keeps its bytes; FhirReadError is raised for a file that cannot be given back so.
    """
    work = _Completion(lookup, assessment, statement)
    if is_fhir_xml(content):
        received = ReceivedXml.read(content)
        _complete(work, received.root)
        work.done.content = received.written()
        return work.done
    text = content.decode("utf-8-sig")
    # A decimal number keeps its digits: 0.10 is not 0.1 in FHIR.
    root: Json = json.loads(text, parse_float=lambda number: f"\ue000{number}\ue000")
    _complete(work, root)
    indent = _indent(text)
    separators = (",", ": ") if indent else (",", ":")
    written: Any = json.dumps(root, ensure_ascii=False, indent=indent, separators=separators)
    work.done.content = (_NUMBER.sub(r"\1", written) + "\n").encode()
    return work.done


def _complete(work: _Completion, root: Json) -> None:
    """Add the approved codings to the values of a file."""
    resources = resources_of(root)
    definitions = list(_definitions(resources.of_type(*_DEFINITIONS)))
    for resource, level in definitions:
        work.definition(resource, level)
    beside = systems_beside(resources)
    for system in (item for item in resources.of_type("CodeSystem") if lists_tests(item, beside)):
        work.code_system(system, bool(definitions))
