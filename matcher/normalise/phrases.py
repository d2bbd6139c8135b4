"""Longest-match scanning of a label against a table of phrases; misspelt words are mended against its vocabulary."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Generic, TypeVar

from rapidfuzz.distance import DamerauLevenshtein

from matcher.normalise.text import key_of, loses_its_meaning, words

Value = TypeVar("Value")
MAX_PHRASE = 9


@dataclass(frozen=True, slots=True)
class Hit(Generic[Value]):
    """A phrase found in words[start:end], with the values filed under it."""

    start: int
    end: int
    values: tuple[Value, ...]


class PhraseTable(Generic[Value]):
    """Phrases → values; a phrase matches whatever stands between its words (CA 19-9 is CA199)."""

    def __init__(self, rows: Iterable[tuple[str, Value]]) -> None:
        found: dict[str, list[Value]] = {}
        shuffled: dict[str, str] = {}
        self.longest = 1
        for expression, value in rows:
            parts = words(expression)
            key = key_of(parts)
            if not key or loses_its_meaning(expression):
                continue
            if 2 <= len(parts) <= 4 and all(len(part) > 1 for part in parts):
                shuffled.setdefault(" ".join(sorted(parts)), key)
            self.longest = min(MAX_PHRASE, max(self.longest, len(parts) + 1))
            values = found.setdefault(key, [])
            if value not in values:
                values.append(value)
        self.values: dict[str, tuple[Value, ...]] = {key: tuple(values) for key, values in found.items()}
        self.shuffled = shuffled
        """Words of a phrase, sorted → the phrase."""

    @classmethod
    def restored(
        cls, values: dict[str, tuple[Value, ...]], shuffled: dict[str, str], longest: int
    ) -> "PhraseTable[Value]":
        """A table that was compiled before, from what it holds."""
        table = cls(())
        table.values, table.shuffled, table.longest = values, shuffled, longest
        return table

    def get(self, text: str) -> tuple[Value, ...]:
        """The values of a whole text, or nothing."""
        return self.values.get(key_of(words(text)), ())

    def scan(self, tokens: Sequence[str], idle: frozenset[str] = frozenset()) -> list[Hit[Value]]:
        """All phrases of the tokens, longest first from the left, never overlapping.

        A phrase that begins with `idle` words (« recherche antigène ») yields to one that begins after them and
        reaches further (« antigène HBe »).
        """
        hits: list[Hit[Value]] = []
        position = 0
        while position < len(tokens):
            hit = self._longest_at(tokens, position)
            if hit is None:
                position += 1
                continue
            if tokens[position] in idle and hit.end < len(tokens):
                hit = self._further(tokens, hit, idle) or hit
            hits.append(hit)
            position = hit.end
        return hits

    def _longest_at(self, tokens: Sequence[str], position: int) -> Hit[Value] | None:
        for length in range(min(self.longest, len(tokens) - position), 0, -1):
            part = tokens[position : position + length]
            values = self.values.get(key_of(part))
            if values is None and 2 <= length <= 4:
                # The same words in another order: HDL cholestérol, cholestérol HDL.
                values = self.values.get(self.shuffled.get(" ".join(sorted(part)), ""))
            if values is not None:
                return Hit(position, position + length, values)
        return None

    def _further(self, tokens: Sequence[str], hit: Hit[Value], idle: frozenset[str]) -> Hit[Value] | None:
        """The phrase after the idle words that a hit begins with, when it reaches further than the hit."""
        start = hit.start
        while start < hit.end and tokens[start] in idle:
            start += 1
        later = self._longest_at(tokens, start) if start < hit.end else None
        return later if later is not None and later.end > hit.end else None


class Repair(Enum):
    """How an unknown word was read."""

    INFLECTED = auto()
    """As a known word in another gender: nothing is in doubt."""
    COMPLETED = auto()
    """As the one word that it begins."""
    MISSPELT = auto()
    CUT = auto()
    """As the beginning of one of several words."""


@dataclass(frozen=True, slots=True)
class Mended:
    """A known word that stands for an unknown one."""

    word: str
    repair: Repair

    @property
    def is_doubtful(self) -> bool:
        """Whether the word may well be another one."""
        return self.repair in (Repair.MISSPELT, Repair.CUT)

    @property
    def is_said(self) -> bool:
        """Whether the reviewer is told: another gender of a word is the word itself."""
        return self.repair is not Repair.INFLECTED


READINGS = 3
"""The most readings of one unknown word."""
LOST = 3
"""The most letters that a usual word may have lost."""
USUAL = 12
"""In how many expressions a word stands to be usual."""


class Mender:
    """Finds the known words that a misspelt or truncated word may be; short words are never mended."""

    def __init__(self, vocabulary: Mapping[str, int]) -> None:
        """`vocabulary` counts each known word: the most used completion of a truncated word wins."""
        self._counts = vocabulary
        self._sorted = sorted(word for word in vocabulary if len(word) >= 5 and word.isalpha())
        self._buckets: dict[tuple[str, int], list[str]] = {}
        for word in self._sorted:
            self._buckets.setdefault((word[0], len(word)), []).append(word)
        self._cache: dict[str, tuple[Mended, ...]] = {}

    def mend(self, word: str) -> str:
        """The likeliest known word, or the word itself."""
        found = self.readings(word)
        return found[0].word if found else word

    def readings(self, word: str) -> tuple[Mended, ...]:
        """The known words that an unknown one may be, likeliest first; nothing when none is near."""
        known = self._cache.get(word)
        if known is None:
            known = self._cache[word] = self._near(word)
        return known

    def _near(self, word: str) -> tuple[Mended, ...]:
        if len(word) < 5 or not word.isalpha():
            return ()
        if len(word) >= 6:
            found = self._misspelt(word)
            if found:
                return found
        return self._completed(word)

    def _misspelt(self, word: str) -> tuple[Mended, ...]:
        """Words at one edit (two for ten letters and more), and usual ones of which a few letters were lost."""
        limit = 2 if len(word) >= 10 else 1
        found: dict[str, int] = {}
        for length in range(len(word) - limit, len(word) + limit + 1):
            for known in self._buckets.get((word[0], length), ()):
                distance = DamerauLevenshtein.distance(word, known, score_cutoff=limit)
                if distance <= limit:
                    found[known] = distance
        if not found:
            return ()
        least = min(found.values())
        for length in range(len(word) + least + 1, len(word) + LOST + 1):
            for known in self._buckets.get((word[0], length), ()):
                if known not in found and self._counts[known] >= USUAL and _is_within(word, known):
                    found[known] = length - len(word)
        ranked = sorted(found, key=lambda known: (found[known], -self._counts[known], known))
        stems = {_stem(known) for known in ranked if found[known] == least}
        # « Créatin » is no gender of créatine: a substance that lost its end may be another one.
        is_substance = word.endswith("in") and ranked[0] == word + "e"
        if len(stems) == 1 and _stem(word) in stems and not is_substance:
            return (Mended(ranked[0], Repair.INFLECTED),)
        distinct = list({_stem(known): known for known in reversed(ranked)}.values())[::-1]
        return tuple(Mended(known, Repair.MISSPELT) for known in distinct[:READINGS])

    def _completed(self, word: str) -> tuple[Mended, ...]:
        """What a cut word begins: one reading when all its completions are one word's forms."""
        start = bisect_left(self._sorted, word)
        completions: list[str] = []
        for known in self._sorted[start : start + 60]:
            if not known.startswith(word):
                break
            completions.append(known)
        ranked = sorted(completions, key=lambda known: (-self._counts[known], len(known), known))
        distinct = list({_stem(known): known for known in reversed(ranked)}.values())[::-1]
        repair = Repair.COMPLETED if len(distinct) == 1 else Repair.CUT
        return tuple(Mended(known, repair) for known in distinct[:READINGS])


def _stem(word: str) -> str:
    """A word without the marks of its gender: conjugué, conjuguée."""
    return word.rstrip("e") if len(word) > 5 else word


def _is_within(word: str, known: str) -> bool:
    """Whether a word is a known one of which letters were lost: créatne, créatinine."""
    rest = iter(known)
    return known[:4] == word[:4] and all(letter in rest for letter in word)
