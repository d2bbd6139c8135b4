"""Cells as laboratories write them: texts framed for a spreadsheet, yes and no, yearly counts."""

import re

from app.files.fields import fold_heading
from app.files.invisible import without_invisible

_YES = frozenset({"o", "oui", "y", "yes", "1", "x", "vrai", "true", "v", "st", "sous traite", "sous traitee",
                  "externe", "transmis", "transmise"})
_NO = frozenset({"n", "non", "no", "0", "faux", "false", "f", "interne", "sur place"})
_FRAMED = re.compile(r'="((?:[^"]|"")*)"')
_APOSTROPHE = re.compile(r"['’]([0-9A-Za-z][^'’]*)")
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


def is_framed(cell: str) -> bool:
    """Whether a cell is a formula that only holds a text: `="0012"`."""
    return _FRAMED.fullmatch(cell.strip()) is not None


def bare(cell: str) -> str:
    """A cell without the spaces around it nor what nobody sees in it, and without the formula by which a system keeps a
    spreadsheet from changing a code: `="0012"`."""
    text = without_invisible(cell).strip()
    framed = _FRAMED.fullmatch(text)
    return framed[1].replace('""', '"').strip() if framed else text


def after_apostrophe(text: str) -> str | None:
    """What an apostrophe hides from a spreadsheet, `'0012`; None for another text."""
    found = _APOSTROPHE.fullmatch(text)
    return found[1] if found else None
