"""The search inside a case: words as laboratories write them, narrowed by what the row says of the axes."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from sqlmodel import Session

from app.cases.view import AxisChip, NothingFound, SearchHit, SearchView
from app.models import LocalTest, LoincTerm
from app.platform.identity import CatalogueAccess
from app.proposals.understanding import codes_for, understood
from app.settings import Settings
from app.terminology.naming import name_of
from app.terminology.schemas import SearchFilters
from app.terminology.service import search, terms_by_number
from app.terminology.starter import STARTER
from app.terminology.words import asked_code
from app.text import release_title
from app.transcoding.gathering import MappingContext
from app.web.wording import AXIS
from app.worklist.navigation import case_url
from app.worklist.query import ReviewQuery
from matcher.types import Axis

MOST = 10
LIMIT = 9
"""As many as there are digits to choose them."""
READ = 40
"""How many codes of the engine's reading are looked at."""
COLUMNS = {
    Axis.SYSTEM: "system",
    Axis.PROPERTY: "property",
    Axis.SCALE: "scale_typ",
    Axis.TIME: "time_aspct",
    Axis.METHOD: "method_typ",
}
WITHOUT_METHOD = ""
"""A code without technique suits whatever technique the row names."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address of a case asks for, beside its queue."""

    query: ReviewQuery
    most: bool = False
    text: str = ""
    codes: tuple[str, ...] = ()
    """Codes found by search, added as columns; the last one is selected unless the row contradicts it."""
    chosen: str = ""
    """The code that the person had chosen when she was told that something is missing: it stays selected."""
    axes: frozenset[str] | None = None
    """The axes of the row by which the search is narrowed; None as long as the person took none away."""

    def choosing(self, loinc_num: str) -> "Asked":
        """The same, with this code as a column and selected."""
        others = (code for code in self.codes if code != loinc_num)
        return replace(self, codes=(*others, loinc_num), chosen=loinc_num)


def search_view(
    session: Session,
    settings: Settings,
    access: CatalogueAccess,
    context: MappingContext,
    test: LocalTest,
    asked: Asked,
    present: Collection[str] = (),
    *,
    with_chips: bool = False,
) -> SearchView:
    """What is found for the words asked; without words nothing, but for the axes of the row if they are wanted.

    A code asked by its number is found whatever the row says. The engine must be ready.
    """
    if context.release is None or not (asked.text or with_chips):
        return SearchView(asked.text, [], context.release is None)
    chips = _chips(session, settings, context, test, asked)
    if not asked.text:
        return SearchView("", [], False, chips)
    terms = _found(session, settings, context, test, asked.text, chips)
    is_widened = not terms and any(chip.is_on for chip in chips)
    if is_widened:
        terms = _found(session, settings, context, test, asked.text, ())
    most = MOST if asked.most else None
    hits = []
    for term in terms:
        url = case_url(
            access.catalogue_id, test.id or 0, asked.query,
            candidats=most, recherche=asked.text, choix=term.loinc_num,
        )  # fmt: skip
        hits.append(SearchHit(term, name_of(term), f"{url}#comparaison", term.loinc_num in present))
    return SearchView(asked.text, hits, False, chips, is_widened and bool(hits))


def nothing_found(session: Session, settings: Settings, context: MappingContext, test: LocalTest) -> NothingFound:
    """Where the engine looked in vain, and what it understood of the row."""
    release = context.release
    read = understood(session, settings, release, test)
    return NothingFound(
        release_title=release_title(context.release_version),
        term_count=release.term_count if release else 0,
        is_starter=release is not None and release.kind == STARTER,
        words=tuple((words, component) for words, component in read.words if component),
        unread=read.unread,
        axes=[(AXIS[axis], ", ".join(values[:3])) for axis, values in read.axes],
    )


def _chips(
    session: Session, settings: Settings, context: MappingContext, test: LocalTest, asked: Asked
) -> list[AxisChip]:
    read = understood(session, settings, context.release, test)
    return [
        AxisChip(axis, AXIS[axis], values, asked.axes is None or axis in asked.axes)
        for axis, values in read.axes
        if axis in COLUMNS
    ]


def _found(
    session: Session,
    settings: Settings,
    context: MappingContext,
    test: LocalTest,
    text: str,
    chips: Sequence[AxisChip],
) -> list[LoincTerm]:
    """The codes of the index and of the engine's reading: first those that both find, then one after the other."""
    release = context.release
    assert release is not None
    if asked_code(text) and "-" in text:
        return search(session, context.release_id, text, LIMIT)
    filters = SearchFilters(
        any_of={
            COLUMNS[chip.axis]: chip.values for chip in chips if chip.is_on and chip.axis is not Axis.METHOD
        }
    )
    by_words = search(session, context.release_id, text, READ, filters)
    read = codes_for(session, settings, release, test, text, READ)
    known = {term.loinc_num: term for term in by_words}
    missing = [code for code in read if code not in known]
    known |= terms_by_number(session, context.release_id, missing) if missing else {}
    rank: dict[str, float] = {}
    for found in ([term.loinc_num for term in by_words], read):
        for place, code in enumerate(found):
            rank[code] = rank.get(code, 0.0) + 1 / (10 + place)
    methods = next((chip.values for chip in chips if chip.axis is Axis.METHOD and chip.is_on), None)
    kept = [
        code
        for code in sorted(rank, key=lambda code: -rank[code])
        if code in known
        and filters.lets_through(known[code])
        and (methods is None or known[code].method_typ in (*methods, WITHOUT_METHOD))
    ]
    return [known[code] for code in kept[:LIMIT]]
