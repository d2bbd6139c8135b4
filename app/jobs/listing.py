"""The lists of jobs: of the installation for the administrator, of one laboratory for its members."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import ColumnElement, Engine, and_, or_
from sqlmodel import Session, col, select

from app.jobs.pages import JOB_STATUS_LABELS
from app.jobs.registry import label_of
from app.models import Job, JobStatus, Laboratory, User
from app.platform.database import reading
from app.text import format_number, paris_time
from app.web.spreadsheet_csv import csv_pieces
from app.web.templating import PageContext

PAGE = 50
CSV_BATCH = 1000
SORTS: dict[str, tuple[str, Any]] = {
    "demande": ("Demandé le", col(Job.id)),
    "travail": ("Travail", col(Job.kind)),
    "etat": ("État", col(Job.status)),
    "essais": ("Essais", col(Job.attempts)),
}
"""Name in the address → heading, column. Every one is never empty, so that a page can begin after a value."""
HEADER = (
    "N°", "Travail", "Laboratoire", "État", "Avancement", "Demandé par", "Demandé le", "Commencé le", "Fini le",
    "Essais", "Reprises", "Exécuté par", "Dernier incident",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class JobQuery:
    """What a list shows, and in which order; as read from its address."""

    status: JobStatus | None = None
    laboratory_id: int | None = None
    sort: str = "demande"
    is_ascending: bool = False
    after: tuple[str, int] | None = None
    """The value of the sorted column and the number of the last job of the page before."""

    @staticmethod
    def read(etat: str, laboratoire: str, tri: str, ordre: str, apres: str) -> "JobQuery":
        """From the parameters of an address; what means nothing is left out."""
        value, _, number = apres.rpartition("~")
        known = number.isascii() and number.isdigit() and len(number) < 19
        return JobQuery(
            status=JobStatus(etat) if etat in list(JobStatus) else None,
            laboratory_id=int(laboratoire)
            if laboratoire.isascii() and laboratoire.isdigit() and len(laboratoire) < 19
            else None,
            sort=tri if tri in SORTS else "demande",
            is_ascending=ordre == "croissant",
            after=(value[:200], int(number)) if known else None,
        )

    def url(self, path: str, **extra: str) -> str:
        """The address of this list."""
        values = {
            "etat": self.status or "",
            "laboratoire": str(self.laboratory_id or ""),
            "tri": self.sort if self.sort != "demande" else "",
            "ordre": "croissant" if self.is_ascending else "",
            "apres": f"{self.after[0]}~{self.after[1]}" if self.after else "",
            **extra,
        }
        given = urlencode({name: value for name, value in values.items() if value})
        return f"{path}?{given}" if given else path


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedJob:
    """A line of the list. It never shows the message of a job, which may quote the file of a laboratory."""

    id: int
    label: str
    laboratory: str
    status_label: str
    chip: str
    figures: str
    asked_by: str
    asked_at: str
    started_at: str
    finished_at: str
    attempts: int
    lost_leases: int
    owner: str
    last_error: str
    is_open: bool
    """Whether the page of the job is open to this person."""
    may_cancel: bool

    @property
    def cells(self) -> tuple[str, ...]:
        """As a line of the CSV."""
        return (
            str(self.id), self.label, self.laboratory, self.status_label, self.figures, self.asked_by, self.asked_at,
            self.started_at, self.finished_at, str(self.attempts), str(self.lost_leases), self.owner, self.last_error,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class SortLink:
    """A heading that sorts."""

    label: str
    href: str
    order: str
    """`aria-sort`: none, ascending or descending."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobListPage(PageContext):
    """A page of jobs."""

    path: str
    laboratory_id: int | None
    laboratory: str
    is_administration: bool
    jobs: list[ListedJob]
    statuses: list[tuple[str, str, bool]]
    laboratories: list[tuple[int, str, bool]]
    sorts: dict[str, SortLink]
    sort: str
    is_ascending: bool
    csv_url: str
    next_url: str
    first_url: str
    notice: str = ""


def _after(query: JobQuery) -> ColumnElement[bool] | None:
    if query.after is None:
        return None
    value, number = query.after
    column = SORTS[query.sort][1]
    beyond: ColumnElement[bool] = col(Job.id) > number if query.is_ascending else col(Job.id) < number
    if query.sort == "demande":
        return beyond
    if query.sort == "essais":
        limit: Any = int(value) if value.isascii() and value.isdigit() and len(value) < 9 else 0
    else:
        limit = value
    further = column > limit if query.is_ascending else column < limit
    return or_(further, and_(column == limit, beyond))


def _found(session: Session, query: JobQuery, most: int) -> Sequence[Any]:
    statement = (
        select(Job, Laboratory.name, User.display_name)
        .join(Laboratory, col(Laboratory.id) == Job.laboratory_id, isouter=True)
        .join(User, col(User.id) == Job.created_by_id, isouter=True)
    )
    if query.status is not None:
        statement = statement.where(Job.status == query.status)
    if query.laboratory_id is not None:
        statement = statement.where(Job.laboratory_id == query.laboratory_id)
    after = _after(query)
    if after is not None:
        statement = statement.where(after)
    column = SORTS[query.sort][1]
    order = (column, col(Job.id)) if query.is_ascending else (column.desc(), col(Job.id).desc())
    return session.exec(statement.order_by(*order).limit(most)).all()


def _value(job: Job, sort: str) -> str:
    return str(getattr(job, SORTS[sort][1].key))


def _line(job: Job, laboratory: str | None, person: str | None, opens: bool, may_cancel: bool) -> ListedJob:
    status_label, chip = JOB_STATUS_LABELS[job.status]
    return ListedJob(
        id=job.id or 0,
        label=label_of(job.kind),
        laboratory=laboratory or "",
        status_label=status_label,
        chip=chip,
        figures=f"{format_number(job.done)} / {format_number(job.total)}" if job.total else "",
        asked_by=person or "",
        asked_at=paris_time(job.created_at, seconds=True),
        started_at=paris_time(job.started_at, seconds=True),
        finished_at=paris_time(job.finished_at, seconds=True),
        attempts=job.attempts,
        lost_leases=job.lost_leases,
        owner=job.owner.rpartition(":")[0],
        last_error=job.last_error,
        is_open=opens or job.laboratory_id is None,
        may_cancel=may_cancel and not JobStatus(job.status).is_over and job.cancel_requested_at is None,
    )


def jobs_csv(database: Engine, query: JobQuery) -> Iterator[str]:
    """Every job of the list, on as many pages as it has, in pieces."""

    def lines() -> Iterator[tuple[str, ...]]:
        place: JobQuery | None = replace(query, after=None)
        while place is not None:
            with reading(database) as session:
                found = _found(session, place, CSV_BATCH)
                told = [_line(job, laboratory, person, False, False).cells for job, laboratory, person in found]
                place = _next(place, found, CSV_BATCH)
            yield from told

    return csv_pieces(HEADER, lines())


def _next(query: JobQuery, found: Sequence[Any], size: int) -> JobQuery | None:
    if len(found) < size:
        return None
    last: Job = found[-1][0]
    return replace(query, after=(_value(last, query.sort), last.id or 0))


def list_page(session: Session, path: str, query: JobQuery, laboratory: Laboratory | None, notice: str) -> JobListPage:
    """The list of one laboratory, or of the whole installation."""
    found = _found(session, query, PAGE + 1)
    shown = found[:PAGE]
    following = _next(query, shown, PAGE) if len(found) > PAGE else None
    everything = laboratory is None
    names = session.exec(select(Laboratory).order_by(col(Laboratory.name))).all() if everything else ()
    # The laboratory of a laboratory's own list is in its path.
    kept = {} if everything else {"laboratoire": ""}
    return JobListPage(
        title="Travaux",
        path=path,
        laboratory_id=laboratory.id if laboratory else None,
        laboratory=laboratory.name if laboratory else "",
        is_administration=everything,
        jobs=[_line(job, name, person, not everything, everything) for job, name, person in shown],
        statuses=[(str(key), label, key == query.status) for key, (label, _) in JOB_STATUS_LABELS.items()],
        laboratories=[(item.id or 0, item.name, item.id == query.laboratory_id) for item in names],
        sorts={name: _sort_link(path, query, name, kept) for name in SORTS},
        sort=query.sort,
        is_ascending=query.is_ascending,
        csv_url=replace(query, after=None).url(path, **kept, format="csv"),
        next_url=following.url(path, **kept) if following else "",
        first_url=replace(query, after=None).url(path, **kept) if query.after else "",
        notice=notice,
    )


def _sort_link(path: str, query: JobQuery, name: str, kept: dict[str, str]) -> SortLink:
    is_sorted = name == query.sort
    order = ("ascending" if query.is_ascending else "descending") if is_sorted else "none"
    turned = replace(query, sort=name, is_ascending=is_sorted and not query.is_ascending, after=None)
    return SortLink(label=SORTS[name][0], href=turned.url(path, **kept), order=order)
