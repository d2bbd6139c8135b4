"""The text of HL7 v2 messages (ER7): where messages and segments begin, which separators and characters they use.

Only bytes are looked at until a field is wanted, and each is decoded alone: a document of fifty megabytes in one field
is never decoded as text. Everything here is linear in what is read.
"""

import re
import string
from collections.abc import Iterator
from dataclasses import dataclass

_LINE = re.compile(rb"[^\r\n\x0b\x1c]+")
"""Between ends of lines of any system, and the two marks of a MLLP frame."""
_HEADER = re.compile(rb"MSH(?=[^A-Za-z0-9+/=\s])")
"""Not what may stand in base64, which is cut into lines anywhere."""
_ANY_HEADER = re.compile(rb"(?:\A|[\r\n\x0b\x1c])[ \t\x00\xef\xbb\xbf]*(?:MSH|FHS|BHS)(?=[^A-Za-z0-9+/=\s])")
_OTHER_KINDS = (b"<", b"{", b"[", b"PK", b"%PDF")
"""Beginnings of files that may quote messages."""
_MARK = b"\xef\xbb\xbf"
_BLANK = b" \t\x00" + _MARK
_LONGEST_MARGIN = 16
"""Characters before a header that are looked at: blanks, a byte order mark."""
_UTF_16 = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_FRAME, _FRAME_END = b"\x0b", b"\x1c"
UNSAID = "\0"
"""Instead of a separator that the header does not announce."""
_SEPARATORS = frozenset(string.punctuation)
_CODECS = {
    "8859/1": "cp1252", "8859/2": "iso8859-2", "8859/3": "iso8859-3", "8859/4": "iso8859-4", "8859/5": "iso8859-5",
    "8859/6": "iso8859-6", "8859/7": "iso8859-7", "8859/8": "iso8859-8", "8859/9": "iso8859-9",
    "8859/15": "iso8859-15",
}  # fmt: skip
"""How a segment that is no UTF-8 is read, by MSH-18; what is written as 8859/1 is often of Windows."""
_OTHERWISE = "cp1252"
_LONGEST_ESCAPE = 200
_LAYOUT = frozenset({".br", ".sp", ".ce", ".sk", ".in", ".ti", ".fi", ".nf"})
_OPEN_VALUE = 5
"""Separators before the value of an OBX: a line that follows still belongs to it when there are no more."""
_TEXT_TYPES = frozenset({b"TX", b"FT"})


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one message writes: its separators, as its header announces them, and its characters."""

    field: bytes
    component: str
    repetition: str
    escape: str
    subcomponent: str
    codec: str

    @classmethod
    def of(cls, header: bytes) -> "Dialect | None":
        """That of a message whose first segment this is; None where the separators cannot be told apart."""
        field = header[3:4]
        fields = header.split(field, 18) if field else []
        announced = fields[1].decode("latin-1").rstrip() if len(fields) > 1 else ""
        marks = field.decode("latin-1") + announced
        if not announced or len(announced) > 5 or not _SEPARATORS.issuperset(marks) or len(set(marks)) < len(marks):
            return None
        component, repetition, escape, subcomponent = list(announced.ljust(4, UNSAID))[:4]
        charset = fields[17] if len(fields) > 17 else b""
        named = charset.decode("latin-1").partition(repetition)[0].upper().replace("ISO", "").strip(" -_/")
        codec = _CODECS.get(named.replace("-", "/").replace("_", "/"), _OTHERWISE)
        return cls(field, component, repetition, escape, subcomponent, codec)

    def text(self, raw: bytes) -> str:
        """A field as text, its escapes still in it."""
        if raw.isascii():
            return raw.decode("ascii")
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError:
            return raw.decode(self.codec, errors="replace")

    def plain(self, text: str) -> str:
        """A component without escapes nor blanks around it. What only looks like an escape stays as written."""
        if self.escape not in text:
            return text.strip()
        mark = re.escape(self.escape)
        escapes = re.compile(f"{mark}([^{mark}]{{1,{_LONGEST_ESCAPE}}}){mark}")
        return escapes.sub(self._unescaped, text).strip()

    def components(self, text: str, most: int) -> list[str]:
        """The first components of one repetition of a field, with their escapes."""
        return text.split(self.component, most)[:most]

    def repetitions(self, text: str, most: int) -> list[str]:
        """The first repetitions of a field."""
        return text.split(self.repetition, most)[:most]

    def _unescaped(self, match: re.Match[str]) -> str:
        inner = match[1]
        named = {
            "F": self.field.decode("ascii"), "S": self.component, "T": self.subcomponent, "R": self.repetition,
            "E": self.escape, "P": "#", "H": "", "N": "",
        }  # fmt: skip
        if inner in named:
            return named[inner] if named[inner] != UNSAID else match[0]
        if inner[:3].lower() in _LAYOUT:
            return " "
        if inner[0] in "XCMZ" and len(inner) > 1:
            if inner[0] != "X":
                return ""
            try:
                return self.text(bytes.fromhex(inner[1:])).replace("\r", " ").replace("\n", " ")
            except ValueError:
                return match[0]
        return match[0]


@dataclass(frozen=True, slots=True)
class Block:
    """Where one message stands among the bytes, and whether its frame was cut before its end."""

    start: int
    end: int
    is_cut: bool = False


def looks_like_hl7v2(head: bytes) -> bool:
    """Whether the first bytes of a file are those of HL7 v2 messages, alone, in frames or in a batch; the end of a
    message that was cut, or a few other lines, may stand before them."""
    for mark, codec in _UTF_16.items():
        if head.startswith(mark):
            head = head[2:].decode(codec, errors="replace").encode("utf-8", errors="replace")
    return not head.lstrip(_BLANK + b"\r\n").startswith(_OTHER_KINDS) and _ANY_HEADER.search(head) is not None


def in_bytes(content: bytes) -> bytes:
    """The content in an encoding whose separators are single bytes: a file of UTF-16 becomes one of UTF-8."""
    codec = _UTF_16.get(content[:2])
    return content[2:].decode(codec, errors="replace").encode("utf-8", errors="replace") if codec else content


def blocks(content: bytes) -> Iterator[Block]:
    """The messages of a file, in order; what stands before the first header comes first, as a block that begins with
    none."""
    start, framed = 0, False
    for match in _HEADER.finditer(content):
        margin = content[max(0, match.start() - _LONGEST_MARGIN) : match.start()].rstrip(_BLANK)
        if margin and margin[-1:] not in (b"\r", b"\n", _FRAME, _FRAME_END):
            continue
        if margin or match.start() < _LONGEST_MARGIN:
            yield from _block(content, start, match.start(), framed)
            start, framed = match.start(), margin.endswith(_FRAME)
    yield from _block(content, start, len(content), framed)


def _block(content: bytes, start: int, end: int, framed: bool) -> Iterator[Block]:
    if end > start:
        yield Block(start, end, framed and content.find(_FRAME_END, start, end) < 0)


def lines(content: bytes, block: Block) -> Iterator[bytes]:
    """The lines of a block that say something, without blanks before them."""
    for match in _LINE.finditer(content, block.start, block.end):
        line = match[0].lstrip(_BLANK)
        if line:
            yield line


def segments(found: Iterator[bytes], separator: bytes) -> Iterator[tuple[int, bytes | None]]:
    """The segments of a message with their numbers from 1; None stands for a line that is no segment.

    A value that was cut into lines (base64, a text), and what ADD segments add, is put together again.
    """
    number = 0
    current: _Open | None = None
    for line in found:
        is_named = line[3:4] == separator and line[:3].isalnum() and line[:3].isupper()
        if current is not None and is_named and line.startswith(b"ADD"):
            current.add(line[4:])
        elif current is not None and not is_named and current.goes_on(line):
            current.add(line)
        elif is_named or (len(line) == 3 and line.isalnum() and line.isupper()):
            if current is not None:
                yield number, current.joined()
            number, current = number + 1, _Open(line, separator)
        else:
            if current is not None:
                yield number, current.joined()
            number, current = number + 1, None
            yield number, None
    if current is not None:
        yield number, current.joined()


class _Open:
    """A segment whose lines are still being gathered."""

    __slots__ = ("_kind", "_passed", "_pieces", "_separator")

    def __init__(self, line: bytes, separator: bytes) -> None:
        self._pieces = [line]
        self._separator = separator
        self._kind: bytes | None = None
        self._passed = 0

    def joined(self) -> bytes:
        """The whole segment."""
        return self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)

    def add(self, line: bytes) -> None:
        """One more line of it."""
        self._look()
        self._pieces.append(line)
        self._passed += line.count(self._separator)

    def goes_on(self, line: bytes) -> bool:
        """Whether a line that begins no segment is the rest of this one's text."""
        self._look()
        if line.startswith(self._separator):
            return True
        if self._kind == b"NTE":
            return line.count(self._separator) == 0
        if self._passed > _OPEN_VALUE:
            return False
        return self._kind == b"ED" or (self._kind in _TEXT_TYPES and self._separator not in line[:5])

    def _look(self) -> None:
        if self._kind is None:
            first = self._pieces[0]
            fields = first.split(self._separator, 3)
            self._kind = fields[2] if first.startswith(b"OBX") and len(fields) > 2 else first[:3]
            self._passed = first.count(self._separator)
