"""Asking for new proposals."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from app.dependencies import CatalogueDep, SessionDep
from app.jobs.queue import JobQueue
from app.models import Role
from app.proposals.service import JOB_KIND

router = APIRouter()


@router.post("/catalogues/{catalogue_id}/propositions")
def rerun(request: Request, session: SessionDep, access: CatalogueDep) -> Response:
    """Start the matcher again on the whole catalogue, in the background."""
    access.require(Role.TRANSCODER, Role.BIOLOGIST)
    queue: JobQueue = request.app.state.jobs
    job = queue.enqueue(
        session,
        JOB_KIND,
        laboratory_id=access.laboratory_id,
        catalogue_id=access.catalogue_id,
        created_by_id=access.user_id,
        payload={"catalogue_id": access.catalogue_id},
    )
    return RedirectResponse(f"/travaux/{job.id}", status_code=303)
