"""The RPPS number of a health professional, as Pro Santé Connect names her."""

LENGTH = 11
NATIONAL_KIND = "8"
"""The kind of national identifier that says RPPS, in front of the number."""


def _luhn_holds(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def is_rpps(text: str) -> bool:
    """Whether this is an RPPS number: 11 digits, the last of which is the Luhn key of the others."""
    return len(text) == LENGTH and text.isascii() and text.isdigit() and _luhn_holds(text)


def rpps_of_subject_name(name: str) -> str | None:
    """The RPPS number in a `SubjectNameID` (8, then the number), or None when it has another form."""
    number = name[1:]
    return number if name.startswith(NATIONAL_KIND) and is_rpps(number) else None
