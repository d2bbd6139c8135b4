"""The names of the formats, in French."""

from app.exports.schemas import ExportKind

KIND_LABELS = {
    ExportKind.LOINC_4: "LOINC_4 — chapitres",
    ExportKind.LOINC_5: "LOINC_5 — examens",
    ExportKind.LOINC_6: "LOINC_6 — analyses",
    ExportKind.ORIGINAL: "Fichier reçu, complété",
    ExportKind.XLSX: "Classeur des décisions",
    ExportKind.CONCEPT_MAP: "FHIR ConceptMap R4",
    ExportKind.CONCEPT_MAP_R5: "FHIR ConceptMap R5",
    ExportKind.FHIR_BUNDLE: "FHIR Bundle R4 — transcodage",
    ExportKind.FHIR_CATALOGUE: "FHIR Bundle R4 — catalogue (LOINC_4bis à 6bis)",
    ExportKind.SSSOM: "SSSOM/TSV",
}
