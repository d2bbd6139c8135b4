"""Yes and no, and yearly counts, as laboratories write them."""

import re

from app.files.fields import fold_heading

_YES = frozenset({"o", "oui", "y", "yes", "1", "x", "vrai", "true", "v", "st", "sous traite", "sous traitee",
                  "externe", "transmis", "transmise"})
_NO = frozenset({"n", "non", "no", "0", "faux", "false", "f", "interne", "sur place"})
_VOLUME = re.compile(r"\d{1,9}(?:[.,]0+)?")


def boolean(text: str) -> bool | None:
    """What a flag says; None when it is empty or when it says something else."""
    folded = fold_heading(text)
    if folded in _YES:
        return True
    return False if folded in _NO else None


def is_boolean(text: str) -> bool:
    """Whether a flag can be read; an empty one can. A dash is an empty flag."""
    return not fold_heading(text) or boolean(text) is not None


def _digits(text: str) -> str:
    return re.sub(r"[\s\u00a0\u202f']", "", text)


def volume(text: str) -> int | None:
    """A yearly count: `15 587`, `15587`, `15587,0`; None when it is empty or not a whole number."""
    found = _VOLUME.fullmatch(_digits(text))
    return int(re.split("[.,]", found[0])[0]) if found else None


def is_volume(text: str) -> bool:
    """Whether a yearly count can be read; an empty one can."""
    return not _digits(text) or _digits(text) == "-" or volume(text) is not None
