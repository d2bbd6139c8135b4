"""Catalogues in FHIR along the HL7 order-catalog guide, R4 and R5, and code systems; all made up."""

import json
from typing import Any

from app.models import FileKind
from tests.app.catalogues.fixtures import Fixture

LAB = "https://laboratoire.example/fhir"
Json = dict[str, Any]


def as_bytes(resource: Json) -> bytes:
    """A resource as a file."""
    return json.dumps(resource, ensure_ascii=False, indent=1).encode()


def coding(system: str, code: str, display: str = "") -> Json:
    """A coding of the laboratory."""
    values = {"system": f"{LAB}/CodeSystem/{system}", "code": code, "display": display}
    return {key: value for key, value in values.items() if value}


def bundle(*resources: Json) -> Json:
    """A collection whose entries are addressed as on the laboratory's server."""
    entries = [
        {"fullUrl": f"{LAB}/{resource['resourceType']}/{resource['id']}", "resource": resource}
        for resource in resources
    ]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


CATEGORY = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "laboratory"}]}
CHEMISTRY = {"coding": [coding("chapitres", "BIO", "Biochimie")]}
IONS = {"coding": [coding("sous-chapitres", "ION", "Ionogramme")]}
SERUM: Json = {
    "resourceType": "SpecimenDefinition", "id": "serum",
    "typeCollected": {"coding": [coding("milieux", "SE", "Sérum")], "text": "Sérum"},
}  # fmt: skip
URINE_24H: Json = {
    "resourceType": "SpecimenDefinition", "id": "urine24", "timeAspect": "24H",
    "typeCollected": {"coding": [coding("milieux", "UR", "Urines")]},
}  # fmt: skip
SODIUM: Json = {
    "resourceType": "ObservationDefinition",
    "id": "na",
    "category": [CATEGORY, CHEMISTRY, IONS],
    "code": {
        "coding": [
            {"system": "http://loinc.org", "code": "2951-2", "display": "Sodium [Moles/volume] in Serum or Plasma"},
            coding("analyses", "NA", "Sodium sérique"),
            {"system": "http://www.codage.ext.cnamts.fr/codif/nabm", "code": "1609"},
        ],
        "text": "Sodium",
    },
    "permittedDataType": ["Quantity"],
    "preferredReportName": "Sodium sérique",
    "method": {"text": "ISE indirecte"},
    "quantitativeDetails": {
        "customaryUnit": {"coding": [coding("unites", "U1", "mmol/L")]},
        "unit": {"coding": [{"system": "http://unitsofmeasure.org", "code": "mmol/L"}]},
    },
}
POTASSIUM: Json = {
    "resourceType": "ObservationDefinition",
    "id": "k",
    "code": {"coding": [coding("analyses", "K", "Potassium")]},
    "permittedDataType": ["Quantity"],
    "quantitativeDetails": {"unit": {"coding": [{"system": "http://unitsofmeasure.org", "code": "mmol/L"}]}},
}
CREATININE: Json = {
    "resourceType": "ObservationDefinition",
    "id": "creau",
    "identifier": [{"system": f"{LAB}/analyses", "value": "CREAU"}],
    "code": {"text": "Créatinine urinaire"},
    "permittedDataType": ["Quantity"],
}
PANEL: Json = {
    "resourceType": "ActivityDefinition",
    "id": "iono",
    "status": "active",
    "title": "Ionogramme sanguin",
    "topic": [CHEMISTRY],
    "code": {"coding": [coding("examens", "IONO", "Ionogramme sanguin")]},
    "specimenRequirement": [{"reference": "SpecimenDefinition/serum"}],
    "observationResultRequirement": [
        {"reference": "ObservationDefinition/na"},
        {"reference": f"{LAB}/ObservationDefinition/k"},
    ],
}
URINE_EXAM: Json = {
    "resourceType": "ActivityDefinition",
    "id": "creau-exam",
    "status": "active",
    "title": "Créatininurie des 24 h",
    "identifier": [{"value": "CREAUE"}],
    "specimenRequirement": [{"reference": "SpecimenDefinition/urine24"}],
    "observationResultRequirement": [{"reference": "ObservationDefinition/creau"}],
}
PROFILE: Json = {
    "resourceType": "PlanDefinition",
    "id": "bilan",
    "status": "retired",
    "url": f"{LAB}/PlanDefinition/bilan",
    "title": "Bilan rénal",
    "identifier": [{"value": "BILAN"}],
    "action": [
        {"definitionCanonical": f"{LAB}/ActivityDefinition/iono"},
        {"action": [{"definitionCanonical": f"{LAB}/ActivityDefinition/creau-exam|1.0"}]},
    ],
}
CATALOG: Json = {
    "resourceType": "Composition",
    "id": "catalogue",
    "status": "final",
    "section": [
        {
            "title": "Exploration rénale",
            "code": {"coding": [coding("chapitres", "REN", "Exploration rénale")]},
            "section": [{"title": "Urines", "entry": [{"reference": "ObservationDefinition/creau"}]}],
        }
    ],
}
R4_BUNDLE = bundle(
    SERUM, URINE_24H, SODIUM, POTASSIUM, CREATININE, PANEL, URINE_EXAM, PROFILE, CATALOG
)  # fmt: skip

R5_BUNDLE = bundle(
    SERUM,
    {
        "resourceType": "ObservationDefinition",
        "id": "na",
        "url": f"{LAB}/ObservationDefinition/na",
        "status": "active",
        "title": "Sodium sérique",
        "category": [CATEGORY, CHEMISTRY],
        "code": {"coding": [coding("analyses", "NA", "Sodium sérique")]},
        "permittedDataType": ["Quantity"],
        "permittedUnit": [{"system": "http://unitsofmeasure.org", "code": "mmol/L", "display": "mmol/L"}],
        "specimen": [{"reference": "SpecimenDefinition/serum"}],
        "method": {"coding": [coding("techniques", "ISE", "ISE indirecte")]},
    },
    {
        "resourceType": "ObservationDefinition",
        "id": "old",
        "status": "retired",
        "code": {"coding": [coding("analyses", "TGO", "Transaminase")]},
    },
    {
        "resourceType": "ActivityDefinition",
        "id": "natr",
        "status": "active",
        "title": "Natrémie",
        "code": {"coding": [coding("examens", "NATR", "Natrémie")]},
        "observationResultRequirement": [f"{LAB}/ObservationDefinition/na|2026"],
    },
)


def concept(code: str, display: str, **values: str) -> Json:
    """A concept with properties of the laboratory."""
    properties = [{"code": name.replace("_", "-"), "valueString": value} for name, value in values.items()]
    return {"code": code, "display": display, "property": properties}


CODE_SYSTEM: Json = {
    "resourceType": "CodeSystem",
    "id": "analyses",
    "url": f"{LAB}/CodeSystem/analyses",
    "status": "active",
    "content": "complete",
    "concept": [
        concept(
            "NA", "Sodium sérique", unite="mmol/L", milieu="Sérum", technique="ISE indirecte", chapitre="Biochimie"
        ),
        concept("HBS", "Antigène HBs", milieu="Sérum", echelle="ORD", nabm="0322"),
        concept("TGO", "Transaminase (ancien)") | {"property": [{"code": "inactive", "valueBoolean": True}]},
    ],
}
TREE: Json = {
    "resourceType": "CodeSystem",
    "id": "catalogue",
    "url": f"{LAB}/CodeSystem/local",
    "status": "active",
    "content": "complete",
    "concept": [
        {
            "code": "BIO",
            "display": "Biochimie",
            "concept": [
                {"code": "ION", "display": "Ionogramme", "concept": [concept("NA", "Sodium", unit="mmol/L")]},
                concept("CRP", "Protéine C réactive", unit="mg/L", specimen="Serum", method="Turbidimétrie"),
            ],
        },
        concept("VS", "Vitesse de sédimentation"),
    ],
}
_SODIUM_VALUES = {"label": "Sodium sérique", "unit": "mmol/L", "specimen": "Sérum", "technique": "ISE indirecte"}
FHIR_FIXTURES = [
    Fixture(
        "catalogue_r4.json", as_bytes(R4_BUNDLE), FileKind.FHIR, 3,
        {
            "NA": {**_SODIUM_VALUES, "unit_code": "U1", "specimen_code": "SE", "scale": "QN", "nabm": "1609",
                   "chapter_code": "BIO", "subchapter_code": "ION"},
            "K": {"unit": "mmol/L", "specimen": "Sérum"},
            "CREAU": {"label": "Créatinine urinaire", "specimen": "Urines", "timing": "24H", "chapter_code": "REN",
                      "subchapter_code": "Urines"},
        },
        "porte un code LOINC pour",
    ),
    Fixture(
        "catalogue_r5.json", as_bytes(R5_BUNDLE), FileKind.FHIR, 2,
        {"NA": _SODIUM_VALUES | {"chapter": "Biochimie"}, "TGO": {"is_retired": True}},
    ),
    Fixture(
        "codes.json", as_bytes(CODE_SYSTEM), FileKind.FHIR, 3,
        {"NA": _SODIUM_VALUES | {"chapter": "Biochimie"}, "HBS": {"scale": "ORD", "nabm": "0322"},
         "TGO": {"is_retired": True}},
    ),
    Fixture(
        "arbre.json", as_bytes(TREE), FileKind.FHIR, 3,
        {"NA": {"unit": "mmol/L", "chapter_code": "BIO", "subchapter_code": "ION"},
         "CRP": {"technique": "Turbidimétrie", "chapter": "Biochimie"}, "VS": {"chapter": ""}},
    ),
]  # fmt: skip
