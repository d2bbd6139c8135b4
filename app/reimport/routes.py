"""Comparing a newer export with its catalogue, and confirming."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session

from app.catalogues import drafts
from app.catalogues.drafts import Draft
from app.catalogues.service import MAY_IMPORT
from app.models import Catalogue
from app.platform.authorising import AuthorisedRoute
from app.platform.identity import CatalogueDep, LaboratoryAccess, LaboratoryDep, for_roles
from app.platform.request_session import SessionDep, SettingsDep, TransactionsDep
from app.reimport.changes import PAGE_SIZE as CHANGES_SHOWN
from app.reimport.changes import ChangesPage, change_lines, changes_csv, count_changes
from app.reimport.difference import Difference
from app.reimport.difference_view import (
    KIND_WORDS,
    PAGE_SIZE,
    DifferencePage,
    DifferenceQuery,
    choices_of,
    difference_csv,
    line_of,
)
from app.reimport.service import differences
from app.web.spreadsheet_csv import csv_download
from app.web.templating import render

router = APIRouter(route_class=AuthorisedRoute)


def get_query(
    type: str = "",
    niveau: str = "",
    colonne: str = "",
    q: Annotated[str, Query(max_length=200)] = "",
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
) -> DifferenceQuery:
    """What the address asks to see."""
    return DifferenceQuery(type, niveau, colonne, q, page)


AskedDifference = Annotated[DifferenceQuery, Depends(get_query)]


def _path(access: LaboratoryAccess, draft_id: int) -> str:
    return f"/laboratoires/{access.laboratory_id}/importer/{draft_id}"


def _page(
    session: Session,
    access: LaboratoryAccess,
    draft: Draft,
    difference: Difference,
    query: DifferenceQuery,
    has_moved: bool,
) -> DifferencePage:
    catalogue = session.get_one(Catalogue, draft.stored.catalogue_id)
    assert draft.stored.id is not None
    path = f"{_path(access, draft.stored.id)}/differences"
    kept = [test for test in difference.tests if query.keeps(test)]
    start = (query.page - 1) * PAGE_SIZE
    shown = kept[start : start + PAGE_SIZE]
    kinds, levels, columns = choices_of(difference, query, path)
    counts = difference.counts
    return DifferencePage(
        title="Différences avec le catalogue",
        laboratory_id=access.laboratory_id,
        laboratory_name=access.laboratory.name,
        catalogue_id=catalogue.id or 0,
        catalogue_name=catalogue.name,
        draft_id=draft.stored.id,
        address=path,
        digest=difference.digest,
        file_names=[file.stored.file_name for file in draft.files if not file.stored.is_ignored],
        summary=[(words[3], counts[kind], words[2]) for kind, words in KIND_WORDS.items()],
        sent_back=len(difference.sent_back),
        kinds=kinds,
        levels=levels,
        columns=columns,
        query=query,
        csv_url=query.url(path) + ("&" if "?" in query.url(path) else "?") + "format=csv",
        lines=[line_of(test) for test in shown],
        total=len(kept),
        first=start + 1 if shown else 0,
        last=start + len(shown),
        previous_url=query.url(path, page=query.page - 1) if query.page > 1 else "",
        next_url=query.url(path, page=query.page + 1) if start + PAGE_SIZE < len(kept) else "",
        warnings=draft.plan.warnings,
        has_moved=has_moved,
    )


@router.get("/laboratoires/{laboratory_id}/importer/{draft_id}/differences")
def show_differences(
    request: Request,
    transactions: TransactionsDep,
    access: LaboratoryDep,
    settings: SettingsDep,
    draft_id: int,
    query: AskedDifference,
    format: str = "",
    change: bool = False,
) -> Response:
    """What the newer exports would change; with format=csv, for a spreadsheet."""
    access.require(*MAY_IMPORT)
    with transactions.reading() as session:
        stored = drafts.find(session, access, draft_id)
    if stored.is_confirmed:
        return RedirectResponse(f"/catalogues/{stored.catalogue_id}", status_code=303)
    draft = drafts.open_draft(transactions, stored, settings)
    if draft.problems or not draft.plan.updates:
        return RedirectResponse(_path(access, draft_id), status_code=303)
    difference = differences(transactions, draft)
    if format == "csv":
        kept = (test for test in difference.tests if query.keeps(test))
        return csv_download("differences.csv", difference_csv(kept))
    with transactions.reading() as session:
        page = _page(session, access, draft, difference, query, change)
    return render(request, "reimport/differences.html", page)


@router.post("/laboratoires/{laboratory_id}/importer/{draft_id}/differences", dependencies=[for_roles(*MAY_IMPORT)])
def do_update(
    request: Request,
    transactions: TransactionsDep,
    access: LaboratoryDep,
    settings: SettingsDep,
    draft_id: int,
    digest: Annotated[str, Form(max_length=64)],
) -> Response:
    """Update the catalogue, when nothing moved since the user looked."""
    with transactions.reading() as session:
        stored = drafts.find(session, access, draft_id)
    if stored.is_confirmed:
        return RedirectResponse(f"/catalogues/{stored.catalogue_id}", status_code=303)
    draft = drafts.open_draft(transactions, stored, settings)
    if draft.problems or not draft.plan.updates:
        return RedirectResponse(_path(access, draft_id), status_code=303)
    if differences(transactions, draft).digest != digest:
        return RedirectResponse(f"{_path(access, draft_id)}/differences?change=true", status_code=303)
    # The job compares once more before it writes: what moves from here on is refused there.
    with transactions.writing() as session:
        catalogue_id = drafts.confirm(session, access, draft_id, request.app.state.jobs, digest)
    return RedirectResponse(f"/catalogues/{catalogue_id}", status_code=303)


@router.get("/catalogues/{catalogue_id}/changements")
def show_changes(
    request: Request,
    session: SessionDep,
    transactions: TransactionsDep,
    access: CatalogueDep,
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
    format: str = "",
) -> Response:
    """What newer exports changed since; with format=csv, for a spreadsheet."""
    if format == "csv":
        return csv_download("changements.csv", changes_csv(transactions.engine, access.catalogue_id))
    address = f"/catalogues/{access.catalogue_id}/changements"
    total = count_changes(session, access.catalogue_id)
    start = (page - 1) * CHANGES_SHOWN
    lines = change_lines(session, access.catalogue_id, offset=start, limit=CHANGES_SHOWN)
    context = ChangesPage(
        title=f"Changements — {access.catalogue.name}",
        catalogue=access.catalogue,
        active="apercu",
        laboratory_name=access.laboratory.name,
        address=address,
        lines=lines,
        total=total,
        first=start + 1 if lines else 0,
        last=start + len(lines),
        previous_url=f"{address}?page={page - 1}" if page > 1 else "",
        next_url=f"{address}?page={page + 1}" if start + CHANGES_SHOWN < total else "",
    )
    return render(request, "reimport/changes.html", context)
