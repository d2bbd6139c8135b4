"""Contexts of the job page, and how a job reads in French."""

from dataclasses import dataclass
from datetime import datetime

from app.jobs.registry import label_of
from app.models import Job, JobStatus
from app.web.templating import PageContext

JOB_STATUS_LABELS: dict[str, tuple[str, str]] = {
    JobStatus.WAITING: ("En attente", "chip-mute"),
    JobStatus.RUNNING: ("En cours", "chip-info"),
    JobStatus.DONE: ("Terminé", "chip-ok"),
    JobStatus.FAILED: ("Échec", "chip-bad"),
    JobStatus.CANCELLED: ("Annulé", "chip-mute"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class JobLine:
    """A job as a table shows it."""

    id: int
    label: str
    status: str
    status_label: str
    chip: str
    message: str
    done: int
    total: int
    created_at: datetime
    finished_at: datetime | None

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen by itself."""
        return JobStatus(self.status).is_over


def job_line(job: Job) -> JobLine:
    """What is shown of a job."""
    assert job.id is not None
    status_label, chip = JOB_STATUS_LABELS[job.status]
    if job.cancel_requested_at is not None and not JobStatus(job.status).is_over:
        status_label = "Annulation demandée"
    return JobLine(
        id=job.id,
        label=label_of(job.kind),
        status=job.status,
        status_label=status_label,
        chip=chip,
        message=job.message,
        done=job.done,
        total=job.total,
        created_at=job.created_at,
        finished_at=job.finished_at,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class JobPage(PageContext):
    """The progress of one job, and what came after it on the same catalogue."""

    job: JobLine
    asked_at: str
    finished_at: str
    laboratory_id: int | None
    laboratory: str
    catalogue_id: int | None
    catalogue: str
    next_jobs: list[JobLine]
    may_retry: bool
    is_retried: bool
    """Whether a job of this kind can be started again from its page, once it ended badly."""
    may_cancel: bool
