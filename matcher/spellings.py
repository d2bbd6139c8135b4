"""The words that a label may be: letters lost in a transfer, words misspelt or cut."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from matcher.evidence.doubt import (
    Doubt,
    glued_words,
    word_is_completed,
    word_is_cut,
    word_is_repaired,
    word_is_taken_apart,
)
from matcher.glued import Glued
from matcher.normalise.damage import filled, unmangled
from matcher.normalise.phrases import Mended, Mender, Repair
from matcher.normalise.text import words
from matcher.types import Axis, LocalTest

MAX_SPELLINGS = 3
MOST_GLUED = 3
"""The most words of a label that begins with abbreviations glued together."""


class Spellings:
    """Reads the words of labels against those that are known."""

    def __init__(self, known: frozenset[str], mender: Mender, glued: Glued) -> None:
        self.known = known
        self.mender = mender
        self.glued = glued

    def texts(self, label: str, has_unit: bool) -> Iterator[tuple[str, tuple[str, ...], tuple[Doubt, ...]]]:
        """The texts that a label may be, likeliest first, their words and what is doubtful in them."""
        texts = filled(label, self.is_known, MAX_SPELLINGS) if "?" in label or "\ufffd" in label else []
        for text, lost in texts or [(label, [])]:
            is_settled = len(texts) == 1
            rule = word_is_completed if is_settled else word_is_repaired
            gaps = tuple(Doubt(Axis.COMPONENT, rule, *pair, is_settled=is_settled) for pair in lost)
            written = words(text)
            for tokens, doubts in (*self._unglued(written, has_unit), *self._spellings(written)):
                yield text, tokens, (*gaps, *doubts)

    def _unglued(self, written: tuple[str, ...], has_unit: bool) -> Iterator[tuple[tuple[str, ...], tuple[Doubt, ...]]]:
        """The words of a label whose first is no word, but abbreviations glued together: TOXG, KU24."""
        if not 0 < len(written) <= MOST_GLUED or written[0] in self.known or self.glued.is_name(written[0]):
            return
        # A unit that suits the reading confirms it; nothing does where no unit is written.
        rule = glued_words if has_unit else word_is_taken_apart
        for pieces in self.glued.readings(written[0]):
            doubt = Doubt(Axis.COMPONENT, rule, written[0], " ".join(pieces), is_settled=has_unit)
            yield (*pieces, *written[1:]), (doubt,)

    def is_known(self, word: str) -> bool:
        """Whether every word of a piece of text is known."""
        parts = words(word)
        return bool(parts) and all(part in self.known for part in parts)

    def _spellings(self, written: tuple[str, ...]) -> list[tuple[tuple[str, ...], tuple[Doubt, ...]]]:
        """The words of a label as known words, likeliest first; an unknown word may be several known ones."""
        mended = {
            position: found
            for position, word in enumerate(written)
            if word not in self.known and (found := self.mender.readings(word))
        }
        spellings: list[tuple[tuple[str, ...], tuple[Doubt, ...]]] = []
        for place, rank in [(-1, 0), *((p, r) for p, found in mended.items() for r in range(1, len(found)))]:
            chosen = {p: found[rank if p == place else 0] for p, found in mended.items()}
            tokens = tuple(chosen[p].word if p in chosen else word for p, word in enumerate(written))
            doubts = tuple(_repaired(written[p], item) for p, item in chosen.items() if item.is_said)
            spellings.append((tokens, doubts))
        return spellings[:MAX_SPELLINGS]


def _repaired(written: str, mended: Mended) -> Doubt:
    if not mended.is_doubtful:
        return Doubt(Axis.COMPONENT, word_is_completed, written, mended.word, is_settled=True)
    rule = word_is_cut if mended.repair is Repair.CUT else word_is_repaired
    return Doubt(Axis.COMPONENT, rule, written, mended.word)


def read_again(test: LocalTest) -> LocalTest:
    """The row with what a transfer mangled read again, and no more of a text than a name of a test holds."""
    texts: dict[str, Any] = {name: getattr(test, name) for name in (*_MANGLED, *_LONG)}
    again: dict[str, Any] = {name: unmangled(text[:LONGEST]) for name, text in texts.items()}
    return test if again == texts else replace(test, **again)


LONGEST = 400
"""The letters that are read of a text: what follows is no name, and reading takes longer than its length."""
_LONG = ("reference_range", "results", "code", "property_kind")
_MANGLED = ("label", "synonym", "specimen", "unit", "technique", "chapter", "exam", "timing", "scale")
