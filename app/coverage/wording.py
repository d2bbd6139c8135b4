"""The French of coverage: the definition printed beside each figure, and the names of standings."""

from datetime import date

from app.coverage.definitions import Definition, ExamRule, Measure
from app.models import Level
from app.terminology.grace import GraceRule
from app.text import french_day, with_capital
from app.transcoding.standing import Standing

STANDING_LABELS: dict[Standing, str] = {
    Standing.TRANSCODED: "Transcodées (approuvées avec un code LOINC)",
    Standing.WAITING: "Décidées, à approuver",
    Standing.UNFINISHED: "À traiter, en doute ou renvoyées",
    Standing.NO_CODE: "Approuvées sans code LOINC",
    Standing.PLACEHOLDER: "Approuvées avec un code d'attente",
    Standing.NOT_IN_RELEASE: "Code absent de la version de LOINC",
    Standing.DEPRECATED: "Code retiré de LOINC, date limite passée",
    Standing.SEVERAL_CODES: "Réponses différentes pour un même code local",
    Standing.OUT_OF_SCOPE: "Hors périmètre (approuvées)",
    Standing.RETIRED: "Retirées du catalogue",
}
_COUNTED_AS_TRANSCODED = (
    "Une ligne compte comme transcodée seulement si un biologiste l'a approuvée avec un code LOINC "
    "et un seul, et si ce code existe dans la version de LOINC indiquée. Des lignes approuvées qui ont le même "
    "code local et des réponses différentes (deux codes LOINC, ou un code et «\u202faucun code LOINC\u202f») ne "
    "comptent pas\u202f: le SGL refuserait ce code local, et aucun fichier qu'il lit ne le porte. "
    "Les lignes approuvées hors périmètre sortent du dénominateur et sont listées avec leur motif\u202f; "
    "les lignes retirées du catalogue n'y entrent pas. «\u202fAucun code LOINC\u202f» et les codes d'attente "
    "(dont 19146-0) sont comptés à part et ne sont pas transcodés. "
    "Les pourcentages sont arrondis vers le bas."
)
def day_sentence(day: date) -> str:
    """What figures of a past day are made of."""
    return (
        f"Chiffres de la fin du {french_day(day)} (minuit, heure de Paris), recalculés à partir des faits datés "
        "d'alors\u202f: décisions et approbations, exports reçus, version de LOINC en service, date limite des codes "
        "retirés. Ce qui a été fait depuis n'y change rien."
    )


def counted_as_transcoded(grace: GraceRule) -> str:
    """The definition of a transcoded row, with what holds for the codes that LOINC retired."""
    return f"{_COUNTED_AS_TRANSCODED} {grace.sentence}"


NO_OFFICIAL_DENOMINATOR = (
    "Aucun dénominateur n'est fixé par les textes que nous avons pu lire\u202f: plusieurs sont donnés côte à côte."
)
EMPTIED = (
    "Aucune de ses analyses n'est dans le périmètre\u202f: cet examen sort du dénominateur là où les examens comptent "
    "par leurs analyses"
)
NO_CHAPTER = "Sans chapitre"
_NOUNS = {Level.ANALYSIS: "analyses", Level.EXAM: "examens"}


def name_of(definition: Definition) -> str:
    """Short name of a definition."""
    parts = [with_capital(_NOUNS[definition.level])]
    if definition.level is Level.EXAM:
        own = definition.exam_rule is ExamRule.OWN_CODE
        parts.append("code propre" if own else "toutes les analyses transcodées")
    if definition.measure is Measure.VOLUME:
        parts.append("pondérés par le volume" if definition.level is Level.EXAM else "pondérées par le volume")
    return ", ".join(parts)


def scope_of(definition: Definition) -> str:
    """Whether sub-contracted tests are in."""
    if definition.level is Level.EXAM:
        return "sous-traités compris" if definition.with_subcontracted else "hors sous-traités"
    return "sous-traitées comprises" if definition.with_subcontracted else "hors sous-traitées"


def sentence_of(definition: Definition) -> str:
    """The definition in full, printed beside its figure."""
    is_exam = definition.level is Level.EXAM
    if not is_exam:
        top = "analyses approuvées avec un code LOINC"
    elif definition.exam_rule is ExamRule.OWN_CODE:
        top = "examens approuvés avec leur propre code LOINC"
    else:
        top = "examens dont toutes les analyses du périmètre sont transcodées"
    everything = "tous les examens" if is_exam else "toutes les analyses"
    by_analyses = is_exam and definition.exam_rule is ExamRule.ALL_ANALYSES
    # An exam of comments alone can never be transcoded by its analyses: it is no more in scope than they are.
    those = ", dont une analyse au moins est dans le périmètre" if by_analyses else ""
    bottom = f"{everything} du périmètre, {scope_of(definition)}{those}"
    if definition.measure is Measure.VOLUME:
        them = "celui de tous les examens" if is_exam else "celui de toutes les analyses"
        return (
            f"Volume annuel des {top}, divisé par {them} du périmètre, {scope_of(definition)}{those}, "
            "dont le volume est connu."
        )
    return f"Nombre d'{top}, divisé par {bottom}."
