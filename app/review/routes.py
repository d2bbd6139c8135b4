"""Pages and actions of the review: the queue, the case, the decision and its undoing."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response

from app.audit.refusals import record_refused_text
from app.cases.answers import answer_done, conflict_json, conflict_page, wants_json
from app.cases.page_building import asked_of, case_page
from app.errors import ConflictError, InvalidInputError
from app.models import CONTRIBUTORS, Action
from app.patient_guard.refusal import PatientTextError
from app.patient_guard.texts import refuse_patient_text
from app.platform.authorising import AuthorisedRoute
from app.platform.forms import keeps_what_is_typed
from app.platform.identity import CatalogueDep, for_roles
from app.platform.request_session import SessionDep, SettingsDep, TransactionsDep
from app.proposals.readiness import ENGINE_READY
from app.review import service
from app.review.queue_page import queue_page
from app.review.schemas import DecisionForm, UndoForm
from app.transcoding.errors import JustificationNeededError, StaleVersionError
from app.transcoding.weighing import NOTHING_WEIGHED, weigh_choice
from app.web.spreadsheet_csv import csv_download
from app.web.templating import render
from app.worklist.csv_export import queue_csv
from app.worklist.parameters import QueryDep, RowId, done_id

router = APIRouter(prefix="/catalogues/{catalogue_id}/revue", tags=["revue"], route_class=AuthorisedRoute)


@router.get("")
def show_queue(
    request: Request, access: CatalogueDep, session: SessionDep, transactions: TransactionsDep, query: QueryDep
) -> Response:
    """The queue, or its rows as CSV."""
    if request.query_params.get("format") == "csv":
        pieces = queue_csv(transactions.engine, access.catalogue_id, query)
        return csv_download(f"revue_catalogue_{access.catalogue_id}.csv", pieces)
    page = queue_page(session, access, query, done_id(request.query_params))
    return render(request, "review/queue.html", page)


@router.get("/{local_test_id}", dependencies=[ENGINE_READY])
def show_case(
    request: Request,
    access: CatalogueDep,
    session: SessionDep,
    settings: SettingsDep,
    query: QueryDep,
    local_test_id: RowId,
) -> Response:
    """One row against its candidates."""
    asked = asked_of(request.query_params, query)
    page = case_page(session, settings, access, local_test_id, asked, done=done_id(request.query_params))
    return render(request, "cases/case.html", page)


@router.post("/{local_test_id}/decision", dependencies=[for_roles(*CONTRIBUTORS), ENGINE_READY])
@keeps_what_is_typed
def decide(
    request: Request,
    access: CatalogueDep,
    transactions: TransactionsDep,
    session: SessionDep,
    settings: SettingsDep,
    query: QueryDep,
    local_test_id: RowId,
    form: Annotated[DecisionForm, Form()],
) -> Response:
    """Record a decision, then go to the next row to decide."""
    code = form.chosen.strip() if form.action is Action.CHOOSE else ""
    weighed = weigh_choice(transactions, settings, access, local_test_id, code) if code else NOTHING_WEIGHED
    try:
        refuse_patient_text(*form.typed)
        fact = service.decide(
            session,
            access,
            local_test_id,
            form.version,
            form.action,
            settings=settings,
            loinc_num=form.chosen,
            relation=form.relation,
            reason=form.said_reason,
            comment=form.comment,
            justification=form.justification,
            weighed=weighed,
        )
    except StaleVersionError as error:
        if wants_json(request):
            said = (session, access, query, local_test_id, error, form.action, form.chosen, form.said)
            return conflict_json(*said)
        return conflict_page(request, session, access, query, local_test_id, error, form.action, form.chosen)
    except (InvalidInputError, ConflictError) as error:
        if wants_json(request):
            raise
        if isinstance(error, PatientTextError):
            record_refused_text(session, access, error)
        asked = asked_of(request.query_params, query)
        if form.action is Action.CHOOSE and form.chosen:
            asked = asked.choosing(form.chosen)
        page = case_page(
            session,
            settings,
            access,
            local_test_id,
            asked,
            problem=error.message,
            needs_justification=isinstance(error, JustificationNeededError),
            form=_sent(form),
        )
        return render(request, "cases/case.html", page, status_code=error.status_code)
    return answer_done(request, session, access, query, fact)


@router.post("/{local_test_id}/annulation", dependencies=[for_roles(*CONTRIBUTORS), ENGINE_READY])
def undo(
    request: Request,
    access: CatalogueDep,
    session: SessionDep,
    settings: SettingsDep,
    query: QueryDep,
    local_test_id: RowId,
    form: Annotated[UndoForm, Form()],
) -> Response:
    """Take back one's own fact in force, then show the row."""
    try:
        fact = service.undo(session, access, local_test_id, form.version, form.reason, form.comment)
    except StaleVersionError as error:
        last = error.newer[-1] if error.newer else None
        if last is not None and last.action == Action.UNDO and {f.author_id for f in error.newer} == {access.user_id}:
            # The same press, received twice: nobody else acted, and what was asked for is done.
            return answer_done(request, session, access, query, last)
        if wants_json(request):
            return conflict_json(session, access, query, local_test_id, error, Action.UNDO, "", form.comment)
        return conflict_page(request, session, access, query, local_test_id, error, Action.UNDO, "")
    except (InvalidInputError, ConflictError) as error:
        if wants_json(request):
            raise
        page = case_page(
            session,
            settings,
            access,
            local_test_id,
            asked_of(request.query_params, query),
            problem=error.message,
        )
        return render(request, "cases/case.html", page, status_code=error.status_code)
    return answer_done(request, session, access, query, fact)


def _sent(form: DecisionForm) -> dict[str, str]:
    values: dict[str, Any] = form.model_dump(exclude={"version", "retenir"})
    return {name: str(value) for name, value in values.items()}
