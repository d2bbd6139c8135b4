"""Typed contexts of the pages of the double reading."""

from dataclasses import dataclass, field
from datetime import datetime

from app.cases.view import CandidateColumn, CaseView
from app.models import Catalogue, LocalTest
from app.web.meter import Meter
from app.web.templating import PageContext
from app.web.wording import Word


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedRow:
    """A row of one of the two lists."""

    url: str
    code: str
    occurrence: int
    label: str
    level: str
    chapter: str
    specimen: str
    unit: str
    first: str = ""
    """What the first reader said; never of a row that waits for its second reading."""
    second: str = ""
    state: str = ""
    """Where the row stands, in the list of disagreements."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OverviewPage(PageContext):
    """What waits for a second reading, and for a reconciliation."""

    active: str = "double-lecture"
    catalogue: Catalogue
    waiting: int
    mine: int
    nobodys: int
    in_disagreement: int
    to_read: list[ListedRow]
    more_to_read: str
    """Where the rest of a long list is; empty when all is shown."""
    disagreements: list[ListedRow]
    more_disagreements: str
    may_read: bool
    may_reconcile: bool
    start_url: str
    agreement_url: str
    shares_url: str
    notice: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BlindHit:
    """A code found by search."""

    loinc_num: str
    name: str
    lang: str
    axes: str
    compare_url: str
    is_column: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BlindPage(PageContext):
    """A row to read a second time, as if nobody had read it."""

    active: str = "double-lecture"
    catalogue: Catalogue
    case: CaseView
    request_id: str
    """The request that is answered."""
    address: str
    list_url: str
    next_url: str
    text: str
    hits: list[BlindHit]
    kept_codes: list[str]
    notice: str = ""
    problem: str = ""
    needs_justification: bool = False
    form: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingSide:
    """One of two readings that differ."""

    title: str
    author: str
    role: str
    at: datetime
    answer: str
    loinc_num: str
    relation: str
    reason: str
    comment: str
    justification: str
    can_be_kept: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconciliationPage(PageContext):
    """Two readings side by side, and the form that ends their disagreement."""

    active: str = "double-lecture"
    catalogue: Catalogue
    test: LocalTest
    status: Word
    is_approved: bool
    since: str
    """What was decided after the first reading; empty when nothing was."""
    case: CaseView
    sides: list[ReadingSide]
    columns: list[CandidateColumn | None]
    """The code of each reading on the seven lines, None of a reading without code."""
    version: int
    reading: str
    address: str
    list_url: str
    case_url: str
    refusal: str
    """Why this person may not reconcile; empty when she may."""
    relations: list[tuple[str, str]]
    problem: str = ""
    form: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementLine:
    """The agreement of a group of readings, in figures that are shown as they are."""

    name: str
    second_name: str
    """The second reader, of a pair; empty of a discipline."""
    readings: int
    agreed: int
    doubts: int
    raw_low: float
    raw_high: float
    kappa: float | None
    kappa_low: float
    kappa_high: float
    kappa_pairs: int
    bar: Meter


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementPage(PageContext):
    """How far two readers agree, by discipline and by pair."""

    active: str = "double-lecture"
    catalogue: Catalogue
    total: AgreementLine
    disciplines: list[AgreementLine]
    pairs: list[AgreementLine]
    reconciled: int
    waiting: int
    nobodys: int
    list_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareLine:
    """The share of a discipline."""

    key: str
    name: str
    own: str
    """As the field holds it; empty when the discipline has none of its own."""
    percent: int
    """What holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareChange:
    """A line of the history."""

    at: datetime
    author: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SharesPage(PageContext):
    """How much a laboratory reads twice."""

    laboratory_id: int
    laboratory_name: str
    address: str
    may_set: bool
    general: ShareLine
    disciplines: list[ShareLine]
    seen: int
    history: list[ShareChange]
    notice: str = ""
    problem: str = ""
