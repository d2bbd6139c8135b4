"""What the terminology pages show."""

from dataclasses import dataclass
from datetime import datetime

from app.models import Catalogue, LoincRelease, LoincTerm, NabmAlignment
from app.web.templating import PageContext


@dataclass(frozen=True, slots=True, kw_only=True)
class AxisFilter:
    """A filter of the search: a choice among a few values, or a text with suggestions when there are many."""

    name: str
    label: str
    value: str
    choices: list[tuple[str, str]]
    """(value, text shown)."""
    any_text: str
    """What the choice "no restriction" is called; empty when the choices are only suggestions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TermLine:
    """A term in a list."""

    loinc_num: str
    long_common_name: str
    french: str
    french_source: str
    is_official_french: bool
    component: str
    property: str
    time_aspct: str
    system: str
    scale_typ: str
    method_typ: str
    units: str
    status_label: str
    status_class: str
    is_usable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPage(PageContext):
    """The search of the terminology."""

    release: LoincRelease
    release_title: str
    releases: list[tuple[int, str]]
    query: str
    filters: list[AxisFilter]
    laboratory_only: bool
    has_other_classes: bool
    is_filtered: bool
    lines: list[TermLine]
    total: int
    is_more: bool
    more_url: str
    suffix: str
    """Query string that keeps the release on the links to terms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoReleasePage(PageContext):
    """Nothing is loaded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AxisLine:
    """One of the six axes."""

    label: str
    value: str
    french: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RelatedLine:
    """Another term: a replacement, a member of a panel, a sibling."""

    loinc_num: str
    name: str
    status_label: str
    status_class: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FrenchLine:
    """What one linguistic variant says."""

    variant: str
    producer: str
    name: str
    short_name: str
    parts: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MembershipLine:
    """A list that holds the term, or Circuit de la biologie when it does not."""

    title: str
    version: str
    label: str
    is_member: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TermPage(PageContext):
    """One term."""

    term: LoincTerm
    release_title: str
    suffix: str
    french: str
    french_source: str
    is_official_french: bool
    status_label: str
    status_class: str
    order_label: str
    class_type: str
    usage: str
    axes: list[AxisLine]
    replacements: list[RelatedLine]
    french_names: list[FrenchLine]
    memberships: list[MembershipLine]
    siblings: list[RelatedLine]
    panel: list[RelatedLine]
    nabm: list[NabmAlignment]
    other_releases: list[tuple[str, str]]
    """(address, name) of the same term in the other releases."""
    notice: str


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
class TerminologiesPage(PageContext):
    """The administrator's page: releases and value sets, and how to load more."""

    releases: list[ReleaseLine]
    value_sets: list[ValueSetLine]
    kinds: list[tuple[str, str]]
    max_megabytes: int
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
class ImpactPage(PageContext):
    """Before changing release: the decisions to look at again."""

    release: LoincRelease
    release_title: str
    current_title: str
    is_current: bool
    kinds: list[str]
    lines: list[ImpactLine]


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
