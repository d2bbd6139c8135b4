"""What the pages of releases and of decisions to look at again show."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.models import Catalogue, LoincRelease, TaskKind
from app.terminology.pages import RelatedLine
from app.upgrades.impact import UsedCode
from app.web.templating import PageContext


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseLine:
    """A loaded release."""

    id: int
    name: str
    kind: str
    source: str
    terms: int
    loaded_at: datetime
    is_current: bool
    doubt: str = ""
    """Why its table may be cut."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueSetLine:
    """A loaded value set or alignment."""

    id: int
    kind: str
    title: str
    version: str
    source: str
    members: int
    loaded_at: datetime
    is_current: bool
    belongs_to_release: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GraceLine:
    """A change of the day until which retired codes count."""

    decided_at: datetime
    author: str
    last_day: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminologiesPage(PageContext):
    """The administrator's page: releases and value sets, and how to load more."""

    releases: list[ReleaseLine]
    value_sets: list[ValueSetLine]
    kinds: list[tuple[str, str]]
    max_megabytes: int
    grace_sentence: str
    grace_day: str
    """As a field of a form holds it; empty for no limit."""
    grace_history: list[GraceLine]
    notice: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImpactLine:
    """What a change of release does to one catalogue."""

    laboratory: str
    catalogue: str
    counts: list[int]
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ImpactKindLine:
    """How much one kind of change concerns, and where its codes are listed."""

    label: str
    css_class: str
    codes: int
    approved: int
    decided: int
    remembered: int
    url: str
    is_chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ImpactHeading:
    """A heading that sorts the list of codes."""

    title: str
    url: str
    order: str
    """`aria-sort`: none, ascending or descending."""
    is_number: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ImpactRowLink:
    """A row of a laboratory, and its page; an entry of the memory has none."""

    text: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImpactCodeLine:
    """A code that changes, and the first rows that carry it."""

    code: UsedCode
    rows: list[ImpactRowLink]
    others: int
    """How many rows more carry it."""
    is_hidden: bool
    """The rows are for the members of the laboratory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImpactPage(PageContext):
    """Before changing release: what that changes in the codes in use."""

    release: LoincRelease
    release_title: str
    current_title: str
    is_current: bool
    doubt: str
    """Why the release may be cut; it is then used only by who says so."""
    problem: str = ""
    kinds: list[str]
    counts: list[ImpactKindLine]
    lines: list[ImpactLine]
    kind: TaskKind | None
    every_url: str
    headings: list[ImpactHeading]
    codes: Sequence[ImpactCodeLine]
    """A page of them."""
    total: int
    first: int
    last: int
    previous_url: str
    next_url: str
    csv_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedLine:
    """One line of a term before and after."""

    label: str
    old: str
    new: str
    is_changed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskCard:
    """A decision to look at again, old and new side by side."""

    local_test_id: int
    code: str
    label: str
    loinc_num: str
    kind_label: str
    kind_class: str
    lines: list[ComparedLine]
    replacements_title: str
    replacements: list[RelatedLine]
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TasksPage(PageContext):
    """The decisions of a catalogue that a new release asks to look at again."""

    catalogue: Catalogue
    active: str
    laboratory_name: str
    total: int
    page: int
    last_page: int
    cards: list[TaskCard]
