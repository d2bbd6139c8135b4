"""What the words of a label are about when they are about no test: things handled, acts, texts, administration."""

import re
from collections.abc import Iterable, Mapping

from matcher.normalise.text import STOP_WORDS, fold

Classes = Mapping[str, str]
"""The classes of a word, each with its French reason."""

_WORD = re.compile(r"[a-z0-9]+")
_NUMBER = re.compile(r"(?:ndeg|no?)?\d+[a-z]?")
# « Facturer au service », « sérum à congeler »: somebody is told what to do.
_ORDER = re.compile(r"^(?!cancer|ether|hiver)[a-z]{3,}(?<!bact)(?<!lob)(?<!ulc)er\b")
_TO_DO = re.compile(r"\ba (?:[a-z]{3,}er|refaire|faire|relire|revoir)$")
_QUESTION = re.compile(r"[a-z)] \?$|\bo ?/ ?n\b|\boui ?/ ?non\b")
# What every language of laboratories leaves out of a heading, beside the stop words.
_SMALL = STOP_WORDS | {"a", "s", "sa", "ses", "si"}
_LONGEST = 4
# A note on a tube or a result is short, and so is a heading; what is longer describes an act of the price list.
_A_NOTE = 5
_A_HEADING = 8
_NO_WORD: Classes = {}
STEM = "*"
RECORD, THING, STATE, CARRIED, VETO = "record", "thing", "state", "carried", "not"
DISCIPLINE, ALONE = "discipline", "alone"
OF_ROWS = frozenset({RECORD, THING, STATE, CARRIED, VETO, DISCIPLINE, ALONE})


def tokens_of(label: str) -> list[str]:
    """The words of a label, as written but for case and accents; the small ones left out."""
    return [word for word in _WORD.findall(fold(label)) if word not in _SMALL]


class WordClasses:
    """Words and phrases by class."""

    def __init__(self, rows: Iterable[tuple[str, str, str]], classes: frozenset[str]) -> None:
        self.phrases: dict[tuple[str, ...], dict[str, str]] = {}
        self.stems: dict[tuple[str, ...], dict[str, str]] = {}
        """Beginnings of words: « factur » of facturé, facturer, facturation."""
        for phrase, name, reason in rows:
            if name in classes:
                parts = tokens_of(phrase) if len(phrase) > 2 else [phrase]
                known = self.stems if phrase.endswith(STEM) else self.phrases
                known.setdefault(tuple(parts), {}).setdefault(name, reason)

    def read(self, tokens: list[str]) -> list[tuple[str, Classes]]:
        """The label cut into its longest known phrases; a word that is not known has no class."""
        found: list[tuple[str, Classes]] = []
        position = 0
        while position < len(tokens):
            for length in range(min(_LONGEST, len(tokens) - position), 0, -1):
                part = tuple(tokens[position : position + length])
                classes = self._classes(part)
                if classes or length == 1:
                    found.append((" ".join(part), classes))
                    position += length
                    break
        return found

    def _classes(self, part: tuple[str, ...]) -> Classes:
        known = self.phrases.get(part)
        if known is None and len(part[-1]) > 4 and part[-1][-1] in "sx":
            known = self.phrases.get((*part[:-1], part[-1][:-1]))
        for end in range(len(part[-1]), 3, -1):
            known = known or self.stems.get((*part[:-1], part[-1][:end]))
        return known or _NO_WORD


class RowWords:
    """Judges a label by the classes of its words; French puts first the noun that says what the row is."""

    def __init__(self, rows: Iterable[tuple[str, str, str]]) -> None:
        self._classes = WordClasses(rows, OF_ROWS)
        self._long = {
            part[0]: classes[RECORD]
            for part, classes in self._classes.phrases.items()
            if len(part) == 1 and RECORD in classes and len(part[0]) > _SHORTEST_CUT
        }

    def judge(self, label: str, is_described: bool, named: frozenset[str], is_named: bool) -> tuple[float, str]:
        """The probability that a folded label names no test, and why.

        `is_described`: the row is about a specimen whose look is a result; `named`: the words with which the label
        names an analyte; `is_named`: it names one, with these words or with those of the release.
        """
        read = [(word, _in_this_label(word, classes, named)) for word, classes in self._classes.read(tokens_of(label))]
        if not 0 < len(read) <= _A_HEADING or any(VETO in classes for _, classes in read):
            return 0.0, ""
        if is_described and any(ALONE in classes for _, classes in read):
            return 0.0, ""
        return self._by_words(read, is_named) or self._by_shape(label, read, is_named) or (0.0, "")

    def _by_words(self, read: list[tuple[str, Classes]], is_named: bool) -> tuple[float, str] | None:
        head = next((classes for _, classes in read if CARRIED not in classes or THING in classes), _NO_WORD)
        if RECORD in head:
            return (0.8 if is_named else 0.95), head[RECORD]
        reason = next((classes[name] for name in (RECORD, THING, STATE) for _, classes in read if name in classes), "")
        if reason and all(classes for _, classes in read):
            return 0.9, reason
        if THING in head and (not is_named or any(STATE in classes for _, classes in read[1:])):
            return 0.8, head[THING]
        if STATE in read[-1][1] and len(read) <= _A_NOTE:
            return 0.75, read[-1][1][STATE]
        return None

    def _by_shape(self, label: str, read: list[tuple[str, Classes]], is_named: bool) -> tuple[float, str] | None:
        for name in (DISCIPLINE, ALONE):
            if all(name in classes for _, classes in read):
                return 0.7, read[0][1][name]
        if _TO_DO.search(label) or (_ORDER.search(label) and not is_named):
            return 0.75, "consigne, pas une mesure"
        if _QUESTION.search(label):
            return 0.75, "question posée à la saisie, pas une mesure"
        first = read[0][0]
        if not is_named and not read[0][1] and len(first) >= _SHORTEST_CUT:
            # A label cut at the width of its column, or a heading shortened: « INTERPRETAT », « COMMENTAI ».
            cut = next((reason for word, reason in self._long.items() if word.startswith(first)), "")
            return (0.75, cut) if cut else None
        return None


def _in_this_label(word: str, classes: Classes, named: frozenset[str]) -> Classes:
    """The classes of a word here: "fact" of "fact VIII" and "blanc" of "blanc d'œuf" only name the analyte."""
    if not classes and _NUMBER.fullmatch(word):
        return {CARRIED: ""}
    if CARRIED not in classes and VETO not in classes and named.intersection(word.split()):
        return _NO_WORD
    return classes


_SHORTEST_CUT = 6
