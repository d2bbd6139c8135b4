"""Where a row stands as to its second reading: derived from the request, the reading and the decision in force.

A request lapses when another decision is in force. A disagreement does not: once a second reading differs, only a
reconciliation ends it, whatever is decided, doubted, undone, sent back or imported again after it, alone or by batch.
Plain decisions on such a row stay possible, since what they say is worth reading when the two readings are reconciled,
but none of them is approved. So the rule stands in one place, the approval, and no way of deciding can go round it.
"""

from collections.abc import Iterable
from enum import StrEnum
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, and_, bindparam, case
from sqlalchemy import select as sa_select
from sqlmodel import Session, col

from app.models import (
    Decision,
    ReadingReconciliation,
    ReadingRequest,
    ReviewState,
    SecondReading,
    Status,
)
from app.web.wording import Word


class ReadingStanding(StrEnum):
    """What is known of the second reading of the decision in force."""

    NONE = ""
    """Nobody asked for one, or the decision it was asked of is no longer in force."""
    WAITING = "waiting"
    AGREED = "agreed"
    DISAGREED = "disagreed"
    """The row is not approved before somebody reconciles."""
    RECONCILED = "reconciled"
    """The decision in force is the outcome of a reconciliation."""


READING = {
    ReadingStanding.WAITING: Word("Deuxième lecture attendue", "chip-mute", "…"),
    ReadingStanding.AGREED: Word("Lue deux fois, d’accord", "chip-ok", "✔"),
    ReadingStanding.DISAGREED: Word("Lectures en désaccord", "chip-bad", "≠"),
    ReadingStanding.RECONCILED: Word("Lectures conciliées", "chip-info", "="),
}
"""How it reads."""
IN_FORCE = (Status.DECIDED, Status.APPROVED)
DISAGREEMENT = (
    "Deux lectures de cette ligne sont en désaccord : elle ne peut pas être approuvée avant la conciliation "
    "(onglet « Double lecture »)."
)
"""Why a row in disagreement is not approved."""


def reconciliation_url(catalogue_id: int, local_test_id: int) -> str:
    """Where the two readings of a row are reconciled."""
    return f"/catalogues/{catalogue_id}/double-lecture/{local_test_id}/conciliation"


def is_kept() -> ColumnElement[bool]:
    """SQL: nobody undid the decision that a reconciliation led to."""
    undoing = Decision.__table__.alias("undoing")  # type: ignore[attr-defined]
    return ~sa_select(undoing.c.id).where(undoing.c.undoes_id == col(ReadingReconciliation.decision_id)).exists()


def is_same_decision() -> ColumnElement[bool]:
    """SQL: the decision in force is the one to read again."""
    return and_(
        col(ReviewState.decision_id) == col(ReadingRequest.decision_id), col(ReviewState.status).in_(IN_FORCE)
    )


_Statement = TypeVar("_Statement", bound="Select[*tuple[Any, ...]]")


def joined(statement: _Statement) -> _Statement:
    """A statement over requests, with the first decision, the state of the row, the reading and the reconciliation.

    The last two are NULL where there is none.
    """
    return (
        statement.join(Decision, col(Decision.id) == col(ReadingRequest.decision_id))
        .join(ReviewState, col(ReviewState.local_test_id) == col(ReadingRequest.local_test_id))
        .outerjoin(SecondReading, col(SecondReading.request_id) == col(ReadingRequest.id))
        .outerjoin(
            ReadingReconciliation, and_(col(ReadingReconciliation.reading_id) == col(SecondReading.id), is_kept())
        )
    )


def waits() -> ColumnElement[bool]:
    """SQL, over `joined`: the second reading is still to be made."""
    return and_(col(SecondReading.id).is_(None), is_same_decision())


def disagrees() -> ColumnElement[bool]:
    """SQL, over `joined`: the two readings differ, and nobody reconciled them."""
    return and_(col(SecondReading.is_agreement).is_(False), col(ReadingReconciliation.id).is_(None))


def has_disagreement(local_test_id: Any) -> ColumnElement[bool]:
    """SQL: two readings of this row differ, and nobody reconciled them; `local_test_id` is a column of a statement."""
    asked = ReadingRequest.__table__.alias("asked")  # type: ignore[attr-defined]
    said = SecondReading.__table__.alias("said")  # type: ignore[attr-defined]
    ended = ReadingReconciliation.__table__.alias("ended")  # type: ignore[attr-defined]
    undoing = Decision.__table__.alias("undoing_end")  # type: ignore[attr-defined]
    undos = sa_select(undoing.c.id).where(undoing.c.undoes_id == ended.c.decision_id)
    undone = undos.correlate_except(undoing).exists()
    kept = sa_select(ended.c.id).where(ended.c.reading_id == said.c.id, ~undone).correlate_except(ended).exists()
    return (
        sa_select(asked.c.id)
        .select_from(asked.join(said, said.c.request_id == asked.c.id))
        .where(asked.c.local_test_id == local_test_id, said.c.is_agreement.is_(False), ~kept)
        .correlate_except(asked, said)
        .exists()
    )


def is_suspended() -> ColumnElement[bool]:
    """SQL, over the states of rows: two readings of an approved row differ, so that its approval waits."""
    return and_(col(ReviewState.status) == Status.APPROVED, has_disagreement(col(ReviewState.local_test_id)))


def status_in_force() -> ColumnElement[Any]:
    """SQL, over the states of rows: what a row counts and goes out as; one whose approval waits is decided only."""
    return case((is_suspended(), Status.DECIDED.value), else_=col(ReviewState.status))


@lru_cache(1)
def _standings() -> Select[Any]:
    """Made once: every case asks, and to write it takes longer than to run it."""
    standing = case(
        (disagrees(), ReadingStanding.DISAGREED.value),
        (waits(), ReadingStanding.WAITING.value),
        (and_(col(SecondReading.is_agreement), is_same_decision()), ReadingStanding.AGREED.value),
        (
            and_(
                col(ReadingReconciliation.decision_id) == col(ReviewState.decision_id),
                col(ReviewState.status).in_(IN_FORCE),
            ),
            ReadingStanding.RECONCILED.value,
        ),
        else_=ReadingStanding.NONE.value,
    )
    statement = joined(sa_select(col(ReadingRequest.local_test_id), standing).select_from(ReadingRequest))
    return statement.where(col(ReadingRequest.local_test_id).in_(bindparam("wanted", expanding=True)))


def reading_standings(session: Session, local_test_ids: Iterable[int]) -> dict[int, ReadingStanding]:
    """Row -> where it stands, for those of these rows of which there is something to say; one statement."""
    wanted = list(local_test_ids)
    if not wanted:
        return {}
    found: dict[int, ReadingStanding] = {}
    for row_id, word in session.execute(_standings(), {"wanted": wanted}):
        if word and found.get(row_id) is not ReadingStanding.DISAGREED:
            found[row_id] = ReadingStanding(word)
    return found
