"""What is known of each local test when a catalogue goes out, and why a row goes out without a code."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.models import Level, Outcome, Status
from app.terminology.grace import NO_LIMIT, GraceRule
from app.text import release_title


class Incomplete(StrEnum):
    """What to do when rows have no code to give: leave them empty, or refuse the whole export."""

    BLANK = "blank"
    REFUSE = "refuse"


class SglSeverity(StrEnum):
    """How the laboratory system will take it."""

    BLOCKING = "blocking"
    WARNING = "warning"


class UncodedReason(StrEnum):
    """Why a row leaves without a code."""

    TODO = "todo"
    DOUBT = "doubt"
    DECIDED = "decided"
    SENT_BACK = "sent_back"
    NO_LOINC = "no_loinc"
    OUT_OF_SCOPE = "out_of_scope"
    BLOCKED = "blocked"
    DEPRECATED = "deprecated"

    @property
    def label(self) -> str:
        """The reason in French."""
        return _REASON_LABELS[self]

    @property
    def short_label(self) -> str:
        """The reason as a heading of a column."""
        return _REASON_SHORT[self]

    @property
    def is_settled(self) -> bool:
        """Whether a biologist approved that the row has no code: nothing is missing then."""
        return self in (UncodedReason.NO_LOINC, UncodedReason.OUT_OF_SCOPE)


_REASON_LABELS = {
    UncodedReason.TODO: "non décidé",
    UncodedReason.DOUBT: "en doute",
    UncodedReason.DECIDED: "décidé, pas encore approuvé",
    UncodedReason.SENT_BACK: "renvoyé par le biologiste",
    UncodedReason.NO_LOINC: "aucun code LOINC n'existe (approuvé)",
    UncodedReason.OUT_OF_SCOPE: "hors périmètre (approuvé)",
    UncodedReason.BLOCKED: "code approuvé que le SGL refuserait",
    UncodedReason.DEPRECATED: "code approuvé que LOINC a retiré, à remplacer : la date limite est passée",
}


_REASON_SHORT = {
    UncodedReason.TODO: "À décider",
    UncodedReason.DOUBT: "En doute",
    UncodedReason.DECIDED: "À approuver",
    UncodedReason.SENT_BACK: "Renvoyées",
    UncodedReason.NO_LOINC: "Aucun code LOINC",
    UncodedReason.OUT_OF_SCOPE: "Hors périmètre",
    UncodedReason.BLOCKED: "Code bloqué",
    UncodedReason.DEPRECATED: "Code retiré",
}


LEVEL_LABELS = {
    Level.CHAPTER: "Chapitres",
    Level.SUBCHAPTER: "Sous-chapitres",
    Level.EXAM: "Examens",
    Level.ANALYSIS: "Analyses",
}


@dataclass(frozen=True, slots=True)
class PublishedTerm:
    """What an export says of a LOINC term, as LOINC or the producer of the translation wrote it."""

    loinc_num: str
    long_common_name: str
    french_name: str = ""
    french_producer: str = ""
    status: str = "ACTIVE"
    replacements: tuple[str, ...] = ()
    """Codes that LOINC gives in place of a retired or discouraged one; a human chooses."""
    is_left_out: bool = False
    """LOINC retired it, and the day until which such codes count has passed."""
    system: str = ""
    method: str = ""
    scale: str = ""
    copyright_notice: str = ""

    @property
    def label(self) -> str:
        """The official French name when it is loaded, else the LOINC long common name."""
        return self.french_name or self.long_common_name


@dataclass(frozen=True, slots=True)
class PublishedTest:
    """A local test with its facts: the decision in force, and its approval if there is one."""

    id: int
    level: Level
    code: str
    label: str
    source_row_id: int | None = None
    position: int = 0
    synonym: str = ""
    unit_code: str = ""
    unit: str = ""
    specimen_code: str = ""
    specimen: str = ""
    technique: str = ""
    property_kind: str = ""
    timing: str = ""
    scale: str = ""
    nabm: str = ""
    chapter_code: str = ""
    subchapter_code: str = ""
    chapter: str = ""
    is_subcontracted: bool = False
    is_retired: bool = False
    retired_at: datetime | None = None
    """When a newer export no longer held the row."""
    status: Status = Status.TODO
    is_withdrawn: bool = False
    """Whether an approval was given, and taken back since."""
    outcome: Outcome = Outcome.NONE
    loinc_num: str = ""
    relation: str = ""
    reason: str = ""
    justification: str = ""
    comments: tuple[str, ...] = ()
    release_version: str = ""
    """The release that was loaded when the code was chosen."""
    decided_by: str = ""
    decided_at: datetime | None = None
    approved_by: str = ""
    approved_at: datetime | None = None
    term: PublishedTerm | None = None
    """The chosen code in the current release; None when the release does not know it."""

    @property
    def code_exists(self) -> bool:
        """Whether the chosen code is known."""
        return self.term is not None

    @property
    def code_is_left_out(self) -> bool:
        """Whether the chosen code was retired and no longer counts."""
        return self.term is not None and self.term.is_left_out

    @property
    def is_approved(self) -> bool:
        """Whether a biologist approved what is in force."""
        return self.status is Status.APPROVED

    @property
    def comment(self) -> str:
        """All that was written about the mapping, in order."""
        return " ".join(text for text in (*self.comments, self.justification) if text)


@dataclass(frozen=True, slots=True)
class ExamContent:
    """An analysis that an exam contains; `analysis_id` is None when the catalogue does not hold it."""

    analysis_id: int | None
    code: str
    label: str


@dataclass(frozen=True, slots=True)
class Issue:
    """One thing the laboratory system will say about a row."""

    severity: SglSeverity
    rule: str
    test: PublishedTest
    message: str


@dataclass(frozen=True, slots=True)
class PublishedRelease:
    """The LOINC release an export speaks of."""

    id: int
    version: str
    kind: str
    grace: GraceRule = NO_LIMIT
    """What holds for the codes that it retired."""

    def leaves_out(self, status: str) -> bool:
        """Whether codes of this status neither count nor leave any more."""
        return status == "DEPRECATED" and self.grace.is_over

    @property
    def loinc_version(self) -> str:
        """The number by which LOINC knows the release; our starter terminology has none."""
        return self.version if self.kind == "official" else ""

    @property
    def title(self) -> str:
        """How the release is named to the reader."""
        return release_title(self.version)
