"""System: the specimen column, the words of the label, then the chapter."""

import re
from collections.abc import Iterable

from matcher.evidence.base import Found
from matcher.facts import Facts
from matcher.types import Verdict

# Families inside which LOINC systems stand near each other for a laboratory that writes one of them.
FAMILIES: tuple[frozenset[str], ...] = (
    frozenset({"Ser", "Plas", "Ser/Plas", "Ser/Plas/Bld", "Ser+Bld", "Plas+Bld"}),
    frozenset({"PPP", "Plas", "Bld", "PPP^Control", "PRP", "Plas.normal"}),
    frozenset({"Bld", "BldA", "BldV", "BldC", "BldMV", "BldCo", "Ser/Plas/Bld", "Bld.dot", "RBC", "WBC", "Bld/Tiss"}),
    frozenset({"Urine", "Urine sed"}),
    frozenset({"Vag", "Genital", "Cvx", "Cvx/Vag", "Vag+Rectum", "Genital fld", "Genital mucus", "Genital lochia"}),
    frozenset({"Urethra", "Genital", "Penis"}),
    frozenset({"Sputum", "Bronchial", "Lower resp", "BAL", "Trachea", "Tracheal", "Sputum/Bronchial", "Respiratory"}),
    frozenset({"Nose", "Nph", "Throat", "Respiratory", "Upper resp", "Sinus", "Nph+Throat", "Respiratory.upper"}),
    frozenset({"Stool", "Rectal", "Anal", "Perianal", "Intestine"}),
    frozenset({"Body fld", "Plr fld", "Periton fld", "Synv fld", "Pericard fld", "Dial fld", "Asc fld"}),
    frozenset({"Semen", "Seminal plas", "Seminal fld", "Spermatozoa"}),
    frozenset({"Wound", "Wound.shlw", "Wound.deep", "Abscess", "Pus", "Skin", "Tiss"}),
)
BLOODS = frozenset().union(*FAMILIES[:3])
"""What is drawn as blood, whole or parted."""
ANY_FLUID = "Body fld"
NAMED_FLUIDS = frozenset({"Plr fld", "Periton fld", "Synv fld", "Pericard fld", "Amnio fld", "Asc fld", "CSF"})
"""A fluid that has a name has codes of its own: that of any fluid is a makeshift."""
ISOLATE = "Isolate"
"""A germ or virus found in a specimen, whichever it is."""
UNSPECIFIED = frozenset({"XXX", "^Patient", "*", ""})
UMBRELLAS = frozenset({"Genital", "Respiratory", "Upper resp", "Lower resp"})
"""Names of a region: two sites stand near each other when they neighbour, not because one region holds both."""
ACCEPTED_AFTER = 0.4
"""What a system loses when the column names another specimen first, which is the usual one."""
# Without any specimen: what French catalogues mean most often when they say nothing.
SILENT: dict[str, float] = {
    "Ser/Plas": 0.30, "Bld": 0.22, "Ser": 0.22, "Plas": 0.10, "PPP": 0.18, "Ser/Plas/Bld": 0.12, "XXX": 0.08,
    "Isolate": 0.05, "^Patient": 0.1, "Urine": 0.0, "RBC": 0.0, "Stool": 0.0, "Semen": 0.0, "Bone mar": -0.05,
}  # fmt: skip


# In bacteriology, what is silent is the fluid or swab, not the blood.
MICROBIOLOGY: dict[str, float] = {
    "Body fld": 0.35,
    "XXX": 0.35,
    "Isolate": 0.2,
    "Bld": -0.1,
    "Ser": -0.1,
    "Ser/Plas": -0.1,
}


def specimen_is_system(local: str, term: str) -> None:
    """Milieu {local} : c'est bien le système LOINC {term}."""


def specimen_near_system(local: str, term: str) -> None:
    """Milieu {local} : compatible avec le système LOINC {term}, sans lui être identique."""


def specimen_contradicts_system(local: str, term: str) -> None:
    """Milieu {local} : il contredit le système LOINC {term}."""


def chapter_suggests_system(local: str, term: str) -> None:
    """Aucun milieu n'est précisé ; le chapitre suggère {term}."""


def no_specimen(local: str, term: str) -> None:
    """Aucun milieu n'est précisé ; le système LOINC {term} reste à vérifier."""


def other_subject(local: str, term: str) -> None:
    """Le code LOINC porte sur un autre sujet que le patient ({term}), ce que rien n'indique."""


def one_of_several_specimens(local: str, term: str) -> None:
    """La ligne vaut pour plusieurs milieux ({local}) : le code LOINC ne vise que {term}."""


def term_takes_any_specimen(local: str, term: str) -> None:
    """Le code LOINC ne précise pas de milieu ({term})."""


def isolate_of_specimen(local: str, term: str) -> None:
    """Milieu {local} : le code LOINC vise le germe qui en est isolé ({term})."""


def stand_near(some: Iterable[str], others: Iterable[str]) -> bool:
    """Whether a laboratory may write one of these systems for one of the others."""
    some, others = set(some), set(others)
    if some & others or (some & BLOODS and others & BLOODS):
        return True
    return any(some & family and others & family for family in FAMILIES)


def weigh_system(facts: Facts, value: str) -> Found:
    """How the row's specimen meets a LOINC system."""
    if not facts.systems:
        if "^" in value and value != "^Patient":
            return Found(Verdict.UNKNOWN, -0.8, other_subject)
        if value in facts.class_systems:
            rank = facts.class_systems.index(value)
            return Found(Verdict.UNKNOWN, 0.45 - 0.06 * min(rank, 4), chapter_suggests_system)
        if "MICRO" in facts.classes and "SERO" not in facts.classes:
            return Found(Verdict.UNKNOWN, MICROBIOLOGY.get(value, -0.12), no_specimen)
        return Found(Verdict.UNKNOWN, SILENT.get(value, -0.12) - (0.12 if facts.class_systems else 0.0), no_specimen)
    local = ", ".join(facts.systems[:4])
    if "^" in value and value not in facts.systems:
        return Found(Verdict.COMPATIBLE, -0.8, other_subject, local)
    if value == ANY_FLUID and facts.systems[0] in NAMED_FLUIDS:
        return Found(Verdict.COMPATIBLE, 0.2, specimen_near_system, local)
    if facts.systems[0] in UNSPECIFIED and value not in UNSPECIFIED and value in facts.systems:
        return Found(Verdict.COMPATIBLE, 0.4, one_of_several_specimens, ", ".join(facts.systems[1:5]))
    if facts.systems[0] in UMBRELLAS and value in facts.systems and value not in UMBRELLAS | UNSPECIFIED:
        return Found(Verdict.COMPATIBLE, 0.5, specimen_near_system, local)
    if value in facts.systems:
        rank = facts.systems.index(value)
        if set(value.split("/")) & set(facts.systems[:1]):
            # Sérum is Ser for some analytes and Ser/Plas for the others: LOINC decides, not the laboratory.
            rank = 0
        # "Sang" lists many systems: being one of them says less than being the only one.
        strength = 1.0 - 0.07 * min(rank, 5)
        if value in facts.further_systems:
            strength -= ACCEPTED_AFTER
        if len(facts.systems) > 3 and value in facts.class_systems[:2]:
            # "Sang" in the chapter of blood gases is whole blood.
            strength += 0.2
        return Found(Verdict.AGREE, strength, specimen_is_system, local)
    if len(parts := re.split(r"[/+]", value)) > 1 and set(parts) & set(facts.systems[:2]):
        return Found(Verdict.AGREE, 0.75, specimen_is_system, local)
    if value in UNSPECIFIED:
        return Found(Verdict.COMPATIBLE, 0.12, term_takes_any_specimen, local)
    if value == ISOLATE and facts.is_of_isolate:
        return Found(Verdict.COMPATIBLE, 0.3, isolate_of_specimen, local)
    if any(value in family and facts.systems[0] in family for family in FAMILIES):
        return Found(Verdict.COMPATIBLE, 0.3, specimen_near_system, local)
    sites = set(facts.systems[:3]) - UMBRELLAS
    if any(value in family and sites & family for family in FAMILIES):
        return Found(Verdict.COMPATIBLE, 0.1, specimen_near_system, local)
    return Found(Verdict.CONTRADICT, -1.0, specimen_contradicts_system, local)
