"""The memory of a laboratory: taking up earlier transcodings, withdrawing what is wrong, allowing reuse."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData, UploadFile

from app.audit.refusals import refusals_journaled
from app.catalogues.clearance import Clearance
from app.errors import InvalidInputError, NotFoundError, WorkbenchError
from app.memory import service
from app.memory.page_building import address_of, memory_csv, memory_page
from app.memory.pages import STATES, MemoryQuery
from app.models import Role
from app.platform.authorising import AuthorisedRoute
from app.platform.bodies import takes_files
from app.platform.identity import LaboratoryAccess, LaboratoryDep, for_roles
from app.platform.request_session import ApartDep, SessionDep, SettingsDep, TransactionsDep
from app.web.spreadsheet_csv import csv_download
from app.web.templating import render

router = APIRouter(route_class=AuthorisedRoute)
_MAX_FILES = 5


async def get_upload(request: Request) -> AsyncIterator[FormData]:
    """The form that carries files; its temporary files are closed once the request is answered."""
    async with request.form(max_files=_MAX_FILES + 1, max_fields=5) as form:
        yield form


def get_query(
    source: Annotated[str, Query(max_length=255)] = "",
    etat: str = "",
    q: Annotated[str, Query(max_length=200)] = "",
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
) -> MemoryQuery:
    """What the address asks to see."""
    return MemoryQuery(source, etat if etat in STATES else "", q, page)


AskedMemory = Annotated[MemoryQuery, Depends(get_query)]
Upload = Annotated[FormData, Depends(get_upload)]


@router.get("/laboratoires/{laboratory_id}/memoire")
def show_memory(
    request: Request,
    session: SessionDep,
    transactions: TransactionsDep,
    access: LaboratoryDep,
    query: AskedMemory,
    format: str = "",
    recu: Annotated[str, Query(max_length=100)] = "",
) -> Response:
    """What the laboratory remembers; with format=csv, for a spreadsheet."""
    if format == "csv":
        return csv_download("memoire.csv", memory_csv(transactions.engine, access, query))
    return render(request, "memory/memory.html", memory_page(session, access, query, received=recu))


@router.post("/laboratoires/{laboratory_id}/memoire", dependencies=[for_roles(*service.MAY_REMEMBER)])
@takes_files
def do_import(
    request: Request,
    transactions: TransactionsDep,
    apart: ApartDep,
    access: LaboratoryDep,
    settings: SettingsDep,
    form: Upload,
) -> Response:
    """Take up files as memory; all of them, or none."""
    limit = settings.max_upload_bytes
    received = [
        (item.filename, item.file.read(limit + 1))
        for item in form.getlist("fichiers")
        if isinstance(item, UploadFile) and item.filename
    ]
    clearance = Clearance.of_form(form)
    try:
        if not received:
            raise InvalidInputError("Choisissez au moins un fichier.")
        with refusals_journaled(transactions, "memory", actor=access.user, laboratory_id=access.laboratory_id):
            reports = service.import_memory(transactions, access, received, limit, apart, clearance)
    except NotFoundError:
        raise
    except WorkbenchError as error:
        with transactions.reading() as session:
            page = memory_page(session, access, MemoryQuery(), error, clearance=clearance)
        return render(request, "memory/memory.html", page, status_code=error.status_code)
    events = "-".join(str(report.event_id) for report in reports)
    return RedirectResponse(f"{address_of(access.laboratory_id)}?recu={events}", status_code=303)


@router.post("/laboratoires/{laboratory_id}/memoire/relier", dependencies=[for_roles(*service.MAY_REMEMBER)])
def do_relink(transactions: TransactionsDep, access: LaboratoryDep) -> Response:
    """Link entries that came before their catalogue."""
    service.relink(transactions, access)
    return RedirectResponse(address_of(access.laboratory_id), status_code=303)


@router.post(
    "/laboratoires/{laboratory_id}/memoire/{entry_id}/retirer", dependencies=[for_roles(*service.MAY_REMEMBER)]
)
def do_withdraw(
    session: SessionDep,
    access: LaboratoryDep,
    entry_id: int,
    motif: Annotated[str, Form(max_length=2000)] = "",
    retour: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Say that a mapping is wrong."""
    service.withdraw(session, access, entry_id, motif)
    return _back_to(access, entry_id, retour)


@router.post(
    "/laboratoires/{laboratory_id}/memoire/{entry_id}/remettre", dependencies=[for_roles(*service.MAY_REMEMBER)]
)
def do_restore(
    session: SessionDep,
    access: LaboratoryDep,
    entry_id: int,
    motif: Annotated[str, Form(max_length=2000)] = "",
    retour: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Put a withdrawn mapping back."""
    service.restore(session, access, entry_id, motif)
    return _back_to(access, entry_id, retour)


def _back_to(access: LaboratoryAccess, entry_id: int, query: str) -> Response:
    home = address_of(access.laboratory_id)
    back = f"{home}?{query.removeprefix('?')}" if query else home
    return RedirectResponse(f"{back}#entree-{entry_id}", status_code=303)


@router.post("/laboratoires/{laboratory_id}/reutilisation", dependencies=[for_roles(Role.BIOLOGIST)])
def do_set_reuse(
    session: SessionDep, access: LaboratoryDep, autoriser: Annotated[str, Form(max_length=5)] = ""
) -> Response:
    """Allow or forbid the reuse of the mappings approved here."""
    service.set_reuse(session, access, autoriser == "1")
    return RedirectResponse(f"/laboratoires/{access.laboratory_id}#reutilisation", status_code=303)
