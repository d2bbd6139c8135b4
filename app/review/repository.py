"""The SQL of undoing: what a person did in a catalogue, the newest first."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from app.models import Action, Decision, LocalTest

UNDOABLE = (
    Action.CHOOSE, Action.NO_LOINC, Action.OUT_OF_SCOPE, Action.DOUBT, Action.APPROVE, Action.SEND_BACK,
    Action.REJECT_CANDIDATE,
)  # fmt: skip


def newest_own(
    session: Session, catalogue_id: int, author_id: int, before: int | None, apart: Sequence[ColumnElement[bool]]
) -> tuple[Decision, LocalTest] | None:
    """The newest fact of a person in a catalogue that nobody undid, older than `before`, with its row.

    Facts that meet one of the conditions `apart` are left to whoever wrote them together.
    """
    undo = aliased(Decision)
    undone = select(undo.id).where(col(undo.undoes_id) == col(Decision.id)).exists()
    statement = (
        select(Decision, LocalTest)
        .join(LocalTest, col(LocalTest.id) == col(Decision.local_test_id))
        .where(
            Decision.author_id == author_id,
            LocalTest.catalogue_id == catalogue_id,
            col(Decision.action).in_(UNDOABLE),
            ~undone,
            *(~condition for condition in apart),
        )
        .order_by(col(Decision.id).desc())
        .limit(1)
    )
    if before is not None:
        statement = statement.where(col(Decision.id) < before)
    return session.exec(statement).first()
