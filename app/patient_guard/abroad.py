"""National numbers of the people of the countries around France, by their form and their key.

Belgian NISS (with BIS numbers), Luxembourg matricule, Swiss AVS, Italian codice fiscale, the European card of health
insurance; after a word that names them, Spanish DNI and NIE, German KVNR and Dutch BSN, whose keys are weak.
"""

import re

from app.patient_guard.numbers import is_article

_S = "[ .\u00a0\u202f/-]"
_FISCAL_FORM = (
    r"(?<![^\W_])[A-Za-z]{3} ?[A-Za-z]{3} ?[\dL-Vl-v]{2}[A-Ta-t][\dL-Vl-v]{2} ?[A-Za-z][\dL-Vl-v]{3} ?[A-Za-z]"
    r"(?![^\W_])"
)
_LIKELY = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\d(?:{_S}{{0,3}}\d){{10}}", r"\d ?[A-Za-z](?![^\W_])", r"\b(?:dni|DNI|nie|NIE|kvnr|KVNR|bsn|BSN)\b",
        "[vV]ersicherten|VERSICHERTEN|[bB]urgerservice",
    )
)  # fmt: skip
"""What a text must hold, one of them, to be looked at more closely; each alone is searched faster than all in one."""
_NISS = re.compile(
    rf"(?<![\d.,+])(?P<day>\d\d(?P<by>{_S}?)\d\d(?P=by)\d\d)(?P<then>{_S}{{0,3}})(?P<order>\d{{3}})(?P<last>{_S}{{0,2}})"
    r"(?P<key>\d\d)(?!\d)(?![.,]\d)"
)
_NISS_SAID = re.compile(
    r"(?:\bniss\b|\binss\b|\binsz\b|\bn(?:o|°|um[ée]ro) national|registre national|rijksregister\w{0,12})\D{0,12}$",
    re.IGNORECASE,
)
_SAID_BEFORE = 40
_MATRICULE = re.compile(
    r"(?<![\d.,+])(?P<day>(?:18|19"
    r"|20)\d\d[ .-]?\d\d[ .-]?\d\d)[ .-]?(?P<order>\d{3})[ .-]?(?P<key>\d\d)(?!\d)(?![.,]\d)"
)
_AVS = re.compile("(?<![\\d.,+])756(?P<by>[. \u00a0-]?)\\d{4}(?P=by)\\d{4}(?P=by)\\d\\d(?!\\d)(?![.,]\\d)")
_CARD = re.compile(r"(?<!\d)80(?:040|056|100|191|196|20[38]|233|246|250|276|300|348|352|372|380|428|438|440|442|470|528"
                   r"|578|616|620|642|70[35]|724|752|756|826)(?: ?\d){15}(?!\d)")  # fmt: skip
_FISCAL = re.compile(_FISCAL_FORM)
_FEWEST_FISCAL_DIGITS = 4
_FISCAL_ODD = dict(
    zip(
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16,
         10, 22, 25, 24, 23),
        strict=True,
    )
)  # fmt: skip
_NAMED = re.compile(
    r"\b(?P<word>dni|nie|kvnr|(?:kranken)?versicherten(?:nummer|nr|-nr)|bsn|burgerservicenummer)\W{0,4}"
    r"(?:n°|no|nr|num)?\W{0,3}(?P<number>[a-z]?\d{7,9}-?[a-z]?)(?![^\W_])",
    re.IGNORECASE,
)
_DNI_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"
_DIHEDRAL = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9), (1, 2, 3, 4, 0, 6, 7, 8, 9, 5), (2, 3, 4, 0, 1, 7, 8, 9, 5, 6),
    (3, 4, 0, 1, 2, 8, 9, 5, 6, 7), (4, 0, 1, 2, 3, 9, 5, 6, 7, 8), (5, 9, 8, 7, 6, 0, 4, 3, 2, 1),
    (6, 5, 9, 8, 7, 1, 0, 4, 3, 2), (7, 6, 5, 9, 8, 2, 1, 0, 4, 3), (8, 7, 6, 5, 9, 3, 2, 1, 0, 4),
    (9, 8, 7, 6, 5, 4, 3, 2, 1, 0),
)  # fmt: skip
_TURN = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)
_LAST_YEAR_SINCE_2000 = 30


class Abroad:
    """What the numbers of one text are."""

    __slots__ = ("article", "bare", "form", "other", "sure")

    def __init__(self) -> None:
        self.sure = False
        """One has its right key, in groups or letters that nothing else has."""
        self.bare = False
        """One has its right key, in digits in one piece: other long numbers have it by chance, one in hundreds."""
        self.form = False
        """One is said to be one, whatever its key."""
        self.article = False
        """One is an article number (EAN-13) as well."""
        self.other = False
        """One is as long, in one piece, and is nothing of the kind."""


def signs_in(text: str) -> list[re.Pattern[str]]:
    """The signs of a number that a text shows; none where it is not worth a closer look."""
    return [pattern for pattern in _LIKELY if pattern.search(text)]


def may_be_one(digits: str) -> bool:
    """Whether digits in one piece are as many as some number has, and begin as it does."""
    length = len(digits)
    return (
        length == 11
        or (length == 13 and digits.startswith(("18", "19", "20", "756")))
        or (length == 20 and digits.startswith("80"))
    )


def abroad_in(text: str) -> Abroad:
    """Look for national numbers anywhere in a text, in time linear in its length."""
    found = Abroad()
    for match in _NISS.finditer(text):
        _look_at_niss(found, text, match)
    for match in _MATRICULE.finditer(text):
        number = re.sub(r"\D", "", match[0])
        if not _is_matricule(number):
            found.other = found.other or match[0].isdigit()
        elif not match[0].isdigit():
            found.sure = True
        elif is_article(number):
            found.article = True
        else:
            found.bare = True
    for match in _AVS.finditer(text):
        if is_article(re.sub(r"\D", "", match[0])):
            found.sure = found.sure or not match[0].isdigit()
            found.article = found.article or match[0].isdigit()
    found.sure = (
        found.sure
        or any(_is_luhn(match[0].replace(" ", "")) for match in _CARD.finditer(text))
        or any(_is_fiscal(match[0].replace(" ", "").upper()) for match in _FISCAL.finditer(text))
        or any(_is_named(match["word"].lower(), match["number"].upper()) for match in _NAMED.finditer(text))
    )
    return found


def _look_at_niss(found: Abroad, text: str, match: re.Match[str]) -> None:
    day = re.sub(r"\D", "", match["day"])
    in_one_piece = match[0].isdigit()
    body, key = int(day + match["order"]), int(match["key"])
    keys = {97 - body % 97}
    if int(day[:2]) <= _LAST_YEAR_SINCE_2000:
        keys.add(97 - (2_000_000_000 + body) % 97)
    is_day = _is_register_day(day, may_be_unknown=not in_one_piece)
    if is_day and key in keys:
        if not in_one_piece or _NISS_SAID.search(text[max(0, match.start() - _SAID_BEFORE) : match.start()]):
            found.sure = True
        elif day.startswith("10") and _is_luhn(match[0]):
            # The numbers of French health professionals (RPPS) begin so, with that key.
            found.other = True
        else:
            found.bare = True
    elif is_day and _NISS_SAID.search(text[max(0, match.start() - _SAID_BEFORE) : match.start()]):
        found.form = True
    else:
        found.other = found.other or in_one_piece


def _is_register_day(day: str, *, may_be_unknown: bool) -> bool:
    """Whether six digits are a day of the Belgian register: its month is 20 or 40 more where the person has no
    national number, and nought like the day where nobody knows it."""
    month, number = int(day[2:4]) % 20, int(day[4:])
    if int(day[2:4]) >= 60:
        return False
    if month == 0 or number == 0:
        return may_be_unknown and month <= 12 and number <= 31
    return month <= 12 and number <= 31


def _is_matricule(number: str) -> bool:
    """Whether 13 digits are a Luxembourg matricule: a day, three digits, and the digits of Luhn and of Verhoeff."""
    if not (1 <= int(number[4:6]) <= 12 and 1 <= int(number[6:8]) <= 31):
        return False
    last = int(number[12])
    return _is_luhn(number[:12]) and last in (_verhoeff(number[:11]), _verhoeff(number[:12]))


def _is_luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _verhoeff(digits: str) -> int:
    """The check digit of Verhoeff."""
    state = 0
    for place, digit in enumerate(reversed(digits), start=1):
        value = int(digit)
        for _ in range(place % 8):
            value = _TURN[value]
        state = _DIHEDRAL[state][value]
    return _DIHEDRAL[state].index(0)


def _is_fiscal(code: str) -> bool:
    """Whether 16 letters and digits end with the letter that an Italian tax code has."""
    if sum(map(str.isdigit, code)) < _FEWEST_FISCAL_DIGITS:
        return False  # Words of many letters have the form as well.
    total = 0
    for place, letter in enumerate(code[:15]):
        even = int(letter) if letter.isdigit() else ord(letter) - ord("A")
        total += even if place % 2 else _FISCAL_ODD[letter]
    return len(code) == 16 and ord(code[15]) - ord("A") == total % 26


def _is_named(word: str, number: str) -> bool:
    """Whether a number has the key of what the word before it names."""
    number = number.replace("-", "")
    if word in ("dni", "nie"):
        digits = number[:-1].translate(str.maketrans("XYZ", "012"))
        return len(digits) == 8 and digits.isdigit() and _DNI_LETTERS[int(digits) % 23] == number[-1]
    if word in ("bsn", "burgerservicenummer"):
        if len(number) != 9 or not number.isdigit():
            return False
        return (sum(int(digit) * (9 - place) for place, digit in enumerate(number[:8])) - int(number[8])) % 11 == 0
    if len(number) != 10 or not number[0].isalpha() or not number[1:].isdigit():
        return False
    whole = f"{ord(number[0]) - ord('A') + 1:02d}{number[1:9]}"
    values = (int(digit) * (1 + place % 2) for place, digit in enumerate(whole))
    return sum(value // 10 + value % 10 for value in values) % 10 == int(number[9])
