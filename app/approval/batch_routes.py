"""The biologist's reading, the page that confirms a batch of approvals, and batches taken back."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session

from app.approval import reading_sql, service
from app.approval.batch_acts import MOST, require_batch, take_back
from app.approval.batch_building import batch_page, confirm_page
from app.approval.batch_pages import approval_batch_url
from app.approval.reading import part_of, rank_of, reading_page, reading_url
from app.approval.schemas import AnswerForm, Scope
from app.errors import ConflictError, InvalidInputError, NotFoundError
from app.models import Role
from app.platform.authorising import AuthorisedRoute
from app.platform.identity import CatalogueAccess, CatalogueDep, for_roles, recently_authenticated
from app.platform.request_session import SessionDep, SettingsDep
from app.proposals.readiness import ENGINE_READY
from app.web.templating import render
from app.worklist.parameters import QueryDep, RowId, done_id
from app.worklist.query import MAX_ROW_ID, ReviewQuery

router = APIRouter(
    prefix="/catalogues/{catalogue_id}/approbation",
    tags=["approbation"],
    dependencies=[ENGINE_READY],
    route_class=AuthorisedRoute,
)
BIOLOGIST_LATELY = [for_roles(Role.BIOLOGIST), recently_authenticated]


@router.get("/lecture")
def read_chapter(
    request: Request, access: CatalogueDep, session: SessionDep, settings: SettingsDep, query: QueryDep
) -> Response:
    """Twelve rows of a chapter, the riskiest first."""
    page = reading_page(session, settings, access, query, done=done_id(request.query_params))
    return render(request, "approval/reading.html", page)


@router.get("/lot", dependencies=[for_roles(Role.BIOLOGIST)])
def ask_to_confirm(
    request: Request,
    access: CatalogueDep,
    session: SessionDep,
    settings: SettingsDep,
    query: QueryDep,
    scope: Annotated[Scope, Query(alias="perimetre")],
    row_id: Annotated[int, Query(alias="ligne", ge=0, le=MAX_ROW_ID)] = 0,
) -> Response:
    """What would be approved of a chapter, or of the rows that say the same as one; nothing is written."""
    ids, more = _asked(session, access, query, scope, row_id)
    page = confirm_page(session, settings, access, query, ids, None, scope, more=more, row_id=row_id)
    return render(request, "approval/confirm.html", page)


def _asked(
    session: Session, access: CatalogueAccess, query: ReviewQuery, scope: Scope, row_id: int
) -> tuple[list[int], bool]:
    """The rows of a chapter or of a group that are looked at, and whether more follow."""
    if scope is Scope.CHAPTER:
        if "chapitre" not in query.only:
            raise InvalidInputError("Choisissez un chapitre.")
        found = reading_sql.decided_of(
            session, part_of(access.catalogue_id, query), MOST + 1, (query.page - 1) * MOST
        )
    elif scope is Scope.GROUP:
        found = reading_sql.group_of(session, access.catalogue_id, row_id, MOST + 1)
        if not found:
            raise NotFoundError("Ce groupe n’a aucune ligne à approuver.")
    else:
        raise InvalidInputError("Cochez les lignes à approuver dans la liste ou la lecture.")
    return found[:MOST], len(found) > MOST


@router.get("/lots/{public_id}")
def show_batch(
    request: Request, access: CatalogueDep, session: SessionDep, query: QueryDep, public_id: str
) -> Response:
    """A batch of approvals, with what became of each row."""
    batch = require_batch(session, access, public_id)
    return render(request, "approval/batch.html", batch_page(session, access, batch, query))


@router.post("/lots/{public_id}/reprise", dependencies=BIOLOGIST_LATELY)
def take_batch_back(
    request: Request,
    access: CatalogueDep,
    session: SessionDep,
    query: QueryDep,
    public_id: str,
    reason: Annotated[str, Form()] = "",
) -> Response:
    """Take every approval of one's own batch back that still stands, with the reason."""
    batch = require_batch(session, access, public_id)
    try:
        back = take_back(session, access, batch, reason)
    except (ConflictError, InvalidInputError) as error:
        page = batch_page(session, access, batch, query, problem=error.message, reason=reason)
        return render(request, "approval/batch.html", page, status_code=error.status_code)
    return RedirectResponse(query.url(approval_batch_url(access.catalogue_id, back.public_id)), status_code=303)


@router.post("/{local_test_id}/reponse", dependencies=[for_roles(Role.BIOLOGIST)])
def answer_doubt(
    request: Request,
    access: CatalogueDep,
    session: SessionDep,
    settings: SettingsDep,
    query: QueryDep,
    local_test_id: RowId,
    form: Annotated[AnswerForm, Form()],
) -> Response:
    """Answer the question of a doubt."""
    try:
        fact = service.answer_doubt(session, access, local_test_id, form.version, form.comment)
    except (ConflictError, InvalidInputError) as error:
        page = reading_page(session, settings, access, query, problem=error.message)
        return render(request, "approval/reading.html", page, status_code=error.status_code)
    rank = rank_of(request.query_params)
    # The doubt stays until its author decides: the next row is read.
    address = reading_url(access.catalogue_id, query, rank=rank + 1 if rank else 0, fait=fact.id)
    return RedirectResponse(address, status_code=303)
