"""Typed contexts of the review pages."""

from dataclasses import dataclass, field

from app.models import Catalogue
from app.review.case_view import CaseView
from app.review.facet_view import FacetView
from app.review.history import HistoryLine
from app.review.notices import Done, Notice
from app.review.query import ReviewQuery
from app.review.queue import Column, Pager, Progress, QueueRow
from app.web.templating import PageContext


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePage(PageContext):
    """The queue: facets, rows, order, page."""

    active: str = "revue"
    catalogue: Catalogue
    query: ReviewQuery
    rows: list[QueueRow]
    columns: list[Column]
    facets: list[FacetView]
    pager: Pager
    progress: Progress
    hidden: list[tuple[str, str]]
    """Parameters that the search form carries along."""
    path: str
    clear_url: str
    csv_url: str
    first_url: str
    """The first row to decide in this order, empty when there is none."""
    can_decide: bool
    notice: Notice | None
    done: Done | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CasePage(PageContext):
    """One row against its candidates."""

    active: str = "revue"
    catalogue: Catalogue
    case: CaseView
    notice: Notice | None
    done: Done | None
    has_open_task: bool = False
    """Whether a new release changed the decided code, and nobody has looked at it since."""
    problem: str = ""
    """Why what was just sent was not recorded."""
    needs_justification: bool = False
    form: dict[str, str] = field(default_factory=dict)
    """What was sent, to be sent again once corrected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictPage(PageContext):
    """Someone else acted first: her facts, and what was not recorded."""

    active: str = "revue"
    catalogue: Catalogue
    local_code: str
    local_label: str
    message: str
    newer: list[HistoryLine]
    mine: str
    case_url: str
    queue_url: str
