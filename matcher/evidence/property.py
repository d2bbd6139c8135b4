"""Property: the dimension of the unit decides between mass, moles, activity, number, fraction."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from matcher.evidence.base import Found
from matcher.facts import Facts
from matcher.normalise.units import UnitReading
from matcher.types import Verdict

# Properties that a dimension means by definition (LOINC Users' Guide); the release's own units add to this.
EXPECTED: Mapping[str, frozenset[str]] = {
    dimension: frozenset(properties.split())
    for dimension, properties in {
        "mass_conc": "MCnc",
        "subst_conc": "SCnc",
        "cat_conc": "CCnc",
        "arb_conc": "ACnc",
        "num_conc": "NCnc",
        "log_conc": "LnCnc LaCnc LsCnc",
        "log": "LnCnc LaCnc LsCnc",
        "mass_rate": "MRat",
        "subst_rate": "SRat",
        "cat_rate": "CRat",
        "arb_rate": "ARat",
        "num_rate": "NRat",
        "vol_rate": "VRat",
        "vol_rate_area": "ArVRat VRatA",
        "percent": "NFr MFr SFr VFr CFr AFr MFr.DF VFr.DF RelACnc RelMCnc RelCCnc RelTime Ratio",
        "ratio_mass_subst": "MRto Ratio MSRto MRatio",
        "ratio_mass_mass": "MRto MCnt",
        "ratio_subst_subst": "SRto SFr",
        "subst_mass": "SCnt SRto Ratio",
        "cat_ratio": "CRto CCnt Ratio CEnt",
        "cat_num": "CNum EntCat EntCCnt",
        "arb_mass": "ACnt",
        "time": "Time",
        "length": "Len Susc Vel",
        "velocity": "Vel",
        "vol": "EntVol Vol",
        "mass": "EntMass Mass MCnt",
        "subst": "EntSub Sub",
        "pressure": "PPres Pres",
        "osmolality": "Osmol",
        "per_field": "Naric",
        "num": "Num",
        "titre": "Titr",
        "index": "ACnc RelACnc Imp Ratio",
        "ratio": "Ratio MFr.DF VFr.DF RelTime RelACnc MRto SRto NRto CRto VRto RelRto",
        "ph": "LsCnc SCnc",
        "temperature": "Temp",
        "mom": "MoM",
        "conc_rate": "CRat MRat",
        "num_mass": "NCnt",
        "mass_num": "EntMass MCnt",
        "subst_num": "EntSub SCnt",
        "area": "Area",
    }.items()
}

WITHOUT_UNIT = frozenset(
    "Ratio RelTime RelRto RelACnc RelMCnc RelCCnc LsCnc LnCnc LaCnc Titr Num SRto MRto NRto CRto MoM SG Rden".split()
)
"""Properties whose values are often written without a unit."""


def expected_properties(unit: UnitReading) -> frozenset[str]:
    """The properties that a unit means by definition; empty when its dimension tells nothing."""
    return frozenset().union(*(EXPECTED.get(dimension, frozenset()) for dimension in unit.dimensions))


def is_percent_of_a_count(unit: UnitReading, value: str) -> bool:
    """Whether a percentage meets a property that is an absolute count."""
    return set(unit.dimensions) == {"percent"} and value == "NCnc"


def is_count_of_a_percent(unit: UnitReading, value: str) -> bool:
    """Whether an absolute count meets a property that is a share of cells."""
    return "num_conc" in unit.dimensions and value == "NFr"


RARELY = 0.02
"""A property that less than this share of the terms of a dimension have is none that its units express."""
_ANY_UNIT = ("-", "Find")
"""Properties of which a unit says nothing."""
Shares = Mapping[str, Mapping[str, float]]
"""P(property | dimension of the unit), by dimension."""


def property_shares(counted: Iterable[tuple[Iterable[str], str, int]]) -> dict[str, dict[str, float]]:
    """P(property | dimension), counted over (dimensions of the example units, property, terms)."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for dimensions, value, terms in counted:
        for dimension in dimensions:
            counts[dimension][value] += terms
    shares: dict[str, dict[str, float]] = {}
    for dimension, counter in counts.items():
        total = sum(counter.values())
        shares[dimension] = {name: count / total for name, count in counter.most_common()}
    return shares


def share_of(unit: UnitReading, value: str, shares: Shares) -> float:
    """The largest share that a property has among the terms of a dimension of the unit; 0 for an unknown unit."""
    return max((shares.get(dimension, {}).get(value, 0.0) for dimension in unit.dimensions), default=0.0)


def is_contradicted(unit: UnitReading, value: str, shares: Shares) -> bool:
    """Whether a unit that is understood cannot express a property."""
    is_possible = value in expected_properties(unit) or share_of(unit, value, shares) >= RARELY or value in _ANY_UNIT
    return unit.is_known and not is_possible


def is_rate_of_a_concentration(unit: UnitReading, value: str) -> bool:
    """Whether an amount per time (mmol/24 h) meets a property that is a concentration."""
    return any(dimension.endswith("_rate") for dimension in unit.dimensions) and value.endswith("Cnc")


def unit_means_property(local: str, term: str) -> None:
    """Unité {local} : c'est bien la grandeur {term}."""


def unit_seen_with_property(local: str, term: str) -> None:
    """Unité {local} : elle se rencontre, moins souvent, avec la grandeur {term}."""


def unit_contradicts_property(local: str, term: str) -> None:
    """Unité {local} : elle ne peut pas exprimer la grandeur {term}."""


def label_implies_property(local: str, term: str) -> None:
    """Le libellé implique la grandeur {term}."""


def label_excludes_property(local: str, term: str) -> None:
    """Le libellé implique une autre grandeur ({local}) que {term}."""


def column_says_property(local: str, term: str) -> None:
    """La colonne des grandeurs dit {local} : c'est bien {term}."""


def column_excludes_property(local: str, term: str) -> None:
    """La colonne des grandeurs dit {local}, le code LOINC {term}."""


def no_unit_for_property(local: str, term: str) -> None:
    """Aucune unité ne permet de vérifier la grandeur {term}."""


def susceptibility(local: str, term: str) -> None:
    """Antibiogramme : la grandeur est bien une sensibilité ({term})."""


def not_susceptibility(local: str, term: str) -> None:
    """Antibiogramme : la grandeur {term} n'est pas une sensibilité."""


def unknown_unit(local: str, term: str) -> None:
    """Unité {local} non reconnue : la grandeur {term} reste à vérifier."""


def weigh_property(facts: Facts, value: str, shares: Shares) -> Found:
    """How the row's unit, or else its label, meets a LOINC property."""
    unit = facts.unit
    if facts.nature == "susc":
        if value == "Susc":
            return Found(Verdict.AGREE, 1.0, susceptibility, unit.text)
        return Found(Verdict.CONTRADICT, -1.0, not_susceptibility, unit.text)
    if unit.is_known:
        best = share_of(unit, value, shares)
        if value in expected_properties(unit):
            strength = 1.0 if best > RARELY or not shares else 0.8
            if facts.properties and value in facts.properties:
                strength += 0.15
            return Found(Verdict.AGREE, strength, unit_means_property, unit.text)
        if is_contradicted(unit, value, shares):
            return Found(Verdict.CONTRADICT, -1.0, unit_contradicts_property, unit.text)
        return Found(Verdict.COMPATIBLE, 0.15 + min(0.5, best), unit_seen_with_property, unit.text)
    if facts.stated_properties:
        local = ", ".join(facts.stated_properties)
        if value in facts.stated_properties:
            return Found(Verdict.AGREE, 1.0 if len(facts.stated_properties) == 1 else 0.8, column_says_property, local)
        return Found(Verdict.CONTRADICT, -1.0, column_excludes_property, local)
    if facts.properties:
        local = ", ".join(facts.properties)
        if value in facts.properties:
            rank = facts.properties.index(value)
            return Found(Verdict.AGREE, 0.8 - 0.1 * min(rank, 3), label_implies_property, local)
        return Found(Verdict.COMPATIBLE, -0.45, label_excludes_property, local)
    if unit.text.strip():
        quantitative = value not in ("PrThr", "Prid", "Imp", "Type", "-", "Color", "Aper", "Morph", "Find")
        return Found(Verdict.UNKNOWN, 0.1 if quantitative else -0.1, unknown_unit, unit.text)
    return Found(Verdict.UNKNOWN, 0.0, no_unit_for_property)
