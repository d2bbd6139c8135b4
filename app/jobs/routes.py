"""The page of a background job: progress, outcome, retry."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel

from app.jobs import repository, service
from app.jobs.pages import JobPage, job_line
from app.jobs.queue import JobQueue
from app.models import Catalogue, JobStatus, Laboratory
from app.platform.authorising import AuthorisedRoute
from app.platform.identity import CurrentUser
from app.platform.request_session import SessionDep
from app.web.templating import render

router = APIRouter(route_class=AuthorisedRoute)


class JobState(BaseModel):
    """What the page asks for while it waits."""

    status: str
    status_label: str
    is_over: bool
    done: int
    total: int
    message: str


@router.get("/travaux/{job_id}")
def show_job(request: Request, session: SessionDep, user: CurrentUser, job_id: int) -> Response:
    """How far a job has come."""
    access = service.open_job(session, user, job_id)
    job = access.job
    laboratory = session.get(Laboratory, job.laboratory_id) if job.laboratory_id else None
    catalogue = session.get(Catalogue, job.catalogue_id) if job.catalogue_id else None
    line = job_line(job)
    page = JobPage(
        title=line.label,
        job=line,
        laboratory_id=job.laboratory_id,
        laboratory=laboratory.name if laboratory else "",
        catalogue_id=job.catalogue_id,
        catalogue=catalogue.name if catalogue else "",
        next_jobs=[job_line(other) for other in repository.jobs_after(session, job)],
        may_retry=access.may_act and job.status == JobStatus.FAILED,
    )
    return render(request, "jobs/job.html", page)


@router.get("/travaux/{job_id}/etat")
def get_job_state(session: SessionDep, user: CurrentUser, job_id: int) -> JobState:
    """The state of a job, for the page that watches it."""
    line = job_line(service.open_job(session, user, job_id).job)
    return JobState(
        status=line.status,
        status_label=line.status_label,
        is_over=line.is_over,
        done=line.done,
        total=line.total,
        message=line.message,
    )


@router.post("/travaux/{job_id}/relancer")
def do_retry(request: Request, session: SessionDep, user: CurrentUser, job_id: int) -> Response:
    """Start a failed job again."""
    queue: JobQueue = request.app.state.jobs
    service.retry(session, queue, user, job_id)
    return RedirectResponse(f"/travaux/{job_id}", status_code=303)
