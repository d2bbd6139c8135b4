"""One clinical document while it is read: what it says of itself, of its results, and the words that tell of persons.

What is a result: an observation that has a value, or says why it has none (a nullFlavor, of its value or its own),
below an act of results of a laboratory. What is none: comments, the type of an attached document, pictures, ranges of
reference, batteries and isolates themselves, samplings, prescriptions, problems of the patient, notifications of
public health, an earlier result that a result refers to, and a result that was written by mistake (nullified).

What makes two documents one report: an identifier of document or of set that both say, or that one of them gives as
the document it replaces (RPLC), is another form of (XFRM) or adds to (APND). The orders they fulfil make nothing one:
an order gives several reports — of the day, of the culture, of another laboratory — and systems write one for many.
"""

import re
from datetime import datetime

from app.emitted.cda_elements import HL7, LAB_DOCUMENT_CODES, LAB_DOCUMENTS, NEVER_RESULTS, STATEMENTS, Statement
from app.emitted.code_systems import bare
from app.emitted.masking import folded_words
from app.emitted.observed import CodeSystems, NoReport, ObservedReport, ObservedResult
from app.text import PARIS

MOST_RESULTS = 100_000
"""Of one document: the largest reports have some hundreds."""
_MOST_WORDS = 20_000
_LONGEST_TEXT = 2_000
_PERSONS = frozenset(
    "recordTarget author dataEnterer informant custodian informationRecipient legalAuthenticator authenticator "
    "participant performer responsibleParty encounterParticipant subject assignedEntity assignedAuthor "
    "guardian relatedEntity associatedEntity".split()
)
"""Elements whose words tell of persons."""
_TOLD_OF_PERSONS = ("extension", "value")
"""Attributes of these: identifiers, dates of birth, telephone numbers and addresses of mail."""
_NUMBER = re.compile(r"[0-9]{1,9}", re.ASCII)
_MOMENT = re.compile(r"([0-9]{4,14})(?:\.[0-9]{1,9})?([+-][0-9]{4})?", re.ASCII)
_TO_MINUTES, _TO_SECONDS = 12, 14
_TRANSLATIONS = (["code", "translation"], ["code", "translation", "translation"])
_TERMS = tuple(
    ["value", term] for term in ("low", "high", "center", "width", "numerator", "denominator", "origin", "scale")
)
_DEEPEST_PART = 3
_EARLIER = "REFR"
"""How a result refers to another one, made before."""
_REPLACES, _ADDS, _SAME = "RPLC", "APND", ("XFRM", "APND")
_PICTURES = ("image/", "video/", "audio/", "application/pdf", "application/dicom")
"""What a value that is an encapsulated document is no result of."""


class TooMuchError(Exception):
    """What is read goes beyond the bounds."""


class Document:
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
        self._is_addition = False
        self._is_lab = False
        self._has_code = False
        self._has_lab_entries = False
        self._persons_depth = 0
        self._words: dict[str, None] = {}
        self._pieces: list[str] = []
        """Of the text that is being read: it comes cut where the file was cut to be read."""
        self._left = _LONGEST_TEXT

    @property
    def tells_of_persons(self) -> bool:
        """Whether what is read now stands within an element about persons."""
        return self._persons_depth > 0 and len(self._words) < _MOST_WORDS

    def text(self, text: str) -> None:
        """A piece of text within an element about persons."""
        if self._left > 0:
            self._pieces.append(text[: self._left])
            self._left -= len(text)

    def start(self, tag: str, attributes: dict[str, str], path: list[str]) -> None:
        """An element begins; `path` ends with it."""
        depth = len(path)
        self._end_text()
        if tag in _PERSONS and not self._persons_depth:
            self._persons_depth = depth
        if self.tells_of_persons:
            told = (attributes[name] for name in _TOLD_OF_PERSONS if name in attributes)
            self._words.update((text[:_LONGEST_TEXT], None) for text in told)
        if depth == self.depth + 1:
            self._header(tag, attributes)
        elif self._relation and depth == self.depth + 3:
            self._parent(tag, attributes)
        if tag in STATEMENTS:
            self._statement(tag, attributes, depth)
        elif self._open:
            self._part(tag, attributes, path[self._open[-1].depth :])

    def end(self, depth: int) -> None:
        """An element of this depth ends."""
        self._end_text()
        if depth == self._persons_depth:
            self._persons_depth = 0
        if depth == self.depth + 1:
            self._relation = ""
        if self._open and self._open[-1].depth == depth:
            ended = self._open.pop()
            self._has_lab_entries |= ended.is_lab
            found = ended.result()
            if found is not None:
                self._results.append(found)
                if len(self._results) > MOST_RESULTS:
                    raise TooMuchError

    def read(self) -> ObservedReport | NoReport:
        """What was read, at the end of the document; no report where it says to be of another kind, and holds no
        results of a laboratory."""
        if self._has_code and not self._is_lab and not self._has_lab_entries:
            return NoReport(self._place)
        return ObservedReport(
            place=self._place,
            keys=frozenset(self._keys),
            results=tuple(self._results),
            # A body in sections that holds but a PDF, or texts, says no more than a level 1.
            is_structured=self._has_lab_entries,
            version=(self._number, self._time),
            replaces=frozenset(self._replaces),
            is_whole=not self._is_addition,
            identities=folded_words(self._words),
        )

    def _end_text(self) -> None:
        if self._pieces:
            text = "".join(self._pieces).strip()
            if text:
                self._words[text] = None
            self._pieces.clear()
        self._left = _LONGEST_TEXT

    def _header(self, tag: str, attributes: dict[str, str]) -> None:
        if tag in ("id", "setId"):
            self._keys |= _key(attributes)
        elif tag == "versionNumber":
            number = attributes.get("value", "").strip()
            self._number = int(number) if _NUMBER.fullmatch(number) else 0
        elif tag == "effectiveTime":
            self._time = moment(attributes.get("value", ""))
        elif tag == "templateId":
            self._is_lab |= attributes.get("root") in LAB_DOCUMENTS
        elif tag == "code":
            self._has_code = bool(attributes.get("code"))
            self._is_lab |= attributes.get("code", "").strip() in LAB_DOCUMENT_CODES
        elif tag == "relatedDocument":
            self._relation = attributes.get("typeCode", "")
            self._is_addition |= self._relation == _ADDS

    def _parent(self, tag: str, attributes: dict[str, str]) -> None:
        """What says which document this one replaces, adds to, or is another form of."""
        if self._relation == _REPLACES and tag == "id":
            self._replaces |= _key(attributes)
        elif (self._relation == _REPLACES and tag == "setId") or (self._relation in _SAME and tag in ("id", "setId")):
            self._keys |= _key(attributes)

    def _statement(self, tag: str, attributes: dict[str, str], depth: int) -> None:
        if not self._open:
            found = Statement(tag, depth, is_lab_document=self._is_lab)
        else:
            above = self._open[-1]
            found = above.below(tag, depth)
            found.is_apart |= above.tag == "observation" and self._link == _EARLIER
        # A report whose sections say nothing of themselves is still that of a laboratory.
        found.is_lab |= tag in ("act", "organizer", "observation") and found.is_lab_section
        found.is_lab |= tag == "act" and self._is_lab and not found.has_template and found.is_chapter is not False
        found.in_act |= tag == "act"
        found.is_apart |= tag in NEVER_RESULTS or attributes.get("moodCode", "EVN") != "EVN"
        found.has_value = tag == "observation" and "nullFlavor" in attributes
        self._link = ""
        self._open.append(found)

    def _part(self, tag: str, attributes: dict[str, str], path: list[str]) -> None:
        """An element that says something of the statement it stands in; `path`: from the statement to it."""
        statement = self._open[-1]
        names = [name.removeprefix(HL7) for name in path] if len(path) <= _DEEPEST_PART else []
        if tag == "entryRelationship":
            self._link = attributes.get("typeCode", "")
        elif names == ["templateId"]:
            statement.take_template(attributes.get("root", ""))
        elif names == ["code"] or names in _TRANSLATIONS:
            statement.take_code(attributes, self._systems)
        elif names == ["statusCode"]:
            statement.is_apart |= attributes.get("code") == "nullified"
        elif names == ["value"]:
            statement.has_value |= not attributes.get("mediaType", "").lower().startswith(_PICTURES)
            statement.take_unit(attributes)
        elif names in _TERMS:
            statement.take_unit(attributes, is_divisor=tag == "denominator")


def document_key(root: str, extension: str) -> str:
    """What tells a document or a set of them from any other, of this run only; empty for an identifier of nothing."""
    root, extension = bare(root), extension.strip()
    return f"{root}^{extension}" if root or extension else ""


def _key(attributes: dict[str, str]) -> set[str]:
    key = document_key(attributes.get("root", ""), attributes.get("extension", ""))
    return {key} if key else set()


def moment(written: str) -> str:
    """A time of HL7 v3 as the fourteen digits of the time in Paris, as messages that say no zone write it; empty for
    what is none. What is less exact comes before."""
    read = _MOMENT.fullmatch(written.strip())
    if read is None:
        return ""
    digits, zone = read[1], read[2]
    if zone and len(digits) in (_TO_MINUTES, _TO_SECONDS):
        try:
            told = datetime.strptime(f"{digits.ljust(_TO_SECONDS, '0')}{zone}", "%Y%m%d%H%M%S%z")
            return told.astimezone(PARIS).strftime("%Y%m%d%H%M%S")
        except (ValueError, OverflowError):
            return ""
    return digits.ljust(_TO_SECONDS, "0")
