"""The French of coverage: the definition printed beside each figure, and the names of standings."""

from collections.abc import Sequence
from datetime import date

from app.coverage.definitions import Definition, ExamRule, Measure
from app.coverage.judging import AS_THE_MINISTRY, DeprecatedRule, ReleaseRule, Statuses
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
    Standing.OUTSIDE_CIRCUIT: "Code hors de la liste Circuit de la biologie",
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
    "Les pourcentages sont arrondis vers le bas, à deux décimales\u202f: 79,999\u00a0% n'est jamais écrit 80\u00a0%."
)
ROUNDING = "toujours vers le bas, à deux décimales"


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
    "Aucun texte public connu ne fixe le dénominateur\u202f: plusieurs sont donnés côte à côte."
)
EMPTIED = (
    "Aucune de ses analyses n'est dans le périmètre\u202f: cet examen sort du dénominateur là où les examens comptent "
    "par leurs analyses"
)
NO_CHAPTER = "Sans chapitre"
_NOUNS = {Level.ANALYSIS: "analyses", Level.EXAM: "examens"}


def name_of(definition: Definition) -> str:
    """Short name of a definition: that which its author gave to a composed one."""
    if definition.title:
        return definition.title
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
    return " ".join([_counted_sentence(definition), *_differences(definition)])


def _counted_sentence(definition: Definition) -> str:
    is_exam = definition.level is Level.EXAM
    decided = definition.judging.statuses is Statuses.DECIDED
    within = " du périmètre" if definition.judging.out_of_scope_leaves else ""
    if not is_exam:
        top = f"analyses {'décidées ou ' if decided else ''}approuvées avec un code LOINC"
    elif definition.exam_rule is ExamRule.OWN_CODE:
        top = f"examens {'décidés ou ' if decided else ''}approuvés avec leur propre code LOINC"
    else:
        top = f"examens dont toutes les analyses{within} sont transcodées"
    everything = "tous les examens" if is_exam else "toutes les analyses"
    by_analyses = is_exam and definition.exam_rule is ExamRule.ALL_ANALYSES
    # An exam of comments alone can never be transcoded by its analyses: it is no more in scope than they are.
    those = ", dont une analyse au moins est comptée" if by_analyses else ""
    if by_analyses and within:
        those = ", dont une analyse au moins est dans le périmètre"
    bottom = f"{everything}{within}, {scope_of(definition)}{those}"
    if definition.measure is Measure.VOLUME:
        them = "celui de tous les examens" if is_exam else "celui de toutes les analyses"
        return (
            f"Volume annuel des {top}, divisé par {them}{within}, {scope_of(definition)}{those}, "
            "dont le volume est connu."
        )
    return f"Nombre d'{top}, divisé par {bottom}."


def _differences(definition: Definition) -> list[str]:
    """What a composed definition counts otherwise than the default, a sentence each."""
    judging, found = definition.judging, []
    if judging.statuses is Statuses.DECIDED:
        found.append(
            "Les lignes décidées comptent comme si un biologiste les avait approuvées\u202f: ce chiffre est indicatif "
            "et n'appuie aucune demande."
        )
    if judging.with_retired:
        found.append(
            "Les lignes que le laboratoire dit ne plus faire, et que son catalogue contient encore, comptent comme les "
            "autres."
        )
    if judging.circuit_only:
        found.append("Un code ne compte que s'il est dans la liste Circuit de la biologie en service.")
    if not judging.out_of_scope_leaves:
        found.append("Les lignes approuvées hors périmètre restent au dénominateur, non transcodées.")
    if judging.no_code_leaves:
        found.append("Les lignes approuvées «\u202faucun code LOINC\u202f» sortent du dénominateur.")
    if judging.releases is ReleaseRule.OF_DECISION:
        found.append(
            "Un code doit exister dans la version de LOINC où il a été choisi, quelle que soit celle en service."
        )
    if judging.deprecated is DeprecatedRule.NEVER:
        found.append("Les codes que LOINC a retirés ne comptent pas, même avant la date limite.")
    elif judging.deprecated is DeprecatedRule.ALWAYS:
        found.append("Les codes que LOINC a retirés comptent, même après la date limite.")
    return found


def vocabulary_of(definition: Definition) -> Sequence[tuple[str, str]]:
    """Every choice of a definition in words: what is asked, and what this definition answers."""
    judging = definition.judging
    unit = {
        (Level.ANALYSIS, ExamRule.OWN_CODE): "les analyses",
        (Level.ANALYSIS, ExamRule.ALL_ANALYSES): "les analyses",
        (Level.EXAM, ExamRule.OWN_CODE): "les examens, par leur propre code",
        (Level.EXAM, ExamRule.ALL_ANALYSES): "les examens, par leurs analyses",
    }[definition.level, definition.exam_rule]
    left = ["retirées du catalogue"]
    if judging.out_of_scope_leaves:
        left.append("hors périmètre")
    if judging.no_code_leaves:
        left.append("sans code LOINC")
    deprecated = {
        DeprecatedRule.UNTIL_GRACE: "comptent jusqu'à la date limite",
        DeprecatedRule.NEVER: "ne comptent jamais",
        DeprecatedRule.ALWAYS: "comptent toujours",
    }
    return (
        ("Ce qui est compté", unit),
        ("Poids", "le volume annuel" if definition.measure is Measure.VOLUME else "une ligne vaut un"),
        ("Sous-traitance", "comprise" if definition.with_subcontracted else "laissée de côté"),
        ("Lignes que le laboratoire ne fait plus", "comptées" if judging.with_retired else "laissées de côté"),
        ("Circuit de la biologie", "exigé" if judging.circuit_only else "non exigé"),
        ("Sortent du dénominateur", ", ".join(left)),
        (
            "Ce qui fait foi",
            "la décision, même non approuvée (indicatif)"
            if judging.statuses is Statuses.DECIDED
            else "l'approbation d'un biologiste",
        ),
        (
            "Version de LOINC",
            "celle où le code a été choisi" if judging.releases is ReleaseRule.OF_DECISION else "celle en service",
        ),
        ("Codes retirés de LOINC", deprecated[judging.deprecated]),
        ("Arrondi", ROUNDING),
    )


def is_indicative(definition: Definition) -> bool:
    """Whether a figure counts what no biologist approved."""
    return definition.judging.statuses is not AS_THE_MINISTRY.statuses


NO_CIRCUIT = (
    "Une définition exige la liste Circuit de la biologie, et aucune n'est chargée\u202f: aucun code ne compte "
    "sous cette définition."
)
