"""The words of a HL7 v2 message that tell of persons: patient, kin, insured, carers; so that none leaves as a code."""

import re

from app.emitted.hl7v2_text import Dialect
from app.patient_guard.names import plain

_LONGEST = 2_000
_MOST_REPETITIONS = 10
_MOST_KEPT = 50_000
_LEAST = 3
"""Letters or digits of a word: initials would hide the codes of tests."""
_WORD = re.compile(r"[^\W_]+")
_NO_LETTER = re.compile(r"[\W_]+")

_ALL: tuple[int, ...] = ()
_NAME, _CARER, _ADDRESS, _NUMBER, _PHONE = (0, 1, 2, 3), (0, 1, 2, 3), (0, 1, 2, 4), (0,), (0, 3, 6, 11)
"""Components of a name (XPN), of a carer (XCN, PPN), of an address (XAD), of an identifier (CX, EI), of telephones and
electronic mail (XTN)."""
_FIELDS: dict[bytes, dict[int, tuple[int, ...]]] = {
    b"PID": {
        2: _NUMBER, 3: _NUMBER, 4: _NUMBER, 5: _NAME, 6: _NAME, 7: _ALL, 9: _NAME, 11: _ADDRESS, 13: _PHONE, 14: _PHONE,
        18: _NUMBER, 19: _ALL, 20: _NUMBER, 21: _NUMBER, 23: _ALL,
    },
    b"PD1": {4: _CARER},
    b"MRG": {1: _NUMBER, 2: _NUMBER, 3: _NUMBER, 4: _NUMBER, 7: _NAME},
    b"NK1": {2: _NAME, 4: _ADDRESS, 5: _PHONE, 6: _PHONE, 12: _NUMBER, 16: _ALL, 30: _NAME, 31: _PHONE, 32: _ADDRESS,
             33: _NUMBER},
    b"PV1": {5: _NUMBER, 7: _CARER, 8: _CARER, 9: _CARER, 17: _CARER, 19: _NUMBER, 50: _NUMBER, 52: _CARER},
    b"GT1": {2: _NUMBER, 3: _NAME, 4: _NAME, 5: _ADDRESS, 6: _PHONE, 7: _PHONE, 8: _ALL, 12: _ALL, 16: _NAME, 19: _ALL},
    b"IN1": {16: _NAME, 18: _ALL, 19: _ADDRESS, 36: _ALL, 49: _NUMBER},
    b"IN2": {1: _NUMBER, 2: _ALL, 6: _ALL, 8: _ALL, 40: _NAME, 52: _NAME, 61: _NUMBER},
    b"ORC": {10: _CARER, 11: _CARER, 12: _CARER, 14: _PHONE, 19: _CARER},
    b"OBR": {10: _CARER, 16: _CARER, 17: _PHONE, 28: _CARER, 32: _NUMBER, 33: _NUMBER, 34: _NUMBER, 35: _NUMBER},
    b"OBX": {16: _CARER, 25: _CARER},
    b"PRT": {5: _CARER, 14: _ADDRESS, 15: _PHONE},
    b"ROL": {4: _CARER, 11: _ADDRESS, 12: _PHONE},
    b"TXA": {5: _CARER, 9: _CARER, 10: _CARER, 11: _CARER},
}  # fmt: skip
"""Segment -> its fields that tell of persons, and the components of each that do; all of them where none is named."""
TELLING = frozenset(_FIELDS)
"""Segments that tell of persons."""
MOST_FIELDS = 1 + max(max(fields) for fields in _FIELDS.values())


class Persons:
    """Gathers words of one file. What was read once is kept while it is read, and goes with it."""

    def __init__(self) -> None:
        self._kept: dict[tuple[Dialect, bytes, tuple[int, ...]], frozenset[str]] = {}

    def of(self, dialect: Dialect, name: bytes, fields: list[bytes]) -> frozenset[str]:
        """The folded words of one segment; `fields[n]` is its field n."""
        found: frozenset[str] = frozenset()
        for place, components in _FIELDS[name].items():
            if place < len(fields) and fields[place]:
                found |= self._words(dialect, fields[place][:_LONGEST], components)
        return found

    def _words(self, dialect: Dialect, raw: bytes, components: tuple[int, ...]) -> frozenset[str]:
        key = (dialect, raw, components)
        known = self._kept.get(key)
        if known is None:
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            known = self._kept[key] = _words(dialect, raw, components)
        return known


def _words(dialect: Dialect, raw: bytes, components: tuple[int, ...]) -> frozenset[str]:
    found: set[str] = set()
    for repetition in dialect.repetitions(dialect.text(raw), _MOST_REPETITIONS):
        parts = dialect.components(repetition, 1 + max(components)) if components else [repetition]
        for place in components or (0,):
            if place < len(parts) and parts[place]:
                # Unwrapped: what was folded of persons must not outlive the reading.
                flat = plain.__wrapped__(dialect.plain(parts[place]))
                found.update(_WORD.findall(flat))
                if components:
                    found.add(_NO_LETTER.sub("", flat))
    return frozenset(word for word in found if len(word) >= _LEAST)
