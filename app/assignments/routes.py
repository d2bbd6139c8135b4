"""Sharing out the rows of a catalogue, and saying which one is open on one's screen."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse

from app.assignments import presence, service
from app.assignments.pages import people_in, query_words, sharing_page
from app.errors import ConflictError, InvalidInputError
from app.models import CONTRIBUTORS
from app.platform.authorising import AuthorisedRoute
from app.platform.identity import CatalogueDep, for_roles
from app.platform.request_session import SessionDep, TransactionsDep
from app.text import counted
from app.web.templating import render
from app.worklist.entries_sql import MAX_POSITION
from app.worklist.parameters import QueryDep, RowId, acted_on
from app.worklist.query import ReviewQuery

router = APIRouter(prefix="/catalogues/{catalogue_id}", tags=["répartition"], route_class=AuthorisedRoute)
_TEMPLATE = "assignments/sharing.html"
NOBODY = "personne"
AMONG = ("", "libres")
"""Which of the rows go: all of them, or those of nobody."""


@router.get("/repartition")
def show_sharing(
    request: Request,
    access: CatalogueDep,
    session: SessionDep,
    query: QueryDep,
    fait: Annotated[int | None, Query(ge=0, le=service.MOST)] = None,
    libre: Annotated[str, Query(max_length=1)] = "",
) -> Response:
    """Who works on which rows, how fast, and the form that gives rows."""
    notice = ""
    if fait is not None:
        verb = ("libérée", "libérées") if libre else ("attribuée", "attribuées")
        notice = f"{counted(fait, f'ligne {verb[0]}', f'lignes {verb[1]}')}."
    return render(request, _TEMPLATE, sharing_page(session, access, query, notice=notice))


@router.post("/repartition", dependencies=[for_roles(*CONTRIBUTORS)])
def do_share_out(
    request: Request,
    access: CatalogueDep,
    transactions: TransactionsDep,
    query: Annotated[ReviewQuery, Depends(acted_on())],
    personne: Annotated[str, Form(max_length=20)] = "",
    chapitre: Annotated[str, Form(max_length=300)] = "",
    de: Annotated[str, Form(max_length=12)] = "",
    a: Annotated[str, Form(max_length=12)] = "",
    parmi: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """Give the rows of the query, of a chapter or of a range of the file to a person, or release them."""
    form = {"personne": personne, "chapitre": chapitre, "de": de, "a": a, "parmi": parmi}
    try:
        assignee = _person(personne)
        with transactions.reading() as session:
            scope = _scope(query, form, query_words(query, people_in(session, query)))
        rows = service.share_out(transactions, access, scope, assignee)
    except (InvalidInputError, ConflictError) as error:
        with transactions.reading() as session:
            page = sharing_page(session, access, query, problem=error.message, form=form)
        return render(request, _TEMPLATE, page, status_code=error.status_code)
    path = f"/catalogues/{access.catalogue_id}/repartition?fait={rows}"
    return RedirectResponse(path + ("&libre=1" if assignee is None else ""), status_code=303)


def _person(text: str) -> int | None:
    if text == NOBODY:
        return service.RELEASED
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise InvalidInputError("Choisissez à qui vont ces lignes.")
    return int(text)


def _scope(query: ReviewQuery, form: dict[str, str], words: str) -> service.Scope:
    """What the form asks for: the filter of the address, narrowed by a chapter, a range, and those of nobody."""
    said = [words] if words else []
    if form["chapitre"]:
        chapter = "" if form["chapitre"] == "-" else form["chapitre"].removeprefix("=")
        query = query.without_facet("chapitre").toggled("chapitre", chapter)
        said.append(f"Chapitre : {chapter or 'non précisé'}")
    first, last = _position(form["de"], 1), _position(form["a"], MAX_POSITION)
    if form["de"].strip() or form["a"].strip():
        said.append(f"lignes {form['de'].strip() or '1'} à {form['a'].strip() or 'la dernière'} du fichier")
    if form["parmi"] not in AMONG:
        raise InvalidInputError("Choisissez parmi quelles lignes : toutes, ou les lignes libres seulement.")
    if form["parmi"] == "libres":
        query = query.without_facet("attribuee").toggled("attribuee", "")
        said.append("attribuées à personne")
    return service.Scope(query, " ; ".join(said) or "tout le catalogue", first, last)


def _position(text: str, default: int) -> int:
    text = text.strip()
    if not text:
        return default
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text) <= MAX_POSITION:
        raise InvalidInputError("Un numéro de ligne du fichier est un nombre entier à partir de 1.")
    return int(text)


@router.post("/presence/{local_test_id}", dependencies=[for_roles(*CONTRIBUTORS)])
def announce(access: CatalogueDep, session: SessionDep, local_test_id: RowId) -> Response:
    """The row is open on the screen of this person; who else has it open."""
    return JSONResponse({"others": presence.announce(session, access, local_test_id)})


@router.post("/presence/{local_test_id}/fin", dependencies=[for_roles(*CONTRIBUTORS)])
def leave(access: CatalogueDep, session: SessionDep, local_test_id: RowId) -> Response:
    """The row is no longer open there."""
    presence.leave(session, access, local_test_id)
    return Response(status_code=204)
