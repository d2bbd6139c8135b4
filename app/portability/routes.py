"""The page by which a laboratory leaves, for the administrators of the installation."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from app.errors import ConflictError, InvalidInputError
from app.jobs.queue import JobQueue
from app.platform.authorising import AuthorisedRoute
from app.platform.forms import keeps_what_is_typed
from app.platform.identity import Administrator, recently_authenticated
from app.platform.request_session import EngineDep, SessionDep, SettingsDep, TransactionsDep
from app.portability import departure
from app.portability.jobs import remove_copy
from app.portability.pages import departure_address, departure_page
from app.storage import service as storage
from app.storage.download import stored_download
from app.web.templating import render

router = APIRouter(prefix="/administration/laboratoires/{laboratory_id}/depart", route_class=AuthorisedRoute)

ShortText = Annotated[str, Form(max_length=300)]


def _refused(
    request: Request,
    transactions: TransactionsDep,
    settings: SettingsDep,
    laboratory_id: int,
    error: ConflictError | InvalidInputError,
    typed: tuple[str, str] = ("", ""),
) -> Response:
    """The page again, with the reason and what was typed."""
    with transactions.reading() as session:
        page = departure_page(session, laboratory_id, settings.prepared_hours, typed=typed, problem=error.message)
    return render(request, "portability/departure.html", page, status_code=error.status_code)


@router.get("")
def show_departure(
    request: Request, session: SessionDep, settings: SettingsDep, _user: Administrator, laboratory_id: int
) -> Response:
    """What is kept of this laboratory, what is under way, how it is closed; also once it was."""
    page = departure_page(session, laboratory_id, settings.prepared_hours)
    return render(request, "portability/departure.html", page)


@router.post("/archive", dependencies=[recently_authenticated])
def do_prepare_archive(
    request: Request, transactions: TransactionsDep, settings: SettingsDep, actor: Administrator, laboratory_id: int
) -> Response:
    """Have the archive prepared by a job."""
    queue: JobQueue = request.app.state.jobs
    try:
        with transactions.writing() as session:
            departure.ask_for_archive(session, queue, laboratory_id, actor)
    except ConflictError as error:
        return _refused(request, transactions, settings, laboratory_id, error)
    return RedirectResponse(departure_address(laboratory_id), status_code=303)


@router.get("/archive")
def download_archive(session: SessionDep, engine: EngineDep, user: Administrator, laboratory_id: int) -> Response:
    """The archive that is kept."""
    return stored_download(engine, departure.open_archive(session, laboratory_id, user))


@router.post("/archive/supprimer", dependencies=[recently_authenticated])
def do_remove_archive(
    request: Request, transactions: TransactionsDep, settings: SettingsDep, actor: Administrator, laboratory_id: int
) -> Response:
    """Remove the copy that is kept here, without waiting for it to expire."""
    try:
        with transactions.writing() as session:
            files = remove_copy(session, laboratory_id, actor)
    except ConflictError as error:
        return _refused(request, transactions, settings, laboratory_id, error)
    for file_id in files:
        storage.remove_content(transactions.engine, file_id)
    return RedirectResponse(departure_address(laboratory_id), status_code=303)


@router.post("/fermer", dependencies=[recently_authenticated])
@keeps_what_is_typed
def do_close(
    request: Request,
    transactions: TransactionsDep,
    settings: SettingsDep,
    actor: Administrator,
    laboratory_id: int,
    nom: ShortText = "",
    empreinte: ShortText = "",
) -> Response:
    """Have the laboratory closed by a job, with the archive that is kept.

    What is typed is compared and kept nowhere; the digits of a fingerprint now and then look like those of a person.
    """
    queue: JobQueue = request.app.state.jobs
    try:
        with transactions.writing() as session:
            departure.ask_to_close(session, queue, laboratory_id, nom, empreinte, actor)
    except (ConflictError, InvalidInputError) as error:
        return _refused(request, transactions, settings, laboratory_id, error, (nom, empreinte))
    return RedirectResponse(departure_address(laboratory_id), status_code=303)
