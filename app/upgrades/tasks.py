"""Which of the tasks that new releases opened are still open.

A task is closed by the next decision on its test, unless that decision was undone: nothing is updated, the
state is read from the facts.
"""

from sqlalchemy import ColumnElement, bindparam, exists, func
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from app.models import Action, Decision, LocalTest, ReviewTask

CLOSING = (Action.CHOOSE, Action.NO_LOINC, Action.OUT_OF_SCOPE)


def is_open() -> ColumnElement[bool]:
    """SQL condition on ReviewTask: no decision in force came after the task was opened."""
    undo = aliased(Decision)
    undone = exists().where(undo.undoes_id == col(Decision.id))  # type: ignore[arg-type]
    later = (
        exists()
        .where(col(Decision.local_test_id) == col(ReviewTask.local_test_id))
        .where(col(Decision.id) > col(ReviewTask.after_decision_id))
        .where(col(Decision.action).in_(CLOSING))
        .where(~undone)
    )
    return ~later


def has_open_task() -> ColumnElement[bool]:
    """SQL condition on LocalTest, for the filters of the review queue: changed by a new release."""
    return exists().where(col(ReviewTask.local_test_id) == col(LocalTest.id)).where(is_open())


def open_tasks(
    session: Session, catalogue_id: int, limit: int | None = None, offset: int = 0
) -> list[tuple[ReviewTask, LocalTest]]:
    """The open tasks of a catalogue with their tests, in the catalogue's order; some of them with `limit`."""
    statement = (
        select(ReviewTask, LocalTest)
        .join(LocalTest, col(LocalTest.id) == col(ReviewTask.local_test_id))
        .where(ReviewTask.catalogue_id == catalogue_id, is_open())
        .order_by(col(LocalTest.level), col(LocalTest.position), col(ReviewTask.id))
        .limit(limit)
        .offset(offset)
    )
    return [(task, test) for task, test in session.exec(statement)]


_OPEN_OF_TEST = (
    select(ReviewTask)
    .where(col(ReviewTask.local_test_id) == bindparam("local_test_id"), is_open())
    .order_by(col(ReviewTask.id).desc())
)


def open_task_of(session: Session, local_test_id: int) -> ReviewTask | None:
    """The newest open task of a test, for its case page."""
    return session.exec(_OPEN_OF_TEST, params={"local_test_id": local_test_id}).first()


def count_open_tasks(session: Session, catalogue_id: int) -> int:
    """How many decisions of a catalogue wait to be looked at again."""
    statement = select(func.count(col(ReviewTask.id))).where(ReviewTask.catalogue_id == catalogue_id, is_open())
    return session.exec(statement).one()
