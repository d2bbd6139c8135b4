"""Texts, for every room: numbers, times and enumerations in French, texts of laboratories on one line."""

import re
import unicodedata
from collections.abc import Iterable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")

UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""Characters that neither XML nor FHIR strings may hold."""

LAYOUT = "\t\n\r"
"""The control characters that belong in a text: a tab, and the ends of lines."""
TURNING = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""Characters that turn round the others: a text, a code or the ending of a file would be read as another."""
ENDS_OF_LINES = "\u2028\u2029"
"""Those that only some readers see: what is one line for us would be two for them."""
LONGEST_FILE_NAME = 255
NAMELESS = "sans nom"
BLANK_LOOKING = "\u2800\u3164\u115f\u1160\uffa0"
"""Braille blank and Hangul fillers: symbols and letters to Unicode, nothing to a reader."""
LEAST_WRITTEN = 3
LEAST_DIFFERENT = 2
_PLAIN = {**dict.fromkeys(map(ord, TURNING)), **dict.fromkeys(map(ord, ENDS_OF_LINES), "\n")}


def counted(count: int, one: str, many: str) -> str:
    """A number and its noun: `1 analyse`, `1 200 analyses`."""
    return f"{format_number(count)} {one if count < 2 else many}"


def enumeration(counts: Iterable[tuple[int, str, str]]) -> str:
    """The numbers that are not zero, with their nouns, joined by commas."""
    return ", ".join(counted(count, one, many) for count, one, many in counts if count)


def format_number(value: int | float | None, decimals: int = 0) -> str:
    """A number in French: narrow spaces between thousands, decimal comma."""
    if value is None:
        return "—"
    return f"{value:,.{decimals}f}".replace(",", "\u202f").replace(".", ",")


def share_text(numerator: int, denominator: int, decimals: int = 2) -> str:
    """A share as a French percentage, exactly, rounded down: 79,999 % never reads 80 %; a dash where there is none."""
    if not denominator:
        return "—"
    whole, rest = divmod(numerator * 100 * 10**decimals // denominator, 10**decimals)
    return f"{format_number(whole)}{f',{rest:0{decimals}d}' if decimals else ''}\u00a0%"


def with_capital(text: str) -> str:
    """The text with its first letter as a capital; the others stay, those of « LOINC » too."""
    return text[:1].upper() + text[1:]


def one_line(text: str) -> str:
    """A text of a laboratory as a FHIR string: one line, single spaces, no control characters."""
    return " ".join(UNPRINTABLE.sub("\ufffd", text).split())


def without_controls(text: str) -> str:
    """A text that a form sent, without the characters that no database and no file should hold; layout stays."""
    kept = (letter for letter in text if letter in LAYOUT or unicodedata.category(letter) not in ("Cc", "Cs"))
    return UNPRINTABLE.sub("", "".join(kept)).translate(_PLAIN)


def plain_file_name(name: str) -> str:
    """The name of a received file: without folders, nor characters that nobody sees or that turn round the others."""
    base = name.replace("\\", "/").rsplit("/", 1)[-1]
    hidden = ("Cc", "Cf", "Cs", "Zl", "Zp")
    kept = "".join(letter for letter in base if unicodedata.category(letter) not in hidden)
    return seen(UNPRINTABLE.sub("", kept))[-LONGEST_FILE_NAME:] or NAMELESS


def is_unseen(letter: str) -> bool:
    """Whether a reader sees nothing of this character: controls, formats, spaces and what looks blank."""
    return letter in BLANK_LOOKING or unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Zs", "Zl", "Zp")


def seen(text: str) -> str:
    """A text without what nobody sees at its ends; empty when there is nothing to see in it."""
    first = next((place for place, letter in enumerate(text) if not is_unseen(letter)), len(text))
    last = next((place for place in range(len(text), first, -1) if not is_unseen(text[place - 1])), first)
    return text[first:last]


def is_written(text: str) -> bool:
    """Whether somebody wrote something: three letters or digits to be seen, two of which differ."""
    signs = [letter.casefold() for letter in text if letter.isalnum() and not is_unseen(letter)]
    return len(signs) >= LEAST_WRITTEN and len(set(signs)) >= LEAST_DIFFERENT


def in_paris(moment: datetime) -> datetime:
    """A moment by the clock of Paris; without a time zone it is UTC."""
    known = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return known.astimezone(PARIS)


def paris_time(moment: datetime | None, *, seconds: bool = False) -> str:
    """A moment by the clock of Paris: 21/11/2026 15:05; nothing for none. Without a time zone it is UTC."""
    if moment is None:
        return ""
    return in_paris(moment).strftime("%d/%m/%Y %H:%M:%S" if seconds else "%d/%m/%Y %H:%M")


def french_day(day: date | None) -> str:
    """A day of a calendar, as French readers write it: 21/11/2026; nothing for none."""
    return f"{day:%d/%m/%Y}" if day else ""


def paris_day(moment: datetime | None) -> str:
    """The day in Paris, for a French reader: 21/11/2026; nothing for none."""
    return in_paris(moment).strftime("%d/%m/%Y") if moment else ""


def iso_day(moment: datetime | None) -> str:
    """The day in Paris, for a program: 2026-11-21; nothing for none."""
    return in_paris(moment).date().isoformat() if moment else ""


def stamp_day(moment: datetime) -> str:
    """The day in Paris, as the names of files write it: 20261121."""
    return in_paris(moment).strftime("%Y%m%d")


def release_title(version: str) -> str:
    """How a release of the terminology is named, on every page and in every file; empty for none.

    Our starter terminology is numbered `starter-YYYY.MM`, an official release as LOINC numbers it.
    """
    if not version:
        return ""
    number = version.removeprefix("starter-")
    return f"LOINC {number}" if number == version else f"Terminologie de départ {number}"
