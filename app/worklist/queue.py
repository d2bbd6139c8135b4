"""The queue page: rows, facets, order and paging of a ReviewQuery."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sqlmodel import Session

from app.models import Level, LoincRelease, LoincTerm, Outcome, Status
from app.terminology.naming import TermName, name_of
from app.terminology.service import current_release, terms_by_number
from app.transcoding import repository
from app.transcoding.readers import BLIND, hidden_from
from app.transcoding.repository import Runs
from app.transcoding.unheld import unheld_word
from app.web.wording import BAND, LEVEL, OUTCOME, STATUS, Word
from app.worklist import entries_sql, queue_sql
from app.worklist.best_left import Best, best_left
from app.worklist.counts import QueueCounts
from app.worklist.facets import PEOPLE
from app.worklist.navigation import case_url
from app.worklist.query import ReviewQuery
from matcher.types import Band

if TYPE_CHECKING:
    # The command line reads the queue too, and starts without the web.
    from app.platform.identity import CatalogueAccess


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One row of the queue, ready to be shown."""

    id: int
    url: str
    code: str
    occurrence: int
    """Tells apart the rows that share the code: 0 for the first."""
    label: str
    synonym: str
    specimen: str
    unit: str
    level: str
    is_analysis: bool
    volume: int | None
    is_subcontracted: bool
    is_retired: bool
    has_comment: bool
    is_flagged: bool
    status: Word
    decision: str
    is_coded: bool
    unheld: Word | None
    """Where the release in use does not hold the decided code."""
    best_loinc: str
    best_name: TermName | None
    all_aside: bool
    """Each of its candidates was set aside."""
    band: Word | None
    has_contradiction: bool
    is_nontest: bool


@dataclass(frozen=True, slots=True)
class SortableHeading:
    """A heading of the table, which sorts."""

    title: str
    url: str
    aria_sort: str
    css: str


@dataclass(frozen=True, slots=True)
class Pager:
    """« X–Y sur Z », and the pages around."""

    first: int
    last: int
    total: int
    total_is_least: bool
    page: int
    pages: int
    previous_url: str
    next_url: str
    sizes: list[tuple[int, str, bool]]


@dataclass(frozen=True, slots=True)
class QueueProgress:
    """How far the whole catalogue is."""

    total: int
    decided: int
    approved: int


COLUMNS = (
    ("code", "Code", ""),
    ("libelle", "Libellé", ""),
    ("milieu", "Milieu", ""),
    ("unite", "Unité", ""),
    ("proposition", "Meilleure proposition", ""),
    ("confiance", "Confiance", ""),
    ("etat", "État", ""),
    ("volume", "Volume", "num"),
)


def columns_of(query: ReviewQuery, path: str) -> list[SortableHeading]:
    """The headings, each a link to its order."""
    shown = []
    for word, title, css in COLUMNS:
        order = {word: "ascending", f"-{word}": "descending"}.get(query.tri, "none")
        shown.append(SortableHeading(title, query.with_sort(word).url(path), order, css))
    return shown


@dataclass(frozen=True, slots=True)
class Window:
    """The rows of one page, and where it is."""

    rows: list[entries_sql.Sorted]
    page: int
    has_next: bool

    @property
    def ids(self) -> list[int]:
        """The rows themselves, in order."""
        return [row_id for row_id, _ in self.rows]


def window_of(session: Session, catalogue_id: int, query: ReviewQuery) -> Window:
    """The page of a query: beyond the row that its address names, or by its number for an older address."""
    size = query.taille
    anchor = query.apres or query.avant
    found = entries_sql.place_of(session, catalogue_id, query, anchor) if anchor else None
    # Where the row was when the page was made: acting on it moves it, and must move nobody's next page.
    place = found.as_sorted_by(query.depuis) if found else None
    if place is not None and query.apres:
        rows = entries_sql.rows_beyond(session, catalogue_id, query, place, size + 1)
        return Window(rows[:size], max(query.page, 2), len(rows) > size)
    if place is not None:
        rows = entries_sql.rows_beyond(session, catalogue_id, query, place, size, backwards=True)
        if len(rows) == size:
            return Window(rows[::-1], query.page, True)
        # Fewer rows than a page come before: the first page it is.
        query = query.with_page(1)
    rows = entries_sql.first_rows(session, catalogue_id, query, size + 1, query.offset)
    return Window(rows[:size], query.page, len(rows) > size)


def pager_of(query: ReviewQuery, window: Window, counts: QueueCounts, path: str, sizes: tuple[int, ...]) -> Pager:
    """The paging around a window; the number of a page is told by its address, its rows by the row it follows."""
    total, rows, page = counts.total, window.rows, window.page
    pages = max(1, -(-total // query.taille))
    first = (page - 1) * query.taille + 1 if rows else min(query.offset, total)
    if rows and not window.has_next and not counts.total_is_least:
        # Rows came or went meanwhile: the end is where the total says.
        page = min(page, pages)
        first = max(1, total - len(rows) + 1)
    previous = ""
    if page > 1:
        before = query.before(rows[0][0], page - 1, rows[0][1]) if rows else query.with_page(min(page - 1, pages))
        previous = before.url(path)
    return Pager(
        first=first,
        last=first + len(rows) - 1 if rows else first,
        total=total,
        total_is_least=counts.total_is_least,
        page=page,
        pages=pages,
        previous_url=previous,
        next_url=query.after(rows[-1][0], page + 1, rows[-1][1]).url(path) if rows and window.has_next else "",
        sizes=[(size, query.with_size(size).url(path), size == query.taille) for size in sizes],
    )


def progress_of(counts: Mapping[str, int]) -> QueueProgress:
    """How many rows are decided (approved ones included), and how many approved."""
    approved = counts.get(Status.APPROVED, 0)
    return QueueProgress(sum(counts.values()), counts.get(Status.DECIDED, 0) + approved, approved)


def rows_of(
    session: Session, access: "CatalogueAccess", runs: Runs, query: ReviewQuery, ids: Sequence[int]
) -> list[QueueRow]:
    """These rows, with the names of their best proposals, as this person may see them (`app.transcoding.readers`)."""
    catalogue_id = access.catalogue_id
    hidden = hidden_from(session, access, ids)
    found = queue_sql.rows_of_ids(session, catalogue_id, run_id_of(runs), ids)
    release = current_release(session)
    best = best_left(session, run_id_of(runs), found, hidden)
    numbers = {item.loinc_num for item in best.values() if item.loinc_num}
    numbers |= {row.loinc_num for row in found if row.loinc_num}
    terms = terms_by_number(session, release.id or 0, numbers) if release else {}
    rows = [_row(catalogue_id, query, row, best[row.id], terms, release) for row in found]
    return [
        replace(row, status=BLIND, decision="", is_coded=False, unheld=None, has_comment=False, is_flagged=False)
        if row.id in hidden
        else row
        for row in rows
    ]


def run_id_of(runs: Runs) -> int:
    """The run whose proposals are shown, or the identifier that no run has."""
    return (runs.current.id or queue_sql.NO_RUN) if runs.current else queue_sql.NO_RUN


def authors_of(session: Session, counts: Mapping[str, Mapping[str, int]]) -> dict[int, str]:
    """The names of the people in the facets."""
    ids = {int(value) for key in PEOPLE for value in counts.get(key, {}) if value.isdigit()}
    return repository.names_of(session, ids)


def decision_text(outcome: str, loinc_num: str) -> str:
    """What was decided, in one or two words."""
    return loinc_num if outcome == Outcome.CODE else OUTCOME[Outcome(outcome)].text if outcome else ""


def _row(
    catalogue_id: int,
    query: ReviewQuery,
    row: Any,
    best: Best,
    terms: Mapping[str, LoincTerm],
    release: LoincRelease | None,
) -> QueueRow:
    return QueueRow(
        id=row.id,
        url=case_url(catalogue_id, row.id, query),
        code=row.code,
        occurrence=row.occurrence,
        label=row.label,
        synonym=row.synonym,
        specimen=row.specimen,
        unit=row.unit,
        level=LEVEL[Level(row.level)],
        is_analysis=row.level == Level.ANALYSIS,
        volume=row.volume if row.volume >= 0 else None,
        is_subcontracted=row.subcontracted == "1",
        is_retired=row.retired == "1",
        has_comment=row.comment == "1",
        is_flagged=row.flag == "1",
        status=STATUS[Status(row.status)],
        decision=decision_text(row.outcome, row.loinc_num),
        is_coded=bool(row.loinc_num),
        unheld=unheld_word(row.loinc_num, release, terms) if row.outcome == Outcome.CODE else None,
        best_loinc=best.loinc_num,
        best_name=name_of(terms.get(best.loinc_num)) if best.loinc_num else None,
        all_aside=best.all_aside,
        band=BAND[Band(best.band)] if best.band else None,
        has_contradiction=best.contradiction == "1",
        is_nontest=row.nontest == "1",
    )
