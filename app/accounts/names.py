"""What names a person: her address and her name, as they are stored, compared and read by others."""

import re

from app.errors import InvalidInputError
from app.text import is_unseen

_EMAIL = re.compile(r"[^@\s<>\"',;:\\]+@[^@\s<>\"',;:\\]+")


def normalise_email(email: str) -> str:
    """The address as it is stored and compared."""
    return email.strip().lower()


def checked_email(email: str) -> str:
    """The address of an account, as it is stored; raises InvalidInputError."""
    email = normalise_email(email)
    if len(email) > 254 or _hides_something(email) or not _EMAIL.fullmatch(email):
        raise InvalidInputError("L'adresse électronique est mal formée.")
    return email


def _hides_something(text: str) -> bool:
    """Whether a character is not seen, or turns the others round: two people would be taken for one another."""
    return any(is_unseen(letter) for letter in text if letter != " ")


def checked_name(name: str) -> str:
    """The name of a person, on one line, as it will sign decisions; raises InvalidInputError."""
    name = " ".join(name.split())
    if _hides_something(name):
        raise InvalidInputError("Le nom contient un caractère invisible : tapez-le au clavier.")
    if not 1 <= len(name) <= 120:
        raise InvalidInputError("Le nom doit compter de 1 à 120 caractères.")
    return name
