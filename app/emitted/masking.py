"""Which codes of a laboratory may leave the process that reads: never one that could tell of a person.

A code of the catalogue always may. Another one leaves when all of these hold, and as MASKED otherwise:

- it has the shape of a code: at most 20 letters without accent, digits and `. _ - / + * # :`, without spaces,
  beginning with a letter or a digit; fewer than nine digits, so no national, telephone or professional number; no
  date, in any usual way of writing one; no usual first name or surname;
- neither it nor a word of it, from four letters or six digits on, is a word of anybody of this run: shorter ones,
  initials and house numbers, would hide K and Na;
- two reports at least carry it that are not about the same persons, and in which it neither holds nor is part of a
  word of these persons.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

from app.patient_guard.births import dated, year_of, year_of_part
from app.patient_guard.names import is_plain_first_name, is_surname, plain

_SHAPE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/+*#:-]{0,19}", re.ASCII)
_MOST_DIGITS = 8
_LEAST_NAME = 4
"""Letters of a code that is looked up among names: shorter ones are abbreviations of tests."""
_LEAST_HELD = 3
"""Letters or digits of a word that is looked for within a code."""
_LEAST_TELLING, _LEAST_TELLING_DIGITS = 4, 6
"""Length of a word that tells of somebody wherever it stands; shorter numbers are a house, a postcode, a year."""
_MOST_CODES = 20_000
_WORD = re.compile(r"[^\W_]+")
_NO_LETTER = re.compile(r"[\W_]+")


def has_shape_of_code(text: str) -> bool:
    """Whether a text may be a code of a laboratory, and is no number, date or usual name of a person."""
    if not _SHAPE.fullmatch(text) or sum(map(str.isdigit, text)) > _MOST_DIGITS:
        return False
    if dated(text) is not None or year_of(text) is not None or (len(text) > 5 and year_of_part(text) is not None):
        return False
    letters = [word for word in re.split(r"[^A-Za-z]+", text) if len(word) >= _LEAST_NAME]
    return not any(is_surname(word) or is_plain_first_name(word) for word in letters)


def folded_words(texts: Iterable[str]) -> frozenset[str]:
    """The words of texts about persons, in small letters without accents: each one, and each text in one piece."""
    found: set[str] = set()
    for text in texts:
        flat = plain(text)
        found.update(_WORD.findall(flat))
        found.add(_NO_LETTER.sub("", flat))
    found.discard("")
    return frozenset(found)


class Masks:
    """Gathers where each code that is not in the catalogue was seen, then says which may leave."""

    def __init__(self) -> None:
        self._persons: set[str] = set()
        """Words that tell of somebody wherever they stand."""
        self._seen_with: dict[str, list[frozenset[str]]] = {}
        """Code -> the persons of the reports in which it stands well; empty once two of them are apart."""

    def note_persons(self, identities: frozenset[str]) -> None:
        """Nobody's word leaves as a code, in whatever report it stands."""
        self._persons.update(word for word in identities if len(word) >= _least_telling(word))

    def note(self, code: str, identities: frozenset[str]) -> None:
        """A code stands in a report about these persons; noted once for each report."""
        if code not in self._seen_with:
            if len(self._seen_with) < _MOST_CODES and not _tells(code, identities):
                self._seen_with[code] = [identities]
            return
        others = self._seen_with[code]
        if not others or _tells(code, identities):
            return
        # The first of them is not enough: it may name everybody whom two others name apart.
        if any(_are_apart(identities, other) for other in others):
            others.clear()
        elif identities not in others:
            others.append(identities)

    def released(self) -> frozenset[str]:
        """The codes that may leave."""
        return frozenset(
            code
            for code, others in self._seen_with.items()
            if not others and self._persons.isdisjoint((_flat(code), *_WORD.findall(code.lower())))
        )


def _least_telling(word: str) -> int:
    return _LEAST_TELLING_DIGITS if word.isdigit() else _LEAST_TELLING


def _are_apart(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether two reports are about different persons: each names somebody whom the other does not, or one of them
    names nobody."""
    return not one or not other or not (one <= other or other <= one)


@lru_cache(maxsize=4096)
def _flat(code: str) -> str:
    return _NO_LETTER.sub("", code.lower())


def _tells(code: str, identities: frozenset[str]) -> bool:
    """Whether a code is, holds or is part of a word of these persons."""
    flat = _flat(code)
    if flat in identities:
        return True
    if not identities.isdisjoint(_WORD.findall(code.lower())):
        return True
    is_long = len(flat) >= _LEAST_NAME
    return any((len(word) >= _LEAST_HELD and word in flat) or (is_long and flat in word) for word in identities)
