"""Rows that are no tests: comments, sampling acts, price lines, conclusions."""

import re

from matcher.normalise.text import fold
from matcher.types import LocalTest


class NonTestRules:
    """Patterns over folded labels, each with its French reason."""

    def __init__(self, rules: tuple[tuple[str, str], ...]) -> None:
        self._rules = [(re.compile(pattern), reason) for pattern, reason in rules]

    def judge(self, test: LocalTest, is_named: bool) -> tuple[float, str]:
        """The probability that the row is no test, and why; (0, "") for an ordinary row.

        A unit speaks against it; a known analyte in the label makes it doubtful.
        """
        label = fold(test.label)
        if not re.search(r"[a-z]", label):
            return 0.97, "Le libellé ne contient aucun mot : ligne de mise en page ou séparateur."
        for pattern, reason in self._rules:
            if pattern.search(label):
                if test.unit.strip():
                    return (0.0, "") if is_named else (0.35, reason)
                return (0.8 if is_named else 0.97), reason
        return 0.0, ""
