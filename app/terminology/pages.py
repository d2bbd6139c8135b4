"""What the terminology pages show."""

from dataclasses import dataclass

from app.models import LoincRelease, LoincTerm, NabmAlignment
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


