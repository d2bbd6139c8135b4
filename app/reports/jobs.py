"""The job that writes a file of the report: whatever the catalogue, nobody waits for it in a request."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Engine
from sqlmodel import Session

from app.coverage.printed import noted, printed_values
from app.jobs.queue import JobQueue
from app.models import Job
from app.platform.database import reading
from app.platform.identity import CatalogueAccess
from app.platform.progress import Progress
from app.reports.content import read_report
from app.reports.formats import ReportFormat, written
from app.settings import Settings
from app.storage import prepared, service
from app.transcoding.readers import blind_actor

JOB_KIND = "reports.file"
WITH_FIGURES = frozenset({ReportFormat.PDF, ReportFormat.HTML})
"""The files that print a rate; the others list rows."""
WITH_RUN = frozenset({ReportFormat.XLSX, ReportFormat.EFFECTIVE_CSV})
"""Those that print the coverage beside what emitted reports carried, where a run tells it."""


def ask_for_report(session: Session, queue: JobQueue, access: CatalogueAccess, asked: ReportFormat) -> Job:
    """Ask for a file of the report of now."""
    return prepared.ask(session, queue, access, JOB_KIND, asked.label, {"format": asked.value})


def run_job(engine: Engine, settings: Settings, job_id: int, payload: dict[str, Any], progress: Progress) -> str:
    """Write a file and publish it; a job that has published already does nothing.

    What it said is then in the history of the figures, where the facts can be counted again.
    """
    told: list[dict[str, Any]] = []

    def make(order: prepared.Order) -> tuple[str, str, Iterable[bytes], datetime]:
        progress(0, 2, "Lecture du catalogue")
        with reading(engine) as session:
            blind_to = blind_actor(session, order.laboratory, order.person)
            content = read_report(session, order.laboratory, order.catalogue, order.person.display_name, blind_to)
        progress(1, 2, "Écriture et mise en pages")
        asked = ReportFormat(payload["format"])
        name, media_type, file = written(content, asked)
        if asked in WITH_FIGURES or (asked in WITH_RUN and content.effective is not None):
            told.append(printed_values(content.coverage, asked.label))
        return name, media_type, service.pieces(file), content.coverage.context.computed_at

    return prepared.prepare(engine, settings, job_id, progress, make, noted(told))


prepared.register(JOB_KIND, run_job, "Préparation du rapport de transcodage", for_contributors=False)
