"""Reads reports in CDA R2: the results of those in a structure (level 3), the presence of the others (level 1).

A document is found at any depth: some travel inside a style sheet, others inside an envelope. Read as a stream, since
a report may carry megabytes of pictures; a document type declaration is refused, so nothing expands.

What is a result: an observation that has a value, or says why it has none (a nullFlavor, of its value or its own),
below an act of results of a laboratory. What is none: comments, the type of an attached document, pictures, ranges of
reference, batteries and isolates themselves, and an earlier result that a result refers to.
"""

import re
from collections.abc import Iterator
from typing import Any
from xml.parsers import expat

from app.emitted.cda_elements import (
    DOCUMENT,
    HL7,
    LAB_DOCUMENT_CODES,
    LAB_DOCUMENTS,
    LOINC,
    Statement,
)
from app.emitted.masking import folded_words
from app.emitted.observed import CodeSystems, Damaged, Observed, ObservedReport, ObservedResult

_CHUNK = 1 << 16
MOST_DEPTH = 400
MOST_ELEMENTS = 2_000_000
MOST_RESULTS = 100_000
"""Of one document: the largest reports have some hundreds."""
_MOST_WORDS = 5_000
_LONGEST_TEXT = 2_000
_DAMAGED = "ce document CDA n'est pas du XML bien formé : ce qui suit n'est pas lu"
_TOO_MUCH = "ce document CDA dépasse ce que l'atelier accepte de lire (niveaux, éléments ou résultats)"
_DECLARED = "ce document CDA déclare une DTD ou des entités : il n'est pas lu"
_HEAD = re.compile(rb"<(?:[\w.-]{1,40}:)?ClinicalDocument[\s>/]")
_PERSONS = frozenset(
    "recordTarget author dataEnterer informant custodian informationRecipient legalAuthenticator authenticator "
    "participant performer responsibleParty encounterParticipant subject assignedEntity assignedAuthor "
    "guardian relatedEntity associatedEntity".split()
)
"""Elements whose words tell of persons."""
_TOLD_OF_PERSONS = ("extension", "value")
"""Attributes of these: identifiers, dates of birth, telephone numbers and addresses of mail."""
_NUMBER = re.compile(r"[0-9]{1,9}", re.ASCII)
_LONGEST_TIME = 40
_NEVER_RESULTS = frozenset({"specimen", "observationRange", "observationMedia", "regionOfInterest"})
_TRANSLATIONS = (["code", "translation"], ["code", "translation", "translation"])
_TERMS = tuple(["value", term] for term in ("low", "high", "center", "numerator", "denominator"))
_DEEPEST_PART = 3
_STATEMENTS = frozenset(
    "section entry act organizer observation procedure substanceAdministration supply encounter".split()
) | _NEVER_RESULTS
_EARLIER = "REFR"
"""How a result refers to another one, made before."""


class _StopReadingError(Exception):
    """What is read goes beyond the bounds, or declares what is refused; says why."""


def looks_like_cda(head: bytes) -> bool:
    """Whether XML of any encoding holds a clinical document: `head` may be the whole file."""
    return bool(_HEAD.search(head.replace(b"\0", b"")))


def read_cda(content: bytes, place: str, systems: CodeSystems) -> Iterator[Observed]:
    """The documents of a file in XML, in order; what is damaged is told by its place, after those read before it."""
    found, reason = _documents(content, place, systems, None)
    if reason == _DAMAGED and not found:
        # Some systems write ISO-8859-1 and say nothing, or UTF-8: codes and units are ASCII in both.
        other, reason_then = _documents(content, place, systems, "iso-8859-1")
        if reason_then != _DAMAGED:
            found, reason = other, reason_then
    yield from found
    if reason:
        yield Damaged(place, reason)
    elif not found:
        yield Damaged(place, "ce fichier XML ne contient aucun document CDA")


def _documents(
    content: bytes, place: str, systems: CodeSystems, encoding: str | None
) -> tuple[list[ObservedReport], str]:
    """The documents that could be read, and why the rest could not; empty when all was."""
    handler = _Handler(place, systems)
    parser = expat.ParserCreate(encoding, namespace_separator=" ")
    parser.buffer_text = True
    handler.attach(parser)
    try:
        for start in range(0, len(content), _CHUNK):
            parser.Parse(content[start : start + _CHUNK], start + _CHUNK >= len(content))
    except _StopReadingError as error:
        return handler.done, str(error)
    except (expat.ExpatError, ValueError, LookupError, UnicodeError):
        # Their messages may quote what is written there.
        return handler.done, _DAMAGED
    return handler.done, "" if content else _DAMAGED


class _Handler:
    """Follows the elements of a file."""

    def __init__(self, place: str, systems: CodeSystems) -> None:
        self.done: list[ObservedReport] = []
        self._place = place
        self._systems = systems
        self._path: list[str] = []
        self._elements = 0
        self._document: _Document | None = None

    def attach(self, parser: Any) -> None:
        """Have the parser tell what it reads, and refuse what expands."""
        self._parser = parser
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        for name in ("StartDoctypeDeclHandler", "EntityDeclHandler", "UnparsedEntityDeclHandler"):
            setattr(parser, name, self._refuse)
        parser.ExternalEntityRefHandler = self._refuse

    def _refuse(self, *_declared: object) -> None:
        raise _StopReadingError(_DECLARED)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        self._path.append(name)
        if self._elements > MOST_ELEMENTS or len(self._path) > MOST_DEPTH:
            raise _StopReadingError(_TOO_MUCH)
        if self._document is not None:
            self._document.start(name.removeprefix(HL7), attributes, self._path)
            self._parser.CharacterDataHandler = self._document.text if self._document.tells_of_persons else None
        elif name == DOCUMENT:
            number = f", document {len(self.done) + 1}" if self.done else ""
            self._document = _Document(len(self._path), f"{self._place}{number}", self._systems)

    def _end(self, name: str) -> None:
        document = self._document
        if document is not None:
            if len(self._path) == document.depth:
                self.done.append(document.report())
                self._document, self._parser.CharacterDataHandler = None, None
            else:
                document.end(len(self._path))
                self._parser.CharacterDataHandler = document.text if document.tells_of_persons else None
        self._path.pop()


class _Document:
    """One clinical document while it is read."""

    def __init__(self, depth: int, place: str, systems: CodeSystems) -> None:
        self.depth = depth
        self._place = place
        self._systems = systems
        self._open: list[Statement] = []
        self._results: list[ObservedResult] = []
        self._keys: set[str] = set()
        self._replaces: set[str] = set()
        self._relation = ""
        self._link = ""
        """Type of the relation that was opened last, until a statement stands in it."""
        self._number = 0
        self._time = ""
        self._is_structured = False
        self._is_lab = False
        self._persons_depth = 0
        self._words: list[str] = []

    @property
    def tells_of_persons(self) -> bool:
        """Whether what is read now stands within an element about persons."""
        return self._persons_depth > 0 and len(self._words) < _MOST_WORDS

    def text(self, text: str) -> None:
        """Text within an element about persons."""
        if text.strip():
            self._words.append(text[:_LONGEST_TEXT])

    def start(self, tag: str, attributes: dict[str, str], path: list[str]) -> None:
        """An element begins; `path` ends with it."""
        depth = len(path)
        if tag in _PERSONS and not self._persons_depth:
            self._persons_depth = depth
        if self.tells_of_persons:
            self._words += (attributes[name][:_LONGEST_TEXT] for name in _TOLD_OF_PERSONS if name in attributes)
        if depth == self.depth + 1:
            self._header(tag, attributes)
        elif self._relation and depth == self.depth + 3:
            self._parent(tag, attributes)
        elif tag == "structuredBody" and depth == self.depth + 2:
            self._is_structured = True
        if tag in _STATEMENTS:
            self._statement(tag, attributes, depth)
        elif self._open:
            self._part(tag, attributes, path[self._open[-1].depth :])

    def end(self, depth: int) -> None:
        """An element of this depth ends."""
        if depth == self._persons_depth:
            self._persons_depth = 0
        if depth == self.depth + 1:
            self._relation = ""
        if self._open and self._open[-1].depth == depth:
            found = self._open.pop().result()
            if found is not None:
                self._results.append(found)
                if len(self._results) > MOST_RESULTS:
                    raise _StopReadingError(_TOO_MUCH)

    def report(self) -> ObservedReport:
        """What was read, at the end of the document."""
        return ObservedReport(
            place=self._place,
            keys=frozenset(self._keys),
            results=tuple(self._results),
            is_structured=self._is_structured,
            version=(self._number, self._time),
            replaces=frozenset(self._replaces),
            identities=folded_words(self._words),
        )

    def _header(self, tag: str, attributes: dict[str, str]) -> None:
        if tag in ("id", "setId"):
            self._keys |= _key(attributes)
        elif tag == "versionNumber":
            number = attributes.get("value", "")
            self._number = int(number) if _NUMBER.fullmatch(number) else 0
        elif tag == "effectiveTime":
            self._time = attributes.get("value", "")[:_LONGEST_TIME]
        elif tag == "templateId":
            self._is_lab |= attributes.get("root") in LAB_DOCUMENTS
        elif tag == "code":
            self._is_lab |= attributes.get("codeSystem") == LOINC and attributes.get("code") in LAB_DOCUMENT_CODES
        elif tag == "relatedDocument":
            self._relation = attributes.get("typeCode", "")

    def _parent(self, tag: str, attributes: dict[str, str]) -> None:
        """What says which document this one replaces, or is another form of."""
        if self._relation == "RPLC" and tag == "id":
            self._replaces |= _key(attributes)
        elif (self._relation == "RPLC" and tag == "setId") or (self._relation == "XFRM" and tag in ("id", "setId")):
            self._keys |= _key(attributes)

    def _statement(self, tag: str, attributes: dict[str, str], depth: int) -> None:
        if not self._open:
            found = Statement(tag, depth)
        else:
            above = self._open[-1]
            found = above.below(tag, depth)
            found.is_apart |= above.tag == "observation" and self._link == _EARLIER
        # A report whose sections say nothing of themselves is still that of a laboratory.
        found.is_lab |= tag == "act" and (found.is_lab_section or (self._is_lab and not found.has_template))
        found.is_apart |= tag in _NEVER_RESULTS or attributes.get("moodCode", "EVN") != "EVN"
        found.has_value = tag == "observation" and "nullFlavor" in attributes
        self._link = ""
        self._open.append(found)

    def _part(self, tag: str, attributes: dict[str, str], path: list[str]) -> None:
        """An element that says something of the statement it stands in; `path`: from the statement to it."""
        statement = self._open[-1]
        names = [name.removeprefix(HL7) for name in path[:_DEEPEST_PART]] if len(path) <= _DEEPEST_PART else []
        if tag == "entryRelationship":
            self._link = attributes.get("typeCode", "")
        elif names == ["templateId"]:
            statement.take_template(attributes.get("root", ""))
        elif names == ["code"] or names in _TRANSLATIONS:
            statement.take_code(attributes, self._systems)
        elif names == ["value"]:
            statement.has_value = True
            statement.take_unit(attributes)
        elif names in _TERMS:
            statement.take_unit(attributes, is_divisor=tag == "denominator")


def _key(attributes: dict[str, str]) -> set[str]:
    """What tells a document or a set of them from any other, of this run only."""
    root, extension = attributes.get("root", ""), attributes.get("extension", "")
    return {f"{root}^{extension}"} if root or extension else set()
