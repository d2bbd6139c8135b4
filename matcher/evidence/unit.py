"""Unit: the dimension of the local unit against the example units of the term."""

from collections.abc import Iterable

from matcher.evidence.base import Found
from matcher.facts import Facts
from matcher.normalise.magnitude import magnitude
from matcher.types import Verdict

# Arbitrary units and indexes of one assay or another: reference units of LOINC often leave out the volume.
_ARBITRARY = frozenset({"arb", "arb_conc", "index", "titre"})


def unit_agrees(local: str, term: str) -> None:
    """Unité {local} : de même dimension que l'unité d'exemple du code ({term})."""


def unit_is_identical(local: str, term: str) -> None:
    """Unité {local} : identique à l'unité d'exemple du code ({term})."""


def unit_contradicts(local: str, term: str) -> None:
    """Unité {local} : elle n'a pas la dimension de l'unité d'exemple du code ({term})."""


def unit_is_arbitrary_too(local: str, term: str) -> None:
    """Unité {local} : arbitraire comme l'unité d'exemple du code ({term}), sans lui être convertible."""


def height_after_a_time(local: str, term: str) -> None:
    """Unité {local} : une hauteur lue après une durée convenue vaut l'unité d'exemple du code ({term})."""


def unit_missing(local: str, term: str) -> None:
    """Aucune unité locale à comparer."""


def term_without_unit(local: str, term: str) -> None:
    """Le code LOINC ne donne pas d'unité d'exemple."""


def unit_is_far(local: str, term: str) -> None:
    """Unité {local} : d'un tout autre ordre de grandeur que l'unité d'exemple du code ({term})."""


NEAR, FAR, OUT_OF_REACH = 2.5, 3.5, 5.5
"""Powers of ten between a laboratory's unit and the example of a code: three are met every day (mg against g a day)."""


def decades_apart(mine: Iterable[str], theirs: Iterable[str]) -> float | None:
    """The least powers of ten between two lists of UCUM units of one dimension; None when one cannot be told."""
    ours = [size for unit in mine if (size := magnitude(unit)) is not None]
    others = [size for unit in theirs if (size := magnitude(unit)) is not None]
    return min((abs(a - b) for a in ours for b in others), default=None)


def weigh_unit(facts: Facts, units: str, dimensions: tuple[str, ...]) -> Found:
    """How the local unit meets the example units of the term."""
    if not facts.unit.text.strip() or not facts.unit.is_known:
        return Found(Verdict.UNKNOWN, 0.0, unit_missing, facts.unit.text)
    local = facts.unit.text
    if not dimensions:
        return Found(Verdict.UNKNOWN, 0.0, term_without_unit, local)
    listed = {unit.strip() for unit in units.replace(",", ";").split(";")}
    if set(facts.unit.ucum) & listed:
        return Found(Verdict.AGREE, 1.0, unit_is_identical, local)
    if set(facts.unit.dimensions) & set(dimensions):
        apart = decades_apart(facts.unit.ucum, listed)
        if apart is not None and apart > FAR:
            return Found(Verdict.COMPATIBLE, -1.0 if apart < OUT_OF_REACH else -1.5, unit_is_far, local)
        return Found(Verdict.AGREE, 0.8 if apart is None or apart < NEAR else 0.6, unit_agrees, local)
    if "length" in facts.unit.dimensions and "velocity" in dimensions:
        return Found(Verdict.COMPATIBLE, 0.5, height_after_a_time, local)
    if set(facts.unit.dimensions) & _ARBITRARY and set(dimensions) & _ARBITRARY:
        return Found(Verdict.COMPATIBLE, 0.2, unit_is_arbitrary_too, local)
    return Found(Verdict.CONTRADICT, -1.0, unit_contradicts, local)
