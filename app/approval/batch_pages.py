"""Typed contexts of the reading, of what is confirmed, and of batches of approvals; and their addresses."""

from dataclasses import dataclass

from app.approval.batch_acts import BatchLine
from app.approval.confirming import LeftRow
from app.approval.listing import ApprovalRow
from app.models import Batch, Catalogue
from app.web.templating import PageContext
from app.worklist.notices import Done


def approval_batch_url(catalogue_id: int, public_id: str) -> str:
    """The page of a batch of approvals."""
    return f"/catalogues/{catalogue_id}/approbation/lots/{public_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmPage(PageContext):
    """What will be approved when the biologist confirms, and what is left."""

    active: str = "approbation"
    catalogue: Catalogue
    scope_title: str
    going: list[ApprovalRow]
    left: list[LeftRow]
    has_more: bool
    """Whether rows asked for follow those of this page, for the next confirmation."""
    next_url: str
    confirm_url: str
    scope: str
    back_url: str
    can_confirm: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalBatchPage(PageContext):
    """A batch of approvals: what became of each row, and taking it back."""

    active: str = "approbation"
    catalogue: Catalogue
    batch: Batch
    author: str
    is_taking_back: bool
    lines: list[BatchLine]
    done: int
    standing: int
    """Rows that still stand on this batch."""
    may_take_back: bool
    take_back_url: str
    other_url: str
    """The batch that took this one back, or that this one takes back."""
    other_number: int | None
    list_url: str
    reading_url: str
    problem: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRow:
    """A row as it is read: with why it comes where it does, and what earlier work says of it."""

    row: ApprovalRow
    rank: int
    """Its place on the screen, from 1."""
    reasons: list[str]
    earlier: list[str]
    question: str
    """What a doubt asks; empty when the row is none."""
    is_answered: bool
    judge_url: str
    answer_url: str
    group_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChapterChoice:
    """A chapter that may be read."""

    name: str
    value: str
    waiting: int
    url: str
    is_current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingPage(PageContext):
    """Twelve rows of one chapter, the riskiest first."""

    active: str = "approbation"
    catalogue: Catalogue
    path: str
    chapters: list[ChapterChoice]
    chapter: ChapterChoice | None
    previous_chapter_url: str
    next_chapter_url: str
    levels: list[tuple[str, str, bool]]
    """(name, address, whether it is the one read)."""
    level_params: list[tuple[str, str]]
    rows: list[ReadRow]
    page: int
    pages: int
    waiting: int
    is_cut: bool
    """More rows wait in the chapter than are put in order at once."""
    previous_url: str
    next_url: str
    ticked_url: str
    chapter_url: str
    list_url: str
    can_judge: bool
    done: Done | None
    problem: str = ""
