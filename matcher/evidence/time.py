"""Time aspect: point in time against a collection over hours; and the unit per 24 h."""

from matcher.evidence.base import Found
from matcher.facts import Facts
from matcher.types import Verdict


def time_is_same(local: str, term: str) -> None:
    """Temporalité {local} : elle concorde avec {term}."""


def time_contradicts(local: str, term: str) -> None:
    """Temporalité {local} : elle contredit {term} (recueil sur une durée contre prélèvement ponctuel)."""


def time_assumed_spot(local: str, term: str) -> None:
    """Aucune durée de recueil n'est précisée : prélèvement ponctuel supposé."""


def time_needs_collection(local: str, term: str) -> None:
    """Le code LOINC demande un recueil sur {term}, que le libellé ne mentionne pas."""


def weigh_time(facts: Facts, value: str) -> Found:
    """How the row's time aspect meets the LOINC one."""
    spot = value in ("Pt", "", "-", "*")
    if not facts.times:
        if spot:
            return Found(Verdict.UNKNOWN, 0.0, time_assumed_spot)
        return Found(Verdict.UNKNOWN, -0.6, time_needs_collection)
    local = ", ".join(facts.times)
    if value in facts.times or (spot and "Pt" in facts.times):
        return Found(Verdict.AGREE, 1.0 if not spot else 0.2, time_is_same, local)
    return Found(Verdict.CONTRADICT, -1.0, time_contradicts, local)
