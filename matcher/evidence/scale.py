"""Scale: a measured number, an ordered answer, a name, a text."""

from matcher.evidence.base import Found
from matcher.facts import Facts
from matcher.types import Verdict

_NEAR = {
    ("Qn", "OrdQn"), ("Ord", "OrdQn"), ("Qn", "SemiQn"), ("Ord", "SemiQn"), ("Nom", "Nar"), ("Nar", "Nom"),
    ("Ord", "Nom"),
    ("Nom", "Ord"), ("OrdQn", "Qn"), ("OrdQn", "Ord"), ("Nar", "Doc"), ("Ord", "Nar"), ("Nom", "Doc"),
}  # fmt: skip


def scale_is_same(local: str, term: str) -> None:
    """Échelle {local} : elle concorde avec {term}."""


def scale_is_near(local: str, term: str) -> None:
    """Échelle {local} : proche de {term}."""


def scale_contradicts(local: str, term: str) -> None:
    """Échelle {local} : elle contredit {term}."""


def scale_unknown(local: str, term: str) -> None:
    """Ni unité ni type de résultat : l'échelle {term} reste à vérifier."""


def specimen_without_unit(local: str, term: str) -> None:
    """Un milieu mais aucune unité : plus souvent une recherche qu'un dosage ; l'échelle {term} reste à vérifier."""


def panel_for_exam(local: str, term: str) -> None:
    """Une demande d'examen peut recevoir le code d'un ensemble d'analyses (panel)."""


def one_code_for_many(local: str, term: str) -> None:
    """L'examen réunit {local} : un code d'analyse isolée ({term}) n'en décrit qu'une partie."""


def panel_for_analysis(local: str, term: str) -> None:
    """Un code d'ensemble (panel) ne convient pas à une analyse isolée."""


def weigh_scale(facts: Facts, value: str) -> Found:
    """How the row's scale, said or shown by its unit, meets the LOINC scale."""
    if value in ("-", "Set"):
        return _weigh_panel(facts)
    if facts.level == "exam" and facts.parts > 1:
        return Found(Verdict.COMPATIBLE, -0.3, one_code_for_many, f"{facts.parts} analyses")
    if not facts.scales and facts.seems_qualitative:
        return Found(Verdict.UNKNOWN, {"Ord": 0.35, "Nom": 0.3, "Nar": 0.05}.get(value, -0.3), specimen_without_unit)
    if not facts.scales:
        return Found(Verdict.UNKNOWN, 0.0, scale_unknown)
    local = ", ".join(facts.scales)
    if value in facts.scales:
        weak = facts.scales_from == "libellé"
        return Found(Verdict.AGREE, 0.6 if weak else 1.0, scale_is_same, local)
    if any((mine, value) in _NEAR for mine in facts.scales):
        return Found(Verdict.COMPATIBLE, 0.0, scale_is_near, local)
    if facts.scales_from == "libellé":
        return Found(Verdict.COMPATIBLE, -0.5, scale_is_near, local)
    return Found(Verdict.CONTRADICT, -1.0, scale_contradicts, local)


def _weigh_panel(facts: Facts) -> Found:
    """A panel suits an exam of several analyses; it contradicts a row that names what it measures."""
    if facts.level == "exam":
        strength = 1.0 if facts.parts > 1 else -0.3 if facts.parts == 1 else 0.5
        return Found(Verdict.AGREE if strength > 0 else Verdict.COMPATIBLE, strength, panel_for_exam, "examen")
    if facts.names_analyte:
        return Found(Verdict.CONTRADICT, -1.0, panel_for_analysis, "analyse")
    verdict = Verdict.CONTRADICT if facts.unit.is_known else Verdict.COMPATIBLE
    return Found(verdict, -0.9 if facts.unit.is_known else -0.25, panel_for_analysis, "analyse")
