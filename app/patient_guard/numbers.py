"""French social security numbers (NIR, and INS, which is one): 13 digits, or 15 with their control key."""

import re
import unicodedata

_SEPARATORS = " \u00a0\u202f\u2009.\\-_/"
_S = f"[{_SEPARATORS}]{{0,2}}"
_BODY = rf"[1-478]{_S}\d\d{_S}\d\d{_S}(?:(?:\d\d|2[ABab]){_S}\d{{3}}|9[78]\d{_S}\d\d){_S}\d{{3}}"
_GROUPED = re.compile(
    rf"(?<!\d)(?P<body>{_BODY})(?:(?P<between>[{_SEPARATORS}]{{0,3}}(?:\(|cl[eé] ?:? ?)?)(?P<key>\d\d)\)?)?(?!\d)",
    re.IGNORECASE,
)
_ANY_GROUPS = re.compile(rf"(?<!\d)[1-478](?:[{_SEPARATORS}]?\d){{4}}(?:[{_SEPARATORS}]?[\dABab]){{2}}"
                         rf"(?:[{_SEPARATORS}]?\d){{8}}(?!\d)")  # fmt: skip
_CARD = re.compile(
    r"(?<!\d)[1-478](?P<by>[^\w]{1,3})\d\d(?P=by)\d\d(?P=by)(?:\d\d|2[ABab])(?P=by)\d{3}(?P=by)\d{3}[^\w]{1,12}"
    r"(?:cl[eé]\W{1,3})?\d\d(?!\d)"
)
"""The groups of a card, apart by anything, in one cell or in a cell each; only a right key makes it a number."""
_IN_ONE_PIECE = re.compile(r"(?<!\d)(?<!\d[.,])[1-478]\d{4}(?:\d\d|2[AB])\d{8}(?!\d)", re.IGNORECASE)
_TYPED = re.compile(
    rf"(?<![^\W_])[1-478lI](?:[{_SEPARATORS}]{{0,2}}[\dOoIl]){{4}}[{_SEPARATORS}]{{0,2}}[\dOoIl][{_SEPARATORS}]?[\dOoIlABab]"
    rf"(?:[{_SEPARATORS}]{{0,2}}[\dOoIl]){{6}}(?P<key>[{_SEPARATORS}]{{0,3}}(?:cl[eé]\W{{0,3}})?[\dOoIl][{_SEPARATORS}]?[\dOoIl])?"
    r"(?![^\W_])"
)
"""A number where somebody typed the letter O for nought, or l or I for one."""
_MISTYPED = re.compile("[OoIl]")
_MOST_LETTERS = 6
_TYPED_FOR = str.maketrans("OoIl", "0011")
_DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212"), "-")
_FLOAT = re.compile(r"(?<![\d.,])([1-478])[.,](\d{12,14})[eE]\+?1([24])(?!\d)")
_FRACTION = re.compile(r"\s*-?0[.,]\d+\s*")
"""A number below one: its decimals, as many as a workbook keeps, are those of a key by chance."""
_SPACES = re.compile(f"[{_SEPARATORS}]")
_STATE = re.compile(
    r"(?<![\w.])20\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\.?(?:[01]\d|2[0-3])[0-5]\d[0-5]\d-[0-9a-f]{8}(?![\w-])"
)
"""The version of a state in our own exports: a second, and eight characters that tell states apart. With the first of
them, where it is a digit, the fourteen of the second are a number whose key is right one time in a hundred."""
_IDENTIFIER = re.compile(
    r"(?<![\w-])(?=[\d-]*[a-f])(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{64}|[0-9a-f]{32}|[0-9a-f]{40})(?![\w-])",
    re.IGNORECASE,
)
"""An identifier drawn by lot (UUID), or a fingerprint: of ten thousand in a column, some hold a number by chance."""
LIKELY = re.compile(r"[1-478lI](?:[\W_]{0,3}[\dABabOoIl]){12}|\d[.,]\d{12,14}[eE]\+?1[24]")
"""What a text must hold to be looked at more closely."""


def holds_card(text: str) -> bool:
    """Whether a number with its right key stands in a text in the groups of a card, whatever is between them."""
    return any(is_keyed(re.sub(r"[^0-9ABab]", "", match[0])) for match in _CARD.finditer(text))


def holds_keyed(text: str) -> bool:
    """Whether a number with its right key stands in one piece in a text: of addresses, formulas and measures, where
    digits and dots mean other things."""
    return any(is_keyed(match[0]) for match in _IN_ONE_PIECE.finditer(text))


def unveiled(text: str) -> str:
    """A text without the characters that nobody sees between its digits; any dash is a hyphen."""
    if text.isascii():
        return text
    return "".join(c for c in text.translate(_DASHES) if unicodedata.category(c) != "Cf")


def compact(text: str) -> str:
    """A number without what groups its digits, in capitals."""
    return _SPACES.sub("", text).upper()


def _is_body(body: str, *, with_key: bool) -> bool:
    """Whether 13 characters have the form of a number: sex, year, month, department, commune, order."""
    if not (body[:5].isdigit() and body[7:].isdigit()):
        return False
    sex, month, department = body[0], int(body[3:5]), body[5:7]
    if sex in "34" and not with_key:
        return False  # The article numbers of French medicines begin so, and nobody has been given these for long.
    usual = 1 <= month <= 12
    if sex in "12":
        # A month that is unknown or does not exist: 20, 30 to 42 and 50 upwards; the widest range only beside a key.
        usual = usual or month == 20 or 30 <= month <= 42 or month == 50
        usual = usual or (with_key and (20 <= month <= 42 or month > 50))
    if not usual:
        return False
    if department not in ("2A", "2B"):
        if not department.isdigit() or department == "00":
            return False
        if department in ("97", "98") and body[7] == "0":
            return False
    return body[7:10] != "000" and body[10:13] != "000"


def _key(body: str) -> int:
    return 97 - int(body.replace("2A", "19").replace("2B", "18")) % 97


def is_keyed(text: str) -> bool:
    """Whether a number of 15 characters, grouped or not, is a social security number whose key is right."""
    number = compact(text)
    return (
        len(number) == 15
        and number[13:].isdigit()
        and _is_body(number[:13], with_key=True)
        and _key(number[:13]) == int(number[13:])
    )


def is_form(text: str) -> bool:
    """Whether 13 characters, grouped or not, are written as a social security number without its key."""
    number = compact(text)
    return len(number) == 13 and _is_body(number, with_key=False)


def is_article(text: str) -> bool:
    """Whether 13 digits in one piece are an article number (EAN-13) whose check digit is right."""
    number = text.strip()
    if len(number) != 13 or not (number.isascii() and number.isdigit()):
        return False
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(number[:12]))
    return (10 - total % 10) % 10 == int(number[12])


def may_be_one(digits: str) -> bool:
    """Whether digits in one piece are worth a closer look: of 13 or 15 of them, what is written as a number at all."""
    if len(digits) == 13:
        return digits[0] in "1278"
    return len(digits) != 15 or _is_body(digits[:13], with_key=True)


class Numbers:
    """What the numbers of one text are."""

    __slots__ = ("alike", "article", "form", "keyed", "other")

    def __init__(self) -> None:
        self.keyed = False
        """One has a right key."""
        self.form = False
        """One has 13 digits, or its groups, without a right key."""
        self.article = False
        """One has 13 digits and is an article number as well."""
        self.alike: list[str] = []
        """Those of 15 digits in one piece, whatever their key: their first 13 digits."""
        self.other = False
        """One has 13 digits, and is nothing of the kind."""


def numbers_in(text: str) -> Numbers:
    """Look for numbers anywhere in a text, in time linear in its length."""
    found = Numbers()
    if _FRACTION.fullmatch(text):
        return found
    text = unveiled(text)
    if not text.isascii() and any(character.isdigit() and not character.isascii() for character in text):
        text = "".join(str(int(c)) if c.isdigit() and c.isdecimal() else c for c in text)
    text = _IDENTIFIER.sub(" ", _STATE.sub(" ", text))
    text = _FLOAT.sub(lambda match: _as_integer(match[1] + match[2], int(match[3]) + 11), text)
    for match in _GROUPED.finditer(text):
        _look(found, text, match)
    found.keyed = found.keyed or holds_card(text)
    if not found.keyed:
        found.keyed = any(is_keyed(match[0]) for match in _ANY_GROUPS.finditer(text))
    if not found.keyed and _MISTYPED.search(text):
        for match in _TYPED.finditer(text):
            _look_at_typed(found, match[0], match["key"] or "")
    return found


def _look_at_typed(found: Numbers, typed: str, key: str) -> None:
    """Note a number with letters for digits: its right key, or without one the form of a number."""
    body = typed[: len(typed) - len(key)]
    number = compact(body.translate(_TYPED_FOR)) + re.sub(r"\D", "", key.translate(_TYPED_FOR))
    letters = len(_MISTYPED.findall(body))
    if not (0 < letters <= _MOST_LETTERS or (not letters and _MISTYPED.search(key[-3:]))):
        return
    if is_keyed(number):
        found.keyed = True
    elif is_form(number[:13]) and (len(number) == 13 or not body.isalnum()):
        found.form = True


def _as_integer(digits: str, length: int) -> str:
    return digits.ljust(length, "0")


def _look(found: Numbers, text: str, match: re.Match[str]) -> None:
    body, key = match["body"], match["key"]
    in_one_piece = body.isalnum()
    if key is not None:
        if is_keyed(body + key):
            found.keyed = True
        if in_one_piece and not match["between"] and _is_body(body.upper(), with_key=False):
            found.alike.append(body.upper())
            return
        if in_one_piece and match["between"].strip(" -./_\u00a0\u202f\u2009") == "" and not found.keyed:
            # Thirteen digits, then two of something else.
            _look_plain(found, text, match.start("body"), match.end("body"), body)
            return
        if not in_one_piece and is_form(body) and compact(body).isalnum():
            found.form = True
        return
    _look_plain(found, text, match.start("body"), match.end("body"), body)


def _look_plain(found: Numbers, text: str, start: int, end: int, body: str) -> None:
    if not is_form(body):
        found.other = body.isdigit() and not is_article(body)
        return
    before, after = text[start - 1 : start], text[end : end + 1]
    if (before.isalpha() and start > 1 and text[start - 2 : start - 1].isdigit()) or after.isalpha():
        return  # A part of a reference of letters and digits.
    if after in (".", ",") and text[end + 1 : end + 2].isdigit() and set(text[end + 1 :].split()[0]) - set("0"):
        return  # A decimal.
    if is_article(body):
        found.article = True
    else:
        found.form = True
