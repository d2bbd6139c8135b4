"""Reads reports in CDA R2: the results of those in a structure (level 3), the presence of the others (level 1).

A document is found at any depth: some travel inside a style sheet, others inside an envelope, others one after the
other in one file. Read as a stream, since a report may carry megabytes of pictures; a document type declaration is
refused, so nothing expands. What is a result is told in `app/emitted/cda_document.py`.
"""

import re
from collections.abc import Iterator
from typing import Any
from xml.parsers import expat

from app.emitted.cda_document import Document, TooMuchError
from app.emitted.cda_elements import DOCUMENTS, HL7
from app.emitted.observed import CodeSystems, Damaged, Observed, Refused

_CHUNK = 1 << 16
MOST_DEPTH = 400
MOST_ELEMENTS = 2_000_000
MOST_TOGETHER = 10_000
"""Documents that follow each other in one file."""
MOST_TOKEN_BYTES = 4_000_000
"""Of one tag, comment or instruction: the parser reads one from its beginning each time a piece of it comes, so the
time it takes grows as its square. Texts are not bounded by it."""
_DAMAGED = "ce document CDA n’est pas du XML bien formé\u202f: ce qui suit n’est pas lu"
_TOO_MUCH = "ce document CDA dépasse ce que l’atelier accepte de lire (niveaux, éléments ou résultats)"
_DECLARED = "ce document CDA déclare une DTD ou des entités\u202f: il n’est pas lu"
_NONE = "ce fichier XML ne contient aucun document CDA"
_HEAD = re.compile(rb"<(?:[\w.-]{1,40}:)?ClinicalDocument[\s>/]")
_BEFORE = re.compile(rb"(?:\xef\xbb\xbf)?[ \t\r\n]+(?=<)")
"""What some systems write before the declaration of XML, where nothing may stand."""
_BLANKS = b" \t\r\n\0\x1a\x1c"
"""What some systems write after a document: ends of lines, of files, of messages."""


_REFUSING = (
    "StartDoctypeDeclHandler EntityDeclHandler UnparsedEntityDeclHandler ExternalEntityRefHandler".split()
)


class _DeclaredError(Exception):
    """A document type or an entity is declared."""


def looks_like_cda(head: bytes) -> bool:
    """Whether XML of any encoding holds a clinical document: `head` may be the whole file."""
    return bool(_HEAD.search(head) or (b"\0" in head[:4] and _HEAD.search(head.replace(b"\0", b""))))


def read_cda(content: bytes, place: str, systems: CodeSystems) -> Iterator[Observed]:
    """The documents of a file in XML, in order; what is damaged is told by its place, after those read before it.

    Serves a document that a message carries in base64 too, once it is decoded.
    """
    found, reason = _documents(content, place, systems, None)
    if reason == _DAMAGED and not found:
        # Some systems write ISO-8859-1 and say nothing, or UTF-8: codes and units are ASCII in both.
        other, reason_then = _documents(content, place, systems, "iso-8859-1")
        if reason_then != _DAMAGED:
            found, reason = other, reason_then
    yield from found
    if reason in (_DECLARED, _TOO_MUCH) and not found:
        yield Refused(place, reason)
    elif reason:
        yield Damaged(place, reason)
    elif not found:
        yield Damaged(place, _NONE)


def _documents(content: bytes, place: str, systems: CodeSystems, encoding: str | None) -> tuple[list[Observed], str]:
    """The documents that could be read, and why the rest could not; empty when all was."""
    handler = _Handler(place, systems)
    blanks = _BEFORE.match(content)
    at = blanks.end() if blanks else 0
    for _ in range(MOST_TOGETHER):
        try:
            end = _parse(content, at, handler, encoding)
        except _DeclaredError:
            return handler.done, _DECLARED
        except TooMuchError:
            return handler.done, _TOO_MUCH
        if end is None:
            return handler.done, _DAMAGED
        at = end
        if not content[at : at + _CHUNK].strip(_BLANKS):
            return handler.done, ""
    return handler.done, _TOO_MUCH


def _parse(content: bytes, at: int, handler: "_Handler", encoding: str | None) -> int | None:
    """Read one root element and all it holds; where what follows it begins, None for damage."""
    parser = expat.ParserCreate(encoding, namespace_separator=" ")
    parser.buffer_text = True
    handler.attach(parser)
    fed = 0
    try:
        for start in range(at, len(content), _CHUNK):
            piece = content[start : start + _CHUNK]
            parser.Parse(piece, start + _CHUNK >= len(content))
            fed += len(piece)
            if fed - parser.CurrentByteIndex > MOST_TOKEN_BYTES:
                raise TooMuchError
    except expat.ExpatError:
        # Its message may quote what is written there.
        if handler.is_closed and parser.ErrorByteIndex > 0:
            return _following(content, at + parser.ErrorByteIndex)
        return None
    except (ValueError, LookupError, UnicodeError):
        return None
    finally:
        handler.detach()
    return len(content) if handler.is_closed else None


def _following(content: bytes, at: int) -> int | None:
    """Where a document begins after another one, or the file ends; None for anything else."""
    rest = content[at : at + _CHUNK]
    return at if rest.startswith(b"<") or not rest.strip(_BLANKS) else None


class _Handler:
    """Follows the elements of a file."""

    def __init__(self, place: str, systems: CodeSystems) -> None:
        self.done: list[Observed] = []
        self.is_closed = False
        """Whether a root element was read to its end, and none is open."""
        self._place = place
        self._systems = systems
        self._path: list[str] = []
        self._elements = 0
        self._document: Document | None = None
        self._parser: Any = None

    def attach(self, parser: Any) -> None:
        """Have the parser tell what it reads, and refuse what expands."""
        self._parser = parser
        self.is_closed = False
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        for name in _REFUSING:
            setattr(parser, name, self._refuse)

    def detach(self) -> None:
        """Leave the parser: each holds the other, and what was read of thousands of files would wait to be freed."""
        for name in ("StartElementHandler", "EndElementHandler", "CharacterDataHandler", *_REFUSING):
            setattr(self._parser, name, None)
        self._parser = None

    def _refuse(self, *_declared: object) -> None:
        raise _DeclaredError

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        self._path.append(name)
        if self._elements > MOST_ELEMENTS or len(self._path) > MOST_DEPTH:
            raise TooMuchError
        if self._document is not None:
            self._document.start(name.removeprefix(HL7), attributes, self._path)
            self._parser.CharacterDataHandler = self._document.text if self._document.tells_of_persons else None
        elif name in DOCUMENTS:
            number = f", document {len(self.done) + 1}" if self.done else ""
            self._document = Document(len(self._path), f"{self._place}{number}", self._systems)

    def _end(self, name: str) -> None:
        document = self._document
        if document is not None:
            if len(self._path) == document.depth:
                self.done.append(document.read())
                self._document, self._parser.CharacterDataHandler = None, None
            else:
                document.end(len(self._path))
                self._parser.CharacterDataHandler = document.text if document.tells_of_persons else None
        self._path.pop()
        self.is_closed = not self._path
