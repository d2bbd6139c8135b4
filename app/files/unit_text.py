"""Units that a catalogue writes elsewhere than in a column of units: in reference ranges, in labels.

`2,0 à 9,0 UI/L` gives `UI/L`; `Glucose (mmol/L)` gives `mmol/L`. Only spellings that our table of units knows are
taken, and the cell they come from is never touched.
"""

import re
from functools import lru_cache

from loinc_data.units import unit_reader

_NUMBER = re.compile(r"\d+(?:[.,]\d+)?")
_BRACKETS = re.compile(r"[(\[]([^()\[\]]{1,30})[)\]]")
_MAX_TEXT = 300
_AGES = frozenset({"an", "ans", "mois", "sem", "semaine", "semaines", "jour", "jours", "j"})
"""After a number these tell an age more often than a unit."""
_LETTERS = re.compile(r"[^\W\d_]")


def is_unit(text: str) -> bool:
    """Whether this whole text is a unit that we know."""
    text = text.strip()
    return bool(text) and len(text) <= 40 and text.lower() not in _AGES and unit_reader().is_unit(text)


def _is_telling(text: str) -> bool:
    """Whether a text could hardly be anything else than a unit: `S`, `g` or `IV` alone may be letters of a name."""
    return "/" in text or "%" in text or (len(text) > 1 and not text.isupper() and bool(_LETTERS.search(text)))


def _stripped(text: str) -> str:
    return text.strip(" \t\r\n\xa0\u202f;:.,()[]")


@lru_cache(maxsize=65536)
def unit_in_range(text: str) -> str:
    """The unit written after the last bounds of a reference range; empty when there is none that we know."""
    if len(text) > _MAX_TEXT:
        return ""
    ends = [found.end() for found in _NUMBER.finditer(text)]
    for end in ends:
        rest = _stripped(text[end:])
        if is_unit(rest):
            return rest
    for end in ends:
        words = text[end:].split()
        word = _stripped(words[0]) if words else ""
        if word and _is_telling(word) and is_unit(word):
            return word
    return ""


@lru_cache(maxsize=65536)
def unit_in_label(text: str) -> str:
    """The unit that ends a label, between brackets or not; empty when there is none that we know."""
    if len(text) > _MAX_TEXT:
        return ""
    for found in reversed(_BRACKETS.findall(text)):
        inside = found.strip()
        if _is_telling(inside) and is_unit(inside):
            return str(inside)
    last = text.split()[-1:] or [""]
    word = last[0].strip(" ,;:.")
    return word if "/" in word and is_unit(word) else ""
