"""What a spreadsheet shows of a number: the formats that make `0012` or `T0012` of 12, and those that change it.

A text is given only where every spreadsheet shows the same; elsewhere, what the format does to the number.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from app.files.cell_kinds import CellKind

GENERAL = frozenset({"", "general", "standard", "@"})
"""Formats that show a number as it is."""
_BUILT_IN = {
    1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%", 11: "0.00E+00", 12: "# ?/?", 13: "# ??/??",
    18: "h:mm AM/PM", 19: "h:mm:ss AM/PM", 20: "h:mm", 21: "h:mm:ss", 37: "#,##0", 38: "#,##0", 39: "#,##0.00",
    40: "#,##0.00", 45: "mm:ss", 46: "[h]:mm:ss", 48: "##0.0E+0", 49: "@",
}  # fmt: skip
"""The formats that a workbook names by their number only; those of dates are left out, dates have their own type."""
_SECTION = re.compile(r'((?:"[^"]*"?|\\.|\[[^\]]*\]|[_*].|[^;"\\\[_*]|[\\\[_*])*)(?P<end>;|$)', re.DOTALL)
_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"?|\\(?P<escaped>.)|(?P<blank>_.)|\*(?P<fill>.)|\[(?P<bracket>[^\]]*)\]'
    r"|(?P<exponent>[eE][+-])|(?P<general>general|standard)|(?P<digit>[0#?])|(?P<other>.)",
    re.DOTALL | re.IGNORECASE,
)
_COLOUR = re.compile(r"(?:black|blue|cyan|green|magenta|red|white|yellow|color ?\d+)", re.IGNORECASE)
_CONDITION = re.compile(r"(<=|>=|<>|=|<|>)\s*(-?\d{1,15}(?:\.\d+)?)")
_MAX_LENGTH = 255
_PARTS = 3
"""Positive, negative, zero; a fourth is for texts."""
_GROUP = 3
_WORST = (CellKind.EXPONENT, CellKind.PERCENT, CellKind.FRACTION, CellKind.PADDED, CellKind.FORMATTED)
"""What a format does to a number, what says most first."""

Token = tuple[str, str]
"""(`digit`, `text` or `general`, the character or the text)."""


@dataclass(frozen=True, slots=True)
class _Section:
    tokens: tuple[Token, ...] = ()
    does: CellKind | None = None
    """What it does to the number beside placing its digits."""
    is_grouped: bool = False
    condition: tuple[str, float] | None = None
    is_for_texts: bool = False

    def takes(self, value: float) -> bool:
        """Whether its condition holds."""
        if self.condition is None:
            return False
        sign, limit = self.condition
        return {
            "<": value < limit, "<=": value <= limit, ">": value > limit, ">=": value >= limit,
            "=": value == limit, "<>": value != limit,
        }[sign]  # fmt: skip


def built_in(number: int) -> str:
    """The format that bears this number when the workbook does not spell it; empty for dates and unknown ones."""
    return _BUILT_IN.get(number, "")


def is_general(code: str) -> bool:
    """Whether a number is shown as it is."""
    return code.strip().lower() in GENERAL


@lru_cache(maxsize=512)
def _sections(code: str) -> tuple[_Section, ...]:
    """The sections of a format that are for numbers."""
    if len(code) > _MAX_LENGTH:
        return ()
    sections: list[_Section] = []
    for found in _SECTION.finditer(code):
        sections.append(_SectionReader().read(found[1]))
        if not found["end"]:
            break
    sections = sections[:_PARTS]
    if len(sections) > 1 and sections[-1].is_for_texts:
        sections.pop()
    return tuple(sections)


class _SectionReader:
    """Follows a section from left to right."""

    def __init__(self) -> None:
        self.tokens: list[Token] = []
        self.does: set[CellKind] = set()
        self.condition: tuple[str, float] | None = None
        self.commas: list[int] = []
        """How many places of digits come before each."""
        self.places = 0
        self.is_for_texts = False

    def read(self, text: str) -> _Section:
        """What the section says."""
        for found in _TOKEN.finditer(text):
            if found["digit"]:
                self.places += 1
                self.tokens.append(("digit", found["digit"]))
            elif found["general"]:
                self.tokens.append(("general", ""))
            elif found["exponent"]:
                self.does.add(CellKind.EXPONENT)
            elif found["bracket"] is not None:
                self._bracket(found["bracket"])
            elif found["fill"] is not None:
                self._fill(found["fill"])
            elif found["other"]:
                self._other(found["other"])
            else:
                self.tokens.append(("text", " " if found["blank"] else found["quoted"] or found["escaped"] or ""))
        return self._finished()

    def _bracket(self, text: str) -> None:
        asked = _CONDITION.fullmatch(text)
        sign = _bracketed(text)
        if asked and self.condition is None:
            self.condition = (asked[1], float(asked[2]))
        elif sign is not None:
            self.tokens.append(("text", sign))
        else:
            self.does.add(CellKind.FORMATTED)

    def _fill(self, character: str) -> None:
        # Before anything is seen, it is the space around the number; elsewhere it is within the text.
        if character != " " or any(kind != "text" or seen.strip() for kind, seen in self.tokens):
            self.does.add(CellKind.FORMATTED)

    def _other(self, character: str) -> None:
        match character:
            case ",":
                self.commas.append(self.places)
            case "." | "/":
                self.does.add(CellKind.PADDED if character == "." else CellKind.FRACTION)
            case "%":
                self.does.add(CellKind.PERCENT)
            case "@":
                self.is_for_texts = True
                self.does.add(CellKind.FORMATTED)
            case _:
                if character.isalnum():
                    self.does.add(CellKind.FORMATTED)
                self.tokens.append(("text", character))

    def _finished(self) -> _Section:
        is_grouped = bool(self.commas)
        if any(not 0 < before < self.places for before in self.commas):
            self.does.add(CellKind.FORMATTED)  # a comma after the last place divides by a thousand
        if sum(kind == "general" for kind, _ in self.tokens) + bool(self.places) > 1:
            self.does.add(CellKind.FORMATTED)
        does = next((kind for kind in _WORST if kind in self.does), None)
        return _Section(tuple(self.tokens), does, is_grouped, self.condition, self.is_for_texts)


def _bracketed(text: str) -> str | None:
    """What a bracket shows: a colour nothing, a currency its sign; None for durations and numerals of other scripts."""
    if _COLOUR.fullmatch(text):
        return ""
    return text[1:].partition("-")[0] if text.startswith("$") else None


def _section_for(value: float, sections: Sequence[_Section]) -> tuple[_Section, bool] | None:
    """The section that shows a number, and whether it shows the sign by itself; None when spreadsheets differ."""
    if not any(section.condition for section in sections):
        if value == 0 and len(sections) == _PARTS:
            return sections[2], True
        has_own_sign = value < 0 and len(sections) > 1
        return sections[1 if has_own_sign else 0], has_own_sign
    if value < 0 or not sections[0].condition:
        return None
    if sections[0].takes(value):
        return sections[0], True
    if len(sections) == 1:
        return None
    if sections[1].takes(value) or (len(sections) == 2 and sections[1].condition is None):
        return sections[1], True
    is_last = len(sections) == _PARTS and sections[1].condition and sections[2].condition is None
    return (sections[2], True) if is_last else None


@lru_cache(maxsize=4096)
def does_to(value: float, code: str) -> CellKind | None:
    """What a format does to any number, whole or not, beside placing its digits; None for nothing, or if unsure."""
    sections = _sections(code)
    found = _section_for(value, sections) if sections else None
    return found[0].does if found else None


def shown(value: int, code: str) -> str | CellKind:
    """A whole number as a format of digits and texts shows it, or what the format does to it instead."""
    if is_general(code):
        return str(value)
    sections = _sections(code)
    found = _section_for(value, sections) if sections else None
    if found is None:
        return CellKind.FORMATTED
    section, has_own_sign = found
    if section.does:
        return section.does
    digits = str(abs(value)) if value else ""
    if section.is_grouped and (told := _grouped(digits, section.tokens)):
        return told
    placed = _place(digits, section.tokens)
    has_digits = any(map(str.isdigit, placed))
    if not placed.strip() or (value < 0 and not has_own_sign and not has_digits):
        return CellKind.FORMATTED
    return (f"-{placed}" if value < 0 and not has_own_sign else placed).strip()


def _grouped(digits: str, tokens: Sequence[Token]) -> CellKind | None:
    """What separators of thousands, which each country writes in its own way, do to these digits."""
    zeros = sum(token == ("digit", "0") for token in tokens)
    if max(len(digits), zeros) <= _GROUP:
        return None
    has_text = any(kind == "text" and text.strip() for kind, text in tokens)
    return CellKind.FORMATTED if has_text or zeros > len(digits) else CellKind.GROUPED


def _place(digits: str, tokens: Sequence[Token]) -> str:
    """The digits put into their places from the right; the first place takes all that remain."""
    places = sum(kind == "digit" for kind, _ in tokens)
    parts: list[str] = []
    for kind, text in reversed(tokens):
        if kind != "digit":
            parts.append(text if kind == "text" else digits or "0")
            continue
        places -= 1
        here, digits = (digits, "") if places == 0 else (digits[-1:], digits[:-1])
        parts.append(here or {"0": "0", "?": " "}.get(text, ""))
    return "".join(reversed(parts))
