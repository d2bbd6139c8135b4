"""From an address to the context of an approval page."""

from sqlmodel import Session

from app.approval.listing import needs_opening, rows_to_judge
from app.approval.pages import ApprovalPage
from app.double_reading.page_building import base_of
from app.double_reading.queue_sql import approved_in_disagreement, approved_unread
from app.models import Role, Status
from app.platform.identity import CatalogueAccess
from app.settings import Settings
from app.transcoding.repository import runs_of
from app.worklist.counts import queue_counts
from app.worklist.facet_view import facet_views
from app.worklist.notices import done_notice
from app.worklist.query import ReviewQuery
from app.worklist.queue import SortableHeading, authors_of, pager_of, progress_of, window_of

PAGE_SIZES = (50, 100)
FACETS = (
    "etat", "decision", "niveau", "chapitre", "auteur", "confiance", "contradiction", "commentaire", "sous-traitance",
)  # fmt: skip
COLUMNS = (
    ("libelle", "Analyse"),
    ("", "Décision"),
    ("", "Preuves principales"),
    ("", "Contrôles"),
    ("", "Décidée par"),
    ("volume", "Volume"),
)


def list_query(query: ReviewQuery) -> ReviewQuery:
    """The decisions waiting for approval, unless the address asks for another state."""
    if "etat" in query.only or "etat" in query.without:
        return query
    waiting = {**query.only, "etat": ("decidee",)}
    return query.model_copy(update={"only": waiting})


def approval_page(
    session: Session,
    settings: Settings,
    access: CatalogueAccess,
    query: ReviewQuery,
    *,
    done: int | None = None,
    problem: str = "",
) -> ApprovalPage:
    """The list of this query."""
    path = f"/catalogues/{access.catalogue_id}/approbation"
    shown = list_query(query)
    runs = runs_of(session, access.catalogue_id)
    counts = queue_counts(session, access.catalogue_id, shown)
    window = window_of(session, access.catalogue_id, shown)
    authors = authors_of(session, counts.facets)
    rows = rows_to_judge(session, settings, access, runs, shown, window.ids, authors)
    return ApprovalPage(
        title=f"Approbation — {access.catalogue.name}",
        catalogue=access.catalogue,
        query=shown,
        rows=rows,
        columns=_columns(shown, path),
        facets=facet_views(counts, shown, path, authors, FACETS),
        pager=pager_of(shown, window, counts, path, PAGE_SIZES),
        progress=progress_of(counts.by_status),
        waiting=counts.by_status.get(Status.DECIDED, 0),
        hidden=[pair for pair in query.with_text("").params() if pair[0] != "q"],
        path=path,
        bulk_url=shown.url(path),
        judge_urls={row.id: shown.url(f"{path}/{row.id}") for row in rows},
        clear_url=query.cleared().url(path),
        reading_url=f"{path}/lecture",
        batches_url=f"/catalogues/{access.catalogue_id}/lots",
        csv_url=shown.with_page(1).url(path, format="csv"),
        can_judge=access.role is Role.BIOLOGIST,
        to_open=needs_opening(rows),
        suspended=approved_in_disagreement(session, access.catalogue_id),
        unread=approved_unread(session, access.catalogue_id),
        readings_url=base_of(access.catalogue_id),
        done=done_notice(session, access, done, shown),
        problem=problem,
    )


def _columns(query: ReviewQuery, path: str) -> list[SortableHeading]:
    shown = []
    for word, title in COLUMNS:
        order = {word: "ascending", f"-{word}": "descending"}.get(query.tri, "none") if word else ""
        css = "num" if word == "volume" else ""
        shown.append(SortableHeading(title, query.with_sort(word).url(path) if word else "", order, css))
    return shown
