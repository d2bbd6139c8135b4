"""LOINC codes: format and check digit (Luhn, mod 10)."""

import re

_FORMAT = re.compile(r"[0-9]{1,7}-[0-9]")


def check_digit(body: str) -> int:
    """The mod-10 check digit of the digits before the hyphen."""
    total = 0
    for position, char in enumerate(reversed(body)):
        digit = int(char) * (2 if position % 2 == 0 else 1)
        total += digit - 9 if digit > 9 else digit
    return (10 - total % 10) % 10


def is_valid_loinc(code: str) -> bool:
    """Whether a text has the form of a LOINC code with the right check digit."""
    if not _FORMAT.fullmatch(code):
        return False
    body, digit = code.split("-")
    return check_digit(body) == int(digit)
