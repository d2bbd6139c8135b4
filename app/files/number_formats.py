"""What a spreadsheet shows of a number: the formats that make `0012` or `T0012` of 12, and those that change it."""

import re
from functools import lru_cache

GENERAL = frozenset({"", "general", "standard", "@"})
"""Formats that show a number as it is."""
_BUILT_IN = {
    1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%", 11: "0.00E+00", 12: "# ?/?", 13: "# ??/??",
    37: "#,##0", 38: "#,##0", 39: "#,##0.00", 40: "#,##0.00", 48: "##0.0E+0", 49: "@",
}  # fmt: skip
"""The formats that a workbook names by their number only; those of dates are left out, dates have their own type."""
_UNTOLD = re.compile(r'"[^"]*"?|\\.|_.|\*.|\[[^\]]*\]')
_SECTION = re.compile(r'((?:"[^"]*"?|\\.|\[[^\]]*\]|[^;"\\\[]|[\\\[])*)(?:;|$)')
_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"?|\\(?P<escaped>.)|_.|\*.|\[(?P<bracket>[^\]]*)\]|(?P<digit>[0#?])|(?P<other>.)', re.DOTALL
)
_COLOUR = re.compile(r"(?:black|blue|cyan|green|magenta|red|white|yellow|color ?\d+)", re.IGNORECASE)
_MAX_LENGTH = 255

Token = tuple[str, str]
"""(`digit` or `text`, the character or the text)."""


def built_in(number: int) -> str:
    """The format that bears this number when the workbook does not spell it; empty for dates and unknown ones."""
    return _BUILT_IN.get(number, "")


def is_general(code: str) -> bool:
    """Whether a number is shown as it is."""
    return code.strip().lower() in GENERAL


@lru_cache(maxsize=512)
def shows_exponent(code: str) -> bool:
    """Whether a format writes powers of ten, as a spreadsheet does of a code such as 1E5."""
    return re.search(r"[0#?][eE][+-]", _UNTOLD.sub("", code)) is not None


@lru_cache(maxsize=512)
def shows_decimals(code: str) -> bool:
    """Whether a format shows decimals, percents or fractions: a whole number does not look like itself."""
    return re.search(r"\.[0#?]|%|[0#?] ?/", _UNTOLD.sub("", code.partition(";")[0])) is not None


@lru_cache(maxsize=512)
def _sections(code: str) -> tuple[tuple[Token, ...] | None, ...]:
    """The sections of a format (positive, negative, zero), None for one that does more than place digits."""
    if len(code) > _MAX_LENGTH:
        return ()
    texts = [found[1] for found in _SECTION.finditer(code)][: code.count(";") + 1]
    if len(texts) > 1 and not texts[-1] and not code.endswith(";"):
        texts.pop()
    return tuple(_tokens(text) for text in texts)


def _tokens(section: str) -> tuple[Token, ...] | None:
    tokens: list[Token] = []
    for found in _TOKEN.finditer(section):
        if found["digit"]:
            tokens.append(("digit", found["digit"]))
        elif found["bracket"] is not None:
            text = _bracketed(found["bracket"])
            if text is None:
                return None
            tokens.append(("text", text))
        elif found["other"]:
            if found["other"].isalnum() or found["other"] in ",.%/@":
                return None
            tokens.append(("text", found["other"]))
        else:
            tokens.append(("text", found["quoted"] or found["escaped"] or ""))
    return tuple(tokens) if any(kind == "digit" for kind, _ in tokens) else None


def _bracketed(text: str) -> str | None:
    """What a bracket shows: a colour nothing, a currency its sign; None for conditions and durations."""
    if _COLOUR.fullmatch(text):
        return ""
    return text[1:].partition("-")[0] if text.startswith("$") else None


def shown(value: int, code: str) -> str | None:
    """A whole number as a format of digits and texts shows it; None when the format does something else."""
    sections = _sections(code)
    if not sections:
        return None
    has_own_sign = value < 0 and len(sections) > 1
    tokens = sections[2] if value == 0 and len(sections) > 2 else sections[1 if has_own_sign else 0]
    if tokens is None:
        return None
    placed = _place(str(abs(value)) if value else "", tokens)
    if not any(character.isdigit() for character in placed):
        return None
    return f"-{placed}" if value < 0 and not has_own_sign else placed


def _place(digits: str, tokens: tuple[Token, ...]) -> str:
    """The digits put into their places from the right; the first place takes all that remain."""
    places = sum(kind == "digit" for kind, _ in tokens)
    parts: list[str] = []
    for kind, text in reversed(tokens):
        if kind == "text":
            parts.append(text)
            continue
        places -= 1
        here, digits = (digits, "") if places == 0 else (digits[-1:], digits[:-1])
        parts.append(here or ("0" if text == "0" else ""))
    return "".join(reversed(parts)).strip()
