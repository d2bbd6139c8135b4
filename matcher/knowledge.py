"""What is known beside the release: validated mappings, NABM alignments, the national set. All of it is evidence."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field

from matcher.facts import OF_AN_EXAM
from matcher.habits import Habit
from matcher.normalise.text import fold, words
from matcher.types import LocalTest

WITH, WITHOUT = "with", "without"
"""What a laboratory may rule of the techniques of a discipline."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """A mapping validated elsewhere: the code, how many catalogues agree on it, and their names."""

    loinc_num: str
    count: int
    origins: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Knowledge:
    """Everything the caller allows the engine to know of other catalogues and of national lists.

    `memory` is keyed by `signature`; `nabm` gives the codes aligned with an act; `preferred` is the set
    *Circuit de la biologie*, empty when it is not loaded. `method_rules` is what the laboratory decided for a whole
    discipline (its key -> `WITH` or `WITHOUT` a technique), `habits` what the decisions of this catalogue show.
    """

    memory: Mapping[str, tuple[Remembered, ...]] = field(default_factory=dict)
    nabm: Mapping[str, frozenset[str]] = field(default_factory=dict)
    preferred: frozenset[str] = frozenset()
    label_width: int = 0
    """The letters at which the labels of this catalogue seem to be cut; 0 when they do not."""
    method_rules: Mapping[str, str] = field(default_factory=dict)
    habits: tuple[Habit, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything is known at all."""
        return bool(self.memory or self.nabm or self.preferred or self.method_rules or self.habits)


def signature(test: LocalTest) -> str:
    """The full signature of a row: label, specimen, unit, technique, time, scale and level, normalised.

    A mapping is never reused on the label alone: the same label with another unit is another test.
    """
    parts = (
        " ".join(words(test.label)),
        " ".join(sorted(words(test.specimen))),
        _unit(test.unit),
        " ".join(sorted(words(test.technique))),
        fold(test.timing),
        fold(test.scale),
        test.level,
    )
    return "|".join(parts)


def surroundings(test: LocalTest, is_read: bool) -> str:
    """What a row leaves to what stands around it: two rows of one signature are one test only where this is the same.

    An exam names what « IgG » is about, a chapter says of what a row without specimen is, reference values tell the
    unit that was not written. `is_read` is false for rows without any proposal: nothing of them was understood, and
    all of this is asked for.
    """
    label = words(test.label)
    has_specimen = is_read and bool(test.specimen.strip())
    parts = (
        words(test.exam) if not has_specimen or OF_AN_EXAM.issuperset(label) else (),
        words(test.chapter) if not has_specimen else (),
        words(test.reference_range) if not test.unit.strip() else (),
        words(test.results),
    )
    return "|".join(" ".join(part) for part in parts)


def _unit(text: str) -> str:
    """A unit without spaces and micro signs, its case kept: g/L is grams, G/L is giga."""
    text = unicodedata.normalize("NFKC", text).replace("\u03bc", "u").replace("\u00b5", "u")
    return re.sub(r"/l\b", "/L", re.sub(r"\s+", "", text))


_TIMES = re.compile(r"\b\d{1,2}\s*[x×*]\s*(?=\d)|(?<=\d)\s*[x×*]\s*\d{1,2}\b", re.IGNORECASE)
_WORTH = re.compile(r"(?<![^\W\d_])(?:bhn|pb|kb|tb|b|coef\w*)\s*[.:=]?\s*[1-9]\d*(?:[.,]\d+)?", re.IGNORECASE)
_ACT = re.compile(r"(?<![^\W_])\d{3,4}(?![^\W_])")


def acts(nabm: str) -> tuple[str, ...]:
    """The NABM codes written in a cell, four digits each, whatever separates them.

    HN and other mentions are no codes, nor is how often an act is counted (`2 x 1104`), nor what it is worth
    (`1104 B 270`, `0552 (coef. 120)`).
    """
    said = _WORTH.sub(" ", _TIMES.sub(" ", nabm))
    return tuple(dict.fromkeys(code.zfill(4) for code in _ACT.findall(said)))


def cut_width(counts: Mapping[int, int]) -> int:
    """The length at which the labels of a catalogue seem to be cut, 0 when they do not; `counts` are labels by length.

    The longest length, when more labels have it than chance would give: a field that is full says so by a crowd.
    """
    if not counts:
        return 0
    longest = max(counts)
    crowd = max(CROWD, 3 * max(counts.get(longest - 1, 0), counts.get(longest - 2, 0)))
    return longest if longest >= NARROWEST and counts[longest] >= crowd else 0


CROWD, NARROWEST = 4, 12
"""The fewest labels that fill a field, and the narrowest field that cuts them."""
