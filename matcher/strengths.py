"""The strength of every value of every axis against the facts of a row, computed once for all rows that share them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matcher.evidence.base import Found
from matcher.evidence.component import NATURES, weigh_challenge, weigh_divisor, weigh_nature
from matcher.evidence.method import weigh_method
from matcher.evidence.property import weigh_property
from matcher.evidence.scale import weigh_scale
from matcher.evidence.system import NAMED_FLUIDS, weigh_system
from matcher.evidence.time import weigh_time
from matcher.evidence.unit import weigh_unit
from matcher.facts import Facts
from matcher.index import Floats, Ints, TermIndex
from matcher.names import name_words
from matcher.senses import AB_WORDS, NA_WORDS
from matcher.types import Verdict

MOST_TABLES = 20000
CONTRADICTING = ("property", "time", "system", "scale", "method", "divisor", "challenge", "unit")
"""The axes on which a term may contradict a row."""


@dataclass(frozen=True, slots=True)
class Codes:
    """The codes of the terms by which the strengths of unit and nature are looked up."""

    unit_values: list[str]
    units: Ints
    natures: NDArray[np.int8]

    @classmethod
    def of(cls, index: TermIndex) -> "Codes":
        """Those of the terms of an index."""
        return cls(*_code([term.units for term in index.terms]), _natures(index))


Worth = tuple[Floats, NDArray[np.float64] | None]


class Table:
    """The strength of every value of an axis against some facts, and which of them contradict."""

    __slots__ = ("_worths", "contradicted", "is_silent", "strengths")

    def __init__(self, found: Sequence[Found]) -> None:
        self.strengths = np.fromiter((item.strength for item in found), np.float32)
        self.contradicted = np.fromiter((item.verdict is Verdict.CONTRADICT for item in found), np.bool_)
        self.is_silent = not self.strengths.any()
        """Whether no value of the axis weighs anything: most axes of most rows."""
        self._worths: dict[tuple[float, float, float], Worth] = {}

    def worth(self, weight: float, veto: float, refused: float) -> Worth:
        """What each value adds to a score, and what each costs that is at or below `refused`, if any is."""
        worth = self._worths.get((weight, veto, refused))
        if worth is None:
            added: Floats = (weight * self.strengths).astype(np.float32)
            below = self.strengths <= refused
            # As exact as the weight of the veto is: what two candidates lose alike leaves them equal.
            cost = np.where(below, np.float64(veto), np.float64(0.0)) if veto and below.any() else None
            worth = self._worths[(weight, veto, refused)] = (added, cost)
        return worth


class Strengths:
    """Tables of strengths over the distinct values of each axis; facts repeat, so tables are kept."""

    def __init__(self, index: TermIndex, codes: Codes | None = None) -> None:
        """`codes` are those of the terms of this index, when they were computed before."""
        self.index = index
        self.codes = codes or Codes.of(index)
        self._tables: dict[tuple[object, ...], Table] = {}

    def of_term(self, name: str, facts: Facts, position: int) -> float:
        """The strength of an axis for one term."""
        return float(self.table(name, facts).strengths[self.codes_of(name)[position]])

    def codes_of(self, name: str) -> NDArray[np.signedinteger]:
        """The code of each term on an axis."""
        if name == "unit":
            return self.codes.units
        return self.codes.natures if name == "nature" else self.index.axis_codes[name]

    def table(self, name: str, facts: Facts) -> Table:
        """The strength of every value of an axis against these facts."""
        key = (name, *_KEYS[name](facts))
        table = self._tables.get(key)
        if table is None:
            if len(self._tables) > MOST_TABLES:
                self._tables.clear()
            table = self._tables[key] = Table(list(self._weigh_all(name, facts)))
        return table

    def is_contradicted(self, facts: Facts, position: int) -> bool:
        """Whether any axis of a term contradicts these facts."""
        return any(self.table(name, facts).contradicted[self.codes_of(name)[position]] for name in CONTRADICTING)

    def _weigh_all(self, name: str, facts: Facts) -> Iterator[Found]:
        if name == "unit":
            dimensions = self.index.unit_dimensions
            return (weigh_unit(facts, units, dimensions.get(units, ())) for units in self.codes.unit_values)
        if name == "nature":
            return (weigh_nature(facts, nature) for nature in NATURES)
        weigh = self.weigher(name)
        return (weigh(facts, value) for value in self.index.axis_values[name])

    def weigher(self, name: str) -> Callable[[Facts, str], Found]:
        """The function that weighs a value of an axis against facts."""
        if name == "property":
            return lambda facts, value: weigh_property(facts, value, self.index.property_by_dimension)
        return _WEIGHERS[name]


def _no_sentence(_local: str, _term: str) -> None:
    """Chapitre du catalogue et classe LOINC."""


def _weigh_class(facts: Facts, value: str) -> Found:
    if not facts.classes or not value:
        return Found(Verdict.UNKNOWN, 0.0, _no_sentence)
    # LOINC files a substance after a meal or a dose apart; a laboratory leaves it in its chemistry.
    if value in facts.classes or (value.startswith("CHAL") and "CHEM" in facts.classes):
        return Found(Verdict.AGREE, 1.0, _no_sentence)
    return Found(Verdict.COMPATIBLE, -0.3, _no_sentence)


def _weigh_status(_facts: Facts, value: str) -> Found:
    loss = {"DEPRECATED": -1.0, "DISCOURAGED": -0.5, "TRIAL": -0.1}.get(value, 0.0)
    return Found(Verdict.UNKNOWN, loss, _no_sentence)


def _weigh_order(facts: Facts, value: str) -> Found:
    wrong = (facts.level == "analysis" and value == "Order") or (facts.level == "exam" and value == "Observation")
    return Found(Verdict.UNKNOWN, -1.0 if wrong else 0.0, _no_sentence)


_WEIGHERS: dict[str, Callable[[Facts, str], Found]] = {
    "time": weigh_time,
    "system": weigh_system,
    "scale": weigh_scale,
    "method": weigh_method,
    "divisor": weigh_divisor,
    "challenge": weigh_challenge,
    "class_name": _weigh_class,
    "status": _weigh_status,
    "order_obs": _weigh_order,
}
# What each table of strengths depends on: rows that share it share the table.
_KEYS: dict[str, Callable[[Facts], tuple[object, ...]]] = {
    "property": lambda facts: (
        facts.unit.text,
        facts.properties,
        facts.stated_properties,
        facts.nature == "susc",
    ),
    "time": lambda facts: (facts.times,),
    "system": lambda facts: (
        facts.systems,
        facts.further_systems,
        facts.class_systems,
        facts.classes,
        facts.is_of_isolate,
    ),
    "scale": lambda facts: (
        facts.level,
        facts.scales,
        facts.scales_from,
        facts.seems_qualitative,
        facts.unit.is_known,
        facts.names_analyte,
        facts.parts,
    ),
    "method": lambda facts: (
        facts.methods,
        facts.is_american,
        bool({"Bld", "RBC"} & set(facts.systems)),
        bool(NAMED_FLUIDS & set(facts.systems[:1])),
        facts.nature == "na",
        facts.is_seen,
        facts.is_cytology,
    ),
    "divisor": lambda facts: (facts.divisors, facts.unit.text, "Urine" in facts.systems),
    "challenge": lambda facts: (facts.challenges,),
    "class_name": lambda facts: (facts.classes,),
    "status": lambda facts: (),
    "order_obs": lambda facts: (facts.level,),
    "unit": lambda facts: (facts.unit.text,),
    "nature": lambda facts: (facts.nature,),
}


def _code(values: list[str]) -> tuple[list[str], Ints]:
    distinct = list(dict.fromkeys(values))
    codes = {value: code for code, value in enumerate(distinct)}
    return distinct, np.fromiter((codes[value] for value in values), np.int32)


def _natures(index: TermIndex) -> NDArray[np.int8]:
    """What each term is about: antibody, antigen, nucleic acid, culture, susceptibility, or the substance itself."""
    by_analyte: list[int] = []
    for analyte in index.analytes:
        tokens = set(name_words(analyte))
        nature = "na" if tokens & NA_WORDS else "ab" if tokens & AB_WORDS else "ag" if "ag" in tokens else ""
        by_analyte.append(NATURES.index(nature))
    natures = np.asarray(by_analyte, np.int8)[index.analyte_of]
    properties, methods = index.axis_values["property"], index.axis_values["method"]
    susceptible = [name == "Susc" for name in properties]
    cultured = ["ulture" in name for name in methods]
    is_susc = np.asarray(susceptible, bool)[index.axis_codes["property"]]
    is_culture = np.asarray(cultured, bool)[index.axis_codes["method"]]
    natures[(natures == 0) & is_culture] = NATURES.index("culture")
    natures[is_susc] = NATURES.index("susc")
    return natures
