"""The French words of the review: statuses, bands, verdicts, axes, actions, and usual reasons."""

from dataclasses import dataclass

from app.models import Action, Level, Outcome, Relation, Role, Status
from matcher.types import Axis, Band, Verdict


@dataclass(frozen=True, slots=True)
class Word:
    """How a stored value is shown: its text, the class of its chip, and a mark that does without colour."""

    text: str
    chip: str = ""
    icon: str = ""


STATUS = {
    Status.TODO: Word("À traiter", "chip-mute", "○"),
    Status.DOUBT: Word("Doute", "chip-warn", "?"),
    Status.DECIDED: Word("Décidée", "chip-info", "●"),
    Status.APPROVED: Word("Approuvée", "chip-ok", "✔"),
    Status.SENT_BACK: Word("Renvoyée", "chip-bad", "↩"),
}
OUTCOME = {
    Outcome.NONE: Word("Pas encore décidée"),
    Outcome.CODE: Word("Code LOINC"),
    Outcome.NO_LOINC: Word("Aucun code LOINC"),
    Outcome.OUT_OF_SCOPE: Word("Hors périmètre"),
}
BAND = {
    Band.SURE: Word("Sûre", "chip-ok", "▲"),
    Band.TO_CHECK: Word("À vérifier", "chip-info", "◆"),
    Band.UNCERTAIN: Word("Incertaine", "chip-warn", "▽"),
}
VERDICT = {
    Verdict.AGREE: Word("Concorde", "verdict-agree", "✔"),
    Verdict.COMPATIBLE: Word("Compatible", "verdict-compatible", "≈"),
    Verdict.CONTRADICT: Word("Contredit", "verdict-contradict", "✘"),
    Verdict.UNKNOWN: Word("Sans preuve", "verdict-unknown", "?"),
}
AXIS = {
    Axis.COMPONENT: "Composant",
    Axis.PROPERTY: "Grandeur",
    Axis.TIME: "Temporalité",
    Axis.SYSTEM: "Milieu",
    Axis.SCALE: "Échelle",
    Axis.METHOD: "Technique",
    Axis.UNIT: "Unité",
}
LEVEL = {
    Level.ANALYSIS: "Analyse",
    Level.EXAM: "Examen",
    Level.CHAPTER: "Chapitre",
    Level.SUBCHAPTER: "Sous-chapitre",
}
RELATION = {
    Relation.EQUIVALENT: "Équivalent",
    Relation.LOINC_WIDER: "Le code LOINC est plus large",
    Relation.LOINC_NARROWER: "Le code LOINC est plus étroit (commentaire obligatoire)",
    Relation.RELATED: "Apparenté seulement",
}
RELATION_SHORT = {
    Relation.EQUIVALENT: "équivalent",
    Relation.LOINC_WIDER: "LOINC plus large",
    Relation.LOINC_NARROWER: "LOINC plus étroit",
    Relation.RELATED: "apparenté",
}
ROLE = {Role.TRANSCODER: "transcodeur", Role.BIOLOGIST: "biologiste", Role.READER: "lecteur"}
ACTION = {
    Action.CHOOSE: "a choisi un code",
    Action.NO_LOINC: "a déclaré qu'aucun code LOINC n'existe",
    Action.OUT_OF_SCOPE: "a classé la ligne hors périmètre",
    Action.DOUBT: "a signalé un doute",
    Action.COMMENT: "a commenté",
    Action.APPROVE: "a approuvé",
    Action.SEND_BACK: "a renvoyé au transcodeur",
    Action.UNDO: "a annulé",
    Action.REIMPORT: "a réimporté le catalogue, où la ligne a changé",
}
NO_LOINC_REASONS = (
    "Aucun code LOINC ne correspond à cette analyse",
    "Code absent de la version LOINC chargée",
    "Technique ou méthode sans code LOINC",
    "Analyse propre au laboratoire ou de recherche",
    "Résultat calculé sans code pour cette formule",
)
OUT_OF_SCOPE_REASONS = (
    "Commentaire, conclusion ou texte libre",
    "Acte de prélèvement",
    "Ligne de tarification ou de facturation",
    "Information administrative ou technique",
    "Renseignement clinique demandé au patient",
    "Analyse qui n'est plus réalisée",
)
_REASON_WORDS = (
    ("prélèvement", 1), ("prelevement", 1), ("tarif", 2), ("factur", 2), ("forfait", 2), ("cotation", 2), ("frais", 2),
    ("prix", 2), ("clinique", 4), ("patient", 4), ("renseignement", 4), ("questionnaire", 4), ("commentaire", 0),
    ("conclusion", 0), ("texte", 0), ("avis", 0), ("note", 0), ("remarque", 0), ("observation", 0), ("conseil", 0),
    ("interprétation", 0),
)  # fmt: skip
OTHER_ROW = 3
"""The usual reason of a row that is none of the others: administrative or technical information."""


def usual_reason(engine_reason: str) -> str:
    """The usual reason nearest to the one that the engine gives for a row that is no test."""
    text = engine_reason.lower()
    return OUT_OF_SCOPE_REASONS[next((rank for word, rank in _REASON_WORDS if word in text), OTHER_ROW)]


TERM_STATUS = {"TRIAL": "à l'essai", "DISCOURAGED": "déconseillé", "DEPRECATED": "retiré de LOINC"}
