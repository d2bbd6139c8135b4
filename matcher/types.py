"""The words of the matcher: what goes in (LocalTest, Term, Lexicon) and what comes out (Proposal, Evidence)."""

from dataclasses import dataclass, field
from enum import StrEnum


class Axis(StrEnum):
    """The six LOINC axes and the unit: the seven lines that a reviewer compares."""

    COMPONENT = "component"
    PROPERTY = "property"
    TIME = "time"
    SYSTEM = "system"
    SCALE = "scale"
    METHOD = "method"
    UNIT = "unit"


class Verdict(StrEnum):
    """How the local value meets the LOINC value on one axis."""

    AGREE = "agree"
    COMPATIBLE = "compatible"
    CONTRADICT = "contradict"
    UNKNOWN = "unknown"


class Band(StrEnum):
    """How far a proposal may be trusted."""

    SURE = "sure"
    TO_CHECK = "to_check"
    UNCERTAIN = "uncertain"


@dataclass(frozen=True, slots=True)
class LocalTest:
    """A row of a laboratory catalogue as the matcher reads it; every field but the label may be empty.

    Texts are as the laboratory wrote them. `analyses` are the labels of the analyses that an exam contains;
    `level` is analysis, exam, chapter or subchapter.
    """

    code: str = ""
    label: str = ""
    synonym: str = ""
    specimen: str = ""
    unit: str = ""
    technique: str = ""
    scale: str = ""
    timing: str = ""
    property_kind: str = ""
    nabm: str = ""
    chapter: str = ""
    exam: str = ""
    reference_range: str = ""
    results: str = ""
    level: str = "analysis"
    analyses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Term:
    """A LOINC term, fields unaltered; `usage` is ours (1 everyday … 3 specialised, 0 not said)."""

    loinc_num: str
    component: str
    property: str
    time_aspct: str
    system: str
    scale_typ: str
    method_typ: str = ""
    class_name: str = ""
    status: str = "ACTIVE"
    order_obs: str = ""
    long_common_name: str = ""
    short_name: str = ""
    units: str = ""
    rank: int = 0
    usage: int = 0
    related_names: str = ""
    french_name: str = ""


class Unread(StrEnum):
    """What of a local test was not read; the sentence of the line says which words."""

    WORDS = "words"
    SPECIMEN = "specimen"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One fact for or against a candidate: the axis, the verdict, and the French sentence shown to the biologist."""

    axis: Axis
    verdict: Verdict
    sentence: str
    local: str = ""
    term: str = ""
    weight: float = 0.0
    unread: Unread | None = None
    """What of the local test this line says was not read, however it words it."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A ranked candidate. `confidence` is the probability, in [0, 1], that it is right; rank 0 means "no test"."""

    rank: int
    loinc_num: str
    confidence: float
    band: Band
    evidence: tuple[Evidence, ...] = field(default=())

    @property
    def has_contradiction(self) -> bool:
        """Whether an axis contradicts the local test."""
        return any(item.verdict is Verdict.CONTRADICT for item in self.evidence)

    @property
    def unread(self) -> tuple[Unread, ...]:
        """What of the local test was not read."""
        return tuple(sorted({item.unread for item in self.evidence if item.unread is not None}))


@dataclass(frozen=True, slots=True)
class LexiconEntry:
    """What laboratories write, and the LOINC parts it stands for; tuples hold alternatives, most usual first."""

    expression: str
    kind: str = ""
    component: tuple[str, ...] = ()
    property: tuple[str, ...] = ()
    time: tuple[str, ...] = ()
    system: tuple[str, ...] = ()
    scale: tuple[str, ...] = ()
    method: tuple[str, ...] = ()
    context: tuple[tuple[str, str], ...] = ()
    priority: int = 0
    """Among entries that read alike, 1 is the most usual meaning; 0 is not said, after those that say it."""
    is_english: bool = False
    """Written so in English catalogues: after the French meanings of the same writing."""
    needs_context: bool = False
    """Too short to be read so unless something of its context is in the row."""
    is_doubtful: bool = False
    """No source settles it yet: a proposal that rests on it is never sure."""


@dataclass(frozen=True, slots=True)
class Tables:
    """The lexicon and the tables that the matcher is given; it reads no file itself.

    Keys are as laboratories write; values are alternatives, most usual first. `units` gives
    (UCUM codes, dimensions), `timing` gives (time aspects, challenges), `chapters` gives (classes, systems).
    """

    lexicon: tuple[LexiconEntry, ...] = ()
    short_words: tuple[tuple[str, str], ...] = ()
    """(word, how laboratories shorten it): the expressions of the lexicon are read with either."""
    glued_words: tuple[tuple[str, str, str, str], ...] = ()
    """(piece, role, what it reads as, scope): what laboratory systems glue into one word, KU24."""
    units: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = ()
    specimens: tuple[tuple[str, tuple[str, ...]], ...] = ()
    label_specimens: tuple[tuple[str, tuple[str, ...]], ...] = ()
    suffix_specimens: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Abbreviations that name a specimen at the end of a label, and something else elsewhere: `U`, `sg`."""
    techniques: tuple[tuple[str, tuple[str, ...]], ...] = ()
    label_techniques: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """The writings of `techniques` that also name a technique inside a label; most words do not."""
    timing: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = ()
    scales: tuple[tuple[str, tuple[str, ...]], ...] = ()
    properties: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """What laboratories write in a column of quantities (« grandeur »)."""
    chapters: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = ()
    nontests: tuple[tuple[str, str], ...] = ()
    row_words: tuple[tuple[str, str, str], ...] = ()
    """Words of the rows that are no test or name a set of tests: the word, its class, the French reason."""
    national: tuple[tuple[str, str], ...] = ()
    """Codes that the country uses among siblings by method or precision, and the public source of each."""
    disciplines: tuple[tuple[str, str, tuple[str, ...]], ...] = ()
    """(key, French name, LOINC classes): how a biologist divides the laboratory."""
