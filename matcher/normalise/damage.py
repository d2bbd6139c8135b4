"""Text that a transfer damaged: UTF-8 read as Windows-1252 (« CrÃ©atinine »), accents turned to question marks."""

import re
from collections.abc import Callable
from itertools import islice, product

_SECOND = "\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122"
_PAIRS = re.compile(f"[\u00c2-\u00c5][{_SECOND}]|\u00e2[{_SECOND}]{{2}}")
"""Accented letters, two bytes each, and typographic signs of three: « lâ€™urÃ©e »."""
_SIGN = re.compile("[‐-›€™→−≤≥]")
_GAP = re.compile(r"[^\W\d_]*[?\ufffd](?:[^\W\d_]|[?\ufffd])*")
_LETTERS = ("e", "a", "o", "u", "i", "c", "oe", "'")
"""What a lost character of French most often was, folded: é è ê ë, à â, ô, û ù, î ï, ç, œ, an apostrophe."""
_MOST_TRIED = 64


def unmangled(text: str) -> str:
    """The text with what was UTF-8 read as Windows-1252 read again; a text without such pairs is left as it is."""

    def again(match: re.Match[str]) -> str:
        try:
            read = b"".join(_byte_of(char) for char in match.group()).decode("utf-8")
        except UnicodeError:
            return match.group()
        # What comes of three characters is a sign of French typography, or the pairing was chance.
        return read if len(match.group()) == 2 or _SIGN.match(read) else match.group()

    return _PAIRS.sub(again, text) if _PAIRS.search(text) else text


def _byte_of(char: str) -> bytes:
    """The byte that was read as this character; the five that Windows-1252 leaves undefined are themselves."""
    try:
        return char.encode("cp1252")
    except UnicodeError:
        return char.encode("latin-1")


def filled(text: str, is_known: Callable[[str], bool], most: int) -> list[tuple[str, list[tuple[str, str]]]]:
    """The texts that a text with lost characters may have been, likeliest first, each with (written, read) words.

    Only gaps inside a word are filled, with letters that make it a known one; a question stays a question.
    """
    gaps = [match for match in _GAP.finditer(text) if any(char.isalpha() for char in match.group())]
    choices = [(match, readings) for match in gaps if (readings := _readings(match.group(), is_known))]
    found: list[tuple[str, list[tuple[str, str]]]] = []
    for chosen in islice(product(*(readings for _, readings in choices)), most if choices else 0):
        made, end, words = "", 0, []
        for (match, _), word in zip(choices, chosen, strict=True):
            made += text[end : match.start()] + word
            end = match.end()
            words.append((match.group(), word))
        found.append((made + text[end:], words))
    return found


def _readings(word: str, is_known: Callable[[str], bool]) -> list[str]:
    parts = re.split("[?\ufffd]", word)
    tried = islice(product(_LETTERS, repeat=len(parts) - 1), _MOST_TRIED)
    made = ("".join(a + b for a, b in zip(parts, [*letters, ""], strict=True)) for letters in tried)
    return list(dict.fromkeys(text for text in made if is_known(text)))
