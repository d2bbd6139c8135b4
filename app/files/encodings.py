"""In which encoding a file is written: decided on the whole of it, from its bytes and the French that they make.

A mark at the start decides, then strict UTF-8. A file that is UTF-8 but for some bytes is read so, and these bytes as
Windows-1252: see `MIXED`. The other encodings all decode almost anything; what tells them apart is that in one of them
the accents stand in words. A file in one of those may hold lines in UTF-8: see `WITH_UTF_8`.
"""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache, partial
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
_SINGLE = ("cp1252", "iso8859-15", "mac-roman", "cp850")
"""One byte a character; of two that are as good, the first."""
WITH_UTF_8 = {encoding: f"{encoding}+utf-8" for encoding in _SINGLE}
"""An encoding of one byte a character -> the same for a file of which some lines are in UTF-8.

The bytes of UTF-8 are halves of surrogate pairs until the cells are read (`shown`); what is added to the file is
written in the encoding of most of it.
"""
MIXTURES = frozenset({MIXED, *WITH_UTF_8.values()})
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
ENCODINGS |= {WITH_UTF_8[encoding]: f"{ENCODINGS[encoding]}, lignes en UTF-8 lues comme telles" for encoding in _SINGLE}
MOST_WORDS, MOST_ROWS = 5, 10
_ODD = re.compile("[\udc80-\udcff]")
_ODD_RUN = re.compile("[\udc80-\udcff]+")
_CONTROL = re.compile("[\x80-\x9f]")
_TELLING_BYTES = 3
"""One byte alone may be the dots of Windows, and an accent in another encoding."""
_KNOWN = re.compile("[^\x00-\x7f\udc80-\udcff]")
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
_LINE = re.compile("[^\r\n]+")
_BY_CHANCE = re.compile("[\u0180-\u02ff\u03ca-\u07ff]")
_LINE_END = re.compile(rb"\r\n|\n|\r")
_PIECES = re.compile(
    rb"(?:\xc2[\xa0-\xbf]|[\xc3-\xc5][\x80-\xbf]|\xce[\x91-\xbf]|\xcf[\x80-\x89]|\xe2[\x80-\x8b][\x80-\xbf]"
    rb"|\xef\xac[\x80-\x86])+"
)
"""Characters of UTF-8 that a French catalogue holds: Latin letters, Greek ones, signs. Read otherwise they make « Ã© »,
which no word of the other encodings does; capitals at the end of a quotation (`É»`) make other characters."""
_SPLIT = re.compile(b"(" + _PIECES.pattern + b")")


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
    """The encoding of the bytes that are not UTF-8, and whether those that are read better so."""
    found = _one_encoding(_PIECES.sub(b"", content))
    pieces = sum(map(len, map(_as_utf_8, _PIECES.findall(content))))
    if not pieces:
        return found
    lines = _sample(content)
    apart, as_rest = shown(lines.decode(WITH_UTF_8[found.encoding])), lines.decode(found.encoding, "replace")
    gain = _score(apart) - _score(as_rest)
    is_doubtful = found.is_doubtful or gain <= pieces
    if gain <= 0:
        return replace(found, is_doubtful=True, words=words_of(as_rest))
    encoding = WITH_UTF_8[found.encoding]
    return Finding(encoding, False, True, is_doubtful, tuple(odd_lines(content, encoding)), words_of(apart))


def _as_utf_8(piece: bytes) -> str:
    return piece.decode("utf-8", "replace")


def _one_encoding(content: bytes) -> Finding:
    sample = _sample(content)
    # One that has no such byte cannot read the file at all.
    possible = [encoding for encoding in _SINGLE if _decodes(sample, encoding)] or list(_SINGLE)
    texts = {encoding: sample.decode(encoding, "replace") for encoding in possible}
    scores = {encoding: _score(text) for encoding, text in texts.items()}
    best = max(possible, key=lambda encoding: (scores[encoding], -_SINGLE.index(encoding)))
    others = [scores[encoding] for encoding in possible if texts[encoding] != texts[best]]
    margin = scores[best] - max(others, default=-len(sample))
    is_doubtful = scores[best] <= 0 or margin < max(1, scores[best] // 10)
    return Finding(best, is_guessed=True, is_doubtful=is_doubtful, words=words_of(texts[best]))


def _decodes(content: bytes, encoding: str) -> bool:
    try:
        content.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def control_lines(content: bytes, encoding: str) -> Iterator[int]:
    """The lines, from 1, where an encoding of one byte a character makes controls of bytes: none of its letters."""
    for number, line in enumerate(_LINE_END.split(content), start=1):
        if not line.isascii() and _CONTROL.search(line.decode(encoding, "replace")):
            yield number


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
            return _marked(content, encoding)
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
        return _mostly_utf_8(content, text)
    return _single_byte(content)


def _marked(content: bytes, encoding: str) -> Finding:
    """A file that says its encoding, though some of its bytes may be of another one."""
    try:
        content.decode(encoding)
    except UnicodeDecodeError:
        if encoding == "utf-8":
            return replace(_mostly_utf_8(content, content.decode(MIXED)), bom=True)
    return Finding(encoding, bom=True)


def _mostly_utf_8(content: bytes, text: str) -> Finding:
    odd = tuple(odd_lines(content, MIXED))
    words = words_of(shown(text))
    # The odd bytes are read as Windows-1252; when they make better words otherwise, a person must look.
    rest = _one_encoding(_KNOWN.sub("", text).encode(MIXED))
    if rest.encoding != "cp1252" and not rest.is_doubtful and len(_ODD.findall(text)) >= _TELLING_BYTES:
        encoding = WITH_UTF_8[rest.encoding]
        words = words_of(shown(content.decode(encoding)))
        return Finding(encoding, False, True, False, tuple(odd_lines(content, encoding)), words)
    return Finding(MIXED, False, True, rest.encoding != "cp1252" and not rest.is_doubtful, odd, words)


def odd_lines(content: bytes, encoding: str) -> Iterator[int]:
    """The lines, from 1, of a file in a mixed encoding that hold bytes which are not of the encoding of most."""
    for number, line in enumerate(_LINE_END.split(content), start=1):
        if not line.isascii() and _is_odd(line, encoding):
            yield number


def _is_odd(line: bytes, encoding: str) -> bool:
    if encoding != MIXED:
        return _PIECES.search(line) is not None
    return _ODD.search(line.decode(MIXED)) is not None


def line_of(content: bytes, position: int) -> int:
    """On which line, from 1, a byte stands, whatever ends the lines."""
    return len(_LINE_END.findall(content, 0, position)) + 1


def is_written_twice(text: str) -> bool:
    """Whether a text seems to be UTF-8 that was taken for Windows-1252 and written as UTF-8 once more."""
    return len(_TWICE.findall(text)) >= 2


# ---- the mixed encodings, as codecs of Python ---------------------------------------------------------------


def shown(text: str) -> str:
    """A text of a mixed encoding as it is read: its odd bytes are UTF-8, or else characters of Windows-1252."""
    return _ODD_RUN.sub(lambda found: _odd(found[0]), text)


@lru_cache(maxsize=1024)
def _odd(characters: str) -> str:
    parts = _SPLIT.split(characters.encode("ascii", "surrogateescape"))
    # Between two pieces of UTF-8 stands what is none, empty or not.
    return "".join(part.decode("utf-8" if place % 2 else "cp1252", "replace") for place, part in enumerate(parts))


def _decode(content: "Buffer", _errors: str = "strict", /) -> tuple[str, int]:
    received = bytes(content)
    text = received.decode("utf-8", "surrogateescape")
    return (_LINE.sub(_without_chance, text) if _ODD.search(text) else text), len(received)


def _without_chance(line: "re.Match[str]") -> str:
    """A line that holds odd bytes, where two of Windows-1252 may by chance make a letter that no French word has."""
    if not _ODD.search(line[0]):
        return line[0]
    return _BY_CHANCE.sub(lambda found: found[0].encode().decode("ascii", "surrogateescape"), line[0])


def _encode(text: str, _errors: str = "strict", /) -> tuple[bytes, int]:
    return text.encode("utf-8", "surrogateescape"), len(text)


def _decode_pieces(base: str, content: "Buffer", _errors: str = "strict", /) -> tuple[str, int]:
    received = bytes(content)
    parts: list[str] = []
    start = 0
    for found in _PIECES.finditer(received):
        parts.append(received[start : found.start()].decode(base, "surrogateescape"))
        parts.append(found[0].decode("ascii", "surrogateescape"))
        start = found.end()
    parts.append(received[start:].decode(base, "surrogateescape"))
    return "".join(parts), len(received)


def _encode_pieces(base: str, text: str, _errors: str = "strict", /) -> tuple[bytes, int]:
    return text.encode(base, "surrogateescape"), len(text)


_CODECS = {MIXED: codecs.CodecInfo(_encode, _decode, name=MIXED)} | {
    name: codecs.CodecInfo(partial(_encode_pieces, base), partial(_decode_pieces, base), name=name)
    for base, name in WITH_UTF_8.items()
}
_BY_PYTHON_NAME = {re.sub("[-+]", "_", name): codec for name, codec in _CODECS.items()}
"""Python asks for names whose signs are all underscores."""


codecs.register(_BY_PYTHON_NAME.get)
