"""Context of the page of one catalogue."""

from dataclasses import dataclass
from datetime import datetime

from app.assignments.panel import TeamPanel
from app.coverage.pages import FigureLine
from app.home.habits_panel import HabitsPanel
from app.home.next_step import NextStep
from app.home.progress import StatusCounts
from app.jobs.pages import JobLine
from app.models import Catalogue
from app.web.templating import PageContext


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelLine:
    """How far the review of one level has come."""

    label: str
    word: str
    """The level in the address of the queue."""
    progress: StatusCounts


@dataclass(frozen=True, slots=True, kw_only=True)
class ChapterLine:
    """How far the review of the analyses of one chapter has come."""

    name: str
    href: str
    progress: StatusCounts


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLine:
    """A received file."""

    id: int
    name: str
    kind_label: str
    written: str
    """Encoding and separator, or sheet."""
    rows: int
    size: int
    sha256: str
    imported_by: str
    imported_at: datetime
    is_replaced: bool
    """A newer file of the same kind was received."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLine:
    """The last pass of the matcher."""

    status: str
    status_label: str
    chip: str
    message: str
    release: str
    engine_version: str
    started_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OverviewPage(PageContext):
    """One catalogue at a glance."""

    catalogue: Catalogue
    active: str
    laboratory_name: str
    may_act: bool
    step: NextStep
    """What the person does next here."""
    coverage: FigureLine | None
    refusal: str
    """Why no figure is given; empty where they are."""
    """The default figure; None while it cannot be told, and of an empty catalogue."""
    levels: list[LevelLine]
    team: TeamPanel | None
    """The work by person; None in an empty catalogue."""
    chapters: list[ChapterLine]
    files: list[FileLine]
    change_count: int
    """What newer exports changed."""
    findings: list[str]
    earlier_count: int
    """Earlier codes of which nobody has said yet what is made of them."""
    running: list[JobLine]
    is_searching: bool
    """A search of proposals waits or is being done: what became of the last one is no longer the state of things."""
    failed_job: JobLine | None
    run: RunLine | None
    shown_run: RunLine | None
    """The run whose proposals are shown, when the last one did not succeed."""
    other_rule: str
    """The disciplines whose rule on techniques changed since the shown proposals were searched."""
    habits: HabitsPanel | None
