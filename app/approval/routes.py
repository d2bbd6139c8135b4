"""Pages and actions of the approval."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session

from app.approval import service
from app.approval.batch_acts import MOST, TOO_MANY, approve_batch
from app.approval.batch_building import confirm_page
from app.approval.batch_pages import approval_batch_url
from app.approval.page_building import approval_page, list_query
from app.approval.reading import part_query, rank_of, reading_page, reading_url, scope_title
from app.approval.schemas import BulkForm, Judgement, JudgementForm, Scope
from app.cases.answers import answer_done, conflict_json, conflict_page, wants_json
from app.cases.page_building import asked_of, case_page
from app.errors import ConflictError, InvalidInputError, NotAllowedError
from app.models import Action, Decision, Role
from app.platform.authorising import AuthorisedRoute
from app.platform.identity import CatalogueAccess, CatalogueDep, for_roles, recently_authenticated
from app.platform.request_session import SessionDep, SettingsDep, TransactionsDep
from app.proposals.readiness import ENGINE_READY
from app.settings import Settings
from app.transcoding.errors import StaleVersionError
from app.transcoding.weighing import NOTHING_WEIGHED, Weighed, weigh_decided
from app.web.spreadsheet_csv import csv_download
from app.web.templating import render
from app.worklist.csv_export import queue_csv
from app.worklist.parameters import QueryDep, RowId, done_id
from app.worklist.query import ReviewQuery

router = APIRouter(
    prefix="/catalogues/{catalogue_id}/approbation",
    tags=["approbation"],
    dependencies=[ENGINE_READY],
    route_class=AuthorisedRoute,
)


@router.get("")
def show_list(
    request: Request, access: CatalogueDep, session: SessionDep, transactions: TransactionsDep, settings: SettingsDep,
    query: QueryDep,
) -> Response:
    """The decisions to approve, or all of them as CSV."""
    if request.query_params.get("format") == "csv":
        pieces = queue_csv(transactions.engine, access.catalogue_id, list_query(query))
        return csv_download(f"approbation_catalogue_{access.catalogue_id}.csv", pieces)
    page = approval_page(session, settings, access, query, done=done_id(request.query_params))
    return render(request, "approval/list.html", page)


@router.post("", dependencies=[for_roles(Role.BIOLOGIST), recently_authenticated])
def approve_ticked(
    request: Request,
    access: CatalogueDep,
    transactions: TransactionsDep,
    settings: SettingsDep,
    query: QueryDep,
    form: Annotated[BulkForm, Form()],
) -> Response:
    """Name what would be approved of the rows sent; once that is confirmed, approve them as one batch."""
    ticked = form.rows()
    if not ticked or len(ticked) > MOST:
        problem = TOO_MANY if ticked else "Cochez au moins une ligne."
        with transactions.reading() as session:
            if is_reading(request):
                reading = reading_page(session, settings, access, query, problem=problem)
                return render(request, "approval/reading.html", reading, status_code=422)
            page = approval_page(session, settings, access, query, problem=problem)
        return render(request, "approval/list.html", page, status_code=422)
    if form.confirme != "oui":
        with transactions.reading() as session:
            asked = dict(ticked)
            confirm = confirm_page(session, settings, access, query, list(asked), asked, form.perimetre)
        return render(request, "approval/confirm.html", confirm)
    title = scope_title(query, form.perimetre, len(ticked))
    batch = approve_batch(transactions, access, ticked, settings, title)
    address = approval_batch_url(access.catalogue_id, batch.public_id)
    part = part_query(query)
    if is_reading(request) and form.perimetre is not Scope.CHAPTER:
        # The screen where the rows were ticked; the pages of a chapter to confirm are others.
        part = part.with_page(query.page)
    return RedirectResponse(part.url(address), status_code=303)


def is_reading(request: Request) -> bool:
    """Whether the form is one of the reading of a chapter."""
    return request.query_params.get("depuis") == "lecture"


@router.post("/{local_test_id}", dependencies=[for_roles(Role.BIOLOGIST)])
def judge(
    request: Request,
    access: CatalogueDep,
    transactions: TransactionsDep,
    session: SessionDep,
    settings: SettingsDep,
    query: QueryDep,
    local_test_id: RowId,
    form: Annotated[JudgementForm, Form()],
) -> Response:
    """Approve one decision or send it back; then the next one to judge, or the list again."""
    # Where to go afterwards; that the case was read is proved by what its page carries.
    is_from_case = request.query_params.get("depuis") == "revue"
    weighed = NOTHING_WEIGHED
    if form.action is not Judgement.SEND_BACK:
        weighed = weigh_decided(transactions, settings, access, [local_test_id])
    try:
        fact = _judge(session, settings, access, local_test_id, form, weighed)
    except StaleVersionError as error:
        action = Action(form.action)
        if wants_json(request):
            said = " · ".join(text for text in (form.reason, form.comment, form.justification) if text)
            return conflict_json(session, access, query, local_test_id, error, action, "", said)
        return conflict_page(request, session, access, query, local_test_id, error, action, "")
    except (InvalidInputError, ConflictError, NotAllowedError) as error:
        if wants_json(request) or access.role is not Role.BIOLOGIST:
            raise
        asked = asked_of(request.query_params, query)
        page = case_page(session, settings, access, local_test_id, asked, problem=error.message)
        return render(request, "cases/case.html", page, status_code=error.status_code)
    if is_from_case:
        return answer_done(request, session, access, query, fact)
    if is_reading(request):
        # The row leaves the screen: the one that takes its place is the next to read.
        rank = rank_of(request.query_params)
        return RedirectResponse(reading_url(access.catalogue_id, query, rank=rank, fait=fact.id), status_code=303)
    return RedirectResponse(_list_url(access, query, fact), status_code=303)


def _judge(
    session: Session,
    settings: Settings,
    access: CatalogueAccess,
    local_test_id: int,
    form: JudgementForm,
    weighed: Weighed,
) -> Decision:
    if form.action is Judgement.SEND_BACK:
        return service.send_back(session, access, local_test_id, form.version, form.reason, form.comment)
    return service.approve(
        session,
        access,
        local_test_id,
        form.version,
        settings=settings,
        comment=form.comment,
        justification=form.justification,
        opened=form.lu,
        weighed=weighed,
    )


def _list_url(access: CatalogueAccess, query: ReviewQuery, fact: Decision) -> str:
    return query.url(f"/catalogues/{access.catalogue_id}/approbation", fait=fact.id)
