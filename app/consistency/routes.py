"""The page of what is odd among the codes of a catalogue, and the answers to it."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from app.consistency import service
from app.consistency.pages import ListQuery, list_page, path_of, warning_url, warnings_csv
from app.consistency.warning_pages import warning_page
from app.consistency.wording import KIND_OF_WORD
from app.errors import ConflictError, InvalidInputError, NotFoundError
from app.models import CONTRIBUTORS, ConsistencyAction, ConsistencyKind
from app.platform.authorising import AuthorisedRoute
from app.platform.identity import CatalogueDep, for_roles
from app.platform.request_session import SessionDep, TransactionsDep
from app.web.spreadsheet_csv import csv_download
from app.web.templating import render

router = APIRouter(prefix="/catalogues/{catalogue_id}/coherence", tags=["coherence"], route_class=AuthorisedRoute)
_ONE = "consistency/warning.html"
_ACTIONS = {"voulu": ConsistencyAction.ACCEPT, "revoir": ConsistencyAction.REOPEN}


@router.get("")
def show_list(
    request: Request, access: CatalogueDep, session: SessionDep, transactions: TransactionsDep
) -> Response:
    """The warnings of the catalogue, or all of them as CSV."""
    query = ListQuery.from_params(request.query_params)
    if request.query_params.get("format") == "csv":
        pieces = warnings_csv(transactions.engine, access, query)
        return csv_download(f"coherence_catalogue_{access.catalogue_id}.csv", pieces)
    return render(request, "consistency/list.html", list_page(session, access, query))


@router.get("/avertissement")
def show_warning(request: Request, access: CatalogueDep, session: SessionDep) -> Response:
    """One warning, or the list when it is no more."""
    kind, subject = _kind(request.query_params.get("type", "")), request.query_params.get("sujet", "")
    try:
        page = warning_page(session, access, kind, subject)
    except NotFoundError:
        return RedirectResponse(path_of(access.catalogue_id), status_code=303)
    return render(request, _ONE, page)


@router.post("/reponse", dependencies=[for_roles(*CONTRIBUTORS)])
def do_answer(
    request: Request,
    access: CatalogueDep,
    transactions: TransactionsDep,
    type: Annotated[str, Form(max_length=20)],
    sujet: Annotated[str, Form(max_length=150)],
    vu: Annotated[str, Form(max_length=80)],
    action: Annotated[str, Form(max_length=10)],
    motif: Annotated[str, Form(max_length=4000)] = "",
) -> Response:
    """Say that a warning is meant so, or that it is to be looked at again."""
    kind = _kind(type)
    if action not in _ACTIONS:
        raise InvalidInputError("Cette réponse est inconnue.")
    try:
        with transactions.writing() as session:
            service.answer(session, access, kind, sujet, vu, _ACTIONS[action], motif)
    except (InvalidInputError, ConflictError) as error:
        with transactions.reading() as session:
            page = warning_page(session, access, kind, sujet, error.message, motif)
        return render(request, _ONE, page, status_code=error.status_code)
    return RedirectResponse(warning_url(access.catalogue_id, kind, sujet), status_code=303)


def _kind(word: str) -> ConsistencyKind:
    if word not in KIND_OF_WORD:
        raise InvalidInputError("Ce type d’avertissement est inconnu.")
    return KIND_OF_WORD[word]
