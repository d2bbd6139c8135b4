"""Writing a text in an encoding that lacks some of its characters, by close and documented forms.

In order, for each character that the encoding lacks: the table below, the same character without its
diacritics, the ASCII form of anyascii, and `?`. Nothing is changed in an encoding that has the character.
"""

import codecs
import unicodedata
from functools import lru_cache

from anyascii import anyascii

from app.files.encodings import MIXTURES, shown

CLOSE_FORMS = {
    "α": "alpha",
    "β": "bêta",
    "γ": "gamma",
    "δ": "delta",
    "ε": "epsilon",
    "κ": "kappa",
    "λ": "lambda",
    "μ": "µ",
    "ω": "oméga",
    "≥": ">=",
    "≤": "<=",
    "≠": "<>",
    "−": "-",
    "‑": "-",
    "–": "-",
    "—": "-",
    "’": "'",
    "‘": "'",
    "“": '"',
    "”": '"',
    "…": "...",
    "œ": "oe",
    "Œ": "OE",
    "€": "EUR",
    "®": "(R)",
    "©": "(c)",
    "µ": "u",
    "\u00a0": " ",
    "\u202f": " ",
    "\u2009": " ",
    "×": "x",
}


def writing_codec(encoding: str) -> str:
    """The codec that writes the middle of a file: some codecs add a byte order mark each time."""
    name = codecs.lookup(encoding).name
    return "utf-8" if name == "utf-8-sig" else name


@lru_cache(maxsize=4096)
def _close_character(character: str, codec: str) -> str:
    bare = unicodedata.normalize("NFKD", character)
    bare = "".join(part for part in bare if not unicodedata.combining(part))
    for form in (CLOSE_FORMS.get(character, character), bare, anyascii(character)):
        # A close form may itself hold a character that this encoding lacks (bêta in ASCII).
        for candidate in (form, anyascii(form)):
            if candidate and candidate != character and _fits(candidate, codec):
                return candidate
    return "?"


def _fits(text: str, codec: str) -> bool:
    try:
        text.encode(codec)
    except UnicodeEncodeError:
        return False
    return True


def close_form(text: str, encoding: str) -> str:
    """The text itself when the encoding can write it, else its closest writable form."""
    codec = writing_codec(encoding)
    close = text
    if not _fits(text, codec):
        close = "".join(char if _fits(char, codec) else _close_character(char, codec) for char in text)
    if encoding in MIXTURES and shown(close.encode(codec).decode(codec)) != close:
        return anyascii(close)  # two of its characters would be read there as one of UTF-8
    return close
