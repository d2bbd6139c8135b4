"""What may leave of the codes and units of a report: only what belongs to a closed vocabulary.

A field that should hold a code or a unit may hold anything, a name included: what is not recognised leaves as a mark.
"""

import re

from app.emitted.observed import ILL_FORMED, UNREAD
from loinc_data.checkdigit import is_valid_loinc
from loinc_data.tables import load_tables
from matcher.normalise.units import UnitTable

MOST_LOINC = 10
"""Codes of LOINC that one result is held to carry: nobody needs to know of more."""
_LONGEST_UNIT = 40
_FACTORS = re.compile(r"[/().]")
_POWER = re.compile(r"10[*^]-?\d{1,2}|\d{1,3}")


def loinc_codes(written: tuple[str, ...]) -> tuple[str, ...]:
    """Distinct texts given as LOINC codes, sorted; each that is none is a mark of its own."""
    texts = dict.fromkeys(text for code in written if (text := code.strip()))
    return tuple(sorted(text if is_valid_loinc(text) else ILL_FORMED for text in texts)[:MOST_LOINC])


def section_code(written: str) -> str:
    """The LOINC code of a section; empty for any other text."""
    text = written.strip()
    return text if is_valid_loinc(text) else ""


class Units:
    """Reads the units of one run: what it has read of texts ends with it."""

    def __init__(self) -> None:
        rows = load_tables().units
        self._table = UnitTable(rows)
        self._known = frozenset(ucum for _, all_ucum, _ in rows for ucum in all_ucum)
        self._factors = frozenset(factor for ucum in self._known for factor in _FACTORS.split(ucum) if factor)
        self._read: dict[str, str] = {"": ""}

    def ucum(self, written: str) -> str:
        """A unit in UCUM: of those that a spelling may mean, the first that our table reads as widely; empty for
        none, UNREAD for a text that it does not know."""
        text = written.strip()
        if text not in self._read:
            self._read[text] = self._ucum(text) if len(text) <= _LONGEST_UNIT else UNREAD
        return self._read[text]

    def _ucum(self, text: str) -> str:
        reading = self._table.read(text)
        if not reading.text:
            return ""
        meant = [ucum for ucum in reading.ucum if self._is_closed(ucum)]
        dimensions = set(reading.dimensions)
        as_wide = (ucum for ucum in meant if dimensions <= set(self._table.read(ucum).dimensions))
        return next(as_wide, meant[0] if meant else UNREAD)

    def _is_closed(self, ucum: str) -> bool:
        """Whether every part of an expression is one of our table: the rest of it, an annotation too, may be text."""
        return ucum in self._known or all(
            factor in self._factors or _POWER.fullmatch(factor) for factor in _FACTORS.split(ucum) if factor
        )
