"""What the FHIR service can do, for programs that ask before they use it."""

from importlib.metadata import PackageNotFoundError, version
from typing import Any

from app.fhir.dialect import FhirVersion
from app.fhir.published import SLUGS
from app.fhir.searching import SEARCH_PARAMETERS

PUBLISHED_ON = "2026-11-27"
"""Changed with the capabilities, not with each start."""
_NUMBERS = {FhirVersion.R4: "4.0.1", FhirVersion.R5: "5.0.0"}
_TRANSLATE = "http://hl7.org/fhir/OperationDefinition/ConceptMap-translate"

_SECURITY = (
    "Chaque demande porte l'en-tête Authorization: Bearer suivi d'un jeton, fait pour un laboratoire par son "
    "biologiste ou par l'administrateur. Aucun cookie n'est lu. Cette déclaration seule se lit sans jeton."
)

_DOCUMENTATION = (
    "FHIR 4.0 par défaut ; 5.0 par fhirVersion=5.0 dans Accept ou _format. Une recherche prend aussi _summary, "
    "_elements, _count et _offset, par GET ou par POST _search ; un paramètre inconnu est dit, ou refusé par Prefer: "
    "handling=strict. Seule la version actuelle d'une ressource est servie ; une date sans fuseau est à l'heure de "
    "Paris."
)


def _software_version() -> str:
    try:
        return version("transcodeur")
    except PackageNotFoundError:
        return "0"


def _resource(kind: str) -> dict[str, Any]:
    resource: dict[str, Any] = {
        "type": kind,
        "profile": f"http://hl7.org/fhir/StructureDefinition/{kind}",
        "interaction": [{"code": "read"}, {"code": "vread"}, {"code": "search-type"}],
        "versioning": "versioned",
        "readHistory": False,
        "conditionalRead": "full-support",
        "searchParam": [{"name": name, "type": text} for name, text in SEARCH_PARAMETERS.items()],
    }
    if kind == "ConceptMap":
        resource["operation"] = [{"name": "translate", "definition": _TRANSLATE}]
    return resource


def capability_statement(base_url: str, fhir_version: FhirVersion) -> dict[str, Any]:
    """The CapabilityStatement of the service at this address."""
    return {
        "resourceType": "CapabilityStatement",
        "id": "transcodeur",
        "meta": {"versionId": PUBLISHED_ON.replace("-", ""), "lastUpdated": f"{PUBLISHED_ON}T00:00:00Z"},
        "language": "fr",
        "name": "AtelierDeTranscodageLOINC",
        "title": "Atelier de transcodage LOINC : cartes approuvées",
        "status": "active",
        "experimental": False,
        "date": PUBLISHED_ON,
        "description": "Lecture des transcodages approuvés d'un laboratoire et traduction de ses codes locaux.",
        "kind": "instance",
        "software": {"name": "transcodeur", "version": _software_version()},
        "implementation": {"description": "Atelier de transcodage LOINC", "url": base_url},
        "fhirVersion": _NUMBERS[fhir_version],
        "format": ["application/fhir+json", "application/fhir+xml"],
        "rest": [
            {
                "mode": "server",
                "documentation": _DOCUMENTATION,
                "security": {"description": _SECURITY},
                "resource": [_resource(kind) for kind in sorted(SLUGS)],
            }
        ],
    }
