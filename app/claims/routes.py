"""Asking for the evidence pack of a catalogue."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from app.claims.jobs import ask_for_pack
from app.claims.versions import asked_for
from app.jobs.queue import JobQueue
from app.models import CONTRIBUTORS
from app.platform.authorising import AuthorisedRoute
from app.platform.identity import CatalogueDep, for_roles
from app.platform.request_session import SessionDep

router = APIRouter(prefix="/catalogues/{catalogue_id}/dossier", route_class=AuthorisedRoute)


@router.post("", dependencies=[for_roles(*CONTRIBUTORS)])
def prepare_pack(
    request: Request,
    session: SessionDep,
    access: CatalogueDep,
    state: Annotated[str, Form(alias="etat", max_length=20)] = "",
    without_pdf: Annotated[str, Form(alias="sans_pdf", max_length=5)] = "",
) -> Response:
    """Ask for a pack; it is then downloaded from the page of prepared files."""
    queue: JobQueue = request.app.state.jobs
    ask_for_pack(session, queue, access, asked_for(state, without_pdf == "oui"))
    return RedirectResponse(f"/catalogues/{access.catalogue_id}/fichiers-prepares", status_code=303)
