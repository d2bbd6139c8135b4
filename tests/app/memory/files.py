"""Earlier transcodings in the formats that are taken up; all made up."""

from collections.abc import Iterable
from typing import Any

from tests.app.catalogues.fhir_fixtures import LAB

Json = dict[str, Any]


def no_names(_names: Iterable[str]) -> dict[str, str]:
    """A release that knows no name."""
    return {}


def element(code: str, display: str = "", *targets: Json, **more: Any) -> Json:
    """A row of a ConceptMap."""
    values: Json = {"code": code, "display": display, "target": list(targets)}
    return {key: value for key, value in (values | more).items() if value}


CONCEPT_MAP_R4: Json = {
    "resourceType": "ConceptMap",
    "id": "carte",
    "url": f"{LAB}/ConceptMap/carte",
    "status": "active",
    "group": [
        {
            "source": f"{LAB}/CodeSystem/analyses",
            "target": "http://loinc.org",
            "element": [
                element("NA", "Sodium sérique", {"code": "2951-2", "equivalence": "equivalent"}),
                element("K", "", {"code": "2823-3", "equivalence": "wider", "comment": "Sang total accepté"}),
                element("X", "Rien", {"code": "2951-2", "equivalence": "unmatched"}),
                element("Y", "Sans cible"),
                element("Z", "Faux", {"code": "2951-3", "equivalence": "equivalent"}),
            ],
        },
        {
            "source": f"{LAB}/CodeSystem/analyses",
            "target": "http://snomed.info/sct",
            "element": [element("NA", "", {"code": "1", "equivalence": "equivalent"})],
        },
    ],
}
CONCEPT_MAP_R5: Json = {
    "resourceType": "ConceptMap",
    "id": "carte5",
    "status": "active",
    "group": [
        {
            "source": f"{LAB}/CodeSystem/analyses|2026",
            "target": "http://loinc.org|2.80",
            "element": [
                element("NA", "Sodium", {"code": "2951-2", "relationship": "equivalent"}),
                element("RARE", "Dosage rare", noMap=True),
                element("Q", "Autre", {"code": "2951-2", "relationship": "not-related-to"}),
            ],
        },
        {
            "source": f"{LAB}/CodeSystem/examens|2026",
            "target": "http://loinc.org|2.80",
            "element": [element("IONO", "", {"code": "24326-1", "relationship": "source-is-narrower-than-target"})],
        },
    ],
}
_SSSOM_ROWS = (
    ("analyses:NA", "Sodium sérique", "skos:exactMatch", "", "LOINC:2951-2", "semapv:ManualMappingCuration", ""),
    ("analyses:%2FALAC", "Acide lactique", "skos:broadMatch", "", "l:2524-7", "semapv:ManualMappingCuration", ""),
    ("examens:IONO", "Ionogramme", "skos:closeMatch", "", "https://loinc.org/24326-1",
     "semapv:LexicalMatching", "Béatrice"),
    ("analyses:X", "Rien", "skos:exactMatch", "", "sssom:NoTermFound", "semapv:ManualMappingCuration", ""),
    ("analyses:Y", "Pas lui", "skos:exactMatch", "Not", "LOINC:2951-2", "semapv:ManualMappingCuration", ""),
    ("analyses:Z", "Ailleurs", "skos:exactMatch", "", "SCT:1234", "semapv:ManualMappingCuration", ""),
    ("analyses:F", "Faux", "skos:exactMatch", "", "LOINC:2951-3", "semapv:ManualMappingCuration", ""),
    ("analyses:M", "Machine", "skos:exactMatch", "", "LOINC:2823-3", "semapv:LexicalMatching", ""),
)  # fmt: skip
SSSOM = "\n".join(
    [
        "#curie_map:",
        f'#  analyses: "{LAB}/CodeSystem/analyses/"',
        '#  l: "http://loinc.org/rdf/"',
        "#mapping_set_id: https://laboratoire.example/sssom",
        "\t".join(
            ("subject_id", "subject_label", "predicate_id", "predicate_modifier", "object_id",
             "mapping_justification", "reviewer_label")
        ),
        *("\t".join(row) for row in _SSSOM_ROWS),
        "",
    ]
)  # fmt: skip
USAGI = (
    "sourceCode,sourceName,sourceFrequency,sourceAutoAssignedConceptIds,ADD_INFO:unite,ADD_INFO:milieu,matchScore,"
    "mappingStatus,equivalence,statusSetBy,statusSetOn,conceptId,conceptName,domainId,mappingType,comment\n"
    'NA,"Sodium sérique",12,,mmol/L,Sérum,0.9,APPROVED,EQUAL,bb,1,3019550,"Sodium [Moles/volume] in Serum or Plasma",'
    "Measurement,MAPS_TO,\n"
    "K,Potassium,12,,,,0.4,UNCHECKED,,,,3023103,Potassium,Measurement,MAPS_TO,\n"
    "Q,Inconnu,1,,,,0.2,APPROVED,EQUIVALENT,bb,1,1,Nom inconnu,Measurement,MAPS_TO,\n"
)
USAGI_FULL = (
    "sourceCode,sourceName,mappingStatus,targetConceptId,targetConceptName,targetVocabularyId,targetConceptCode\n"
    "K,Potassium,APPROVED,3023103,Potassium,LOINC,2823-3\n"
    "S,Sodium,APPROVED,1,Sodium,SNOMED,39972003\n"
)
