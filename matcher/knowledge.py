"""What is known beside the release: validated mappings, NABM alignments, the national set. All of it is evidence."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field

from matcher.normalise.text import fold, words
from matcher.types import LocalTest


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
    *Circuit de la biologie*, empty when it is not loaded.
    """

    memory: Mapping[str, tuple[Remembered, ...]] = field(default_factory=dict)
    nabm: Mapping[str, frozenset[str]] = field(default_factory=dict)
    preferred: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        """Whether anything is known at all."""
        return bool(self.memory or self.nabm or self.preferred)


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


def _unit(text: str) -> str:
    """A unit without spaces and micro signs, its case kept: g/L is grams, G/L is giga."""
    text = unicodedata.normalize("NFKC", text).replace("\u03bc", "u").replace("\u00b5", "u")
    return re.sub(r"/l\b", "/L", re.sub(r"\s+", "", text))


def acts(nabm: str) -> tuple[str, ...]:
    """The NABM codes written in a cell, four digits each; HN and other mentions are no codes."""
    digits = "".join(char if char.isdigit() else " " for char in nabm).split()
    return tuple(dict.fromkeys(code.zfill(4) for code in digits if 3 <= len(code) <= 4))
