"""Documents inside a field of HL7 v2 (types ED and RP): what they are, and their bytes."""

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from app.emitted.hl7v2_text import UNSAID, Dialect

_MOST_DOCUMENTS = 10
"""Repetitions of one field."""
_TYPE, _SUBTYPE, _ENCODING, _DATA = 1, 2, 3, 4
"""Components of ED; the first is the system that made it."""
_SPACES = b" \t\r\n\x00"
_LAYOUT = (b".br", b".BR", b"X0D0A", b"X0d0a", b"X0D", b"X0d", b"X0A", b"X0a", b".sp", b".sp1")
"""Escapes of ends of lines."""
_MOST_ESCAPES = 200_000
"""Each is replaced apart, for thirty times its size."""
_BASE64 = re.compile(rb"[A-Za-z0-9+/]+={0,2}")
_HEAD = 64
_MARGIN = 1_024
"""Bytes of a document that say what it is, blanks before it counted."""
_ROOT = "ClinicalDocument"
_ROOTS = tuple(_ROOT.encode(codec) for codec in ("ascii", "utf-16-le", "utf-16-be"))
_IMAGES = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"II*\x00", b"MM\x00*", b"BM", b"<svg")
_PAGES = (b"%PDF", b"{\\rtf", b"<", b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""Beginnings of documents that are laid out for a reader: PDF, RTF, web pages, word processors."""
_IMAGE_TYPES = frozenset({"IM", "IMAGE", "DICOM", "SI", "NS"})
_PAGE_TYPES = frozenset({"PDF", "RTF", "HTML", "MSWORD", "DOC", "DOCX"})


class Kind(Enum):
    """What an encapsulated document is to us."""

    STRUCTURED = "structured"
    """A clinical document in XML: its results are read there."""
    LAID_OUT = "laid out"
    """A report that only persons read."""
    BESIDE = "beside"
    """No report: an image, the body of a letter."""
    DAMAGED = "damaged"


@dataclass(frozen=True, slots=True)
class Encapsulated:
    """One document of a field."""

    kind: Kind
    content: bytes = b""
    """Of a structured one."""


def encapsulated(dialect: Dialect, raw: bytes, names_document: bool) -> Iterator[Encapsulated]:
    """The documents of a field of type ED, where the field names a document or any other thing."""
    marks = [raw] if dialect.repetition == UNSAID else raw.split(dialect.repetition.encode("ascii"), _MOST_DOCUMENTS)
    for repetition in marks[:_MOST_DOCUMENTS]:
        parts = repetition.split(dialect.component.encode("ascii"), _DATA + 1)[: _DATA + 1]
        data = parts[_DATA] if len(parts) > _DATA else max(parts, key=len)
        if not data.strip(_SPACES + b'"'):
            continue
        said = [dialect.plain(dialect.text(part[:_HEAD])).upper() for part in parts[:_DATA]]
        said += [""] * (_DATA - len(said))
        content = _decoded(dialect, data, said[_ENCODING])
        if content is None:
            yield Encapsulated(Kind.DAMAGED)
        else:
            kind = _kind(content, said[_TYPE], said[_SUBTYPE], names_document)
            yield Encapsulated(kind, content if kind is Kind.STRUCTURED else b"")


def pointed(dialect: Dialect, raw: bytes, names_document: bool) -> Kind:
    """What a field of type RP points to."""
    said = {dialect.plain(part).upper() for part in dialect.components(dialect.text(raw[:1_000]), 4)[2:]}
    if said & _PAGE_TYPES or (names_document and not said & _IMAGE_TYPES):
        return Kind.LAID_OUT
    return Kind.BESIDE


def _decoded(dialect: Dialect, data: bytes, encoding: str) -> bytes | None:
    """The bytes of a document; None where they are not in the encoding that is announced."""
    if encoding in ("", "BASE64"):
        bare = _without_layout(dialect, data)
        if encoding or _BASE64.fullmatch(bare):
            try:
                return binascii.a2b_base64(bare + b"=" * (-len(bare) % 4), strict_mode=True)
            except binascii.Error:
                return None
    if encoding == "HEX":
        try:
            return bytes.fromhex(_without_layout(dialect, data).decode("ascii"))
        except ValueError:
            return None
    escapes = data.count(dialect.escape.encode("ascii"))
    if not escapes:
        return data
    if escapes > _MOST_ESCAPES:
        return None
    # Byte by byte: the document says its own encoding.
    return dialect.plain(data.decode("latin-1")).encode("latin-1", errors="replace")


def _without_layout(dialect: Dialect, data: bytes) -> bytes:
    """Data without spaces, ends of lines and the escapes that stand for them."""
    mark = dialect.escape.encode("ascii")
    if mark in data:
        for layout in _LAYOUT:
            data = data.replace(mark + layout + mark, b"")
    return data.translate(None, _SPACES)


def _kind(content: bytes, said_type: str, said_subtype: str, names_document: bool) -> Kind:
    head = content[:_MARGIN].removeprefix(b"\xef\xbb\xbf").lstrip(_SPACES)
    if head.startswith((b"<", b"\xff\xfe", b"\xfe\xff")) and any(root in content for root in _ROOTS):
        return Kind.STRUCTURED
    if head.startswith(_IMAGES) or said_type in _IMAGE_TYPES:
        return Kind.BESIDE
    if head.startswith(_PAGES):
        return Kind.LAID_OUT
    if said_subtype in ("XML", "X-HL7-CDA-LEVEL-ONE"):
        return Kind.DAMAGED
    return Kind.LAID_OUT if names_document or said_subtype in _PAGE_TYPES else Kind.BESIDE
