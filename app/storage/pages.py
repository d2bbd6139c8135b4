"""Contexts of the page of prepared files, and how the state of one reads in French."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from app.jobs.registry import label_of
from app.models import Catalogue, Job, JobStatus, StoredFile, utc_now
from app.platform.identity import CatalogueAccess
from app.storage import prepared
from app.web.templating import PageContext

READY, EXPIRED, FAILED, CANCELLED, COMING = "ready", "expired", "failed", "cancelled", "coming"
WITHOUT_FILE = {JobStatus.FAILED: FAILED, JobStatus.CANCELLED: CANCELLED}


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedLine:
    """A file of the list, in one of five states; what does not apply to its state is empty."""

    state: str
    title: str
    asked_at: datetime
    file_name: str = ""
    href: str = ""
    """Where it is downloaded from, or the page of its job."""
    size: int = 0
    sha256: str = ""
    stated_at: datetime | None = None
    expires_at: datetime | None = None
    message: str = ""
    """What the job is doing, or why it failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedPage(PageContext):
    """The files that the person asked for on a catalogue."""

    catalogue: Catalogue
    active: str
    laboratory_name: str
    prepared: list[PreparedLine]
    watched: int | None
    """The job that the page waits for."""
    hours: int


def prepared_lines(session: Session, access: CatalogueAccess) -> list[PreparedLine]:
    """What this person asked for on this catalogue: what is being prepared first, then the newest."""
    jobs, files = prepared.orders_of(session, access)
    return [*(_of_job(job) for job in jobs), *(_of_file(file, access.catalogue_id) for file in files)]


def _of_job(job: Job) -> PreparedLine:
    return PreparedLine(
        state=WITHOUT_FILE.get(JobStatus(job.status), COMING),
        title=str(job.payload.get("title", "")) or label_of(job.kind),
        asked_at=job.created_at,
        href=f"/travaux/{job.id}",
        message=job.message,
    )


def _of_file(file: StoredFile, catalogue_id: int) -> PreparedLine:
    is_over = file.removed_at is not None or (file.expires_at is not None and file.expires_at <= utc_now())
    return PreparedLine(
        state=EXPIRED if is_over else READY,
        title=file.title,
        asked_at=file.created_at,
        file_name=file.file_name,
        href="" if is_over else f"/catalogues/{catalogue_id}/fichiers-prepares/{file.id}",
        size=file.size_bytes,
        sha256=file.sha256,
        stated_at=file.stated_at,
        expires_at=file.expires_at,
    )


def prepared_page(session: Session, access: CatalogueAccess, hours: int) -> PreparedPage:
    """The page for this person."""
    jobs, _files = prepared.orders_of(session, access)
    return PreparedPage(
        title=f"{prepared.PAGE_NAME} — {access.catalogue.name}",
        catalogue=access.catalogue,
        active="exports",
        laboratory_name=access.laboratory.name,
        prepared=prepared_lines(session, access),
        watched=next((job.id for job in jobs if not JobStatus(job.status).is_over), None),
        hours=hours,
    )
