"""The pages of background jobs: progress, outcome, retry, cancellation, lists."""

from dataclasses import replace

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from app.jobs import repository, service
from app.jobs.listing import JobQuery, jobs_csv, list_page
from app.jobs.pages import JobPage, job_line
from app.jobs.queue import JobQueue
from app.jobs.streams import JobState, follow, state_of
from app.models import Catalogue, JobStatus, Laboratory
from app.platform.authorising import AuthorisedRoute
from app.platform.identity import Administrator, CurrentUser, LaboratoryDep
from app.platform.request_session import SessionDep, TransactionsDep
from app.text import paris_time
from app.web.spreadsheet_csv import csv_download
from app.web.templating import render

router = APIRouter(route_class=AuthorisedRoute)


@router.get("/travaux/{job_id}")
def show_job(request: Request, session: SessionDep, user: CurrentUser, job_id: int) -> Response:
    """How far a job has come."""
    access = service.open_job(session, user, job_id)
    job = access.job
    laboratory = session.get(Laboratory, job.laboratory_id) if job.laboratory_id else None
    catalogue = session.get(Catalogue, job.catalogue_id) if job.catalogue_id else None
    line, is_retried = job_line(job), service.may_be_retried(job)
    page = JobPage(
        title=line.label,
        job=line,
        asked_at=paris_time(job.created_at, seconds=True),
        finished_at=paris_time(job.finished_at, seconds=True),
        laboratory_id=job.laboratory_id,
        laboratory=laboratory.name if laboratory else "",
        catalogue_id=job.catalogue_id,
        catalogue=catalogue.name if catalogue else "",
        next_jobs=[job_line(other) for other in repository.jobs_after(session, job)],
        may_retry=access.may_act and is_retried and job.status in (JobStatus.FAILED, JobStatus.CANCELLED),
        is_retried=is_retried,
        may_cancel=access.may_act and not line.is_over and job.cancel_requested_at is None,
    )
    return render(request, "jobs/job.html", page)


@router.get("/travaux/{job_id}/etat")
def get_job_state(session: SessionDep, user: CurrentUser, job_id: int) -> JobState:
    """The state of a job, for the page that watches it."""
    return state_of(service.open_job(session, user, job_id).job)


@router.get("/travaux/{job_id}/flux")
async def stream_job(request: Request, _user: CurrentUser, job_id: int) -> Response:
    """The same each time it changes, as server-sent events: until the job is over, or for some minutes."""
    return await follow(request, job_id)


@router.post("/travaux/{job_id}/relancer")
def do_retry(request: Request, session: SessionDep, user: CurrentUser, job_id: int) -> Response:
    """Start a failed job again."""
    queue: JobQueue = request.app.state.jobs
    service.retry(session, queue, user, job_id)
    return RedirectResponse(f"/travaux/{job_id}", status_code=303)


@router.post("/travaux/{job_id}/annuler")
def do_cancel(request: Request, session: SessionDep, user: CurrentUser, job_id: int) -> Response:
    """End a job that waits or runs."""
    queue: JobQueue = request.app.state.jobs
    service.cancel(session, queue, user, job_id)
    return RedirectResponse(f"/travaux/{job_id}", status_code=303)


@router.get("/laboratoires/{laboratory_id}/travaux")
def show_laboratory_jobs(
    request: Request,
    session: SessionDep,
    transactions: TransactionsDep,
    access: LaboratoryDep,
    etat: str = "",
    tri: str = "",
    ordre: str = "",
    apres: str = "",
    format: str = "",
) -> Response:
    """The jobs of one laboratory, for its members."""
    query = replace(JobQuery.read(etat, "", tri, ordre, apres), laboratory_id=access.laboratory_id)
    path = f"/laboratoires/{access.laboratory_id}/travaux"
    if format == "csv":
        return csv_download("travaux.csv", jobs_csv(transactions.engine, query))
    return render(request, "jobs/list.html", list_page(session, path, query, access.laboratory, ""))


@router.get("/administration/travaux")
def show_all_jobs(
    request: Request,
    session: SessionDep,
    transactions: TransactionsDep,
    _user: Administrator,
    etat: str = "",
    laboratoire: str = "",
    tri: str = "",
    ordre: str = "",
    apres: str = "",
    format: str = "",
    annule: str = "",
) -> Response:
    """All jobs of the installation, without anything of what they read."""
    query = JobQuery.read(etat, laboratoire, tri, ordre, apres)
    if format == "csv":
        return csv_download("travaux.csv", jobs_csv(transactions.engine, query))
    notice = "L'annulation est demandée : le travail s'arrête à sa prochaine étape." if annule else ""
    return render(request, "jobs/list.html", list_page(session, "/administration/travaux", query, None, notice))


@router.post("/administration/travaux/{job_id}/annuler")
def do_cancel_any(request: Request, session: SessionDep, user: Administrator, job_id: int) -> Response:
    """End any job of the installation."""
    queue: JobQueue = request.app.state.jobs
    service.cancel_any(session, queue, user, job_id)
    return RedirectResponse("/administration/travaux?annule=1", status_code=303)
