"""The words that a label may be: letters lost in a transfer, words misspelt or cut."""

from collections.abc import Iterator

from matcher.evidence.doubt import Doubt, word_is_completed, word_is_cut, word_is_repaired
from matcher.normalise.damage import filled
from matcher.normalise.phrases import Mended, Mender, Repair
from matcher.normalise.text import words
from matcher.types import Axis

MAX_SPELLINGS = 3


class Spellings:
    """Reads the words of labels against those that are known."""

    def __init__(self, known: frozenset[str], mender: Mender) -> None:
        self.known = known
        self.mender = mender

    def texts(self, label: str) -> Iterator[tuple[str, tuple[str, ...], tuple[Doubt, ...]]]:
        """The texts that a label may be, likeliest first, their words and what is doubtful in them."""
        texts = filled(label, self.is_known, MAX_SPELLINGS) if "?" in label or "\ufffd" in label else []
        for text, lost in texts or [(label, [])]:
            is_settled = len(texts) == 1
            rule = word_is_completed if is_settled else word_is_repaired
            gaps = tuple(Doubt(Axis.COMPONENT, rule, *pair, is_settled=is_settled) for pair in lost)
            for tokens, doubts in self._spellings(words(text)):
                yield text, tokens, (*gaps, *doubts)

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
