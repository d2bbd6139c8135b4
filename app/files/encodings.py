"""In which encoding a file is written: decided on the whole of it, from its bytes and the French that they make.

A mark at the start decides, then strict UTF-8. A file that is UTF-8 but for some bytes is read so, and these bytes as
Windows-1252: see `MIXED`. The other encodings all decode almost anything; what tells them apart is that in one of them
the accents stand in words.
"""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Buffer

BOM = "\ufeff"
_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
MIXED = "utf-8+cp1252"
"""UTF-8, where each byte that is not is one of Windows-1252: what a system writes that joins texts of two origins.

Such a byte is half of a surrogate pair, which no UTF-8 holds, until the cells are read (`shown`): encoding the text
again gives the very bytes that were received.
"""
ENCODINGS = {
    "utf-8": "UTF-8",
    "cp1252": "Windows-1252",
    "iso8859-15": "ISO-8859-15 (Latin-9)",
    "mac-roman": "Mac OS Roman",
    "cp850": "DOS (code page 850)",
    "utf-16-le": "UTF-16 (petit-boutiste)",
    "utf-16-be": "UTF-16 (gros-boutiste)",
    MIXED: "UTF-8, octets étrangers lus en Windows-1252",
}
"""Encodings that may be chosen, with their French names."""
_SINGLE = ("cp1252", "iso8859-15", "mac-roman", "cp850")
"""One byte a character; of two that are as good, the first."""
MOST_WORDS, MOST_ROWS = 5, 10
_ODD = re.compile("[\udc80-\udcff]")
_LOWER = "éèêëàâäçîïôöùûüÿœæ"
_UPPER = "ÉÈÊËÀÂÄÇÎÏÔÖÙÛÜŸŒÆ"
_SIGNS = "«»°µ²³¹±×÷·§®©™…–—‘’“”•€ \u00a0\u202f\u2009"
_IN_WORDS = re.compile(
    rf"(?<=[A-Za-z'’])[{_LOWER}](?![A-Z])|(?<![A-Za-z])[{_LOWER}](?=[a-z])"
    rf"|(?<=[A-Z])[{_UPPER}](?![a-z])|(?<![A-Za-z])[{_UPPER}](?=[A-Za-z])"
    r"|(?<= )[àÀ](?= )"
    r"|µ(?=[gmlLkKUuIM])|(?<=[0-9nN])°|(?<=m)[²³]|(?<=[0-9])€"
)
"""An accented letter in a word, in the case of its neighbours, and the signs of units."""
_OUTSIDE_ASCII = re.compile(r"[^\x00-\x7f]")
_FRACTION = re.compile(r"(?<![A-Za-z])[¼½¾](?![A-Za-z])")
_WORD = re.compile(r"[^\W\d_]*[^\x00-\x7f\W\d_][^\W\d_]*")
_TWICE = re.compile("Ã[\u00a0-¿©¨ª«´¹»§®¢¯\u20ac\u2030\u0160\u2039]|Â[°µ²³]")
"""UTF-8 read as Windows-1252 and written as UTF-8 again: « GlycÃ©mie »."""
_LINE_END = re.compile(rb"\r\n|\n|\r")


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found out of a file."""

    encoding: str
    """A key of `ENCODINGS`."""
    bom: bool = False
    is_guessed: bool = False
    """Neither a mark nor the rules of UTF-8 decided: the French did."""
    is_doubtful: bool = False
    """Another encoding makes about as good French: a person must look."""
    odd_lines: tuple[int, ...] = ()
    """Lines, from 1, with bytes that are not of the encoding of the rest."""
    words: tuple[str, ...] = ()
    """Some words with accents, as read: a French eye sees whether they are right."""


def _utf_16_without_mark(content: bytes) -> str:
    """Which UTF-16 a file without mark seems to be: every other byte of a Latin text is null."""
    head = content[: 1 << 16]
    if len(content) % 2 or len(head) < 4:
        return ""
    half = len(head) // 2
    even, odd = head[0::2].count(0) / half, head[1::2].count(0) / half
    if odd > 0.6 and even < 0.05:
        return "utf-16-le"
    return "utf-16-be" if even > 0.6 and odd < 0.05 else ""


def _score(text: str) -> int:
    """How much better than noise: each accent in a word counts for one, what French hardly holds against two."""
    outside = _OUTSIDE_ASCII.findall(text)
    good = len(_IN_WORDS.findall(text))
    neutral = sum(character in _SIGNS for character in outside) + len(_FRACTION.findall(text))
    signs_in_words = sum(found in "°µ²³€" for found in _IN_WORDS.findall(text))
    return good - 2 * max(0, len(outside) - (good - signs_in_words) - neutral)


def _sample(content: bytes) -> bytes:
    """The lines that hold anything else than ASCII: the others say nothing."""
    return b"\n".join(line for line in _LINE_END.split(content) if not line.isascii())


def _single_byte(content: bytes) -> Finding:
    sample = _sample(content)
    texts = {encoding: sample.decode(encoding, "replace") for encoding in _SINGLE}
    scores = {encoding: _score(text) for encoding, text in texts.items()}
    best = max(_SINGLE, key=lambda encoding: (scores[encoding], -_SINGLE.index(encoding)))
    others = [scores[encoding] for encoding in _SINGLE if texts[encoding] != texts[best]]
    margin = scores[best] - max(others, default=-len(sample))
    is_doubtful = scores[best] <= 0 or margin < max(1, scores[best] // 10)
    return Finding(best, is_guessed=True, is_doubtful=is_doubtful, words=words_of(texts[best]))


def words_of(text: str) -> tuple[str, ...]:
    """The first different words with accents of a text."""
    found: dict[str, None] = {}
    for match in _WORD.finditer(text):
        found.setdefault(match[0])
        if len(found) == MOST_WORDS:
            break
    return tuple(found)


@lru_cache(maxsize=1)
def detect(content: bytes) -> Finding:
    """In which encoding these bytes are written; asked several times of one file, and found once."""
    for mark, encoding in _BOMS:
        if content.startswith(mark):
            return Finding(encoding, bom=True)
    wide = _utf_16_without_mark(content)
    if wide:
        return Finding(wide, is_guessed=True, words=words_of(content.decode(wide, "replace")))
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        pass
    else:
        return Finding("utf-8")
    text = content.decode(MIXED)
    odd = len(_ODD.findall(text))
    if len(_OUTSIDE_ASCII.findall(text)) - odd > odd:
        return Finding(MIXED, is_guessed=True, odd_lines=tuple(odd_lines(content)), words=words_of(shown(text)))
    return _single_byte(content)


def odd_lines(content: bytes) -> Iterator[int]:
    """The lines, from 1, of a file in UTF-8 that hold bytes which are not."""
    for number, line in enumerate(_LINE_END.split(content), start=1):
        try:
            line.decode("utf-8")
        except UnicodeDecodeError:
            yield number


def line_of(content: bytes, position: int) -> int:
    """On which line, from 1, a byte stands, whatever ends the lines."""
    return len(_LINE_END.findall(content, 0, position)) + 1


def is_written_twice(text: str) -> bool:
    """Whether a text seems to be UTF-8 that was taken for Windows-1252 and written as UTF-8 once more."""
    return len(_TWICE.findall(text)) >= 2


# ---- the mixed encoding, as a codec of Python ---------------------------------------------------------------


def shown(text: str) -> str:
    """A text of the mixed encoding as it is read: its odd bytes are characters of Windows-1252."""
    return _ODD.sub(lambda found: _odd(found[0]), text)


@cache
def _odd(character: str) -> str:
    return character.encode("ascii", "surrogateescape").decode("cp1252", "replace")


def _decode(content: "Buffer", _errors: str = "strict", /) -> tuple[str, int]:
    received = bytes(content)
    return received.decode("utf-8", "surrogateescape"), len(received)


def _encode(text: str, _errors: str = "strict", /) -> tuple[bytes, int]:
    return text.encode("utf-8", "surrogateescape"), len(text)


def _find(name: str) -> codecs.CodecInfo | None:
    # Python asks for names whose signs are all underscores.
    return codecs.CodecInfo(_encode, _decode, name=MIXED) if name == re.sub("[-+]", "_", MIXED) else None


codecs.register(_find)
