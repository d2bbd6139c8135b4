"""Pages and acts of the batches: the gate, the batches, taking one back, the group of a row."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session

from app.approval.batch_pages import approval_batch_url
from app.batches import asking
from app.batches.asking import Asked, ask, ask_to_take_back, sift
from app.batches.group_asking import ask_for_group, sift_group
from app.batches.group_pages import group_page
from app.batches.page_building import (
    BAND_WORDS,
    UNREAD_TOO,
    batch_csv,
    batch_page,
    batches_page,
    facet_words,
    gate_page,
    require_batch,
)
from app.batches.schemas import GroupForm
from app.batches.undoing import batch_url
from app.double_reading.wording import sample_sentence
from app.errors import ConflictError, InvalidInputError
from app.jobs.queue import JobQueue
from app.models import BY_TRANSCODERS, CONTRIBUTORS, BatchKind
from app.platform.authorising import AuthorisedRoute
from app.platform.identity import CatalogueAccess, CatalogueDep, for_roles
from app.platform.request_session import SessionDep, TransactionsDep
from app.proposals.readiness import ENGINE_READY
from app.web.spreadsheet_csv import csv_download
from app.web.templating import render
from app.worklist.parameters import QueryDep, RowId, acted_on
from app.worklist.query import ReviewQuery
from app.worklist.queue import window_of

router = APIRouter(prefix="/catalogues/{catalogue_id}", tags=["lots"], route_class=AuthorisedRoute)


def _queue(request: Request) -> JobQueue:
    queue: JobQueue = request.app.state.jobs
    return queue


QueueDep = Annotated[JobQueue, Depends(_queue)]
Ticked = Annotated[list[int], Query(alias="ligne", max_length=asking.MOST)]
LowestWord = Annotated[str, Query(alias="confiance_min", max_length=20)]
Scope = Annotated[str, Query(alias="perimetre", max_length=10)]
UnreadWord = Annotated[str, Query(alias="non_lues", max_length=10)]
NO_ROWS = {
    "page": "Cette page ne contient aucune ligne : rouvrez la file.",
    "cochees": "Cochez au moins une ligne.",
}
ActDep = Annotated[ReviewQuery, Depends(acted_on("confiance_min", "perimetre", "non_lues"))]


def _asked(
    session: Session,
    access: CatalogueAccess,
    query: ReviewQuery,
    scope: str,
    word: str,
    ids: list[int],
    unread: str,
) -> tuple[Asked, str]:
    """Which rows the address is about."""
    if word not in BAND_WORDS:
        raise InvalidInputError("L'adresse contient une confiance inconnue.")
    if scope not in ("filtre", "page", "cochees"):
        raise InvalidInputError("L'adresse contient un périmètre inconnu.")
    if unread not in ("", UNREAD_TOO):
        raise InvalidInputError("L'adresse contient un choix inconnu pour les lignes lues en partie.")
    rows = tuple(dict.fromkeys(ids))
    if rows:
        scope = scope if scope == "page" else "cochees"
    elif scope == "page":
        rows = tuple(window_of(session, access.catalogue_id, query).ids)
    if not rows and scope != "filtre":
        # Never the whole filter instead of the few rows that were meant.
        raise InvalidInputError(NO_ROWS[scope])
    return Asked(query, BAND_WORDS[word], rows, with_unread=bool(unread)), scope


@router.get("/lots")
def show_batches(
    request: Request,
    access: CatalogueDep,
    session: SessionDep,
    before: Annotated[int | None, Query(alias="avant", ge=0, lt=2**31)] = None,
    author: Annotated[str, Query(alias="de", max_length=10)] = "",
) -> Response:
    """The batches of the catalogue, or one's own."""
    if author not in ("", "moi"):
        raise InvalidInputError("L'adresse contient un filtre inconnu.")
    return render(request, "batches/list.html", batches_page(session, access, before, author == "moi"))


@router.get("/lots/nouveau", dependencies=[for_roles(*CONTRIBUTORS)])
def show_gate(
    request: Request,
    access: CatalogueDep,
    session: SessionDep,
    query: QueryDep,
    ids: Ticked = [],  # noqa: B006 - FastAPI copies it
    word: LowestWord = "sure",
    scope: Scope = "filtre",
    unread: UnreadWord = "",
) -> Response:
    """What would become of the rows of a filter, or of ticked ones."""
    asked, scope = _asked(session, access, query, scope, word, ids, unread)
    return render(request, "batches/gate.html", gate_page(session, access, asked, scope))


@router.post("/lots", dependencies=[for_roles(*CONTRIBUTORS), ENGINE_READY])
def ask_for_batch(
    request: Request,
    access: CatalogueDep,
    transactions: TransactionsDep,
    queue: QueueDep,
    query: ActDep,
    ids: Annotated[list[int], Form(alias="ligne", max_length=asking.MOST)] = [],  # noqa: B006 - FastAPI copies it
    word: LowestWord = "sure",
    scope: Scope = "filtre",
    unread: UnreadWord = "",
) -> Response:
    """Accept the best proposals of the rows that pass the gate."""
    with transactions.reading() as session:
        asked, scope = _asked(session, access, query, scope, word, ids, unread)
        title = asking.title_of(query, asked.ids if scope != "filtre" else (), facet_words(session, query))
    title += ", lignes lues en partie comprises" if asked.with_unread else ""
    try:
        with transactions.reading() as session:
            sifted = sift(session, access, asked)
        with transactions.writing() as session:
            address = batch_url(access.catalogue_id, ask(session, queue, access, asked, title, sifted).public_id)
    except ConflictError as error:
        with transactions.reading() as session:
            page = gate_page(session, access, asked, scope, error.message)
        return render(request, "batches/gate.html", page, status_code=error.status_code)
    return RedirectResponse(address, status_code=303)


@router.get("/lots/{public_id}")
def show_batch(
    request: Request,
    access: CatalogueDep,
    session: SessionDep,
    transactions: TransactionsDep,
    public_id: str,
    after: Annotated[int, Query(alias="apres", ge=0, lt=2**31)] = 0,
    result: Annotated[str, Query(alias="resultat", max_length=20)] = "",
) -> Response:
    """One batch, or its rows as CSV."""
    batch = require_batch(session, access, public_id)
    if batch.kind not in (*BY_TRANSCODERS, BatchKind.TAKE_BACK):
        return RedirectResponse(approval_batch_url(access.catalogue_id, batch.public_id), status_code=303)
    if request.query_params.get("format") == "csv":
        return csv_download(f"lot_{batch.id}.csv", batch_csv(transactions.engine, access, batch))
    readings = sample_sentence(session, access.laboratory_id, batch.public_id)
    page = batch_page(session, access, batch, after, result == "laissees", readings)
    return render(request, "batches/batch.html", page)


@router.post("/lots/{public_id}/reprise", dependencies=[for_roles(*CONTRIBUTORS)])
def take_back(access: CatalogueDep, session: SessionDep, queue: QueueDep, public_id: str) -> Response:
    """Take every decision of a batch back."""
    back = ask_to_take_back(session, queue, access, require_batch(session, access, public_id))
    return RedirectResponse(batch_url(access.catalogue_id, back.public_id), status_code=303)


@router.get("/revue/{local_test_id}/groupe")
def show_group(
    request: Request, access: CatalogueDep, session: SessionDep, query: QueryDep, local_test_id: RowId
) -> Response:
    """The rows that say the same as this one."""
    return render(request, "batches/group.html", group_page(session, access, local_test_id, query))


@router.post("/revue/{local_test_id}/groupe", dependencies=[for_roles(*CONTRIBUTORS), ENGINE_READY])
def decide_group(
    request: Request,
    access: CatalogueDep,
    transactions: TransactionsDep,
    queue: QueueDep,
    query: QueryDep,
    local_test_id: RowId,
    form: Annotated[GroupForm, Form()],
) -> Response:
    """One answer for the ticked rows of the group."""
    versions = form.versions()
    try:
        with transactions.reading() as session:
            sifted = sift_group(session, access, local_test_id, versions, form.answer())
        with transactions.writing() as session:
            address = batch_url(access.catalogue_id, ask_for_group(session, queue, access, sifted).public_id)
    except (ConflictError, InvalidInputError) as error:
        sent = {name: str(value) for name, value in form.model_dump(exclude={"lignes"}).items()}
        with transactions.reading() as session:
            page = group_page(session, access, local_test_id, query, error.message, sent, set(versions))
        return render(request, "batches/group.html", page, status_code=error.status_code)
    return RedirectResponse(address, status_code=303)
