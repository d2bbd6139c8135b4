"""The French of stored values: statuses, outcomes, bands, verdicts, axes, levels, relations, actions, roles."""

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
    Action.REJECT_CANDIDATE: "a écarté le candidat",
    Action.RESTORE_CANDIDATE: "a repris le candidat",
    Action.FLAG: "a posé un repère",
    Action.UNFLAG: "a retiré le repère",
}


TERM_STATUS = {"TRIAL": "à l'essai", "DISCOURAGED": "déconseillé", "DEPRECATED": "retiré de LOINC"}


ROLE_LABELS: dict[str, str] = {
    Role.TRANSCODER: "Transcodeur",
    Role.BIOLOGIST: "Biologiste",
    Role.READER: "Lecteur",
}


def role_label(role: str) -> str:
    """The French name of a role."""
    return ROLE_LABELS.get(role, role)


def parse_role(text: str) -> Role | None:
    """A role from its code or its French name, whatever the case; None when it is none of them."""
    wanted = text.strip().casefold()
    for role, label in ROLE_LABELS.items():
        if wanted in (str(role), label.casefold()):
            return Role(role)
    return None
