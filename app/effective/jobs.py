"""The job that reads emitted reports apart and keeps what they carried; however it ends, the reports are gone."""

from typing import Any

from sqlalchemy import Engine
from sqlmodel import Session

from app.catalogues.service import catalogue_and_laboratory
from app.effective import repository, service, uploads
from app.effective.measuring import Measured, against_now, measure
from app.jobs.registry import register
from app.jobs.work import Work
from app.models import Job, User
from app.platform.apart import for_jobs
from app.platform.database import reading
from app.platform.identity import CatalogueAccess, catalogue_access
from app.settings import Settings
from app.text import counted

STEPS = 3
SHOWN_PLACES = 20
"""Damaged parts that the sentence of the job names."""


def run_job(engine: Engine, settings: Settings, job_id: int, payload: dict[str, Any], work: Work) -> str:
    """Read the reports, judge them, keep the counts. The job ends, and the reports go, in that transaction."""
    period = service.read_period(payload["first"], payload["last"])
    files = tuple(int(number) for number in payload["files"])
    with reading(engine) as session:
        # Her rights are those that she has now: she may have left the laboratory since.
        access = _access(session, job_id)
        laboratory, catalogue = catalogue_and_laboratory(session, access.catalogue_id)
        against = against_now(session, laboratory, catalogue)
    work(0, STEPS, f"Lecture de {counted(len(files), 'fichier', 'fichiers')}, à part")
    sealed = uploads.Sealed(files, uploads.key_of(settings, payload["salt"]))
    measured = measure(engine, settings, for_jobs(engine), against, sealed)
    work(STEPS - 1, STEPS, "Enregistrement des nombres")
    sentence = _sentence(measured)
    with work.writing() as session:
        access = _access(session, job_id)
        service.keep(session, measured, access.user, period)
        work.finish(session, sentence)
    return sentence


def _access(session: Session, job_id: int) -> CatalogueAccess:
    job = session.get_one(Job, job_id)
    found = catalogue_access(session, session.get_one(User, job.created_by_id), job.catalogue_id or 0)
    found.require(*service.MAY_MEASURE)
    return found


def _sentence(measured: Measured) -> str:
    """What was read, and where something could not be: places and reasons are words of ours."""
    said = [service.outcome(measured.figures)]
    if measured.figures.damaged:
        shown = [f"{item.place} ({item.reason})" for item in measured.damaged[:SHOWN_PLACES]]
        more = measured.figures.damaged - len(shown)
        rest = [f"et {counted(more, 'autre', 'autres')}"] if more > 0 else []
        said.append(f"Abîmé, laissé de côté\u202f: {', '.join([*shown, *rest])}.")
    return " ".join(said)


def forget(session: Session, job: Job) -> None:
    """The reports go in the transaction that ends the job, however it ends."""
    repository.delete_files(session, [int(number) for number in job.payload.get("files", ())])


register(service.JOB_KIND, run_job, "Lecture de comptes rendus émis", ended=forget)
