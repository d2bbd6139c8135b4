"""What a code leaves out of a row, or guesses of it: none of it may be sure, however alone the code stands."""

import re
from collections.abc import Container, Iterator

from matcher.candidate import Candidate, Views
from matcher.evidence.doubt import (
    Doubt,
    another_comes_first,
    divisor_left_out,
    label_says_otherwise,
    short_and_rare,
    specimen_is_guessed,
    technique_left_out,
    weight_left_out,
    words_left_out,
)
from matcher.evidence.system import UNSPECIFIED
from matcher.facts import Facts, Reading
from matcher.names import name_words
from matcher.senses import unit_words
from matcher.types import Axis

CELLS = frozenset({"RBC", "WBC"})
"""Cells taken apart from the blood that holds them."""
CARRIED = 0.3
"""The least strength of a method that is, or stands near, one which the label names."""
_VAGUE = frozenset({"Bld", "Ser/Plas"})
SHORT, EVERYDAY = 2, 1
"""The letters of a name that only an everyday code may have for sure, and the usage of such a code."""
_PER_WEIGHT = re.compile(r"/\s*kg\b", re.IGNORECASE)
_SAYS_NOTHING = frozenset({"total"})


def doubts_of(views: Views, candidate: Candidate) -> Iterator[Doubt]:
    """What keeps a candidate from being sure beside what its reading guessed."""
    index = views.index
    yield from left_out(
        candidate.reading,
        index.analytes[index.analyte_of[candidate.position]],
        views.value("system", candidate),
        views.strength("method", candidate),
        index.analyte_codes,
    )
    reading, term = candidate.reading, index.terms[candidate.position]
    if len(reading.spans) == 1 and len(reading.spans[0][0].replace(" ", "")) <= SHORT and term.usage != EVERYDAY:
        yield Doubt(Axis.COMPONENT, short_and_rare, *reading.spans[0])
    if _PER_WEIGHT.search(reading.facts.unit.text) and "kg" not in term.units:
        yield Doubt(Axis.UNIT, weight_left_out, reading.facts.unit.text)
    yield from said_otherwise(
        candidate.reading.facts, *(views.value(axis, candidate) for axis in ("scale", "property", "divisor"))
    )


def said_otherwise(facts: Facts, scale: str, kind: str, divisor: str) -> Iterator[Doubt]:
    """What words of the label say of the scale, the property or the divisor, and a code does not have.

    A unit outweighs such words when codes are ranked; what they contradict is not sure for all that.
    """
    for axis, told, value in (
        (Axis.SCALE, facts.label_scales, scale), (Axis.PROPERTY, facts.label_properties, kind)
    ):  # fmt: skip
        if told and value not in told:
            yield Doubt(axis, label_says_otherwise, ", ".join(told), value)
    if facts.divisors and divisor not in facts.divisors:
        yield Doubt(Axis.COMPONENT, divisor_left_out, ", ".join(facts.divisors))


def left_out(
    reading: Reading, analyte: str, system: str, method_strength: float, analytes: Container[str]
) -> Iterator[Doubt]:
    """What keeps a code from being sure under a reading; `analytes` are all those of the release."""
    facts = reading.facts
    if leaves_words_out(reading, analyte):
        local = " + ".join(span for span, _ in reading.spans) or " ".join(reading.leftover)
        yield Doubt(Axis.COMPONENT, words_left_out, local, analyte)
    for first in (name for name in reading.instead if name in analytes and name != analyte):
        yield Doubt(Axis.COMPONENT, another_comes_first, " + ".join(span for span, _ in reading.spans), first)
    if facts.label_methods and method_strength < CARRIED:
        yield Doubt(Axis.METHOD, technique_left_out, ", ".join(facts.label_methods[:2]))
    if guesses_specimen(facts, system):
        yield Doubt(Axis.SYSTEM, specimen_is_guessed, ", ".join(facts.systems[:4]), system)


def leaves_words_out(reading: Reading, analyte: str) -> bool:
    """Whether the analyte of a code is not the one that the words of the label name, to the last word."""
    offered = set(name_words(analyte))
    if set(reading.wanted) - offered - set(unit_words(reading.facts.unit.text)) - _SAYS_NOTHING:
        return True
    return analyte not in reading.analytes and set(reading.wanted) | set(reading.leftover) != offered


def guesses_specimen(facts: Facts, system: str) -> bool:
    """Whether the specimen of a code is a guess among those of the row: the row says several, or none."""
    if not facts.systems:
        # In bacteriology what is silent may be any specimen.
        is_open = "MICRO" in facts.classes and "SERO" not in facts.classes and facts.nature not in ("susc", "ab")
        return is_open and system not in UNSPECIFIED | {"Isolate"}
    if facts.systems[0] in CELLS and system not in CELLS:
        return True
    # « Sang » is serum in one chapter and whole blood in another.
    return set(facts.systems) >= _VAGUE and bool(facts.class_systems) and system not in facts.class_systems
