"""The effective transcoding of a catalogue: sending emitted reports, what they carried, and what to repair."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData, UploadFile

from app.effective import service
from app.effective.files import repairs_csv, unseen_csv
from app.effective.page_building import effective_page, path_of, run_page, run_path
from app.effective.pages import RunQuery
from app.errors import ConflictError, InvalidInputError
from app.jobs.queue import JobQueue
from app.platform.authorising import AuthorisedRoute
from app.platform.bodies import takes_files
from app.platform.identity import CatalogueDep, for_roles
from app.platform.request_session import SettingsDep, TransactionsDep
from app.web.spreadsheet_csv import csv_download
from app.web.templating import render

router = APIRouter(
    prefix="/catalogues/{catalogue_id}/effectif", tags=["effectif"], route_class=AuthorisedRoute
)
PageParam = Annotated[int, Query(ge=1, le=100_000)]
WordParam = Annotated[str, Query(max_length=20)]


async def get_upload(request: Request) -> AsyncIterator[FormData]:
    """The form that carries reports; its temporary files are closed once the request is answered."""
    async with request.form(max_files=service.MOST_FILES, max_fields=5) as form:
        yield form


def get_query(
    nature: WordParam = "",
    tri: WordParam = "",
    ordre: WordParam = "",
    page: PageParam = 1,
    jamais: PageParam = 1,
    marge: WordParam = "",
) -> RunQuery:
    """What the address of a run asks to see."""
    return RunQuery.read(nature, tri, ordre, page, jamais, marge)


@router.get("")
def show_runs(
    request: Request, transactions: TransactionsDep, access: CatalogueDep, page: PageParam = 1
) -> Response:
    """The runs of the catalogue."""
    with transactions.reading() as session:
        shown = effective_page(session, access, page)
    return render(request, "effective/runs.html", shown)


@router.post("", dependencies=[for_roles(*service.MAY_MEASURE)], max_body_size=service.MOST_BYTES)
@takes_files
def do_send(
    request: Request,
    transactions: TransactionsDep,
    settings: SettingsDep,
    access: CatalogueDep,
    form: Annotated[FormData, Depends(get_upload)],
) -> Response:
    """Receive emitted reports; a job reads them, and they are gone."""
    queue: JobQueue = request.app.state.jobs
    first, last = str(form.get("du") or ""), str(form.get("au") or "")
    # Their names may be those of patients: they are not taken.
    contents = [item.file for item in form.getlist("fichiers") if isinstance(item, UploadFile) and item.filename]
    try:
        period = service.read_period(first, last)
        service.receive(transactions, settings, queue, access, contents, period)
    except InvalidInputError as error:
        with transactions.reading() as session:
            shown = effective_page(session, access, problem=error.message, first=first[:10], last=last[:10])
        return render(request, "effective/runs.html", shown, status_code=error.status_code)
    return RedirectResponse(path_of(access.catalogue_id), status_code=303)


@router.get("/{public_id}")
def show_run(
    request: Request,
    transactions: TransactionsDep,
    access: CatalogueDep,
    public_id: str,
    query: Annotated[RunQuery, Depends(get_query)],
    format: WordParam = "",
) -> Response:
    """One run; with format=csv what to repair, with format=jamais-vues what was not seen, for a spreadsheet."""
    if format == "csv":
        name = f"effectif-a-corriger-catalogue-{access.catalogue_id}.csv"
        return csv_download(name, repairs_csv(transactions, access, public_id, query))
    if format == "jamais-vues":
        name = f"effectif-jamais-vues-catalogue-{access.catalogue_id}.csv"
        return csv_download(name, unseen_csv(transactions, access, public_id))
    with transactions.reading() as session:
        shown = run_page(session, access, public_id, query)
    return render(request, "effective/run.html", shown)


@router.post("/{public_id}/retrait", dependencies=[for_roles(*service.MAY_MEASURE)])
def do_withdraw(
    request: Request,
    transactions: TransactionsDep,
    access: CatalogueDep,
    public_id: str,
    motif: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Say that a run does not hold any more."""
    try:
        with transactions.writing() as session:
            service.withdraw(session, access, public_id, motif)
    except (InvalidInputError, ConflictError) as error:
        with transactions.reading() as session:
            shown = run_page(session, access, public_id, RunQuery(), problem=error.message, typed=motif)
        return render(request, "effective/run.html", shown, status_code=error.status_code)
    return RedirectResponse(run_path(access.catalogue_id, public_id), status_code=303)
