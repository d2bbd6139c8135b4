"""The French of the terminology pages."""

from app.models import LoincRelease, LoincTerm, TaskKind, ValueSetKind
from app.terminology.value_set_files import TITLES
from app.text import release_title

AXIS_LABELS = {
    "component": "Composant",
    "property": "Grandeur",
    "time_aspct": "Temporalité",
    "system": "Milieu",
    "scale_typ": "Échelle",
    "method_typ": "Technique",
}
TERM_STATUS_LABELS = {
    "ACTIVE": ("Actif", "chip-ok"),
    "TRIAL": ("À l'essai", "chip-warn"),
    "DISCOURAGED": ("Déconseillé", "chip-warn"),
    "DEPRECATED": ("Retiré de LOINC", "chip-bad"),
}
ORDER_LABELS = {
    "Order": "Demande (examen)",
    "Observation": "Résultat (analyse)",
    "Both": "Demande et résultat",
    "Subset": "Partie d'un panel",
}
CLASS_TYPES = {1: "Laboratoire", 2: "Clinique", 3: "Pièces jointes", 4: "Questionnaires"}
USAGE_LABELS = {1: "courant partout en France", 2: "fréquent en France", 3: "spécialisé"}
TASK_LABELS = {
    TaskKind.ABSENT: ("Absent de la nouvelle version", "chip-bad"),
    TaskKind.DEPRECATED: ("Retiré de LOINC", "chip-bad"),
    TaskKind.DISCOURAGED: ("Déconseillé", "chip-warn"),
    TaskKind.AXES_CHANGED: ("Axes modifiés", "chip-warn"),
    TaskKind.NAME_CHANGED: ("Nom modifié", "chip-info"),
    TaskKind.CODE_ARRIVED: ("Code demandé arrivé", "chip-ok"),
    TaskKind.CODE_PLAUSIBLE: ("Nouveau code plausible", "chip-info"),
}
VALUE_SET_LABELS = {kind: TITLES[kind] for kind in ValueSetKind}


def status_label(status: str) -> tuple[str, str]:
    """The French of a LOINC status and the class of its chip."""
    return TERM_STATUS_LABELS.get(status, (status, "chip-mute"))


def release_name(release: LoincRelease) -> str:
    """How a release is named in lists."""
    return release_title(release.version)


def french_name(term: LoincTerm) -> tuple[str, str]:
    """The French to show for a term and where it comes from: the official name, else our label, else nothing."""
    if term.official_french_name:
        return term.official_french_name, term.french_producer
    return (term.fr_label, "lexique de l'atelier") if term.fr_label else ("", "")
