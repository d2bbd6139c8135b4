"""Taking LOINC component names apart: analyte, challenge, divisor; and their words."""

import re
from dataclasses import dataclass
from functools import lru_cache

from matcher.normalise.text import fold, standard

_WORD = re.compile(r"[a-z0-9]+|%")


@dataclass(frozen=True, slots=True)
class ComponentName:
    """A LOINC COMPONENT in its parts: `Glucose^2H post 75 g glucose PO`, `Albumin/Creatinine`."""

    analyte: str
    challenge: str = ""
    divisor: str = ""


@lru_cache(maxsize=131072)
def split_component(component: str) -> ComponentName:
    """Take a COMPONENT apart; a slash inside brackets or between organisms stays in the analyte."""
    analyte, _, challenge = component.partition("^")
    depth = 0
    cut = -1
    for position, char in enumerate(analyte):
        if char in "([":
            depth += 1
        elif char in ")]":
            depth -= 1
        elif char == "/" and depth == 0:
            cut = position
    divisor = ""
    if cut > 0:
        analyte, divisor = analyte[:cut], analyte[cut + 1 :]
    return ComponentName(analyte.strip(), challenge.strip("^ "), divisor.strip())


@lru_cache(maxsize=131072)
def name_words(text: str) -> tuple[str, ...]:
    """The distinct words of a LOINC name, folded, in the standard form of labels, in order."""
    return tuple(dict.fromkeys(standard(word) for word in _WORD.findall(fold(text))))


def is_about_another(long_common_name: str) -> bool:
    """Whether the name of a term says a control, a donor or a foetus instead of the patient."""
    return bool(_ANOTHER.search(long_common_name))


_ANOTHER = re.compile(r"\bControl\b|\b[Dd]on(?:o)?r\b|\b[Ff]etus\b|\bNewborn\b|product unit|--2nd|--3rd|\b[Ff]etal\b")
