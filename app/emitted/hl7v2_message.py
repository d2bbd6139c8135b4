"""Reads one HL7 v2 message, segment by segment."""

import re
from collections.abc import Iterator
from dataclasses import replace

from app.emitted import hl7v2_damage as damage
from app.emitted.cda_document import moment
from app.emitted.hl7v2_codes import LONGEST
from app.emitted.hl7v2_documents import Kind, encapsulated, pointed
from app.emitted.hl7v2_file import File
from app.emitted.hl7v2_persons import MOST_FIELDS, TELLING
from app.emitted.hl7v2_report import CANCELLING, REPLACING, Act, Group
from app.emitted.hl7v2_text import UNSAID, Dialect, segments
from app.emitted.observed import Damaged, NoReport, Observed, ObservedReport, Sending

MOST_SEGMENTS = 100_000
"""Of one message."""
MOST_DAMAGED = 100
"""Of one message: what else is damaged there is not looked at."""
_LEAST_FIELDS, _MOST_FIELDS = 6, 30
"""Of an OBX: one that ends before its value was cut, since its status comes after."""

_RESULTS, _DOCUMENTS = frozenset({"ORU", "OUL"}), frozenset({"MDM"})
_LOOKED_AT = TELLING | {b"ORC", b"OBR", b"SPM", b"TXA"}
_WITHDRAWING = frozenset({b"D", b"W"})
_NO_RESULT = frozenset({b"I", b"N", b"O"})
_CORRECTED, _UNOBTAINABLE = b"C", b"X"
_SENT = frozenset({b"F", b"C"})
_ASKED = frozenset({b"AOE", b"QST", b"SCI"})
"""Kinds of observation (OBX-29) that come with an order: they are no results."""
_TEXTS = frozenset({b"TX", b"FT"})
_ENCAPSULATED, _POINTER = b"ED", b"RP"
_NULL = b'""'
_DIGITS = re.compile(r"\d{4,14}")


class Message:
    """Reads one message."""

    def __init__(self, file: File, dialect: Dialect, header: bytes, where: str) -> None:
        self._file = file
        self._dialect = dialect
        self._where = where
        # The separator after MSH is its first field.
        fields = [b"", *header.split(dialect.field, 12)]
        self._kind = dialect.components(self._written(fields, 9), 1)[0].strip().upper()[:3]
        stamped = dialect.components(self._written(fields, 7), 1)[0]
        digits = _DIGITS.match(stamped)
        self._time = moment(stamped) or (digits[0].ljust(14, "0") if digits else "")
        self._sender = "\x1f".join(dialect.plain(self._written(fields, place)) for place in (3, 4))
        marks = (dialect.component, dialect.repetition, dialect.subcomponent, " \t")
        self._blank = "".join(marks).replace(UNSAID, "").encode("ascii")
        self._damaged: list[tuple[int, str]] = []
        """Numbers of segments, 0 for the message itself, and why."""
        self._group = Group(is_of_results=self._kind not in _DOCUMENTS)
        self._groups = 0
        self._is_empty = True
        self._has_acts = False
        self._control = self._filler = self._placer = ""
        self._document = self._replaced = ""
        self._acts: dict[str, Act] = {}
        """Placer or filler number -> the act that bears it."""

    def read(self, lines: Iterator[bytes], *, is_cut: bool = False) -> Iterator[Observed]:
        """All that it says, what is damaged last and once."""
        if not self._kind:
            self._spoil(1, damage.NO_TYPE)
        elif self._kind not in _RESULTS and self._kind not in _DOCUMENTS:
            yield NoReport(self._where)
            return
        for number, segment in segments(lines, self._dialect.field):
            if number > MOST_SEGMENTS:
                self._spoil(number, damage.TOO_LONG)
                break
            if segment is None or (number > 1 and segment == b"MSH"):
                # A header of which its name alone is left is that of a message that was lost.
                self._spoil(number, damage.NO_SEGMENT)
                # That line may have been the order of what follows.
                self._group.in_order = True
            elif segment.startswith(b"OBX"):
                self._has_acts = True
                self._observation(number, segment)
            elif segment[:3] in _LOOKED_AT:
                if segment.startswith(b"PID") and self._group.acts:
                    yield from self._reports()
                self._other(segment[:3], segment.split(self._dialect.field, MOST_FIELDS))
        yield from self._reports()
        if is_cut:
            self._spoil(0, damage.CUT)
        if self._damaged:
            yield damage.told(self._where, self._damaged)
        elif self._kind in _RESULTS and not self._has_acts:
            yield damage.told(self._where, [(0, damage.EMPTY)])
        elif self._is_empty:
            yield NoReport(self._where)

    def _reports(self) -> Iterator[ObservedReport]:
        """Those of the patient who was read; another one may follow."""
        group = self._group
        self._group = Group(is_of_results=group.is_of_results)
        self._groups += 1
        self._control = self._filler = self._placer = ""
        if group.orphans and not group.acts:
            self._spoil(0, damage.NO_ORDER)
        shared = "\x1f".join(("message", self._where, str(self._groups)))
        for report in group.reports(self._where, self._time, shared):
            self._is_empty = False
            yield report

    def _other(self, name: bytes, fields: list[bytes]) -> None:
        if name in TELLING:
            self._group.words.append(self._file.persons.of(self._dialect, name, fields))
        if name == b"ORC":
            self._control = self._written(fields, 1).upper()
            self._placer, self._filler = self._number(fields, 2), self._number(fields, 3)
        elif name == b"OBR":
            self._order(fields)
        elif name == b"SPM":
            act = self._group.act
            self._group.in_specimen = act is None or act.has_observations
        elif name == b"TXA":
            self._document, self._replaced = self._number(fields, 12), self._number(fields, 13)

    def _order(self, fields: list[bytes]) -> None:
        self._has_acts = True
        names = self._file.coded(self._dialect, fields[4] if len(fields) > 4 else b"")
        placer, filler = self._number(fields, 2) or self._placer, self._number(fields, 3) or self._filler
        status = self._written(fields, 25).upper()
        act = Act(
            names.name,
            "" if names.is_document or not names.loinc else names.loinc[0],
            f"filler\x1f{filler}" if filler else f"placer\x1f{placer}" if placer else "",
            self._control,
            self._control in CANCELLING or status == "X",
            is_corrected=status == "C",
        )
        within = self._parent(fields)
        if within is not None and not act.section:
            act.section = within.section
        for place in (2, 3):
            if written := self._written(fields, place):
                self._acts[written] = act
        self._group.acts.append(act)
        self._group.in_specimen, self._group.in_order = False, True
        self._control = self._filler = self._placer = ""

    def _parent(self, fields: list[bytes]) -> Act | None:
        """The act that led to this one: OBR-29 holds its placer and its filler number, each in one component."""
        dialect = self._dialect
        parts = dialect.components(self._written(fields, 29), 2)
        numbers = (part.replace(dialect.subcomponent, dialect.component) for part in parts)
        return next((self._acts[number] for number in numbers if number in self._acts), None)

    def _observation(self, number: int, segment: bytes) -> None:
        fields = segment.split(self._dialect.field, _MOST_FIELDS)
        if len(fields) < _LEAST_FIELDS:
            self._spoil(number, damage.SHORT)
            return
        fields += [b""] * (12 - len(fields))
        if len(fields) > 16:
            self._group.words.append(self._file.persons.of(self._dialect, b"OBX", fields))
        value_type, status = fields[2].strip().upper(), fields[11].strip().upper()
        if value_type in (_ENCAPSULATED, _POINTER):
            self._encapsulated(number, value_type, fields, status)
        elif self._group.is_of_results:
            self._result(value_type, fields, status)

    def _result(self, value_type: bytes, fields: list[bytes], status: bytes) -> None:
        group = self._group
        value = fields[5].strip(self._blank)
        withdraws = status in _WITHDRAWING or (value == _NULL and status != _UNOBTAINABLE)
        if status in _NO_RESULT or not (value or withdraws or status == _UNOBTAINABLE):
            return
        if not group.in_order:
            group.orphans += 1
            return
        if group.in_specimen or (len(fields) > 29 and fields[29].strip().upper() in _ASKED):
            return
        if not group.acts:
            group.acts.append(Act())
        act = group.acts[-1]
        act.has_observations = True
        analysis = self._file.analysis(self._dialect, act, fields[3], fields[4], fields[6])
        names = analysis.coded
        if names.is_flag or names.is_comment or names.is_document:
            return
        is_text = value_type in _TEXTS
        if is_text and (names.has_no_code or act.last_text == analysis.slot):
            return
        act.last_text = analysis.slot if is_text else ""
        slot = (act.number, analysis.slot)
        times = group.times.get(slot, 0)
        group.times[slot] = times + 1
        group.results.append((len(group.acts) - 1, analysis.result(times, withdraws)))

    def _encapsulated(self, number: int, value_type: bytes, fields: list[bytes], status: bytes) -> None:
        names = self._file.coded(self._dialect, fields[3])
        if names.is_flag or self._group.in_specimen:
            return
        act = self._group.act or Act()
        deletes = status in _WITHDRAWING or (act.control in CANCELLING and status not in _SENT)
        replaces = status == _CORRECTED or act.control in REPLACING
        where = f"{self._where}, segment {number}"
        if value_type == _POINTER:
            if pointed(self._dialect, fields[5], names.is_document) is Kind.LAID_OUT:
                self._laid_out(act, where, deletes)
            return
        is_read = False
        for document in encapsulated(self._dialect, fields[5], names.is_document):
            self._group.has_encapsulated |= document.kind is not Kind.BESIDE
            if document.kind is Kind.STRUCTURED:
                for found in self._file.read_document(document.content, where, self._file.systems):
                    if isinstance(found, ObservedReport):
                        is_read = True
                        self._clinical(act, found, deletes, replaces)
                    elif isinstance(found, Damaged) and not deletes:
                        self._spoil(number, found.reason)
            elif document.kind is Kind.LAID_OUT:
                is_read = True
                self._laid_out(act, where, deletes)
            elif document.kind is Kind.DAMAGED and not deletes:
                self._spoil(number, damage.UNREADABLE)
        if deletes and not is_read and names.is_document:
            self._delete_known(act, where)

    def _clinical(self, act: Act, found: ObservedReport, deletes: bool, replaces: bool) -> None:
        """A clinical document: it names itself and what it replaces; where it does not, its order does."""
        number, time = found.version
        self._add(
            replace(
                found,
                is_deletion=found.is_deletion or deletes,
                # What the later message does with one document holds.
                version=(number, f"{time} {self._time}".strip()),
                sending=self._sending(act, supersedes=replaces and not found.replaces),
            )
        )

    def _laid_out(self, act: Act, where: str, deletes: bool) -> None:
        """A form without identifier: it is told by its orders, and only a cancelled order takes them back."""
        if act.control in CANCELLING or not deletes:
            form = ObservedReport(where, frozenset(), (), False, version=(0, self._time), is_deletion=deletes)
            self._add(replace(form, sending=self._sending(act)))

    def _delete_known(self, act: Act, where: str) -> None:
        """A deletion that repeats nothing, or what cannot be read: it takes back what its order was sent."""
        deletion = ObservedReport(where, frozenset(), (), True, version=(0, self._time), is_deletion=True)
        self._add(replace(deletion, sending=self._sending(act, supersedes=True)))

    def _sending(self, act: Act, *, supersedes: bool = False) -> Sending:
        orders = frozenset({act.number, self._document} - {""})
        named = orders | ({self._replaced} - {""}) if supersedes else frozenset[str]()
        return Sending(self._where, self._time, orders, named)

    def _add(self, document: ObservedReport) -> None:
        self._group.has_encapsulated = True
        self._group.documents.append((len(self._group.acts), document))

    def _written(self, fields: list[bytes], place: int) -> str:
        """A field with its escapes; empty where it is missing or null."""
        if place >= len(fields) or not fields[place]:
            return ""
        return self._dialect.text(fields[place][:LONGEST]).strip().strip('"')

    def _number(self, fields: list[bytes], place: int) -> str:
        """An identifier of this sender."""
        written = self._written(fields, place)
        if not written:
            return ""
        first = self._dialect.repetitions(written, 1)[0]
        parts = "\x1f".join(self._dialect.plain(part) for part in self._dialect.components(first, 4)).rstrip("\x1f")
        return f"{self._sender}\x1f{parts}" if parts else ""

    def _spoil(self, number: int, reason: str) -> None:
        if len(self._damaged) < MOST_DAMAGED:
            self._damaged.append((number, reason))
