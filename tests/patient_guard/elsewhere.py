"""Numbers of people in the countries around France, reckoned as their administrations say. Nobody has any of these."""

_ODD = dict(
    zip(
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16,
         10, 22, 25, 24, 23),
        strict=True,
    )
)  # fmt: skip
_DIHEDRAL = (
    "0123456789", "1234067895", "2340178956", "3401289567", "4012395678",
    "5987604321", "6598710432", "7659821043", "8765932104", "9876543210",
)  # fmt: skip
_TURNS = (
    "0123456789", "1576283094", "5803796142", "8916043527", "9453126870", "4286573901", "2793806415", "7046913258",
)  # fmt: skip


def niss(body: str, *, since_2000: bool = False) -> str:
    """A Belgian number of the national register: nine digits, then 97 less what is left of them."""
    return f"{body}{97 - int(('2' if since_2000 else '') + body) % 97:02d}"


def luhn(digits: str) -> str:
    """The digit that makes the sum of Luhn right."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def _verhoeff(digits: str) -> str:
    state = 0
    for place, digit in enumerate(reversed(digits), start=1):
        state = int(_DIHEDRAL[state][int(_TURNS[place % 8][int(digit)])])
    return str(_DIHEDRAL[state].index("0"))


def matricule(body: str) -> str:
    """A Luxembourg matricule: a day of birth and three digits, then their digits of Luhn and of Verhoeff."""
    return body + luhn(body) + _verhoeff(body)


def article(digits: str) -> str:
    """Twelve digits and the check digit of an article number, which Swiss insured people have too."""
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return f"{digits}{-total % 10}"


def codice_fiscale(body: str) -> str:
    """Fifteen letters and digits of an Italian tax code, then its letter."""
    total = 0
    for place, letter in enumerate(body):
        even = int(letter) if letter.isdigit() else ord(letter) - ord("A")
        total += even if place % 2 else _ODD[letter]
    return body + chr(ord("A") + total % 26)


def dni(digits: str) -> str:
    """A Spanish identity number and its letter."""
    return digits + "TRWAGMYFPDXBNJZSQVHLCKE"[int(digits) % 23]


def kvnr(letter: str, digits: str) -> str:
    """A German number of an insured person: a letter, eight digits, a check digit."""
    whole = f"{ord(letter) - 64:02d}{digits}"
    total = 0
    for place, digit in enumerate(whole):
        value = int(digit) * (2 if place % 2 else 1)
        total += value // 10 + value % 10
    return f"{letter}{digits}{total % 10}"


def european_card(country: str, digits: str) -> str:
    """Twenty digits of a European card of health insurance: 80, the country, and the last one of Luhn."""
    body = f"80{country}{digits}"
    return body + luhn(body)
