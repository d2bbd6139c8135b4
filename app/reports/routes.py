"""The page of the report of a catalogue: its files are prepared by jobs."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from app.effective.last_run import standing_run
from app.jobs.queue import JobQueue
from app.platform.authorising import AuthorisedRoute
from app.platform.identity import CatalogueDep
from app.platform.request_session import SessionDep
from app.reports.formats import ReportFormat
from app.reports.jobs import ask_for_report
from app.reports.pages import ReportPage
from app.versions.told import label_of
from app.web.templating import render

router = APIRouter(prefix="/catalogues/{catalogue_id}/rapport", route_class=AuthorisedRoute)


@router.get("")
def show_report(request: Request, access: CatalogueDep, session: SessionDep) -> Response:
    """What the report is, and its files."""
    is_measured = standing_run(session, access.catalogue_id) is not None
    page = ReportPage(
        title=f"Rapport — {access.catalogue.name}",
        catalogue=access.catalogue,
        laboratory_name=access.laboratory.name,
        version=label_of(session, access.catalogue_id),
        formats=[item for item in ReportFormat if is_measured or item is not ReportFormat.EFFECTIVE_CSV],
    )
    return render(request, "reports/report.html", page)


@router.post("/{asked}")
def prepare_report(request: Request, session: SessionDep, access: CatalogueDep, asked: ReportFormat) -> Response:
    """Ask for a file; a job writes it."""
    queue: JobQueue = request.app.state.jobs
    ask_for_report(session, queue, access, asked)
    return RedirectResponse(f"/catalogues/{access.catalogue_id}/fichiers-prepares", status_code=303)
