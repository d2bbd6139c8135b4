"""Where a row stands in the queue, and which rows come before, after, and next to work on."""

from dataclasses import dataclass

from sqlmodel import Session

from app.models import Status
from app.worklist import entries_sql
from app.worklist.counts import count_total
from app.worklist.query import ReviewQuery
from app.worklist.query_form import Place
from app.worklist.queue_sql import STATUS_ORDER

TO_DECIDE = frozenset({Status.TODO, Status.SENT_BACK})
"""Where a reviewer goes after a decision; a doubt waits for someone, it is not met again by chance."""
TO_APPROVE = frozenset({Status.DECIDED})
MOST = 3_000
"""How many rows are looked at, at most, to say where a row is."""
READING_ORDER = "fichier"
READING_STATES = ("decidee", "doute")
"""How the rows are told that the biologist's reading opens."""


def case_url(catalogue_id: int, local_test_id: int, query: ReviewQuery, **extra: str | int | None) -> str:
    """The address of a row, inside this queue."""
    return query.with_page(1).url(f"/catalogues/{catalogue_id}/revue/{local_test_id}", **extra)


def queue_url(catalogue_id: int, query: ReviewQuery, **extra: str | int | None) -> str:
    """The address of the queue."""
    return query.url(f"/catalogues/{catalogue_id}/revue", **extra)


def is_of_reading(query: ReviewQuery) -> bool:
    """Whether these are the rows that the biologist's reading opens: decisions and doubts of a part of the file."""
    return (
        not query.q
        and not query.without
        and query.tri == READING_ORDER
        and query.only.get("etat") == READING_STATES
        and set(query.only) <= {"chapitre", "niveau", "etat"}
    )


def reading_url(catalogue_id: int, query: ReviewQuery, **extra: str | int | None) -> str:
    """The address of the biologist's reading of the part that a query names."""
    return query.without_facet("etat").url(f"/catalogues/{catalogue_id}/approbation/lecture", **extra)


@dataclass(frozen=True, slots=True)
class QueuePosition:
    """A row's place in the ordered queue; identifiers are None where there is nothing."""

    position: int
    """0 for a row that is not in the catalogue; about `MOST` at most."""
    position_is_least: bool
    """So many rows come before that they were not all counted."""
    total: int
    total_is_least: bool
    previous_id: int | None
    next_id: int | None
    next_to_decide_id: int | None
    next_to_approve_id: int | None

    def page_of(self, query: ReviewQuery) -> ReviewQuery:
        """The page of the queue where the row is."""
        page = query.with_page(max(1, (self.position - 1) // query.taille + 1))
        return page.after(self.previous_id, page.page) if self.position_is_least and self.previous_id else page


def find_position(
    session: Session, catalogue_id: int, query: ReviewQuery, current_id: int, user_id: int | None = None
) -> QueuePosition:
    """The place of a row in the queue of this query; the search for work wraps around.

    `user_id`: whose work it is; a row that a colleague has open is left to her while there are others.

    The row keeps its place in the order even when its new state takes it out of the query, so that the queue never
    jumps under the reviewer.
    """
    place = entries_sql.place_of(session, catalogue_id, query, current_id)
    total, total_is_least = count_total(session, catalogue_id, query)
    work = next_work(session, catalogue_id, query, place, user_id)
    if place is None:
        return QueuePosition(0, False, total, total_is_least, None, None, *work)
    before, is_least = entries_sql.count_before(session, catalogue_id, query, place, MOST)
    previous = entries_sql.ids_beyond(session, catalogue_id, query, place, 1, backwards=True)
    following = entries_sql.ids_beyond(session, catalogue_id, query, place, 1)
    return QueuePosition(
        position=before + 1,
        position_is_least=is_least,
        total=total + (not place.is_kept),
        total_is_least=total_is_least,
        previous_id=previous[0] if previous else None,
        next_id=following[0] if following else None,
        next_to_decide_id=work[0],
        next_to_approve_id=work[1],
    )


def next_work(
    session: Session,
    catalogue_id: int,
    query: ReviewQuery,
    place: Place | None,
    user_id: int | None = None,
) -> tuple[int | None, int | None]:
    """(next row to decide, next row to approve) after a place, or from the beginning.

    Two people in one queue do not meet: a row open elsewhere is passed over, unless nothing else is left.
    """
    wants_doubts = "doute" in query.only.get("etat", ())
    to_decide = TO_DECIDE | {Status.DOUBT} if wants_doubts else TO_DECIDE
    wanted = {"decide": to_decide, "approve": TO_APPROVE}
    found = entries_sql.work_after(session, catalogue_id, query, place, wanted, user_id)
    return found.get("decide"), found.get("approve")


def next_to_work_on(
    session: Session, catalogue_id: int, query: ReviewQuery, current_id: int, is_judged: bool, user_id: int
) -> int | None:
    """Where this person goes after an act on this row."""
    place = entries_sql.place_of(session, catalogue_id, query, current_id)
    if place is not None and query.tri.removeprefix("-") == "etat":
        # The act has just moved the row: the next one is looked for from where it was.
        was = STATUS_ORDER.index(Status.DECIDED if is_judged else Status.TODO)
        place = place.as_sorted_by(entries_sql.written_value(was))
    to_decide, to_approve = next_work(session, catalogue_id, query, place, user_id)
    return to_approve if is_judged else to_decide
