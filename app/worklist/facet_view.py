"""The facets as links: each value with its count, a link to keep it and a link to leave it out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from app.worklist.counts import QueueCounts
from app.worklist.facets import FACETS, PEOPLE, Facet
from app.worklist.query import ReviewQuery

SHOWN = 8
"""Values of a facet of free texts shown before the rest is folded away."""


@dataclass(frozen=True, slots=True)
class FacetValue:
    """One value of a facet."""

    label: str
    count: int
    is_least: bool
    """There are at least so many: not all rows were counted."""
    url: str
    negate_url: str
    is_kept: bool
    is_left_out: bool


@dataclass(frozen=True, slots=True)
class FacetView:
    """One facet of the page."""

    key: str
    title: str
    values: list[FacetValue]
    more: list[FacetValue]
    is_active: bool
    clear_url: str


def facet_views(
    counts: QueueCounts,
    query: ReviewQuery,
    path: str,
    authors: Mapping[int, str],
    keys: Iterable[str] | None = None,
) -> list[FacetView]:
    """The facets that can tell rows apart, in order; a facet with a single value says nothing."""
    wanted = set(keys) if keys is not None else None
    views = []
    for facet in FACETS:
        if wanted is not None and facet.key not in wanted:
            continue
        found = dict(counts.facets.get(facet.key, {}))
        view = _view(facet, found, facet.key in counts.least, query, path, authors)
        if view.is_active or len(view.values) + len(view.more) > 1:
            views.append(view)
    return views


def _view(
    facet: Facet, counts: dict[str, int], is_least: bool, query: ReviewQuery, path: str, authors: Mapping[int, str]
) -> FacetView:
    kept, left_out = query.only.get(facet.key, ()), query.without.get(facet.key, ())
    for word in (*kept, *left_out):
        counts.setdefault(facet.stored(word), 0)
    values = [
        FacetValue(
            label=_label(facet, value, authors),
            count=counts[value],
            is_least=is_least,
            url=query.toggled(facet.key, facet.word(value)).url(path),
            negate_url=query.negated(facet.key, facet.word(value)).url(path),
            is_kept=facet.word(value) in kept,
            is_left_out=facet.word(value) in left_out,
        )
        for value in _ordered(facet, counts)
    ]
    first = [value for rank, value in enumerate(values) if rank < SHOWN or value.is_kept or value.is_left_out]
    return FacetView(
        key=facet.key,
        title=facet.title,
        values=first,
        more=[value for value in values if value not in first],
        is_active=bool(kept or left_out),
        clear_url=query.without_facet(facet.key).url(path),
    )


def _ordered(facet: Facet, counts: Mapping[str, int]) -> list[str]:
    if facet.is_free:
        return sorted(counts, key=lambda value: (-counts[value], value))
    # A value that the facet has no word for (a row without proposal has no contradiction) is not offered.
    return [value for value in facet.values if value in counts]


def _label(facet: Facet, value: str, authors: Mapping[int, str]) -> str:
    if facet.key in PEOPLE and value.isdigit():
        return authors.get(int(value), f"n° {value}")
    return facet.label(value)
