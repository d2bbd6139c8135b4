"""What the messages of one HL7 v2 file share while it is read: what was read once is not read again."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from app.emitted.hl7v2_codes import LONGEST, Coded, coded, unit
from app.emitted.hl7v2_persons import Persons
from app.emitted.hl7v2_report import Act
from app.emitted.hl7v2_text import Dialect
from app.emitted.observed import CodeSystems, Observed, ObservedResult

DocumentReader = Callable[[bytes, str, CodeSystems], Iterator[Observed]]
"""Reads a clinical document; the place where it stands, and how codes are told apart."""

_MOST_KEPT = 50_000
"""Analyses that are remembered at once."""


@dataclass(slots=True)
class Analysis:
    """What an OBX names; its results, shared by all that are written alike."""

    coded: Coded
    unit: str
    section: str
    slot: str
    results: dict[tuple[int, bool], ObservedResult] = field(default_factory=dict)

    def result(self, times: int, is_withdrawn: bool) -> ObservedResult:
        """One of its results, the first one of its report or one of several in the same slot."""
        known = self.results.get((times, is_withdrawn))
        if known is None:
            known = self.results[times, is_withdrawn] = ObservedResult(
                self.coded.loinc,
                self.coded.local,
                self.unit,
                self.section,
                self.coded.has_waiting_code,
                f"{self.slot}\x1f{times}" if times else self.slot,
                is_withdrawn,
            )
        return known


class File:
    """What is shared by the messages of a file."""

    def __init__(self, systems: CodeSystems, read_document: DocumentReader) -> None:
        self.systems = systems
        self.read_document = read_document
        self.persons = Persons()
        self._coded: dict[tuple[Dialect, bytes], Coded] = {}
        self._analyses: dict[tuple[Dialect, str, str, bytes, bytes, bytes], Analysis] = {}

    def coded(self, dialect: Dialect, raw: bytes) -> Coded:
        """The codes of a field."""
        raw = raw[:LONGEST]
        known = self._coded.get((dialect, raw))
        if known is None:
            if len(self._coded) >= _MOST_KEPT:
                self._coded.clear()
            known = self._coded[dialect, raw] = coded(dialect, raw, self.systems)
        return known

    def analysis(self, dialect: Dialect, act: Act, names: bytes, sub: bytes, raw_unit: bytes) -> Analysis:
        """What an OBX under this act names, with its sub-identifier and unit."""
        names, sub, raw_unit = names[:LONGEST], sub[:LONGEST], raw_unit[:LONGEST]
        key = (dialect, act.name, act.section, names, sub, raw_unit)
        known = self._analyses.get(key)
        if known is None:
            if len(self._analyses) >= _MOST_KEPT:
                self._analyses.clear()
            found = self.coded(dialect, names)
            slot = "\x1f".join((act.name, found.name, dialect.plain(dialect.text(sub))))
            known = self._analyses[key] = Analysis(found, unit(dialect, raw_unit), act.section, slot)
        return known
