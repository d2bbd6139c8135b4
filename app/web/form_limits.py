"""How much one form may hold, for every form of the application, and what is answered to one that holds more."""

import re
from collections.abc import Callable
from typing import TypedDict

from app.text import counted, format_number

ROWS = 5_000
"""Rows that one form may tick."""


class Limits(TypedDict, total=False):
    """What the framework is told of forms."""

    max_fields: int
    max_files: int
    max_part_size: int


FORM_LIMITS: Limits = {"max_fields": ROWS + 100, "max_files": 100, "max_part_size": 1024 * 1024}
"""A tick is a field; the hundred others are what else the form asks. A text is at most so many bytes."""


def _kilobytes(number: int) -> str:
    return f"Un des textes envoyés dépasse {format_number(number)} Ko, le plus qu'un champ peut tenir."


_SAID: tuple[tuple[re.Pattern[str], Callable[[int], str]], ...] = (
    (
        re.compile(r"Too many fields\. Maximum number of fields is (\d+)\."),
        lambda number: f"Ce formulaire est trop grand : {counted(number, 'champ', 'champs')} au plus en un envoi.",
    ),
    (
        re.compile(r"Too many files\. Maximum number of files is (\d+)\."),
        lambda number: f"Trop de fichiers : {counted(number, 'fichier', 'fichiers')} au plus en un envoi.",
    ),
    (re.compile(r"(?:Field|Part) exceeded maximum size of (\d+)KB\."), _kilobytes),
)


def passed_limit(detail: str) -> str | None:
    """What is said where the framework found one of the limits passed; None for anything else that it says."""
    for pattern, sentence in _SAID:
        found = pattern.fullmatch(detail)
        if found:
            return f"{sentence(int(found[1]))} Rien n'a été enregistré."
    return None
