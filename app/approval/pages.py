"""Typed contexts of the approval pages."""

from dataclasses import dataclass

from app.approval.listing import ApprovalRow
from app.models import Catalogue
from app.web.templating import PageContext
from app.worklist.facet_view import FacetView
from app.worklist.notices import Done
from app.worklist.query import ReviewQuery
from app.worklist.queue import Pager, QueueProgress, SortableHeading


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalPage(PageContext):
    """The decisions to approve."""

    active: str = "approbation"
    catalogue: Catalogue
    query: ReviewQuery
    rows: list[ApprovalRow]
    columns: list[SortableHeading]
    facets: list[FacetView]
    pager: Pager
    progress: QueueProgress
    waiting: int
    hidden: list[tuple[str, str]]
    path: str
    bulk_url: str
    judge_urls: dict[int, str]
    clear_url: str
    csv_url: str
    reading_url: str
    batches_url: str
    can_judge: bool
    to_open: int
    done: Done | None
    suspended: int
    """Rows approved before their second reading, which differs: they do not go out as approved."""
    unread: int
    """Approved rows that still wait for the second reading that they were chosen for."""
    readings_url: str
    problem: str = ""
