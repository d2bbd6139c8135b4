"""Abbreviations that laboratory systems glue together: KU24 is K, U and 24; TOXG is Tox and IgG."""

from collections.abc import Iterable, Iterator

from matcher.lexicon import Sense
from matcher.normalise.phrases import PhraseTable
from matcher.normalise.text import words

HEAD, LEAD, TAIL = "head", "lead", "tail"
OF_ORGANISM = "organism"
LONGEST = 12
MOST_READINGS = 4
_HEAD_KINDS = frozenset({"abbreviation", "analyte", "synonym", "organism", "antibody", "antigen"})
Pieces = tuple[str, ...]


class Glued:
    """Takes an unknown word apart: what may come before a name, a name, what may come after it."""

    def __init__(self, rows: Iterable[tuple[str, str, str, str]], lexicon: PhraseTable[Sense]) -> None:
        """`rows` are (piece, role, what it reads as, scope); a name is one of them or a single word of the lexicon."""
        self._lexicon = lexicon
        self._pieces: dict[str, dict[str, list[tuple[Pieces, bool]]]] = {HEAD: {}, LEAD: {}, TAIL: {}}
        for piece, role, reads, scope in rows:
            self._pieces[role].setdefault(piece.lower(), []).append((words(reads), scope == OF_ORGANISM))
        self._found: dict[str, tuple[Pieces, ...]] = {}

    def readings(self, word: str) -> tuple[Pieces, ...]:
        """The words that an unknown one may be glued of, that of the longest name first."""
        found = self._found.get(word)
        if found is None:
            found = self._found[word] = tuple(dict.fromkeys(self._apart(word)))[:MOST_READINGS]
        return found

    def is_name(self, word: str) -> bool:
        """Whether the lexicon has this word."""
        return word in self._lexicon.values

    def _apart(self, word: str) -> Iterator[Pieces]:
        if not self._pieces[TAIL] or not 3 <= len(word) <= LONGEST:
            return
        spans = [
            (start, end)
            for start in range(len(word))
            for end in range(len(word), start, -1)
            if (start == 0 or word[:start] in self._pieces[LEAD]) and (start, end) != (0, len(word))
        ]
        for start, end in sorted(spans, key=lambda span: (span[0] - span[1], span)):
            for head, is_organism in self._heads(word[start:end]):
                for before in self._before(word[:start], is_organism):
                    for after in self._after(word[end:], is_organism, 2):
                        yield (*before, *head, *after)

    def _heads(self, piece: str) -> Iterator[tuple[Pieces, bool]]:
        """What a piece names, and whether it is an organism; a single letter names only what the table says."""
        for reads, _ in self._pieces[HEAD].get(piece, ()):
            yield reads, self._is_organism("".join(reads))
        if len(piece) > 1 and piece not in self._pieces[HEAD] and piece[0].isalpha():
            senses = self._lexicon.values.get(piece, ())
            if senses and senses[0].entry.kind in _HEAD_KINDS and not senses[0].entry.needs_context:
                yield (piece,), self._is_organism(piece)

    def _is_organism(self, key: str) -> bool:
        return any(sense.is_organism for sense in self._lexicon.values.get(key, ())[:1])

    def _before(self, text: str, is_organism: bool) -> Iterator[Pieces]:
        if not text:
            yield ()
        for reads, of_organism in self._pieces[LEAD].get(text, ()):
            if is_organism or not of_organism:
                yield reads

    def _after(self, text: str, is_organism: bool, most: int) -> Iterator[Pieces]:
        """What follows the name, in at most so many pieces: « u24 » at once, or « l » and « u »."""
        if not text:
            yield ()
            return
        for cut in range(len(text), 0, -1) if most else ():
            for reads, of_organism in self._pieces[TAIL].get(text[:cut], ()):
                # A class of antibodies follows an organism; a fluid follows what is measured in it.
                if is_organism is of_organism or (is_organism and cut > 1):
                    for rest in self._after(text[cut:], is_organism, most - 1):
                        if not set(reads) & set(rest):
                            yield (*reads, *rest)
