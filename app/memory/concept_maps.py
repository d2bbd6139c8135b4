"""ConceptMap R4 and R5 in, alone or in a Bundle whose code systems describe the local codes."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from app.files.fhir_concepts import concepts_of, level_named
from app.files.fhir_json import (
    LOINC_SYSTEMS,
    NO_MAP_EXTENSION,
    NOTE_EXTENSION,
    FhirReadError,
    Json,
    Resources,
    items,
    one_line,
    resources_of,
    says_true,
    walk,
)
from app.files.fhir_syntax import load_fhir
from app.files.loinc_cells import CellFinding, read_code
from app.memory.reasons import Reason
from app.memory.schemas import EarlierMapping, EarlierMappings, sorted_out
from app.memory.statements import settled_as
from app.memory.tables import unread
from app.models import Level
from app.text import iso_day

_PEOPLE = re.compile(
    r"(?:\s—)?\s*Décidé par (?P<author>.+?) le (?P<day>\d\d/\d\d/\d{4})\."
    r"(?:\s*Approuvé par .+? le \d\d/\d\d/\d{4}\.)?$"
)
"""How this product ends the comments of its own maps in R4."""


class NoConceptMapError(FhirReadError):
    """The file is FHIR, and has no map."""


Described = dict[str, dict[str, str]]


def read_concept_maps(content: bytes) -> EarlierMappings:
    """The mappings to LOINC of a file; raises FhirReadError."""
    resources = resources_of(load_fhir(content))
    maps = list(resources.of_type("ConceptMap"))
    if not maps:
        raise NoConceptMapError("ce fichier FHIR ne contient aucune ConceptMap")
    skipped: Counter[Reason] = Counter()
    described = _described(resources)
    found = [mapping for item in maps for mapping in _mappings(item, described, skipped)]
    version = "R5" if any("relationship" in target for item in maps for target in _targets(item)) else "R4"
    return sorted_out(f"ConceptMap {version}", found, skipped)


def _described(resources: Resources) -> dict[str, Described]:
    """Address of a code system -> code -> what it says of it."""
    found: dict[str, Described] = {}
    for system in resources.of_type("CodeSystem"):
        concepts = {values["code"]: values for values in concepts_of(system)}
        found[one_line(system.get("url"))] = concepts
    return found


def _targets(concept_map: Json) -> Iterator[Json]:
    for group in items(concept_map, "group"):
        for element in items(group, "element"):
            yield from items(element, "target")


def _level_of(source: str) -> Level | None:
    return level_named(source.rstrip("/").rsplit("/", 1)[-1])


def _mappings(concept_map: Json, described: dict[str, Described], skipped: Counter[Reason]) -> Iterator[EarlierMapping]:
    for group in items(concept_map, "group"):
        # R5 writes the version of a system behind a bar.
        source = one_line(group.get("source")).split("|", 1)[0]
        target_system = one_line(group.get("target")).split("|", 1)[0]
        elements = items(group, "element")
        if not target_system.startswith(LOINC_SYSTEMS):
            skipped[Reason.OTHER_TARGET] += len(elements)
            continue
        concepts = described.get(source, {})
        for _, element in walk(elements, "element"):
            known = concepts.get(one_line(element.get("code")), {})
            yield from (
                replace(mapping, system=source) for mapping in _of_element(element, known, _level_of(source), skipped)
            )


def _of_element(
    element: Json, known: dict[str, str], level: Level | None, skipped: Counter[Reason]
) -> Iterator[EarlierMapping]:
    code = one_line(element.get("code"))
    local = _local(element, known, level)
    targets = items(element, "target")
    if not code and not one_line(element.get("display")):
        # R5 may name a whole value set in place of a code: that is no test of a laboratory.
        skipped[Reason.NO_LOCAL_CODE] += max(1, len(targets))
        return
    if not targets:
        if _is_without_map(element):
            settled = _settled(local, element)
            skipped[Reason.OUT_OF_SCOPE if settled.finding is CellFinding.OUT_OF_SCOPE else Reason.NO_MATCH] += 1
            yield settled
        else:
            # Nobody has looked yet, or R4 has no place to say it.
            skipped[Reason.NO_TARGET] += 1
    for target in targets:
        said = _with_said(local, target)
        written = one_line(target.get("code"))
        cell = read_code(written)
        if said.relation == "unmatched" or not written:
            skipped[Reason.NO_MATCH] += 1
            # That a code is not the right one does not say that there is none.
            if said.relation == "unmatched" and len(targets) == 1:
                yield replace(said, relation="", finding=CellFinding.NO_CODE, reason=said.comment, comment="")
        elif cell.finding is CellFinding.EMPTY:
            skipped[Reason.NOT_DONE] += 1
        elif not cell.code:
            skipped[Reason.INVALID] += 1
            yield unread(said, written)
        else:
            yield replace(said, loinc_num=cell.code, written=written, repair=cell.repair)


def _is_without_map(element: Json) -> bool:
    """Whether an element says that its code has no target: R5 by `noMap`, R4 by the extension of that name."""
    said = [item.get("valueBoolean") for item in items(element, "extension") if item.get("url") == NO_MAP_EXTENSION]
    return any(map(says_true, (element.get("noMap"), *said)))


def _settled(local: EarlierMapping, element: Json) -> EarlierMapping:
    """That there is no code, with what the notes beside it say: the reason first, then the comment."""
    notes = [
        note
        for item in items(element, "extension")
        if item.get("url") == NOTE_EXTENSION and isinstance(note := item.get("valueAnnotation"), dict)
    ]
    texts = [one_line(note.get("text")) for note in notes]
    finding, reason = settled_as(texts[0] if texts else "")
    return replace(
        local,
        finding=CellFinding.NO_CODE if finding is CellFinding.EMPTY else finding,
        reason=reason,
        comment=" ".join(texts[1:]),
        author=next((name for note in notes if (name := one_line(note.get("authorString")))), ""),
        dated=next((day for note in notes if (day := _day(note.get("time")))), ""),
    )


def _day(moment: Any) -> str:
    """The day, in Paris, of a moment as FHIR writes it; what is no whole moment, as it is written."""
    written = one_line(moment)
    try:
        return iso_day(datetime.fromisoformat(written)) if "T" in written else written[:10]
    except (ValueError, OverflowError):
        return written[:10]


def _local(element: Json, known: dict[str, str], level: Level | None) -> EarlierMapping:
    """What an element says of the local code."""
    code = one_line(element.get("code"))
    return EarlierMapping(
        local_code=code,
        label=one_line(element.get("display")) or known.get("label", "") or code,
        loinc_num="",
        level=Level(known["level"]) if known else level,
        synonym=known.get("synonym", ""),
        unit=known.get("unit", ""),
        specimen=known.get("specimen", ""),
        technique=known.get("technique", ""),
        scale=known.get("scale", ""),
        timing=known.get("timing", ""),
    )


def _with_said(local: EarlierMapping, target: Json) -> EarlierMapping:
    """The relation, the comment, and who decided when: R5 has places for them, R4 only the end of the comment."""
    comment = one_line(target.get("comment"))
    told = _PEOPLE.search(comment)
    people = {one_line(item.get("code")): item for item in items(target, "property")}
    author = one_line(people.get("decidedBy", {}).get("valueString")) or (told["author"] if told else "")
    dated = _day(people.get("decidedOn", {}).get("valueDateTime")) or (told["day"] if told else "")
    return replace(
        local,
        relation=one_line(target.get("equivalence")) or one_line(target.get("relationship")),
        comment=comment[: told.start()].rstrip() if told else comment,
        author=author,
        dated=dated,
    )
