"""Component: words of the analyte, divisor, challenge, and what is measured (antibody, antigen, nucleic acid)."""

import re

from matcher.evidence.base import Found
from matcher.facts import Facts
from matcher.names import name_words
from matcher.types import Verdict

_NUMBER = re.compile(r"\d+(?:\.\d+)?")


def component_is_named(local: str, term: str) -> None:
    """« {local} » désigne le composant {term}."""


def component_is_close(local: str, term: str) -> None:
    """« {local} » est proche du composant {term}, sans le désigner exactement."""


def component_is_partial(local: str, term: str) -> None:
    """« {local} » ne recouvre qu'une partie du composant {term}."""


def divisor_is_same(local: str, term: str) -> None:
    """Le résultat est rapporté à {term}."""


def divisor_suits_unit(local: str, term: str) -> None:
    """Unité {local} : elle convient à un résultat rapporté à {term}."""


def divisor_missing(local: str, term: str) -> None:
    """Le catalogue rapporte le résultat à {local}, pas le code LOINC."""


def divisor_unexpected(local: str, term: str) -> None:
    """Le code LOINC rapporte le résultat à {term}, ce que rien n'indique."""


def no_divisor(local: str, term: str) -> None:
    """Résultat non rapporté à un autre composant."""


def challenge_is_same(local: str, term: str) -> None:
    """Condition {local} : elle concorde avec {term}."""


def challenge_missing(local: str, term: str) -> None:
    """Condition {local} : le code LOINC ne la précise pas."""


def challenge_contradicts(local: str, term: str) -> None:
    """Condition {local} : le code LOINC en exige une autre ({term})."""


def challenge_unexpected(local: str, term: str) -> None:
    """Le code LOINC exige une condition ({term}) que le libellé ne mentionne pas."""


def no_challenge(local: str, term: str) -> None:
    """Aucune épreuve ni condition particulière."""


_PER_CREATININE = frozenset(
    {
        "ratio_mass_subst",
        "ratio_mass_mass",
        "ratio_subst_subst",
        "subst_mass",
        "cat_ratio",
        "arb_mass",
        "ratio_arb_subst",
    }
)


def weigh_divisor(facts: Facts, value: str) -> Found:
    """How a LOINC divisor meets what the label and the unit say."""
    dimensions = set(facts.unit.dimensions)
    if value:
        if value in facts.divisors:
            return Found(Verdict.AGREE, 1.0, divisor_is_same, ", ".join(facts.divisors))
        if facts.divisors:
            return Found(Verdict.CONTRADICT, -0.8, divisor_missing, ", ".join(facts.divisors))
        if "percent" in dimensions:
            return Found(Verdict.COMPATIBLE, 0.35, divisor_suits_unit, facts.unit.text)
        if dimensions & _PER_CREATININE and value.startswith("Creatinine"):
            return Found(Verdict.AGREE, 1.0, divisor_suits_unit, facts.unit.text)
        if dimensions & _PER_CREATININE:
            return Found(Verdict.COMPATIBLE, 0.1, divisor_suits_unit, facts.unit.text)
        if dimensions & {"ratio", "index"}:
            return Found(Verdict.COMPATIBLE, 0.0, divisor_suits_unit, facts.unit.text)
        return Found(Verdict.COMPATIBLE, -0.8, divisor_unexpected)
    if facts.divisors:
        return Found(Verdict.COMPATIBLE, -0.5, divisor_missing, ", ".join(facts.divisors))
    if dimensions & _PER_CREATININE and "Urine" in facts.systems:
        return Found(Verdict.COMPATIBLE, -0.3, divisor_missing, facts.unit.text)
    return Found(Verdict.UNKNOWN, 0.0, no_divisor)


_FASTING = frozenset({"post CFst", "post 12H CFst", "post 8H CFst", "post fasting", "fasting"})


def fasting_is_usual(local: str, term: str) -> None:
    """À jeun : condition habituelle du prélèvement, que le code LOINC la précise ou non ({term})."""


def weigh_challenge(facts: Facts, value: str) -> Found:
    """How a LOINC challenge or adjustment meets what the label says."""
    local = ", ".join(facts.challenges)
    if facts.challenges and all("CFst" in item or item in _FASTING for item in facts.challenges):
        if not value:
            return Found(Verdict.COMPATIBLE, -0.02, fasting_is_usual, local)
        if "CFst" in value or "fast" in value or value == "pre-meal":
            return Found(Verdict.AGREE, 0.15, challenge_is_same, local)
    if not value:
        if facts.challenges:
            return Found(Verdict.COMPATIBLE, -0.35, challenge_missing, local)
        return Found(Verdict.UNKNOWN, 0.0, no_challenge)
    if not facts.challenges:
        return Found(Verdict.COMPATIBLE, -1.0, challenge_unexpected)
    best = max(_similarity(challenge, value) for challenge in facts.challenges)
    if best >= 0.999:
        return Found(Verdict.AGREE, 1.0, challenge_is_same, local)
    if best > 0.45:
        return Found(Verdict.COMPATIBLE, best * 0.8, challenge_is_same, local)
    return Found(Verdict.CONTRADICT, -1.0, challenge_contradicts, local)


_DELAY = re.compile(r"^(?:(\d+(?:\.\d+)?)\s*(M|H|D)\b|(pre)\b)", re.IGNORECASE)
_DOSE = re.compile(r"(\d+(?:\.\d+)?)\s*(ug|mg|g|u|iu)\b", re.IGNORECASE)
_MINUTES = {"m": 1.0, "h": 60.0, "d": 1440.0}
_MILLIGRAMS = {"ug": 0.001, "mg": 1.0, "g": 1000.0, "u": 1.0, "iu": 1.0}


def delay_of(challenge: str) -> float | None:
    """Minutes after the challenge, 0 before it; None when it does not tell."""
    match = _DELAY.match(challenge)
    if match is None:
        return None
    return 0.0 if match.group(3) else float(match.group(1)) * _MINUTES[match.group(2).lower()]


def dose_of(challenge: str) -> float | None:
    """Milligrams (or units) given; None when it does not tell."""
    match = _DOSE.search(challenge)
    return float(match.group(1)) * _MILLIGRAMS[match.group(2).lower()] if match else None


def _differ(mine: float | None, theirs: float | None) -> bool:
    return mine is not None and theirs is not None and mine != theirs


def _similarity(mine: str, theirs: str) -> float:
    if mine == theirs:
        return 1.0
    if _differ(delay_of(mine), delay_of(theirs)) or _differ(dose_of(mine), dose_of(theirs)):
        # Two hours after 75 g is not two hours after 100 g.
        return 0.0
    if mine.startswith("pre ") != theirs.startswith("pre ") and "post " in (mine[:5], theirs[:5]):
        # After, without a delay, is not before.
        return 0.0
    a, b = set(name_words(mine)), set(name_words(theirs))
    if not a or not b:
        return 0.0
    numbers_a, numbers_b = set(_NUMBER.findall(mine)), set(_NUMBER.findall(theirs))
    if numbers_a and numbers_b and not numbers_a & numbers_b:
        return 0.0
    return len(a & b) / len(a | b)


def nature_agrees(local: str, term: str) -> None:
    """Nature de la recherche ({local}) : elle concorde."""


def nature_contradicts(local: str, term: str) -> None:
    """Nature de la recherche : {local} attendu, le code LOINC porte sur {term}."""


def nature_unknown(local: str, term: str) -> None:
    """La nature de la recherche (anticorps, antigène, acide nucléique, culture) n'est pas précisée."""


NATURES = ("", "ab", "ag", "na", "culture", "susc")
NATURE_NAMES = {
    "": "la substance elle-même", "ab": "des anticorps", "ag": "un antigène", "na": "un acide nucléique",
    "culture": "une culture ou identification", "susc": "une sensibilité aux anti-infectieux",
}  # fmt: skip


def weigh_nature(facts: Facts, value: str) -> Found:
    """How what is sought meets what the term is about."""
    local = NATURE_NAMES.get(facts.nature, "")
    if facts.nature == value:
        return Found(Verdict.AGREE, 1.0 if value else 0.0, nature_agrees, local)
    if not facts.nature:
        return Found(Verdict.UNKNOWN, -0.5 if value == "susc" else -0.06, nature_unknown)
    if not value:
        return Found(Verdict.COMPATIBLE, -0.9 if facts.nature == "na" else -0.35, nature_unknown, local)
    return Found(Verdict.COMPATIBLE, -0.8, nature_contradicts, local)
