"""Longest-match scanning of a label against a table of phrases; misspelt words are mended against its vocabulary."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
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
        self._shuffled = shuffled

    def get(self, text: str) -> tuple[Value, ...]:
        """The values of a whole text, or nothing."""
        return self.values.get(key_of(words(text)), ())

    def scan(self, tokens: Sequence[str]) -> list[Hit[Value]]:
        """All phrases of the tokens, longest first from the left, never overlapping."""
        hits: list[Hit[Value]] = []
        position = 0
        while position < len(tokens):
            for length in range(min(self.longest, len(tokens) - position), 0, -1):
                part = tokens[position : position + length]
                values = self.values.get(key_of(part))
                if values is None and 2 <= length <= 4:
                    # The same words in another order: HDL cholestérol, cholestérol HDL.
                    values = self.values.get(self._shuffled.get(" ".join(sorted(part)), ""))
                if values is not None:
                    hits.append(Hit(position, position + length, values))
                    position += length
                    break
            else:
                position += 1
        return hits


class Mender:
    """Finds the one known word that a misspelt or truncated word must be; short words are never mended."""

    def __init__(self, vocabulary: Mapping[str, int]) -> None:
        """`vocabulary` counts each known word: the most used completion of a truncated word wins."""
        self._counts = vocabulary
        self._sorted = sorted(word for word in vocabulary if len(word) >= 5 and word.isalpha())
        self._buckets: dict[tuple[str, int], list[str]] = {}
        for word in self._sorted:
            self._buckets.setdefault((word[0], len(word)), []).append(word)
        self._cache: dict[str, str] = {}

    def mend(self, word: str) -> str:
        """The nearest known word at one edit (two for ten letters and more), or the word itself."""
        known = self._cache.get(word)
        if known is None:
            known = self._cache[word] = self._nearest(word)
        return known

    def _completed(self, word: str) -> str:
        start = bisect_left(self._sorted, word)
        completions: list[str] = []
        for known in self._sorted[start : start + 60]:
            if not known.startswith(word):
                break
            completions.append(known)
        return max(completions, key=lambda known: (self._counts[known], -len(known)), default=word)

    def _nearest(self, word: str) -> str:
        if len(word) < 5 or not word.isalpha():
            return word
        if len(word) < 6:
            return self._completed(word)
        limit = 2 if len(word) >= 10 else 1
        best, best_distance = word, limit + 1
        for length in range(len(word) - limit, len(word) + limit + 1):
            for known in self._buckets.get((word[0], length), ()):
                distance = DamerauLevenshtein.distance(word, known, score_cutoff=limit)
                if distance < best_distance:
                    best, best_distance = known, distance
        return best if best != word else self._completed(word)
