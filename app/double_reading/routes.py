"""Pages and acts of the double reading of a catalogue: the lists, the blind case, the reconciliation, the agreement."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session

from app.double_reading import queue_sql, service
from app.double_reading.agreement_pages import agreement_page
from app.double_reading.page_building import base_of, blind_page, overview_page
from app.double_reading.reconciliation_pages import kept_side, reconciliation_page
from app.double_reading.schemas import ReadingForm, ReconciliationForm
from app.double_reading.service import Answer
from app.errors import InvalidInputError
from app.models import CONTRIBUTORS, Action
from app.platform.authorising import AuthorisedRoute
from app.platform.identity import CatalogueAccess, CatalogueDep, for_roles
from app.platform.request_session import SessionDep, SettingsDep, TransactionsDep
from app.proposals.readiness import ENGINE_READY
from app.text import seen
from app.transcoding import repository
from app.transcoding.errors import JustificationNeededError
from app.transcoding.weighing import NOTHING_WEIGHED, weigh_choice
from app.web.templating import render
from app.worklist.parameters import RowId

router = APIRouter(
    prefix="/catalogues/{catalogue_id}/double-lecture", tags=["double-lecture"], route_class=AuthorisedRoute
)


@router.get("")
def show_overview(request: Request, access: CatalogueDep, session: SessionDep) -> Response:
    """What waits for a second reading, and for a reconciliation."""
    return render(request, "double_reading/overview.html", overview_page(session, access, request.query_params))


@router.get("/accord")
def show_agreement(request: Request, access: CatalogueDep, session: SessionDep) -> Response:
    """How far the readers agree."""
    return render(request, "double_reading/agreement.html", agreement_page(session, access))


@router.get("/{local_test_id}", dependencies=[ENGINE_READY, for_roles(*CONTRIBUTORS)])
def show_blind_case(
    request: Request, access: CatalogueDep, session: SessionDep, settings: SettingsDep, local_test_id: RowId
) -> Response:
    """A row to read a second time, without what the first reader said."""
    page = blind_page(session, settings, access, local_test_id, request.query_params)
    return render(request, "double_reading/blind_case.html", page)


@router.post("/{local_test_id}", dependencies=[for_roles(*CONTRIBUTORS), ENGINE_READY])
def do_read(
    request: Request,
    access: CatalogueDep,
    transactions: TransactionsDep,
    session: SessionDep,
    settings: SettingsDep,
    local_test_id: RowId,
    form: Annotated[ReadingForm, Form()],
) -> Response:
    """Record a second reading, then go to the next row to read."""
    code = form.chosen
    weighed = weigh_choice(transactions, settings, access, local_test_id, code) if code else NOTHING_WEIGHED
    try:
        service.read(
            session, access, local_test_id, form.demande, form.answer(), settings=settings, weighed=weighed
        )
    except InvalidInputError as error:
        page = blind_page(
            session,
            settings,
            access,
            local_test_id,
            request.query_params,
            problem=error.message,
            needs_justification=isinstance(error, JustificationNeededError),
            form=_sent(form),
            chosen=code,
        )
        return render(request, "double_reading/blind_case.html", page, status_code=error.status_code)
    return RedirectResponse(_next_url(session, access, local_test_id), status_code=303)


def _next_url(session: Session, access: CatalogueAccess, local_test_id: int) -> str:
    """The next row that this person may read, in the order of the file; the first one again after the last."""
    test = repository.local_test(session, access.catalogue_id, local_test_id)
    place = (test.position, local_test_id) if test else (-1, 0)
    rows = queue_sql.to_read(session, access.catalogue_id, access.user_id, place)
    rows = rows or queue_sql.to_read(session, access.catalogue_id, access.user_id)
    base = base_of(access.catalogue_id)
    return f"{base}/{rows[0].id}?fait=lue" if rows else f"{base}?fait=toutes"


@router.get("/{local_test_id}/conciliation", dependencies=[ENGINE_READY])
def show_reconciliation(
    request: Request, access: CatalogueDep, session: SessionDep, settings: SettingsDep, local_test_id: RowId
) -> Response:
    """Two readings that differ, side by side."""
    page = reconciliation_page(session, settings, access, local_test_id)
    return render(request, "double_reading/reconciliation.html", page)


@router.post("/{local_test_id}/conciliation", dependencies=[for_roles(*CONTRIBUTORS), ENGINE_READY])
def do_reconcile(
    request: Request,
    access: CatalogueDep,
    transactions: TransactionsDep,
    session: SessionDep,
    settings: SettingsDep,
    local_test_id: RowId,
    form: Annotated[ReconciliationForm, Form()],
) -> Response:
    """End a disagreement."""
    answer = form.answer()
    if form.retenue != "autre":
        with transactions.reading() as reading:
            found = queue_sql.disagreements(reading, access.catalogue_id, local_test_id)
        kept = kept_side(found[0], form.retenue) if found else None
        if kept is not None:
            said = seen(form.justification) or kept.justification
            comment = seen(form.comment) or kept.comment
            answer = Answer(Action(kept.action), kept.loinc_num, kept.relation, form.reason, comment, said)
    code = answer.loinc_num if answer.action is Action.CHOOSE else ""
    weighed = weigh_choice(transactions, settings, access, local_test_id, code) if code else NOTHING_WEIGHED
    try:
        if not form.retenue:
            raise InvalidInputError("Choisissez la lecture à retenir, ou une autre réponse.")
        service.reconcile(
            session, access, local_test_id, form.version, form.lecture, answer, settings=settings, weighed=weighed
        )
    except InvalidInputError as error:
        page = reconciliation_page(
            session, settings, access, local_test_id, problem=error.message, form=_sent(form)
        )
        return render(request, "double_reading/reconciliation.html", page, status_code=error.status_code)
    return RedirectResponse(f"{base_of(access.catalogue_id)}?fait=conciliee", status_code=303)


def _sent(form: ReadingForm | ReconciliationForm) -> dict[str, str]:
    return {name: str(value) for name, value in form.model_dump(exclude={"version", "retenir"}).items()}
