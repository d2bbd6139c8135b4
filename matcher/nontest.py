"""Rows that are no tests: comments, sampling acts, price lines, conclusions; and rows that name a set of tests."""

import re
from collections.abc import Iterable

from matcher.facts import Parsed
from matcher.normalise.text import fold
from matcher.rowwords import RowWords
from matcher.sets import SetRules, is_set
from matcher.types import LocalTest

PANEL_REASON = "ensemble d'analyses : à transcoder ligne par ligne, ou code de panel pour un examen"
SET_AT = 0.85
"""How far a row that names a set is trusted to be one: a person still looks."""
# Whose results a bare "aspect" describes; elsewhere it is the state of the tube that came in.
_DESCRIBED = re.compile(
    r"urin|liquid|lcr|bacterio|microbio|cyto|sperm|selle|copro|parasito|myco|ponction|ecbu|sero|immun"
)


class NonTestRules:
    """Patterns over folded labels and classes of words, each with its French reason."""

    def __init__(self, rules: tuple[tuple[str, str], ...], row_words: Iterable[tuple[str, str, str]] = ()) -> None:
        self._rules = [(re.compile(pattern), reason) for pattern, reason in rules]
        rows = tuple(row_words)
        self._words = RowWords(rows)
        self._sets = SetRules(rows)

    def judge(self, parsed: Parsed) -> tuple[float, str]:
        """The probability that the row is no single test, and why; (0, "") for an ordinary row.

        A unit speaks against it; a known analyte in the label makes it doubtful.
        """
        test = parsed.test
        label = fold(test.label)
        if not re.search(r"[a-z]", label):
            return 0.97, "Le libellé ne contient aucun mot : ligne de mise en page ou séparateur."
        is_named = any(reading.analytes for reading in parsed.readings)
        # What has a unit or a reference range has results, whatever words it is made of.
        has_results = bool(test.unit.strip() or test.reference_range.strip())
        for pattern, reason in self._rules:
            if pattern.search(label):
                if has_results:
                    return (0.0, "") if is_named else (0.35, reason)
                return (0.8 if is_named else 0.97), reason
        if has_results:
            return 0.0, ""
        named = frozenset(
            word
            for reading in parsed.readings
            for span, component in reading.spans
            if component and not is_set(component)
            for word in span.split()
        )
        said = self._words.judge(label, _is_described(test), named, is_named)
        # « NFS à refaire » names a set, and is no row of it.
        return (SET_AT, PANEL_REASON) if not said[0] and self._sets.names_a_set(parsed) else said


def _is_described(test: LocalTest) -> bool:
    """Whether the row is about a specimen whose look is a result."""
    return bool(test.specimen.strip()) or bool(_DESCRIBED.search(fold(f"{test.chapter} {test.exam}")))
