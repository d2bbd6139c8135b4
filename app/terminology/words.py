"""The words of the terminology search: what is indexed, and the query built from what a person types."""

import re
from dataclasses import dataclass, field

from matcher.normalise.text import STOP_WORDS, fold, singular

_TOKEN = re.compile(r"[a-z0-9]+")
_CODE = re.compile(r"\d{1,7}-\d|\d{3,7}-?")
_SHORT_AXIS = {
    "property": "zzp",
    "time_aspct": "zzt",
    "system": "zzs",
    "scale_typ": "zze",
    "method_typ": "zzm",
    "class_name": "zzc",
    "status": "zzu",
    "order_obs": "zzo",
}
LABORATORY_TOKEN = "zzlab"  # noqa: S105 - a word of the index


def tokens(text: str) -> list[str]:
    """The folded words of a text, in order."""
    return _TOKEN.findall(fold(text))


def axis_token(axis: str, value: str) -> str:
    """The word that stands for "this axis has this value" in the index; two values may share it."""
    return _SHORT_AXIS[axis] + "".join(tokens(value))


def asked_words(text: str) -> list[str]:
    """The words of a query that count, in the singular; small words only if there is no other."""
    found = tokens(text)
    kept = [word for word in found if word not in STOP_WORDS] or found
    return list(dict.fromkeys(singular(word) for word in kept))


@dataclass(frozen=True, slots=True)
class WordQuery:
    """What is asked of the index: words, values of axes, and whether laboratory terms alone are wanted."""

    words: list[str]
    axes: dict[str, str] = field(default_factory=dict)
    laboratory_only: bool = True
    any_of: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Axes that must have one of several values."""

    def match_expression(self) -> str:
        """The FTS5 expression: all words, the longer ones as beginnings of words, and the axes."""
        asked = [f'"{word}"{"*" * begins}' for word, begins in self._asked()]
        either = ["(" + " OR ".join(f'"{word}"' for word in one) + ")" for one in self._any()]
        return " AND ".join([*asked, *either])

    def tsquery(self) -> str:
        """The same for PostgreSQL; folded words hold nothing to escape."""
        asked = [f"'{word}'{':*' * begins}" for word, begins in self._asked()]
        either = ["(" + " | ".join(f"'{word}'" for word in one) + ")" for one in self._any()]
        return " & ".join([*asked, *either])

    def _any(self) -> list[list[str]]:
        """For each axis that may have several values, their words in the index."""
        return [[axis_token(axis, value) for value in values] for axis, values in self.any_of.items()]

    def _asked(self) -> list[tuple[str, bool]]:
        """Each word of the index that must be there, and whether it is only the beginning of one."""
        asked = [(word, is_beginning(word)) for word in self.words]
        asked += [(axis_token(axis, value), False) for axis, value in self.axes.items()]
        return [*asked, (LABORATORY_TOKEN, False)] if self.laboratory_only else asked


def is_beginning(word: str) -> bool:
    """Whether a word is taken as the beginning of a word: not numbers, not abbreviations of two letters."""
    return len(word) >= 3 and not word.isdigit()


def asked_code(text: str) -> str:
    """The LOINC code, or the beginning of one, when that is what was typed; else nothing."""
    stripped = text.strip()
    return stripped if _CODE.fullmatch(stripped) else ""
