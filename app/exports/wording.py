"""French words of the exports."""

from datetime import datetime

from app.exports.schemas import ExportKind
from app.models import Relation, Status

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

_RELATIONS = {
    Relation.EQUIVALENT: "équivalent",
    Relation.LOINC_WIDER: "LOINC plus large",
    Relation.LOINC_NARROWER: "LOINC plus étroit",
    Relation.RELATED: "apparenté",
}

STATUS_LABELS = {
    Status.TODO: "non décidé",
    Status.DOUBT: "en doute",
    Status.DECIDED: "décidé, à approuver",
    Status.APPROVED: "approuvé",
    Status.SENT_BACK: "renvoyé",
}


def relation_text(relation: str) -> str:
    """How the LOINC code stands to the local test, in French; empty when it was not said."""
    return _RELATIONS[Relation(relation)] if relation else ""


def date_text(moment: datetime | None) -> str:
    """A day for a French reader."""
    return moment.strftime("%d/%m/%Y") if moment else ""


def moment_text(moment: datetime | None) -> str:
    """A moment for a French reader, in UTC."""
    return moment.strftime("%d/%m/%Y %H:%M UTC") if moment else ""
