"""What all FHIR resources of a catalogue share: their urls, their names and their publishing metadata."""

import re
import uuid
from dataclasses import dataclass
from typing import Any

from anyascii import anyascii

from app.fhir_resources.rules import PublicationStatus
from app.fhir_resources.values import instant
from app.models import Catalogue, FhirNaming, Laboratory, Level
from app.publication.state import PublishedState
from app.publication.statement import LABELS, OF_THE_FILE, Statement
from app.text import one_line

ANS_BASE = "https://smt.esante.gouv.fr/fhir"
_NAMESPACE = uuid.UUID("8f7c1a52-7f0e-5d0b-9a37-5b0f2f3f6c11")
LEVEL_SLUGS = {
    Level.CHAPTER: "chapitres",
    Level.SUBCHAPTER: "sous-chapitres",
    Level.EXAM: "examens",
    Level.ANALYSIS: "analyses",
}
SPECIMENS, UNITS = "milieux", "unites"
"""The lists of codes beside those of the tests."""


class FhirRuleError(RuntimeError):
    """A resource we built breaks a rule of FHIR; it is not exported."""


@dataclass(frozen=True, slots=True)
class Canonicals:
    """The urls of a catalogue's FHIR resources: they never change, their versions do."""

    laboratory: Laboratory
    catalogue: Catalogue

    @property
    def is_ans(self) -> bool:
        """Whether the laboratory chose the names of the ANS terminology server; they need its FINESS number."""
        return self.laboratory.fhir_naming == FhirNaming.ANS and bool(self.laboratory.finess)

    def identifier(self, slug: str) -> str:
        """The id of a resource of this catalogue, in kebab case, the same in every version."""
        own = f"catalogue-{self.catalogue.named_as or self.catalogue.id}"
        name = f"{own}-{slug}" if slug else own
        return f"laboratoire-{self.laboratory.finess.lower()}-{name}" if self.is_ans else name

    def row(self, number: int) -> int:
        """The number by which the resources of a row are named: that of where its catalogue began."""
        return number - self.catalogue.moved_rows

    def url(self, resource: str, slug: str) -> str:
        """The canonical address of a resource of this catalogue."""
        base = ANS_BASE if self.is_ans else self.laboratory.canonical_url.strip().rstrip("/")
        if base:
            return f"{base}/{resource}/{self.identifier(slug)}"
        # Without an address of the laboratory: an identifier that belongs to nobody else, and stays.
        laboratory = f"{self.laboratory.named_as or self.laboratory.id}:{self.laboratory.created_at.isoformat()}"
        return f"urn:uuid:{uuid.uuid5(_NAMESPACE, f'{laboratory}/{resource}/{self.identifier(slug)}')}"

    def version(self, state: PublishedState) -> str:
        """The version of all that says this state, served or exported; with the second as the ANS writes it, or ours.

        The mark of the state follows the second: two states of one second are two versions.
        """
        return f"{state.changed_at:%Y%m%d%H%M%S}-{state.fingerprint}" if self.is_ans else state.version_id

    def concept_map(self) -> str:
        """The map of this catalogue."""
        return self.url("ConceptMap", "loinc")

    def value_set(self) -> str:
        """All local codes of this catalogue."""
        return self.url("ValueSet", "")

    def code_system(self, level: Level) -> str:
        """The local codes of one level: an exam and an analysis may share a code."""
        return self.url("CodeSystem", LEVEL_SLUGS[level])


def computable_name(text: str) -> str:
    """A name that programs accept (cmd-0): `Catalogue général` gives `CatalogueGeneral`."""
    words = re.findall(r"[A-Za-z0-9]+", anyascii(text))
    name = "".join(word[:1].upper() + word[1:] for word in words)
    return (name if name[:1].isalpha() else f"Catalogue{name}")[:200]


def header(statement: Statement, *, id: str, url: str, version: str, name: str, title: str) -> dict[str, Any]:
    """The publishing metadata of a resource, without its status."""
    return {
        "id": id,
        "language": "fr",
        "url": url,
        "version": version,
        "name": f"{computable_name(statement.catalogue)[:180]}{name}",
        "title": one_line(f"{statement.laboratory} — {statement.catalogue} : {title}"),
        "experimental": False,
        "date": instant(statement.changed_at),
        "publisher": one_line(statement.laboratory),
        "jurisdiction": [{"coding": [{"system": "urn:iso:std:iso:3166", "code": "FR", "display": "France"}]}],
    }


def described(statement: Statement) -> str:
    """What the resource is and what every export states, for its reader; the same in every file of one state."""
    what = f"Transcodage LOINC du catalogue « {statement.catalogue} », {statement.laboratory}."
    # Displays of LOINC codes are LOINC's own names, whatever the labels of the other exports are.
    # Neither are the date and the author of a file part of a resource that a service gives too.
    hidden = {LABELS, *OF_THE_FILE}
    facts = [f"{heading} : {value}" for heading, value in statement.lines()[2:] if heading not in hidden]
    return "\n".join(one_line(line) for line in (what, *facts))


def status_of(is_usable: bool) -> str:
    """Active as soon as there is something to use, draft before."""
    return (PublicationStatus.ACTIVE if is_usable else PublicationStatus.DRAFT).value


