"""From an address to the context of a page."""

from sqlmodel import Session
from starlette.datastructures import QueryParams

from app.dependencies import CatalogueAccess
from app.models import Role
from app.review import queue_sql
from app.review.case import MOST, Asked, build_case
from app.review.facet_view import facet_views
from app.review.navigation import TO_DECIDE, case_url
from app.review.notices import done_notice, run_notice
from app.review.pages import CasePage, QueuePage
from app.review.query import PAGE_SIZES, ReviewQuery
from app.review.queue import authors_of, columns_of, pager_of, progress_of, rows_of, run_id_of
from app.review.repository import runs_of, status_counts
from app.settings import Settings
from app.terminology.tasks import open_task_of

DECIDERS = (Role.TRANSCODER, Role.BIOLOGIST)


def done_id(params: QueryParams) -> int | None:
    """The fact just recorded that the address speaks of."""
    text = params.get("fait", "")
    return int(text) if text.isascii() and text.isdigit() else None


def asked_of(params: QueryParams, query: ReviewQuery) -> Asked:
    """What the address of a case asks for beside its queue."""
    codes = tuple(code.strip() for code in params.getlist("choix") if code.strip())
    return Asked(
        query=query.with_page(1),
        most=params.get("candidats") == str(MOST),
        text=params.get("recherche", "").strip()[:200],
        codes=codes[:3],
    )


def queue_page(session: Session, access: CatalogueAccess, query: ReviewQuery, done: int | None = None) -> QueuePage:
    """The queue of this query."""
    path = f"/catalogues/{access.catalogue_id}/revue"
    runs = runs_of(session, access.catalogue_id)
    total, counts = queue_sql.facet_counts(session, access.catalogue_id, run_id_of(runs), query)
    ordered = queue_sql.ordered_ids(session, access.catalogue_id, run_id_of(runs), query)
    first = next((row_id for row_id, status in ordered if status in TO_DECIDE), None)
    shown = [row_id for row_id, _ in ordered[query.offset : query.offset + query.taille]]
    return QueuePage(
        title=f"Revue — {access.catalogue.name}",
        catalogue=access.catalogue,
        query=query,
        rows=rows_of(session, access.catalogue_id, runs, query, shown),
        columns=columns_of(query, path),
        facets=facet_views(counts, query, path, authors_of(session, counts)),
        pager=pager_of(query, total, path, PAGE_SIZES),
        progress=progress_of(status_counts(session, access.catalogue_id)),
        hidden=[pair for pair in query.with_text("").params() if pair[0] != "q"],
        path=path,
        clear_url=query.cleared().url(path),
        csv_url=query.with_page(1).url(path, format="csv"),
        first_url=case_url(access.catalogue_id, first, query) if first else "",
        can_decide=access.role in DECIDERS,
        notice=run_notice(runs),
        done=done_notice(session, access, done, query),
    )


def case_page(
    session: Session,
    settings: Settings,
    access: CatalogueAccess,
    local_test_id: int,
    asked: Asked,
    *,
    done: int | None = None,
    problem: str = "",
    needs_justification: bool = False,
    form: dict[str, str] | None = None,
) -> CasePage:
    """The case of a row; `problem` says why what was sent was not recorded."""
    runs = runs_of(session, access.catalogue_id)
    case = build_case(session, settings, access, local_test_id, runs, asked)
    return CasePage(
        title=f"{case.test.code} {case.test.label}",
        catalogue=access.catalogue,
        case=case,
        notice=run_notice(runs),
        done=done_notice(session, access, done, asked.query),
        has_open_task=open_task_of(session, local_test_id) is not None,
        problem=problem,
        needs_justification=needs_justification,
        form=form or {},
    )
