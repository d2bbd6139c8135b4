"""Candidates set aside, flags, and the undoing of one's own decisions: what the review writes beside decisions."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from app.cases.answers import answer_done, conflict_page, wants_json
from app.cases.page_building import asked_of, case_page
from app.errors import ConflictError, InvalidInputError
from app.jobs.queue import JobQueue
from app.models import CONTRIBUTORS, Action, Decision
from app.platform.authorising import AuthorisedRoute
from app.platform.identity import CatalogueAccess, CatalogueDep, for_roles
from app.platform.request_session import SessionDep, SettingsDep
from app.proposals.readiness import ENGINE_READY
from app.review import marks, undoing
from app.review.pages import UndoPage
from app.review.schemas import CandidateForm, FlagForm, UndoNewestForm
from app.transcoding.errors import StaleVersionError
from app.web.templating import render
from app.worklist.navigation import case_url, queue_url
from app.worklist.parameters import QueryDep, RowId
from app.worklist.query import ReviewQuery

router = APIRouter(prefix="/catalogues/{catalogue_id}/revue", tags=["revue"], route_class=AuthorisedRoute)


@router.post("/annuler", dependencies=[for_roles(*CONTRIBUTORS)])
def undo_newest(
    request: Request,
    access: CatalogueDep,
    session: SessionDep,
    query: QueryDep,
    form: Annotated[UndoNewestForm, Form()],
) -> Response:
    """Take back one's own newest decision in the catalogue and show its row, or say why it cannot be."""
    queue: JobQueue = request.app.state.jobs
    outcome = undoing.undo_newest(session, access, queue, form.before, form.reason)
    if isinstance(outcome, undoing.Undone):
        return RedirectResponse(
            case_url(
                access.catalogue_id,
                outcome.fact.local_test_id,
                query,
                fait=outcome.fact.id,
                au_dela=form.before,
            ),
            status_code=303,
        )
    if isinstance(outcome, undoing.UndoneTogether):
        return RedirectResponse(outcome.url, status_code=303)
    return render(request, "review/undo.html", _undo_page(access, query, outcome, form), status_code=409)


def _undo_page(
    access: CatalogueAccess,
    query: ReviewQuery,
    outcome: undoing.Refused | undoing.NothingLeft,
    form: UndoNewestForm,
) -> UndoPage:
    refused = outcome if isinstance(outcome, undoing.Refused) else None
    row_id = refused.local_test_id if refused else None
    return UndoPage(
        title="Annuler une décision",
        catalogue=access.catalogue,
        refused=refused,
        is_beyond=form.before is not None,
        before=form.before,
        undo_url=query.with_page(1).url(f"/catalogues/{access.catalogue_id}/revue/annuler"),
        case_url=case_url(access.catalogue_id, row_id, query) if row_id else "",
        queue_url=queue_url(access.catalogue_id, query.with_page(1)),
    )


@router.post("/{local_test_id}/candidat", dependencies=[for_roles(*CONTRIBUTORS), ENGINE_READY])
def mark_candidate(
    request: Request,
    access: CatalogueDep,
    session: SessionDep,
    settings: SettingsDep,
    query: QueryDep,
    local_test_id: RowId,
    form: Annotated[CandidateForm, Form()],
) -> Response:
    """Set a candidate aside, or take it back, then show the row."""

    def write() -> Decision:
        return marks.mark_candidate(session, access, local_test_id, form.version, form.action, form.candidat)

    return _answer(request, session, settings, access, query, local_test_id, write, (form.action, form.candidat))


@router.post("/{local_test_id}/repere", dependencies=[for_roles(*CONTRIBUTORS), ENGINE_READY])
def mark_row(
    request: Request,
    access: CatalogueDep,
    session: SessionDep,
    settings: SettingsDep,
    query: QueryDep,
    local_test_id: RowId,
    form: Annotated[FlagForm, Form()],
) -> Response:
    """Put a flag on the row, or take it off, then show the row."""

    def write() -> Decision:
        return marks.mark_row(session, access, local_test_id, form.version, form.action, form.note)

    return _answer(request, session, settings, access, query, local_test_id, write, (form.action, ""))


def _answer(
    request: Request,
    session: SessionDep,
    settings: SettingsDep,
    access: CatalogueAccess,
    query: ReviewQuery,
    local_test_id: int,
    write: Callable[[], Decision],
    asked: tuple[Action, str],
) -> Response:
    try:
        fact = write()
    except StaleVersionError as error:
        if wants_json(request):
            raise
        return conflict_page(request, session, access, query, local_test_id, error, *asked)
    except (InvalidInputError, ConflictError) as error:
        if wants_json(request):
            raise
        page = case_page(
            session, settings, access, local_test_id, asked_of(request.query_params, query), problem=error.message
        )
        return render(request, "cases/case.html", page, status_code=error.status_code)
    return answer_done(request, session, access, query, fact)
