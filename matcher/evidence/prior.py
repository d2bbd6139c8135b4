"""Memory, NABM and the national set: what other catalogues and lists say of a code."""

from matcher.evidence.base import Found
from matcher.knowledge import Knowledge, acts, signature
from matcher.types import LocalTest, Verdict


def seen_elsewhere(local: str, term: str) -> None:
    """Même analyse déjà transcodée avec ce code dans {local}."""


def nabm_agrees(local: str, term: str) -> None:
    """Acte NABM {local} : le code LOINC fait partie de son alignement."""


def nabm_disagrees(local: str, term: str) -> None:
    """Acte NABM {local} : le code LOINC ne fait pas partie de son alignement."""


def in_national_set(local: str, term: str) -> None:
    """Le code LOINC appartient au jeu « Circuit de la biologie »."""


def outside_national_set(local: str, term: str) -> None:
    """Le code LOINC n'appartient pas au jeu « Circuit de la biologie » : erreur non bloquante du SGL."""


def weigh_memory(knowledge: Knowledge, test: LocalTest, loinc_num: str) -> Found | None:
    """Whether the same full signature was mapped to this code in other catalogues; None when never."""
    for item in knowledge.memory.get(signature(test), ()):
        if item.loinc_num == loinc_num:
            origins = ", ".join(item.origins[:3]) or f"{item.count} catalogue(s)"
            return Found(Verdict.AGREE, min(1.0, 0.6 + 0.2 * item.count), seen_elsewhere, origins)
    return None


def weigh_nabm(knowledge: Knowledge, test: LocalTest, loinc_num: str) -> Found | None:
    """Whether the NABM acts of the row are aligned with this code; None when the row or the list is silent."""
    known = [act for act in acts(test.nabm) if act in knowledge.nabm]
    if not known:
        return None
    local = ", ".join(known)
    if any(loinc_num in knowledge.nabm[act] for act in known):
        return Found(Verdict.AGREE, 1.0, nabm_agrees, local)
    return Found(Verdict.COMPATIBLE, -0.5, nabm_disagrees, local)


def weigh_set(knowledge: Knowledge, loinc_num: str) -> Found | None:
    """Whether the code is in the national set; None when that set is not loaded."""
    if not knowledge.preferred:
        return None
    if loinc_num in knowledge.preferred:
        return Found(Verdict.AGREE, 1.0, in_national_set)
    return Found(Verdict.COMPATIBLE, -1.0, outside_national_set)
