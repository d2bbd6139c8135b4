"""The job that prepares a file of the coverage report of a large catalogue."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import Engine
from sqlmodel import Session

from app.coverage.files import Document, written
from app.coverage.printed import noted, printed_values
from app.coverage.service import as_seen, coverage_report
from app.jobs.queue import JobQueue
from app.models import Job
from app.platform.database import reading
from app.platform.identity import CatalogueAccess
from app.platform.progress import Progress
from app.settings import Settings
from app.storage import prepared, service
from app.transcoding.readers import blind_actor

JOB_KIND = "coverage.file"


def ask_for_document(
    session: Session,
    queue: JobQueue,
    access: CatalogueAccess,
    document: Document,
    release_id: int | None,
    day: date | None = None,
) -> Job:
    """Ask for a document, of now or of a past day, against a release (by default that in service then)."""
    choices = {"document": document.value, "release": release_id, "day": day.isoformat() if day else None}
    return prepared.ask(session, queue, access, JOB_KIND, document.label, choices)


def run_job(engine: Engine, settings: Settings, job_id: int, payload: dict[str, Any], progress: Progress) -> str:
    """Write a document and publish it; a job that has published already does nothing."""

    told: list[dict[str, Any]] = []

    def make(order: prepared.Order) -> tuple[str, str, Iterable[bytes], datetime]:
        progress(0, 1, "Calcul de la couverture et écriture du fichier")
        with reading(engine) as session:
            release = payload.get("release")
            day = date.fromisoformat(payload["day"]) if payload.get("day") else None
            release_id = int(release) if release else None
            report = coverage_report(session, order.laboratory, order.catalogue, release_id, day)
            report = as_seen(session, report, blind_actor(session, order.laboratory, order.person))
        document = Document(payload["document"])
        told.append(printed_values(report, document.label))
        name, media_type, content = written(report, document)
        return name, media_type, service.pieces(content), report.context.computed_at

    return prepared.prepare(engine, settings, job_id, progress, make, noted(told))


prepared.register(JOB_KIND, run_job, "Préparation d'un rapport de couverture", for_contributors=False)
