"""The FHIR R4 ConceptMap: local codes to approved LOINC codes, one group for each kind of local code.

R4 reads from the target: `wider` says that the LOINC code is wider than the local test. A row without
approved code is an element without target, which translators answer by "no match"; `group.unmapped` is never
written. The resource is built with fhir.resources and then held against `fhir_rules`.
"""

import re
import uuid
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from anyascii import anyascii
from fhir.resources.R4B.conceptmap import ConceptMap

from app.exports.assessment import DEFINITION, Assessment
from app.exports.fhir_rules import (
    LOINC_SYSTEM,
    LOINC_VALUE_SET,
    NEEDS_COMMENT,
    PublicationStatus,
    equivalence_of,
    fhir_code,
    problems,
)
from app.exports.schemas import ExportTest, TermName
from app.exports.statement import Statement
from app.exports.wording import date_text
from app.models import Catalogue, Laboratory, Level

_NAMESPACE = uuid.UUID("8f7c1a52-7f0e-5d0b-9a37-5b0f2f3f6c11")
_LEVEL_SLUGS = {
    Level.CHAPTER: "chapitres",
    Level.SUBCHAPTER: "sous-chapitres",
    Level.EXAM: "examens",
    Level.ANALYSIS: "analyses",
}


class ConceptMapError(RuntimeError):
    """The map we built breaks a rule of FHIR; it is not exported."""


@dataclass(frozen=True, slots=True)
class Canonicals:
    """The urls of a catalogue's FHIR resources: they never change, their versions do."""

    laboratory: Laboratory
    catalogue: Catalogue

    def _url(self, resource: str, slug: str) -> str:
        base = self.laboratory.canonical_url.strip().rstrip("/")
        if base:
            return f"{base}/{resource}/{slug}"
        # Without an address of the laboratory: an identifier that belongs to nobody else, and stays.
        laboratory = f"{self.laboratory.id}:{self.laboratory.created_at.isoformat()}"
        return f"urn:uuid:{uuid.uuid5(_NAMESPACE, f'{laboratory}/{resource}/{slug}')}"

    def concept_map(self) -> str:
        """The map of this catalogue."""
        return self._url("ConceptMap", f"catalogue-{self.catalogue.id}-loinc")

    def value_set(self) -> str:
        """All local codes of this catalogue."""
        return self._url("ValueSet", f"catalogue-{self.catalogue.id}")

    def code_system(self, level: Level) -> str:
        """The local codes of one level: an exam and an analysis may share a code."""
        return self._url("CodeSystem", f"catalogue-{self.catalogue.id}-{_LEVEL_SLUGS[level]}")


def computable_name(text: str) -> str:
    """A name that programs accept (cmd-0): `Catalogue général` gives `CatalogueGeneral`."""
    words = re.findall(r"[A-Za-z0-9]+", anyascii(text))
    name = "".join(word[:1].upper() + word[1:] for word in words)
    return (name if name[:1].isalpha() else f"Catalogue{name}")[:200]


def local_codes(tests: Iterable[ExportTest]) -> dict[int, str]:
    """The code of each local test in the map, trimmed as FHIR requires; tests without code are left out.

    A sub-chapter code used under several chapters is written `chapter/sub-chapter`, or it would be ambiguous.
    """
    trimmed = [(test, fhir_code(test.code)) for test in tests]
    parents: dict[str, set[str]] = defaultdict(set)
    for test, code in trimmed:
        if test.level is Level.SUBCHAPTER:
            parents[code].add(fhir_code(test.chapter_code))
    return {
        test.id: f"{fhir_code(test.chapter_code)}/{code}" if len(parents[code]) > 1 else code
        for test, code in trimmed
        if code
    }


def _narrowing(test: ExportTest, term: TermName) -> str:
    """In what sense the LOINC code is narrower, when nobody wrote it."""
    axes = (("milieu", term.system), ("échelle", term.scale), ("méthode", term.method))
    said = ", ".join(f"{axis} {value}" for axis, value in axes if value)
    return f"Le code LOINC est plus précis que le test local ({said})." if said else "Le code LOINC est plus précis."


def _comment(test: ExportTest, term: TermName) -> str:
    parts = [test.comment]
    if not test.comment and equivalence_of(test.relation) in NEEDS_COMMENT:
        parts.append(_narrowing(test, term))
    if test.decided_by:
        parts.append(f"Décidé par {test.decided_by} le {date_text(test.decided_at)}.")
    if test.approved_by:
        parts.append(f"Approuvé par {test.approved_by} le {date_text(test.approved_at)}.")
    return " ".join(part for part in parts if part)


def _target(test: ExportTest, term: TermName) -> dict[str, Any]:
    target = {
        "code": term.loinc_num,
        "display": term.long_common_name,
        "equivalence": equivalence_of(test.relation).value,
    }
    comment = _comment(test, term)
    return {key: value for key, value in (target | {"comment": comment}).items() if value}


def _elements(tests: Iterable[ExportTest], assessment: Assessment) -> list[dict[str, Any]]:
    """One element for each local code, with at most one target."""
    elements: dict[str, dict[str, Any]] = {}
    ordered = list(tests)
    codes = local_codes(ordered)
    for test in ordered:
        code = codes.get(test.id, "")
        if not code:
            continue
        element = elements.setdefault(code, {"code": code})
        label = " ".join(test.label.split())
        if label:
            element.setdefault("display", label)
        term = assessment.names.get(test.id)
        if term is not None:
            # Rows that share a code share their LOINC code: the assessment withheld the others.
            element.setdefault("target", [_target(test, term)])
    return list(elements.values())


def _description(statement: Statement) -> str:
    what = f"Transcodage LOINC du catalogue « {statement.catalogue} », {statement.laboratory}."
    return "\n".join([what, *(f"{heading} : {value}" for heading, value in statement.lines()[2:])])


def concept_map(assessment: Assessment, statement: Statement, canonicals: Canonicals, version: str) -> ConceptMap:
    """The map as a resource; raises ConceptMapError if it breaks a rule."""
    release_version = statement.release.version if statement.release else None
    groups = []
    for level in (Level.ANALYSIS, Level.EXAM, Level.SUBCHAPTER, Level.CHAPTER):
        elements = _elements((test for test in assessment.tests if test.level is level), assessment)
        if elements:
            group = {
                "source": canonicals.code_system(level),
                "sourceVersion": version,
                "target": LOINC_SYSTEM,
                "targetVersion": release_version,
                "element": elements,
            }
            groups.append({key: value for key, value in group.items() if value})
    name = f"{computable_name(statement.catalogue)[:180]}VersLOINC"
    status = PublicationStatus.ACTIVE if assessment.names else PublicationStatus.DRAFT
    values: dict[str, Any] = {
        "language": "fr",
        "url": canonicals.concept_map(),
        "version": version,
        "name": name,
        "title": f"{statement.laboratory} — {statement.catalogue} : codes LOINC",
        "status": status.value,
        "experimental": False,
        "date": statement.made_at.replace(microsecond=0).isoformat(),
        "publisher": statement.laboratory,
        "description": _description(statement),
        "jurisdiction": [{"coding": [{"system": "urn:iso:std:iso:3166", "code": "FR", "display": "France"}]}],
        "purpose": DEFINITION,
        "copyright": statement.copyright,
        "sourceUri": canonicals.value_set(),
        "targetUri": LOINC_VALUE_SET,
    }
    if groups:
        values["group"] = groups
    resource = ConceptMap(**values)
    found = problems(resource.model_dump(mode="json"))
    if found:
        raise ConceptMapError("; ".join(found[:5]))
    return resource


def as_json(resource: ConceptMap) -> bytes:
    """The resource as it is sent: UTF-8, indented, accents readable."""
    text: str = resource.model_dump_json(indent=2)
    return (text + "\n").encode()
