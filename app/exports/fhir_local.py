"""What all FHIR resources of a catalogue share: their urls, their local codes, their publishing metadata."""

import re
import uuid
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from anyascii import anyascii

from app.exports.fhir_rules import PublicationStatus, fhir_code
from app.exports.schemas import ExportTest
from app.exports.statement import Statement
from app.models import Catalogue, Laboratory, Level

_NAMESPACE = uuid.UUID("8f7c1a52-7f0e-5d0b-9a37-5b0f2f3f6c11")
LEVEL_SLUGS = {
    Level.CHAPTER: "chapitres",
    Level.SUBCHAPTER: "sous-chapitres",
    Level.EXAM: "examens",
    Level.ANALYSIS: "analyses",
}
LEVEL_ORDER = (Level.ANALYSIS, Level.EXAM, Level.SUBCHAPTER, Level.CHAPTER)


class FhirRuleError(RuntimeError):
    """A resource we built breaks a rule of FHIR; it is not exported."""


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
        return self._url("CodeSystem", f"catalogue-{self.catalogue.id}-{LEVEL_SLUGS[level]}")


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


def header(statement: Statement, *, url: str, version: str, name: str, title: str) -> dict[str, Any]:
    """The publishing metadata of a resource, without its status."""
    return {
        "language": "fr",
        "url": url,
        "version": version,
        "name": f"{computable_name(statement.catalogue)[:180]}{name}",
        "title": f"{statement.laboratory} — {statement.catalogue} : {title}",
        "experimental": False,
        "date": statement.made_at.replace(microsecond=0).isoformat(),
        "publisher": statement.laboratory,
        "jurisdiction": [{"coding": [{"system": "urn:iso:std:iso:3166", "code": "FR", "display": "France"}]}],
    }


def status_of(is_usable: bool) -> str:
    """Active as soon as there is something to use, draft before."""
    return (PublicationStatus.ACTIVE if is_usable else PublicationStatus.DRAFT).value


def display_of(test: ExportTest) -> str:
    """The local label on one line."""
    return " ".join(test.label.split())


def as_json(resource: Any) -> bytes:
    """A resource of fhir.resources as it is sent: UTF-8, indented, accents readable."""
    text: str = resource.model_dump_json(indent=2)
    return (text + "\n").encode()
