"""Typed contexts of the pages about one row: the case, and the decision that came first."""

from dataclasses import dataclass, field

from app.cases.history import HistoryLine
from app.cases.view import CaseView, SearchView
from app.models import Catalogue
from app.web.templating import PageContext
from app.web.wording import Word
from app.worklist.notices import Done, Notice


@dataclass(frozen=True, slots=True, kw_only=True)
class CasePage(PageContext):
    """One row against its candidates."""

    active: str = "revue"
    catalogue: Catalogue
    case: CaseView
    notice: Notice | None
    done: Done | None
    has_open_task: bool = False
    """Whether a new release changed the decided code, and nobody has looked at it since."""
    retired: str = ""
    """What to know of a decided code that LOINC retired."""
    reading: Word | None = None
    """What is known of the second reading of the decision in force."""
    reconcile_url: str = ""
    """Where two readings that differ are reconciled; empty where they do not."""
    blind_url: str = ""
    """Where the person reads the row a second time, when nothing of its decision is shown to her before."""
    opened: str = ""
    """What proves, when the person approves, that she had this case before her eyes; empty where she may not."""
    problem: str = ""
    """Why what was just sent was not recorded."""
    needs_justification: bool = False
    others: str = ""
    """Who else has this row open at this moment."""
    presence_url: str = ""
    """Where the page says that the row is open; empty for those who only read."""
    form: dict[str, str] = field(default_factory=dict)
    """What was sent, to be sent again once corrected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPage(PageContext):
    """What the search of a case finds, without the page around it."""

    search: SearchView
    release_title: str
    can_decide: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictPage(PageContext):
    """Someone else acted first: her facts, and what was not recorded."""

    active: str = "revue"
    catalogue: Catalogue
    local_code: str
    local_label: str
    heading: str
    message: str
    newer: list[HistoryLine]
    mine: str
    case_url: str
    queue_url: str
