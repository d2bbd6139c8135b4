"""The page by which a laboratory leaves: what is kept of it, what is under way, and the form that closes it."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from app.audit.labels import DETAIL_LABELS
from app.jobs.pages import JobLine, job_line
from app.models import ClosedLaboratory, JobStatus, User
from app.portability import departure, repository
from app.portability.departure import ARCHIVE_KIND, CLOSING_KIND, Kept
from app.web.templating import PageContext

CLOSED_SHOWN = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveCard:
    """The archive that is kept."""

    file_name: str
    size: int
    sha256: str
    rows: int
    files: int
    head_position: int
    head_hash: str
    holds: list[tuple[str, int]]
    """What, in French, and how many."""
    stated_at: datetime | None
    expires_at: datetime | None
    has_changed: bool
    """Something was written in the laboratory since: it cannot be closed with this one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedCard:
    """What remains of a laboratory that was closed."""

    name: str
    closed_at: datetime
    by: str
    sha256: str
    rows: int
    head_position: int
    head_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeparturePage(PageContext):
    """A laboratory that may leave, is leaving, or left."""

    laboratory_id: int
    name: str
    address: str
    archive: ArchiveCard | None
    closed: ClosedCard | None
    watched: JobLine | None
    """The job that the page waits for."""
    is_closing: bool
    failure: str = ""
    """Why the last archive, or the last closing, did not come to its end."""
    failed_closing: bool = False
    is_at_work: bool = False
    hours: int
    typed_name: str = ""
    typed_sha256: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedLine:
    """A laboratory that was closed, in the list."""

    id: int
    name: str
    closed_at: datetime


def departure_address(laboratory_id: int) -> str:
    """Of its page."""
    return f"/administration/laboratoires/{laboratory_id}/depart"


def departure_page(
    session: Session, laboratory_id: int, hours: int, *, typed: tuple[str, str] = ("", ""), problem: str = ""
) -> DeparturePage:
    """The page of a laboratory of here, or of one that was closed; NotFoundError for a number that never was."""
    closed = departure.closed_with(session, laboratory_id)
    name = departure.name_of(session, laboratory_id)
    kept = departure.kept_archive(session, laboratory_id)
    job = departure.under_way(session, laboratory_id) if closed is None else None
    failed, why = ("", "") if closed is not None or job is not None else _failure(session, laboratory_id)
    return DeparturePage(
        title=f"Emporter ou fermer — {name}",
        laboratory_id=laboratory_id,
        name=name,
        address=departure_address(laboratory_id),
        archive=_archive_card(session, laboratory_id, kept, is_open=closed is None) if kept is not None else None,
        closed=_closed_card(session, closed) if closed is not None else None,
        watched=job_line(job) if job is not None else None,
        is_closing=job is not None and job.kind == CLOSING_KIND,
        failure=why,
        failed_closing=failed == CLOSING_KIND,
        is_at_work=closed is None and repository.is_at_work(session, laboratory_id),
        hours=hours,
        typed_name=typed[0],
        typed_sha256=typed[1],
        problem=problem,
    )


def _failure(session: Session, laboratory_id: int) -> tuple[str, str]:
    """Kind and sentence of the last job of this laboratory, when it did not come to its end."""
    jobs = [departure.last_job(session, laboratory_id, kind) for kind in (ARCHIVE_KIND, CLOSING_KIND)]
    last = max((job for job in jobs if job is not None), key=lambda job: job.id or 0, default=None)
    if last is None or last.status not in (JobStatus.FAILED, JobStatus.CANCELLED):
        return "", ""
    return last.kind, last.message


def _archive_card(session: Session, laboratory_id: int, kept: Kept, *, is_open: bool) -> ArchiveCard:
    return ArchiveCard(
        file_name=kept.file.file_name,
        size=kept.file.size_bytes,
        sha256=kept.file.sha256,
        rows=kept.rows,
        files=kept.files,
        head_position=kept.head[0],
        head_hash=kept.head[1],
        holds=[(DETAIL_LABELS[name], count) for name, count in kept.counts.items()],
        stated_at=kept.file.stated_at,
        expires_at=kept.file.expires_at,
        has_changed=is_open and departure.has_changed(session, laboratory_id, kept),
    )


def _closed_card(session: Session, closed: ClosedLaboratory) -> ClosedCard:
    person = session.get(User, closed.author_id) if closed.author_id is not None else None
    return ClosedCard(
        name=closed.name,
        closed_at=closed.closed_at,
        by=person.display_name if person is not None else "",
        sha256=closed.archive_sha256,
        rows=sum(closed.rows.values()),
        head_position=closed.head_position,
        head_hash=closed.head_hash,
    )


def closed_lines(session: Session) -> list[ClosedLine]:
    """The laboratories that were closed last."""
    asked = select(ClosedLaboratory).order_by(col(ClosedLaboratory.id).desc()).limit(CLOSED_SHOWN)
    return [ClosedLine(id=item.number, name=item.name, closed_at=item.closed_at) for item in session.exec(asked)]
