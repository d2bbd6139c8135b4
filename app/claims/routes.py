"""Asking for the evidence pack of a catalogue."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from app.claims.jobs import ask_for_pack
from app.jobs.queue import JobQueue
from app.models import CONTRIBUTORS
from app.platform.authorising import AuthorisedRoute
from app.platform.identity import CatalogueDep, for_roles
from app.platform.request_session import SessionDep

router = APIRouter(prefix="/catalogues/{catalogue_id}/dossier", route_class=AuthorisedRoute)


@router.post("", dependencies=[for_roles(*CONTRIBUTORS)])
def prepare_pack(request: Request, session: SessionDep, access: CatalogueDep) -> Response:
    """Ask for a pack; it is then downloaded from the page of prepared files."""
    queue: JobQueue = request.app.state.jobs
    ask_for_pack(session, queue, access)
    return RedirectResponse(f"/catalogues/{access.catalogue_id}/fichiers-prepares", status_code=303)
