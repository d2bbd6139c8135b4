"""Reading FHIR JSON: the resources of a file, references between them, and their coded values."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
LOINC_SYSTEM = "http://loinc.org"
LOINC_SYSTEMS = (LOINC_SYSTEM, "https://loinc.org", "urn:oid:2.16.840.1.113883.6.1")
NOTE_EXTENSION = "http://hl7.org/fhir/StructureDefinition/note"
NO_MAP_EXTENSION = "http://hl7.org/fhir/5.0/StructureDefinition/extension-ConceptMap.group.element.noMap"
"""Defined by HL7: a note on any element, and in R4 the element of R5 that says that a code has no target."""
_OTHER_TERMINOLOGIES = ("http://snomed.info", "urn:oid:2.16.840.1.113883.6.96", "http://npu-terminology.org")
_PATIENT_RESOURCES = frozenset(
    """Patient RelatedPerson Observation DiagnosticReport ServiceRequest Specimen Encounter Condition
    MedicationRequest MedicationStatement Immunization AllergyIntolerance Procedure EpisodeOfCare Coverage
    Claim Appointment CarePlan FamilyMemberHistory ImagingStudy""".split()
)
_MAX_DEPTH = 60
_SURROGATE = re.compile("[\ud800-\udfff]")
_NULL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


class FhirReadError(ValueError):
    """The file is not FHIR that this application takes; the message says why, in French."""


@dataclass(frozen=True, slots=True)
class Coded:
    """A code and what it is called."""

    code: str = ""
    text: str = ""
    system: str = ""


def one_line(value: Any) -> str:
    """A JSON value as text on one line; empty for what is no text."""
    is_text = isinstance(value, str | int | float) and not isinstance(value, bool)
    return " ".join(str(value).split()) if is_text else ""


def says_true(value: Any) -> bool:
    """Whether a truth value is true, written as JSON has it or, by writers that know texts only, as a text."""
    return value is True or (isinstance(value, str) and value.strip().lower() == "true")


def looks_like_json(content: bytes) -> bool:
    """Whether a file is JSON: no catalogue in columns begins with a brace."""
    return content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")


def is_storable(value: Any) -> bool:
    """Whether every text of a JSON value can be kept by a database: JSON may write what no text holds."""
    written = json.dumps(value, ensure_ascii=False)
    return not (_SURROGATE.search(written) or _NULL.search(written))


def load(content: bytes) -> Json:
    """The JSON object of a file; raises FhirReadError."""
    try:
        # A decimal stays as it is written, as in XML: FHIR says that its digits count.
        value = json.loads(content.decode("utf-8-sig"), parse_float=str)
        if not is_storable(value):
            raise FhirReadError("ce fichier JSON contient un caractère nul ou la moitié d'un caractère (\\ud800)")
    except UnicodeDecodeError:
        raise FhirReadError("ce fichier JSON n'est pas en UTF-8") from None
    except FhirReadError:
        raise
    except ValueError as error:
        line = getattr(error, "lineno", 0)
        raise FhirReadError(f"ce n'est pas un fichier JSON bien formé (ligne {line})") from None
    except RecursionError:
        raise FhirReadError("ce fichier JSON emboîte trop de niveaux") from None
    if not isinstance(value, dict) or not isinstance(value.get("resourceType"), str):
        raise FhirReadError("ce fichier JSON n'est pas une ressource FHIR, ni une liste d'objets simples")
    return value


@dataclass(slots=True)
class Resources:
    """The resources of a file, and how they are referred to."""

    all: list[Json] = field(default_factory=list)
    by_key: dict[str, Json] = field(default_factory=dict)

    def of_type(self, *types: str) -> Iterator[Json]:
        """The resources of these types, in file order."""
        return (resource for resource in self.all if resource.get("resourceType") in types)

    def find(self, reference: Any) -> Json | None:
        """The resource that a Reference, a canonical or a plain address points to."""
        if isinstance(reference, dict):
            reference = reference.get("reference", "")
        if not isinstance(reference, str) or not reference:
            return None
        plain = reference.split("|", 1)[0]
        tail = "/".join(plain.rsplit("/", 2)[-2:])
        return self.by_key.get(reference) or self.by_key.get(plain) or self.by_key.get(tail)


def _refuse_patients(kind: str) -> None:
    if kind in _PATIENT_RESOURCES:
        raise FhirReadError(
            f"ce fichier contient une ressource {kind}, qui décrit un patient ou ses résultats. "
            "L'atelier n'enregistre que des catalogues d'analyses"
        )


def resources_of(root: Json) -> Resources:
    """The resources of a Bundle, or the one resource; raises FhirReadError when the file is about patients."""
    entries = items(root, "entry") if root["resourceType"] == "Bundle" else [{"resource": root}]
    found = Resources()
    for entry in entries:
        resource = entry.get("resource")
        if not isinstance(resource, dict) or not isinstance(resource.get("resourceType"), str):
            continue
        kind = resource["resourceType"]
        for told in (resource, *items(resource, "contained")):
            _refuse_patients(one_line(told.get("resourceType")))
        if kind == "Bundle":
            raise FhirReadError("un Bundle dans un Bundle n'est pas lu")
        found.all.append(resource)
        keys = [one_line(entry.get("fullUrl")), one_line(resource.get("url"))]
        if identifier := one_line(resource.get("id")):
            keys.append(f"{kind}/{identifier}")
        for inner in items(resource, "contained"):
            found.by_key.setdefault(f"#{one_line(inner.get('id'))}", inner)
        for key in keys:
            if key:
                found.by_key.setdefault(key, resource)
    return found


def items(node: Mapping[str, Any], name: str) -> list[Json]:
    """The objects of a list, or the object alone; empty when there is none."""
    value = node.get(name)
    if isinstance(value, dict):
        return [value]
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def texts(node: Mapping[str, Any], name: str) -> list[str]:
    """The texts of a list, or the text alone."""
    value = node.get(name)
    values: Sequence[Any] = value if isinstance(value, list) else [value]
    return [text for item in values if (text := one_line(item))]


def _is_local(coding: Json) -> bool:
    system = one_line(coding.get("system"))
    return not system.startswith((*LOINC_SYSTEMS, *_OTHER_TERMINOLOGIES)) and "nabm" not in system.lower()


def local_coding(concept: Mapping[str, Any]) -> Coded:
    """The laboratory's own coding of a concept; empty when it has none."""
    for coding in items(concept, "coding"):
        if _is_local(coding) and one_line(coding.get("code")):
            return Coded(one_line(coding["code"]), one_line(coding.get("display")), one_line(coding.get("system")))
    return Coded()


def nabm_of(concepts: Iterable[Mapping[str, Any]]) -> str:
    """The NABM codes among the codings, separated by spaces."""
    codes = [
        one_line(coding.get("code"))
        for concept in concepts
        for coding in items(concept, "coding")
        if "nabm" in one_line(coding.get("system")).lower()
    ]
    return " ".join(dict.fromkeys(code for code in codes if code))


def said_by(concept: Mapping[str, Any]) -> Coded:
    """A concept as a person reads it: its text, else the name of its first coding, with that coding's code."""
    coded = local_coding(concept)
    first = (items(concept, "coding") or [{}])[0]
    text = one_line(concept.get("text")) or coded.text or one_line(first.get("display"))
    return Coded(coded.code, text or coded.code or one_line(first.get("code")), coded.system)


def walk(nodes: Sequence[Json], name: str, depth: int = 0) -> Iterator[tuple[int, Json]]:
    """(depth, node) of a tree, parents first; raises FhirReadError when it is too deep."""
    if depth > _MAX_DEPTH:
        raise FhirReadError("ce fichier emboîte trop de niveaux")
    for node in nodes:
        yield depth, node
        yield from walk(items(node, name), name, depth + 1)
