"""Who signs, for which laboratory: the numbers as a person types them, and what their keys say. Pure."""

import re

from app.errors import InvalidInputError
from app.identity_providers.rpps import is_rpps
from app.platform.written import require_written
from app.text import seen

LONGEST_TITLE = 120
_FINESS = re.compile(r"[0-9][0-9AB][0-9]{7}")
_CORSICAN = {"A": "1", "B": "2"}
"""What the letter of 2A or 2B counts in the key."""
WRONG_RPPS = "Un numéro RPPS compte onze chiffres, dont le dernier est une clé : celui-ci n’en est pas un."
WRONG_FINESS = "Le numéro FINESS {kind} compte neuf chiffres (2A ou 2B en tête pour la Corse)."
NEEDS_FINESS = "Indiquez le numéro FINESS de l’entité juridique (EJ) du laboratoire."


def checked_rpps(typed: str) -> str:
    """The eleven digits of an RPPS number; InvalidInputError when its key is wrong."""
    number = re.sub(r"[\s.\-]", "", typed)
    if not is_rpps(number):
        raise InvalidInputError(WRONG_RPPS)
    return number


def checked_finess(typed: str, kind: str) -> str:
    """The nine characters of a FINESS number, or nothing; InvalidInputError for another form. Its key is not judged."""
    number = re.sub(r"[\s.\-]", "", typed).upper()
    if number and (not _FINESS.fullmatch(number) or (number[1] in _CORSICAN and number[0] != "2")):
        raise InvalidInputError(WRONG_FINESS.format(kind=kind))
    return number


def has_finess_key(number: str) -> bool:
    """Whether the last digit is the Luhn key of the others; the letter of 2A counts 1, that of 2B counts 2."""
    total = 0
    for place, sign in enumerate(reversed(number)):
        value = int(_CORSICAN.get(sign, sign)) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def finess_warnings(finess_ej: str, finess_et: str) -> tuple[str, ...]:
    """What to read again: a number whose key is wrong is kept as it was typed."""
    return tuple(
        f"La clé du numéro FINESS {kind} {number} n’est pas la bonne : relisez-le. Il sera gardé tel quel."
        for kind, number in (("EJ", finess_ej), ("ET", finess_et))
        if number and not has_finess_key(number)
    )


def checked_title(typed: str) -> str:
    """In what capacity she signs, on one line; InvalidInputError when nothing is written or too much is."""
    title = " ".join(seen(typed).split())
    require_written(title, "Indiquez à quel titre vous signez : « biologiste », « biologiste responsable »…")
    if len(title) > LONGEST_TITLE:
        raise InvalidInputError(f"Ce titre est trop long : {LONGEST_TITLE} caractères au plus.")
    return title
