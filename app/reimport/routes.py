"""Comparing a newer export with its catalogue, and confirming."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from app.catalogues import drafts
from app.catalogues.service import MAY_IMPORT
from app.platform.authorising import AuthorisedRoute
from app.platform.identity import CatalogueDep, LaboratoryAccess, LaboratoryDep, for_roles
from app.platform.open_transactions import forbid_open_transaction
from app.platform.request_session import ApartDep, SessionDep, SettingsDep, TransactionsDep
from app.reimport.changes import PAGE_SIZE as CHANGES_SHOWN
from app.reimport.changes import ChangesPage, change_lines, changes_csv, count_changes
from app.reimport.difference_page import csv_of_differences, digest_of_differences, page_of_differences
from app.reimport.difference_view import DifferenceQuery
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


@router.get("/laboratoires/{laboratory_id}/importer/{draft_id}/differences")
def show_differences(
    request: Request,
    transactions: TransactionsDep,
    access: LaboratoryDep,
    settings: SettingsDep,
    apart: ApartDep,
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
    forbid_open_transaction("compare files with a catalogue")
    path, bound = _path(access, draft_id), settings.max_upload_bytes
    if format == "csv":
        with drafts.patients_dropped(transactions, access, stored):
            text = apart.run(csv_of_differences, stored, bound, query)
        return RedirectResponse(path, status_code=303) if text is None else csv_download("differences.csv", [text])
    with drafts.patients_dropped(transactions, access, stored):
        page = apart.run(page_of_differences, stored, bound, access.laboratory, f"{path}/differences", query, change)
    if page is None:
        return RedirectResponse(path, status_code=303)
    return render(request, "reimport/differences.html", page)


@router.post("/laboratoires/{laboratory_id}/importer/{draft_id}/differences", dependencies=[for_roles(*MAY_IMPORT)])
def do_update(
    request: Request,
    transactions: TransactionsDep,
    access: LaboratoryDep,
    settings: SettingsDep,
    apart: ApartDep,
    draft_id: int,
    digest: Annotated[str, Form(max_length=64)],
) -> Response:
    """Update the catalogue, when nothing moved since the user looked."""
    with transactions.reading() as session:
        stored = drafts.find(session, access, draft_id)
    if stored.is_confirmed:
        return RedirectResponse(f"/catalogues/{stored.catalogue_id}", status_code=303)
    forbid_open_transaction("compare files with a catalogue")
    with drafts.patients_dropped(transactions, access, stored):
        found = apart.run(digest_of_differences, stored, settings.max_upload_bytes)
    if found is None:
        return RedirectResponse(_path(access, draft_id), status_code=303)
    if found != digest:
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
