"""What a LOINC short name tells of a term whose method cell is empty: a release may be published without some cells.

`LDLc SerPl Calc-mCnc` ends with the method, then the property. Which ending is which method is learned from the terms
of the same release that fill both; in a complete release no term is left to complete.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from matcher.types import Term

_PROPERTY = re.compile(r"-[a-z]{0,4}[A-Z][A-Za-z.]*$")
_FEWEST = 3
_AGREEING = 0.95
"""The least share of the terms with an ending that have its method, for the ending to name it."""


def ending_of(short_name: str) -> str:
    """The last word of a short name, without the property glued to it; empty when it has but one."""
    parts = _PROPERTY.sub("", short_name.strip()).split()
    return parts[-1] if len(parts) > 1 else ""


def methods_by_ending(terms: Iterable[Term]) -> dict[str, str]:
    """The endings of short names that name a method, learned from the terms that have a method."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for term in terms:
        # A name that is but the short name again comes from a row that was never filled: it teaches nothing.
        if term.short_name and term.short_name != term.long_common_name:
            counts[ending_of(term.short_name)][term.method_typ] += 1
    found: dict[str, str] = {}
    for ending, methods in counts.items():
        method, count = methods.most_common(1)[0]
        if ending and method and count >= _FEWEST and count >= _AGREEING * methods.total():
            found[ending] = method
    return found


def method_of(term: Term, by_ending: Mapping[str, str]) -> str:
    """The method of a term: its own, else the one at the end of its short name."""
    return term.method_typ or by_ending.get(ending_of(term.short_name), "")
