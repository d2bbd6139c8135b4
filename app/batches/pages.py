"""What the pages of the batches hold."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from app.batches.gate import Gate, Precision
from app.models import Catalogue
from app.terminology.naming import TermName
from app.web.templating import PageContext
from app.web.wording import Word
from app.worklist.queue import QueueRow


@dataclass(frozen=True, slots=True, kw_only=True)
class GatePage(PageContext):
    """Before a batch: what would pass, what would not and why, and what may be expected."""

    active: str = "revue"
    catalogue: Catalogue
    title_of_rows: str
    gate: Gate
    precision: Precision | None
    is_cut: bool
    most: int
    lowest: str
    bands: Sequence[tuple[str, str, str, bool]]
    """(word, label, address, is chosen) of the confidences that may be let through."""
    scopes: Sequence[tuple[str, int, str, bool]]
    """(label, rows, address, is chosen): the filtered rows, this page, the ticked rows."""
    unread_choices: Sequence[tuple[str, str, bool]]
    """(label, address, is chosen): whether rows of which not all was read are left or taken."""
    ask_url: str
    ids: Sequence[int]
    queue_url: str
    can_ask: bool
    sampled: int
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchLine:
    """A batch in the list."""

    number: int
    url: str
    kind: str
    title: str
    author: str
    at: datetime
    rows: int
    done: int
    refused: int
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchesPage(PageContext):
    """The batches of a catalogue, the newest first."""

    active: str = "revue"
    catalogue: Catalogue
    lines: Sequence[BatchLine]
    more_url: str
    new_url: str
    only_mine: bool
    all_url: str
    mine_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerLine:
    """What became of a row."""

    url: str
    code: str
    label: str
    specimen: str
    unit: str
    loinc_num: str
    confidence: float | None
    state: Word
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchPage(PageContext):
    """One batch: what was asked, what became of each row, and how to take it back."""

    active: str = "revue"
    catalogue: Catalogue
    line: BatchLine
    waiting: int
    job_id: int | None
    expected: float | None
    expected_least: float | None
    said: str
    of_url: str
    of_number: int | None
    back_url: str
    """The page of the batch that took this one back; empty while nobody did."""
    may_take_back: bool
    take_back_url: str
    answers: Sequence[AnswerLine]
    hidden: int
    """Rows among them that are not shown to this person: their decisions are hidden from her."""
    only_refused: bool
    all_url: str
    refused_url: str
    next_url: str
    csv_url: str
    queue_url: str
    list_url: str
    readings: str = ""
    """How far the second readings of its sample are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRow:
    """A row of a group."""

    row: QueueRow
    version: int
    is_ticked: bool
    """Rows already decided otherwise are left out until she says so."""
    is_open: bool
    held: str
    """Why the row is left to a colleague; empty when it is not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupCandidate:
    """A candidate of the group, as its first row has it."""

    loinc_num: str
    name: TermName
    band: Word | None
    confidence: float
    has_contradiction: bool
    axes: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupPage(PageContext):
    """Rows that say the same, and one answer for those that are ticked."""

    active: str = "revue"
    catalogue: Catalogue
    case_url: str
    queue_url: str
    says: Sequence[tuple[str, str]]
    """What the rows share: (axis, value)."""
    rows: Sequence[GroupRow]
    is_cut: bool
    candidates: Sequence[GroupCandidate]
    ask_url: str
    can_decide: bool
    no_loinc_reasons: Sequence[str]
    out_of_scope_reasons: Sequence[str]
    relations: Sequence[tuple[str, str]]
    problem: str = ""
    form: dict[str, str] = field(default_factory=dict)
