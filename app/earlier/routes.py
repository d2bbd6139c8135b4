"""The earlier work on a catalogue: receiving it, comparing it, taking it."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel
from starlette.datastructures import FormData, UploadFile

from app.audit.refusals import refusals_journaled
from app.catalogues.clearance import NO_CLEARANCE, Clearance
from app.earlier import repository, service
from app.earlier.confirming import confirm
from app.earlier.file_readings import is_table, must_be_settled, start
from app.earlier.jobs import ask_for_comparison
from app.earlier.page_building import address_of, conditions_of, earlier_csv, earlier_page
from app.earlier.pages import SORTS, AnswersPage, EarlierQuery
from app.earlier.reading_routes import reading_url
from app.errors import InvalidInputError, NotFoundError, WorkbenchError
from app.models import EarlierUse
from app.platform.authorising import AuthorisedRoute
from app.platform.bodies import takes_files
from app.platform.identity import CatalogueAccess, CatalogueDep, for_roles
from app.platform.request_session import ApartDep, SessionDep, SettingsDep, TransactionsDep
from app.proposals.readiness import ENGINE_READY
from app.transcoding.readers import blind_person
from app.web.spreadsheet_csv import csv_download
from app.web.templating import render

router = APIRouter(prefix="/catalogues/{catalogue_id}/anterieur", route_class=AuthorisedRoute)
_MAX_FILES = 5


async def get_upload(request: Request) -> AsyncIterator[FormData]:
    """The form that carries files; its temporary files are closed once the request is answered."""
    async with request.form(max_files=_MAX_FILES + 1, max_fields=5) as form:
        yield form


def get_query(
    verdict: Annotated[str, Query(max_length=20)] = "",
    source: Annotated[str, Query(max_length=255)] = "",
    usage: Annotated[str, Query(max_length=20)] = "",
    contredit: str = "",
    q: Annotated[str, Query(max_length=200)] = "",
    tri: str = "",
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
) -> EarlierQuery:
    """What the address asks to see."""
    order = tri if tri.removeprefix("-") in SORTS else ""
    return EarlierQuery(verdict, source, usage, "1" if contredit else "", q, order, page)


AskedEarlier = Annotated[EarlierQuery, Depends(get_query)]
Upload = Annotated[FormData, Depends(get_upload)]


class TakeForm(BaseModel):
    """The ticked statements, or all that the address keeps, and what is made of them."""

    choix: list[str] = []
    portee: str = ""
    usage: str = ""

    def ticked(self) -> dict[int, int]:
        """Statement -> version of its row."""
        found = {}
        for text in dict.fromkeys(self.choix):
            parts = text.split(":")
            if len(parts) != 2 or not all(part.isascii() and part.isdigit() and len(part) < 18 for part in parts):
                raise InvalidInputError("La liste des lignes cochées est mal formée.")
            found[int(parts[0])] = int(parts[1])
        return found


@router.get("")
def show(
    request: Request,
    session: SessionDep,
    transactions: TransactionsDep,
    access: CatalogueDep,
    query: AskedEarlier,
    format: str = "",
    fait: Annotated[int | None, Query(ge=1, le=2**62)] = None,
) -> Response:
    """The comparison; with format=csv, for a spreadsheet."""
    if format == "csv":
        name = f"transcodage_anterieur_catalogue_{access.catalogue_id}.csv"
        return csv_download(name, earlier_csv(transactions.engine, access, query))
    return render(request, "earlier/earlier.html", earlier_page(session, access, query, done=fait))


@router.post("", dependencies=[for_roles(*service.MAY_TAKE)])
@takes_files
def do_receive(
    request: Request,
    transactions: TransactionsDep,
    apart: ApartDep,
    access: CatalogueDep,
    settings: SettingsDep,
    form: Upload,
) -> Response:
    """Keep what files say of the rows of this catalogue; all of them, or none."""
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
        cleared = clearance.checked(access.user)
        with refusals_journaled(transactions, "earlier", actor=access.user, laboratory_id=access.laboratory_id):
            files = apart.run(service.opened, received, limit)
            # What can be read in one way only, and is, is taken at once.
            is_asked = bool(form.get("verifier")) and any(is_table(content) for _, content in files)
            must_be_looked_at = apart.run(must_be_settled, files, limit, cleared) or is_asked
        if must_be_looked_at:
            draft_id = start(transactions, access, files, clearance)
            return RedirectResponse(reading_url(access.catalogue_id, draft_id), status_code=303)
        sent: list[service.Sent] = [(name, content, None) for name, content in files]
        report = service.receive(transactions, apart, access, sent, request.app.state.jobs, limit, clearance)
    except NotFoundError:
        raise
    except WorkbenchError as error:
        return _refused(request, transactions, access, EarlierQuery(), error, clearance)
    return _done(access, EarlierQuery(), report.event_id)


@router.post("/comparer", dependencies=[for_roles(*service.MAY_TAKE)])
def do_compare(request: Request, session: SessionDep, access: CatalogueDep) -> Response:
    """Compare again."""
    job = ask_for_comparison(session, request.app.state.jobs, access.catalogue, access.user_id)
    return RedirectResponse(f"/travaux/{job.id}", status_code=303)


@router.post("/prendre", dependencies=[for_roles(*service.MAY_TAKE)])
def do_take(
    request: Request,
    transactions: TransactionsDep,
    access: CatalogueDep,
    query: AskedEarlier,
    form: Annotated[TakeForm, Form()],
) -> Response:
    """Take the ticked statements, or all that the address keeps, as memory or as decisions to confirm."""
    try:
        uses = {use.value or "-": use for use in EarlierUse}
        if form.usage not in uses:
            raise InvalidInputError("Choisissez ce que deviennent ces lignes.")
        ids = list(form.ticked())
        if form.portee == "filtre":
            with transactions.reading() as session:
                conditions = conditions_of(access.catalogue_id, query, blind_to=blind_person(access))
                ids = repository.ids_of(session, conditions, service.MOST_AT_ONCE + 1)
            if len(ids) > service.MOST_AT_ONCE:
                raise InvalidInputError(f"Pas plus de {service.MOST_AT_ONCE} lignes à la fois : filtrez-les d'abord.")
        event_id = service.take(transactions, access, ids, uses[form.usage])
    except NotFoundError:
        raise
    except WorkbenchError as error:
        return _refused(request, transactions, access, query, error)
    return _done(access, query, event_id)


@router.post("/confirmer", dependencies=[for_roles(*service.MAY_TAKE), ENGINE_READY])
def do_confirm(
    request: Request,
    transactions: TransactionsDep,
    access: CatalogueDep,
    settings: SettingsDep,
    query: AskedEarlier,
    form: Annotated[TakeForm, Form()],
) -> Response:
    """Confirm the ticked statements as one's own decisions, and answer for each."""
    try:
        answers = confirm(transactions, settings, access, form.ticked())
    except NotFoundError:
        raise
    except WorkbenchError as error:
        return _refused(request, transactions, access, query, error)
    page = AnswersPage(
        title="Confirmation du transcodage antérieur",
        catalogue=access.catalogue,
        answers=answers,
        confirmed=sum(answer.is_confirmed for answer in answers),
        back_url=query.url(address_of(access.catalogue_id)),
    )
    return render(request, "earlier/answers.html", page)


def _refused(
    request: Request,
    transactions: TransactionsDep,
    access: CatalogueAccess,
    query: EarlierQuery,
    error: WorkbenchError,
    clearance: Clearance = NO_CLEARANCE,
) -> Response:
    with transactions.reading() as session:
        page = earlier_page(session, access, query, error=error, clearance=clearance)
    return render(request, "earlier/earlier.html", page, status_code=error.status_code)


def _done(access: CatalogueAccess, query: EarlierQuery, event_id: int) -> Response:
    return RedirectResponse(query.url(address_of(access.catalogue_id), fait=str(event_id)), status_code=303)
