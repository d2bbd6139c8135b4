"""What is read of an emitted report: which codes and unit each result carries, and nothing of whom it is about.

Readers of each format yield these, inside the process apart; identifiers, keys and `identities` never leave it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class ObservedResult:
    """One result: an observation with a value, or with the reason of its absence, under a laboratory act."""

    loinc: tuple[str, ...]
    """The distinct codes said to be of LOINC, as written, in the order of the report."""
    local: tuple[str, ...]
    """The distinct codes of the laboratory's own, as written: those of no known national or international system."""
    unit: str = ""
    """As written; empty without."""
    section: str = ""
    """LOINC code of its chapter, the outermost section that has one, or of its battery where nothing else tells, as in
    HL7 v2; empty without."""
    has_waiting_code: bool = False
    """Whether it carries a code d'attente, of the system that the settings name."""
    slot: str = ""
    """Which result of its report this is, so that a correction replaces it; of this run only."""
    is_withdrawn: bool = False
    """Whether the report takes back what it said in this slot before."""


@dataclass(frozen=True, slots=True)
class Sending:
    """Under what a message sent a document. Orders make no two documents one report: an order gives several."""

    message: str
    """Which message of this run, by its place."""
    time: str
    """When it was sent, as the fourteen digits of the time in Paris; empty where it does not say."""
    orders: frozenset[str]
    """Numbers that it came under: of its order, or of the document."""
    supersedes: frozenset[str] = frozenset()
    """Numbers whose documents, those that came last before, it replaces or takes back; it names none itself."""


@dataclass(frozen=True, slots=True)
class ObservedReport:
    """One report, or one document that is a version or a form of it."""

    place: str
    """Where it stands, in our words: « fichier 2, message 14 ». Never a file's name."""
    keys: frozenset[str]
    """What says that two documents are one report: identifiers of document, of set, of order; of this run only.

    Documents that share a key are one report. Empty where nothing tells: then it is a report of its own.
    """
    results: tuple[ObservedResult, ...]
    is_structured: bool
    """Whether it may carry results in a structure; a document around a PDF (level 1, N1) does not."""
    version: tuple[int, str] = (0, "")
    """Orders the versions of one report: its number where it has one, its time; then the order of reading."""
    replaces: frozenset[str] = frozenset()
    """Keys of the documents that this one replaces whole."""
    is_whole: bool = True
    """Whether it says all results of its report, so that it replaces an earlier version whole; a message of plain
    results corrects slot by slot."""
    renews: frozenset[str] = frozenset()
    """Acts, as the slots of their results begin (`act`, U+001F, the rest), of which it says all results again; of its
    own orders where it has some."""
    orders: tuple[str, ...] = ()
    """Of each of its results, the key of the order that it came under, empty for none; empty where no order is told.
    A slot is one of its order."""
    numbers: frozenset[str] = frozenset()
    """Those of its keys that are orders, of which the others of its report say nothing."""
    renewed: frozenset[str] = frozenset()
    """Those of `numbers` of which it says all results again, or takes them back: then it replaces, or deletes, no more
    of its report than these."""
    is_deletion: bool = False
    """Whether it takes the whole report back."""
    identities: frozenset[str] = frozenset()
    """The words that tell of persons in this report, folded: no code or unit equal to one of them leaves."""
    sending: Sending | None = None
    """Of a document that came in a message."""
    missing: frozenset[str] = frozenset()
    """Keys of results that it refers to and that do not stand where it does: another file may hold them."""


@dataclass(frozen=True, slots=True)
class Damaged:
    """A report, or a part of one, that could not be read."""

    place: str
    reason: str
    """In our words: nothing of what is written there."""


@dataclass(frozen=True, slots=True)
class Refused(Damaged):
    """A whole file of a sort that is not read: its reason names the sort."""


@dataclass(frozen=True, slots=True)
class NoReport:
    """What was read well and is no report of results: an acknowledgement, an admission."""

    place: str


Observed = ObservedReport | Damaged | NoReport


class ReportReader(Protocol):
    """Reads one format. `place` is where the content stands; yields one report at a time, raises nothing for what is
    damaged."""

    def __call__(self, content: bytes, place: str, systems: "CodeSystems") -> Iterator[Observed]: ...


@dataclass(frozen=True, slots=True)
class CodeSystems:
    """How codes are told apart."""

    waiting: frozenset[str] = frozenset({"1.2.250.1.213.1.1.5.130"})
    """Systems of the codes d'attente."""


@dataclass(frozen=True, slots=True)
class KnownAnalysis:
    """What the catalogue says of a local code."""

    approved: frozenset[str]
    """LOINC codes that biologists approved for it; empty for none, several where rows share the code."""
    chapter: str = ""
    is_retired: bool = False


@dataclass(frozen=True, slots=True)
class CatalogueIndex:
    """What the process that reads needs of a catalogue: its local codes, trimmed, and what is approved for each."""

    analyses: dict[str, KnownAnalysis]


@dataclass(frozen=True, slots=True)
class Seen:
    """What some results carried alike. Every part comes from a closed vocabulary or has the shape of a code."""

    local: str
    """A code of the catalogue, or one that has the shape of a code and is no person's; MASKED; empty without."""
    loinc: tuple[str, ...]
    """Codes with a right check digit, sorted; ILL_FORMED for any other text."""
    unit: str
    """In UCUM, as our table reads it: read again it has every dimension that was meant, where one spelling has;
    UNREAD for a text it does not know; empty without."""
    section: str
    """LOINC code of the section or battery, with a right check digit; empty without."""
    has_waiting_code: bool = False


MASKED = "•"
"""Instead of a local code that could tell of a person."""
ILL_FORMED = "?"
"""Instead of what stands where a LOINC code should, and is none."""
UNREAD = "?"
"""Instead of a unit that our table does not read."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """Reports that carried, in one domain, so many results (one at least) of which so many are effective."""

    domain: str
    """Chapter of the catalogue, or LOINC code of the section; empty: all results of the report."""
    results: int
    effective: int


@dataclass(frozen=True, slots=True)
class Counts:
    """All that leaves the process that reads: counts, and places of what was damaged."""

    reports: int
    """Those without results, and around a PDF, too; those that were taken back are not."""
    level1_reports: int
    """Those of them of which nothing that counts is structured."""
    seen: dict[Seen, int]
    """Results that carried it."""
    reports_of: dict[Seen, int]
    """Reports that carried it."""
    clusters: dict[Cluster, int]
    """Reports alike."""
    damaged: tuple[Damaged, ...]
    """The first of them, in the order of reading."""
    more_damaged: int = 0
    """Those beyond, of which no place is kept."""
    deleted_reports: int = 0
    """Reports that were read, and taken back as a whole."""

    @property
    def damaged_total(self) -> int:
        """Reports or parts that could not be read, all of them."""
        return len(self.damaged) + self.more_damaged
