"""The administration of terminologies, and the decisions to look at again after an upgrade."""

from dataclasses import replace
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request, Response, UploadFile
from fastapi.responses import RedirectResponse

from app.errors import ConflictError, InvalidInputError, TooBusyError
from app.jobs.queue import JobQueue
from app.models import ValueSetKind
from app.platform.authorising import AuthorisedRoute
from app.platform.bodies import takes_files
from app.platform.identity import Administrator, CatalogueDep
from app.platform.request_session import ApartDep, SessionDep, TransactionsDep
from app.terminology import grace, service, value_sets
from app.terminology.value_set_files import ColumnMap
from app.upgrades.impact_page import ImpactQuery, impact_csv, impact_of, impact_page
from app.upgrades.impact_rows import rows_for
from app.upgrades.releases import MAX_RELEASE_BYTES, notice_of, receive_release, terminologies_page
from app.upgrades.service import make_current
from app.upgrades.task_screen import tasks_page
from app.web.spreadsheet_csv import csv_download
from app.web.templating import render

router = APIRouter(route_class=AuthorisedRoute)

TextForm = Annotated[str, Form(max_length=255)]
MAX_PAGE = 1_000_000
TERMINOLOGIES = "/administration/terminologies"


@router.get(TERMINOLOGIES)
def show_terminologies(
    request: Request,
    session: SessionDep,
    _user: Administrator,
    used_release: Annotated[int | None, Query(alias="version_utilisee")] = None,
    used_sets: Annotated[list[int] | None, Query(alias="liste")] = None,
    ignored: Annotated[int, Query(alias="ignorees", ge=0)] = 0,
    says_grace: Annotated[bool, Query(alias="date_limite")] = False,
) -> Response:
    """What is loaded, and the forms that load more."""
    notice = notice_of(session, used_release, used_sets or [], ignored, says_grace)
    return render(request, "upgrades/administration.html", terminologies_page(session, notice=notice))


@router.post(f"{TERMINOLOGIES}/versions", max_body_size=MAX_RELEASE_BYTES)
@takes_files
def do_upload_release(
    request: Request,
    transactions: TransactionsDep,
    actor: Administrator,
    fichier: UploadFile,
    numero: Annotated[str, Form(max_length=40)] = "",
) -> Response:
    """Receive an official release; it is loaded in the background."""
    queue: JobQueue = request.app.state.jobs
    try:
        job = receive_release(
            transactions, queue, actor, file_name=fichier.filename or "", content=fichier.file, version=numero
        )
    except InvalidInputError as error:
        with transactions.reading() as session:
            page = terminologies_page(session, problem=error.message)
        return render(request, "upgrades/administration.html", page, status_code=error.status_code)
    return RedirectResponse(f"/travaux/{job.id}", status_code=303)


@router.get(f"{TERMINOLOGIES}/versions/{{release_id}}")
def show_impact(
    request: Request,
    transactions: TransactionsDep,
    user: Administrator,
    release_id: int,
    nature: Annotated[str, Query(max_length=20)] = "",
    tri: Annotated[str, Query(max_length=20)] = "",
    ordre: Annotated[str, Query(max_length=20)] = "",
    page: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 1,
    format: Annotated[str, Query(max_length=10)] = "",
) -> Response:
    """Before changing release: what it changes; with format=csv, for a spreadsheet."""
    query = ImpactQuery.read(nature, tri, ordre, page)
    with transactions.reading() as session:
        release = service.get_release(session, release_id)
        if format != "csv":
            return render(request, "upgrades/impact.html", impact_page(session, release, query, user))
        used, name = impact_of(session, release), release.version
        rows = rows_for(session, used, user)
    return csv_download(f"changements-loinc-{_plain(name)}.csv", impact_csv(used, query, rows))


def _plain(version: str) -> str:
    return "".join(char if char.isascii() and (char.isalnum() or char in ".-") else "-" for char in version)


@router.post(f"{TERMINOLOGIES}/versions/{{release_id}}/utiliser")
def do_use_release(
    request: Request,
    transactions: TransactionsDep,
    actor: Administrator,
    release_id: int,
    entiere: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """Use a release from now on; one that may be cut only when the person says that it is whole."""
    try:
        make_current(transactions, release_id, actor, may_be_cut=entiere == "oui")
    except ConflictError as error:
        with transactions.reading() as session:
            page = impact_page(session, service.get_release(session, release_id), ImpactQuery(), actor)
        return render(request, "upgrades/impact.html", replace(page, problem=error.message), status_code=409)
    return _back([("version_utilisee", release_id)])


@router.post(f"{TERMINOLOGIES}/codes-retires")
def do_set_grace_date(
    request: Request,
    transactions: TransactionsDep,
    actor: Administrator,
    jour: Annotated[str, Form(max_length=40)] = "",
) -> Response:
    """Decide until when the codes that LOINC retired count; an empty day is no limit."""
    try:
        last_day = grace.read_day(jour)
    except InvalidInputError as error:
        with transactions.reading() as session:
            page = terminologies_page(session, problem=error.message)
        return render(request, "upgrades/administration.html", page, status_code=error.status_code)
    with transactions.writing() as session:
        grace.set_last_day(session, last_day, actor)
    return _back([("date_limite", 1)])


@router.post(f"{TERMINOLOGIES}/listes")
@takes_files
def do_upload_value_set(
    request: Request,
    transactions: TransactionsDep,
    apart: ApartDep,
    actor: Administrator,
    fichier: UploadFile,
    type_liste: TextForm = "",
    feuille: TextForm = "",
    colonne_code: TextForm = "",
    colonne_libelle: TextForm = "",
    colonne_nabm: TextForm = "",
    colonne_libelle_nabm: TextForm = "",
    version: TextForm = "",
) -> Response:
    """Load a value set or the NABM alignment, and use it."""
    try:
        columns = ColumnMap(
            kind=ValueSetKind(type_liste) if type_liste in set(ValueSetKind) else None,
            sheet=feuille.strip(),
            code=colonne_code.strip(),
            label=colonne_libelle.strip(),
            nabm=colonne_nabm.strip(),
            nabm_label=colonne_libelle_nabm.strip(),
            version=version.strip(),
        )
        content = fichier.file.read(value_sets.MAX_FILE_BYTES + 1)
        loaded = value_sets.load_value_sets(
            transactions, fichier.filename or "", content, columns, actor, apart
        )
    except (InvalidInputError, ConflictError, TooBusyError) as error:
        with transactions.reading() as session:
            page = terminologies_page(session, problem=error.message)
        return render(request, "upgrades/administration.html", page, status_code=error.status_code)
    ignored = sum(item.ignored_rows for item in loaded)
    return _back([*(("liste", item.value_set.id or 0) for item in loaded), ("ignorees", ignored)])


@router.post(f"{TERMINOLOGIES}/listes/{{value_set_id}}/utiliser")
def do_use_value_set(session: SessionDep, actor: Administrator, value_set_id: int) -> Response:
    """Use this list rather than the others of its kind."""
    value_set = value_sets.get_value_set(session, value_set_id)
    value_sets.use_value_set(session, value_set, actor)
    return _back([("liste", value_set_id)])


@router.get("/catalogues/{catalogue_id}/mises-a-jour")
def show_tasks(
    request: Request, session: SessionDep, access: CatalogueDep, page: Annotated[int, Query(ge=1)] = 1
) -> Response:
    """The decisions that a new release asks to look at again."""
    return render(request, "upgrades/tasks.html", tasks_page(session, access, page))


def _back(parameters: list[tuple[str, int]]) -> Response:
    return RedirectResponse(f"{TERMINOLOGIES}?{urlencode(parameters)}", status_code=303)
