"""What the case page shows: the local test, its candidates on the seven lines, and where to go."""

from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from app.cases.composition import ChapterCode, Composition
from app.cases.history import HistoryLine
from app.models import LocalTest, LoincTerm
from app.terminology.naming import TermName
from app.transcoding.check_words import Check, Checked
from app.transcoding.evidence import EvidenceLine
from app.web.wording import Word
from app.worklist.navigation import QueuePosition
from matcher.types import Axis

OF_THE_RELEASE = frozenset({"absent", "deprecated"})
"""Blocking checks that say something of the code in its release, and nothing of the row."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One candidate on one axis."""

    axis: Axis
    value: str
    gloss: str
    verdict: Word
    sentences: tuple[str, ...]
    is_contradiction: bool


@dataclass(frozen=True, slots=True)
class SetAside:
    """Who set a candidate aside or flagged the row, and when; the note of a flag."""

    author: str
    at: datetime
    note: str = ""


@dataclass(frozen=True, slots=True)
class CandidateColumn(Checked):
    """One column: a proposal, the code already decided, or a code found by search."""

    loinc_num: str
    rank: int
    """0 when it was not proposed."""
    digit: int
    """The key that chooses it, 0 when it has none."""
    name: TermName
    band: Word | None
    confidence: float | None
    cells: list[Cell]
    reasons: list[EvidenceLine]
    reservations: list[EvidenceLine]
    """What the engine did not read of the row, or is not sure to have read."""
    parts: list[EvidenceLine]
    """What its score is made of, line by line."""
    checks: list[Check]
    is_selected: bool
    is_decided: bool
    is_held: bool = True
    """Whether the release in use holds the code."""
    aside: SetAside | None = None
    """Who set it aside: it is struck, comes last and is never chosen in advance."""
    decided_by: str = ""
    """What chose it among its siblings, in a few words; empty when nothing did."""

    @property
    def is_contradicted(self) -> bool:
        """Whether something on the row says that this is not its code: no key may offer it by itself."""
        return any(cell.is_contradiction for cell in self.cells) or any(
            check.code not in OF_THE_RELEASE for check in self.blocking
        )


@dataclass(frozen=True, slots=True)
class FamilyHead:
    """What stands above neighbouring columns."""

    span: int
    difference: str
    """What the columns differ by when they are siblings; empty above a column that stands alone."""


@dataclass(frozen=True, slots=True)
class LocalValue:
    """What the laboratory wrote on one axis, and how it was understood."""

    axis: Axis
    title: str
    raw: str
    detail: str
    """A code or a synonym beside the text."""
    understood: str


@dataclass(frozen=True, slots=True)
class EarlierLine:
    """What earlier work says of the row."""

    loinc_num: str
    note: str
    relation: str
    reason: str
    comment: str
    said_status: str
    who: str
    where: str
    verdict: Word
    taken: str
    compare_url: str
    """Adds the code as a column; empty when it is one, or is no code that can be compared."""


@dataclass(frozen=True, slots=True)
class Suggested:
    """What comes with the code of earlier work that is to be confirmed, and with no other."""

    loinc_num: str
    relation: str
    comment: str


@dataclass(frozen=True, slots=True)
class SearchHit:
    """A term found by search."""

    term: LoincTerm
    name: TermName
    compare_url: str
    is_column: bool


@dataclass(frozen=True, slots=True)
class AxisChip:
    """An axis that the row says something of, by which the search is narrowed until the person takes it away."""

    axis: Axis
    title: str
    values: tuple[str, ...]
    is_on: bool


@dataclass(frozen=True, slots=True)
class SearchView:
    """The search inside the case; `text` is empty when nothing was asked."""

    text: str
    hits: list[SearchHit]
    is_without_release: bool
    chips: list[AxisChip] = field(default_factory=list)
    is_widened: bool = False
    """Whether these codes are found without the axes of the row, because none has them."""


@dataclass(frozen=True, slots=True)
class NothingFound:
    """Where the engine looked in vain, and what it understood."""

    release_title: str
    term_count: int
    is_starter: bool
    words: tuple[tuple[str, str], ...]
    """(words of the label, LOINC component)."""
    unread: tuple[str, ...]
    axes: list[tuple[str, str]]
    """(axis, values)."""


@dataclass(frozen=True, slots=True)
class Rights:
    """What this person may do to this row now; `*_reason` says that a reason is needed."""

    decide: bool
    approve: bool
    approve_refusal: str
    send_back: bool
    undo: bool
    undo_reason: bool
    reopen_reason: bool


NO_RIGHTS = Rights(False, False, "", False, False, False, False)
"""Of who may do nothing to the row."""


@dataclass(frozen=True, slots=True)
class Links:
    """Where the page leads."""

    queue: str
    """The list that the row was opened from: the queue, or the biologist's reading."""
    queue_name: str
    previous: str
    next: str
    next_to_decide: str
    next_to_approve: str
    decide: str
    undo: str
    undo_newest: str
    """Takes back this person's newest decision in the catalogue, on whichever row."""
    mark_candidate: str
    mark_row: str
    approve: str
    search: str
    """Where the search in place asks for the codes found."""
    more: str
    """More candidates, empty when all are shown."""


@dataclass(frozen=True, slots=True)
class CaseView:
    """Everything on the page."""

    test: LocalTest
    level: str
    version: int
    status: Word
    status_key: str
    decision: str
    unheld: Word | None
    """Where the release in use does not hold the decided code: nobody can approve it."""
    decided_by: str
    reason: str
    judgement: HistoryLine | None
    """The approval or the sending back in force."""
    asks_approver: bool
    """Whether a blocking check of the decided code waits for a justification that only the approver can give."""
    local: list[LocalValue]
    candidates: list[CandidateColumn]
    families: list[FamilyHead]
    """Above the candidates, in their order."""
    nontest_reason: str
    nontest_band: Word | None
    likely_reason: str
    """The usual reason that the engine's own comes nearest to, empty when it sees an analysis."""
    names_a_set: bool
    """Whether the engine reads in the label a set of tests, each of which has a code of its own."""
    is_probably_no_test: bool
    """Whether the engine trusts "no test" more than its best candidate."""
    nothing_found: NothingFound | None
    group_count: int
    """Rows that say the same on every axis, this one included."""
    group_url: str
    exams: list[tuple[str, str]]
    mates: list[str]
    """Some of the other analyses of its exams."""
    mates_count: int
    """How many there are in all."""
    composition: Composition | None
    """The analyses of an exam beside what its code gathers; None for any other row."""
    chapter_values: list[ChapterCode]
    """The codes that a chapter may be given, beside those that are compared."""
    from_chapters: Container[str]
    """The codes that stand as candidates because the list of chapters has them, and nothing was proposed."""
    history: list[HistoryLine]
    earlier: list[EarlierLine]
    suggested: Suggested | None
    instead: Sequence[str]
    """What LOINC gives in place of the decided code."""
    search: SearchView
    hidden: list[tuple[str, str]]
    position: QueuePosition
    rights: Rights
    links: Links
    no_loinc_reasons: tuple[str, ...]
    out_of_scope_reasons: tuple[str, ...]
    relations: list[tuple[str, str]]
    release_title: str
    flag: SetAside | None = None

    @property
    def comments(self) -> list[HistoryLine]:
        """What people wrote on the row, the latest first."""
        return [line for line in self.history if line.comment and not line.is_undone]

    @property
    def reference(self) -> CandidateColumn | None:
        """The candidate that the others are told apart from: the selected one, else the first."""
        return next((item for item in self.candidates if item.is_selected), next(iter(self.candidates), None))

    @property
    def has_siblings(self) -> bool:
        """Whether some columns are the same test but for the method or the precision."""
        return any(head.difference for head in self.families)
