"""The page of the queue: facets, rows, order, and how far the catalogue is."""

from dataclasses import dataclass

from sqlmodel import Session

from app.assignments.panel import WorkPanel, work_panel
from app.models import Catalogue
from app.platform.identity import CatalogueAccess
from app.transcoding.repository import runs_of
from app.transcoding.workflow import DECIDERS
from app.web.templating import PageContext
from app.worklist.claims import open_elsewhere
from app.worklist.counts import queue_counts
from app.worklist.facet_view import FacetView, facet_views
from app.worklist.navigation import case_url, next_work
from app.worklist.notices import Done, Notice, done_notice, run_notice, under_way_notice
from app.worklist.query import PAGE_SIZES, ReviewQuery
from app.worklist.queue import (
    Pager,
    QueueProgress,
    QueueRow,
    SortableHeading,
    authors_of,
    columns_of,
    pager_of,
    progress_of,
    rows_of,
    window_of,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePage(PageContext):
    """The queue: facets, rows, order, page."""

    active: str = "revue"
    catalogue: Catalogue
    query: ReviewQuery
    rows: list[QueueRow]
    columns: list[SortableHeading]
    facets: list[FacetView]
    pager: Pager
    progress: QueueProgress
    hidden: list[tuple[str, str]]
    """Parameters that the search form carries along."""
    path: str
    clear_url: str
    csv_url: str
    first_url: str
    """The first row to decide in this order, empty when there is none."""
    can_decide: bool
    batch_url: str
    """What a batch would take of these rows."""
    batches_url: str
    undo_url: str
    """Takes back this person's newest decision in the catalogue."""
    notice: Notice | None
    done: Done | None
    work: WorkPanel
    claims: dict[int, str]
    """Row -> the names of the others who have it open."""


def queue_page(session: Session, access: CatalogueAccess, query: ReviewQuery, done: int | None = None) -> QueuePage:
    """The queue of this query."""
    path = f"/catalogues/{access.catalogue_id}/revue"
    runs = runs_of(session, access.catalogue_id)
    counts = queue_counts(session, access.catalogue_id, query)
    window = window_of(session, access.catalogue_id, query)
    first, _ = next_work(session, access.catalogue_id, query, None, access.user_id)
    return QueuePage(
        title=f"Revue — {access.catalogue.name}",
        catalogue=access.catalogue,
        query=query,
        rows=rows_of(session, access, runs, query, window.ids),
        columns=columns_of(query, path),
        facets=facet_views(counts, query, path, authors_of(session, counts.facets)),
        pager=pager_of(query, window, counts, path, PAGE_SIZES),
        progress=progress_of(counts.by_status),
        hidden=[pair for pair in query.with_text("").params() if pair[0] != "q"],
        path=path,
        clear_url=query.cleared().url(path),
        csv_url=query.with_page(1).url(path, format="csv"),
        first_url=case_url(access.catalogue_id, first, query) if first else "",
        can_decide=access.role in DECIDERS,
        batch_url=query.with_page(1).url(f"/catalogues/{access.catalogue_id}/lots/nouveau"),
        batches_url=f"/catalogues/{access.catalogue_id}/lots",
        undo_url=query.with_page(1).url(f"{path}/annuler"),
        notice=under_way_notice(session, access.catalogue_id) or run_notice(runs),
        done=done_notice(session, access, done, query),
        work=work_panel(session, access, query, counts.kept, counts.has_volumes),
        claims=open_elsewhere(session, window.ids, access.user_id),
    )
