"""Asking for new proposals, and whether they follow the habits of the catalogue."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from app.errors import ConflictError, InvalidInputError
from app.jobs.queue import JobQueue
from app.models import CONTRIBUTORS
from app.platform.authorising import AuthorisedRoute
from app.platform.identity import CatalogueDep, for_roles
from app.platform.request_session import SessionDep
from app.proposals import habits
from app.proposals.service import ask_for_proposals, search_that_waits

router = APIRouter(route_class=AuthorisedRoute)


@router.post("/catalogues/{catalogue_id}/propositions", dependencies=[for_roles(*CONTRIBUTORS)])
def rerun(request: Request, session: SessionDep, access: CatalogueDep) -> Response:
    """Start the matcher again on the whole catalogue, in the background; a second click leads to the job that waits."""
    queue: JobQueue = request.app.state.jobs
    job = search_that_waits(session, access.catalogue_id)
    if job is None:
        job = ask_for_proposals(session, queue, access.catalogue, access.user_id)
    return RedirectResponse(f"/travaux/{job.id}", status_code=303)


@router.post("/catalogues/{catalogue_id}/habitudes", dependencies=[for_roles(*CONTRIBUTORS)])
def follow_habits(
    session: SessionDep, access: CatalogueDep, suivre: Annotated[str, Form(max_length=5)] = ""
) -> Response:
    """Have proposals follow what the decisions of the catalogue show, or not."""
    if suivre not in ("0", "1"):
        raise InvalidInputError("Dites si les habitudes de ce catalogue sont suivies, ou non.")
    if not habits.has_switch(session, access.catalogue_id):
        raise ConflictError(
            "Les décisions de ce catalogue ne montrent encore aucune habitude : il n'y a rien à suivre ni à quitter."
        )
    habits.switch(session, access, suivre == "1")
    return RedirectResponse(f"/catalogues/{access.catalogue_id}#habitudes", status_code=303)
