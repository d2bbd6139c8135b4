"""Asking for new proposals."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from app.jobs.queue import JobQueue
from app.models import CONTRIBUTORS
from app.platform.authorising import AuthorisedRoute
from app.platform.identity import CatalogueDep
from app.platform.request_session import SessionDep
from app.proposals.service import ask_for_proposals

router = APIRouter(route_class=AuthorisedRoute)


@router.post("/catalogues/{catalogue_id}/propositions")
def rerun(request: Request, session: SessionDep, access: CatalogueDep) -> Response:
    """Start the matcher again on the whole catalogue, in the background."""
    access.require(*CONTRIBUTORS)
    queue: JobQueue = request.app.state.jobs
    job = ask_for_proposals(session, queue, access.catalogue, access.user_id)
    return RedirectResponse(f"/travaux/{job.id}", status_code=303)
