"""The French of the effective transcoding: the definition beside each figure, and what each count is of."""

from datetime import date

from app.effective.lines import Finding
from app.effective.sampling import DRAWS, LEAST_REPORTS
from app.text import counted, format_number, french_day, share_text

WHAT_IS_A_RESULT = (
    "Un résultat est une observation qui a une valeur, ou le motif de son absence, sous un acte du laboratoire. Les "
    "corrections remplacent ce qu’elles corrigent, et les deux formes d’un compte rendu (niveau 1 et niveau 3) n’en "
    "font qu’un."
)
EFFECTIVE_RESULT = (
    "Un résultat est effectivement transcodé s’il porte un code LOINC et un seul, celui qu’un biologiste a approuvé "
    "pour son code local dans le catalogue, et qui compte dans la couverture."
)
BY_RESULTS = f"Résultats effectivement transcodés, divisés par tous les résultats lus. {EFFECTIVE_RESULT}"
WITH_LOINC_ALONE = (
    "Le même rapport, où un résultat sans code local compte aussi quand son seul code LOINC est approuvé pour une "
    "analyse du catalogue\u202f: rien ne dit alors que c’est la bonne."
)
BY_CODES = (
    "Codes locaux dont tous les résultats lus sont effectivement transcodés, divisés par les codes locaux vus\u202f: "
    "un code local rare y pèse autant qu’un code local fréquent. Les codes locaux masqués y comptent pour un seul."
)
BY_CHAPTER = (
    "Résultats effectivement transcodés, divisés par les résultats dont le code local est de ce chapitre du catalogue."
)
COVERAGE = (
    "Couverture du catalogue\u202f: analyses approuvées avec un code LOINC, divisées par toutes les analyses du "
    "périmètre, sous-traitées comprises. Elle dit ce que dit le catalogue, non ce que portent les comptes rendus."
)
NO_PATIENT = (
    "Seuls des nombres et des codes sortent de la lecture\u202f: aucun nom, identifiant, date ni valeur n’est gardé."
)
NO_CIRCUIT = (
    "La liste Circuit de la biologie n’est pas chargée\u202f: les codes qui en sont absents ne peuvent être comptés."
)
OVERLAP = "Ces nombres se recoupent\u202f: un même résultat peut être dans plusieurs."

NAMES: dict[Finding, str] = {
    Finding.WITH_LOINC: "avec au moins un code LOINC",
    Finding.SEVERAL_LOINC: "avec plusieurs codes LOINC",
    Finding.LOCAL_ONLY: "avec un code local seulement",
    Finding.NO_LOCAL_CODE: "sans code local",
    Finding.NOT_IN_CATALOGUE: "dont le code local n’est pas dans le catalogue",
    Finding.DIFFERS: "avec un autre code LOINC que celui qui est approuvé",
    Finding.UNKNOWN: "avec un code absent de la version de LOINC, ou mal formé",
    Finding.DEPRECATED: "avec un code que LOINC a retiré",
    Finding.OUTSIDE_CIRCUIT: "avec un code hors de la liste Circuit de la biologie",
    Finding.PLACEHOLDER: "avec le code 19146-0, qui ne désigne aucune analyse",
    Finding.UNIT_CONTRADICTS: "dont l’unité contredit le code LOINC",
    Finding.EFFECTIVE: "effectivement transcodés",
    Finding.BY_LOINC_ALONE: "sans code local, dont le code LOINC est approuvé pour une analyse",
    Finding.NO_LOCAL_UNAPPROVED: "sans code local, sans code LOINC approuvé",
    Finding.NOT_APPROVED: "dont le code local n’a pas de code LOINC approuvé qui compte",
    Finding.NO_CODE_EXISTS: "d’une analyse pour laquelle il est approuvé que LOINC n’a pas de code",
    Finding.OUT_OF_SCOPE: "d’une ligne approuvée hors périmètre",
    Finding.RETIRED: "d’une analyse que le catalogue dit retirée",
    Finding.WAITING_CODE: "avec un code d’attente",
    Finding.UNIT_UNREAD: "dont l’unité n’est pas reconnue",
    Finding.MASKED: "dont le code local, qui pourrait désigner une personne, est masqué",
}
"""What follows « résultats » in a table."""


def share_sentence(part: int, total: int) -> str:
    """A share with both its numbers: « 79,99 % (7 999 / 10 000) »."""
    return f"{share_text(part, total)} ({format_number(part)} / {format_number(total)})"

_INTERVAL = "Intervalle à 95\u00a0%\u202f: "
"""As `sampling.LEVEL_PERCENT` says."""


def period_text(first: date | None, last: date | None) -> str:
    """The days of the reports, as a person stated them; empty where she said nothing."""
    if first and last:
        return f"du {french_day(first)} au {french_day(last)}"
    return f"depuis le {french_day(first)}" if first else f"jusqu’au {french_day(last)}" if last else ""


def interval_note(reports: int, is_drawn: bool) -> str:
    """What makes an interval, from this many reports that carry a result; empty where nothing was read."""
    if not reports:
        return ""
    read = counted(reports, "compte rendu qui porte un résultat", "comptes rendus qui portent un résultat")
    if is_drawn:
        made = (
            f"{_INTERVAL}{format_number(DRAWS)} tirages avec remise des comptes "
            f"rendus, non des résultats, car ceux d’un même compte rendu se ressemblent ({read})."
        )
    else:
        made = (
            f"{_INTERVAL}tous les comptes rendus disent la même part, il est celui "
            f"d’une part de comptes rendus (Wilson, {read})."
        )
    few = f" Moins de {LEAST_REPORTS} comptes rendus\u202f: il n’est qu’indicatif." if reports < LEAST_REPORTS else ""
    return f"{made}{few} Il vaut pour les comptes rendus lus\u202f: rien ne dit s’ils représentent les autres."
