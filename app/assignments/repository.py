"""All SQL of assignments, of who has a row open, and of the members who share the work."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from app.models import (
    CONTRIBUTORS,
    AssignedRow,
    Assignment,
    CaseClaim,
    Catalogue,
    LocalTest,
    Membership,
    User,
    WorklistEntry,
)
from app.platform.postgresql import is_postgresql

_CLAIMS = CaseClaim.__table__  # type: ignore[attr-defined]


def contributors(session: Session, laboratory_id: int) -> dict[int, str]:
    """The active members who may decide, identifier -> name, by name."""
    statement = (
        select(col(User.id), col(User.display_name))
        .join(Membership, col(Membership.user_id) == col(User.id))
        .where(
            col(Membership.laboratory_id) == laboratory_id,
            col(Membership.role).in_(CONTRIBUTORS),
            col(User.is_active).is_(True),
        )
        .order_by(col(User.display_name), col(User.id))
    )
    return {user_id: name for user_id, name in session.execute(statement) if user_id is not None}


def add_rows(session: Session, assignment_id: int, row_ids: Sequence[int]) -> None:
    """Say which rows an assignment is about."""
    if row_ids:
        lines = [{"assignment_id": assignment_id, "local_test_id": row_id} for row_id in row_ids]
        session.execute(insert(AssignedRow), lines)


def rows_of_person(session: Session, laboratory_id: int | None, user_id: int) -> dict[int, list[int]]:
    """Catalogue -> the rows assigned to a person there; of one laboratory, or of all."""
    statement = (
        select(col(WorklistEntry.catalogue_id), col(WorklistEntry.local_test_id))
        .join(Catalogue, col(Catalogue.id) == col(WorklistEntry.catalogue_id))
        .where(col(WorklistEntry.assignee) == str(user_id))
        .order_by(col(WorklistEntry.catalogue_id), col(WorklistEntry.local_test_id))
    )
    if laboratory_id is not None:
        statement = statement.where(col(Catalogue.laboratory_id) == laboratory_id)
    found: dict[int, list[int]] = {}
    for catalogue_id, row_id in session.execute(statement):
        found.setdefault(catalogue_id, []).append(row_id)
    return found


def latest(session: Session, catalogue_id: int, limit: int) -> Sequence[Assignment]:
    """The newest assignments of a catalogue."""
    statement = (
        select(Assignment)
        .where(col(Assignment.catalogue_id) == catalogue_id)
        .order_by(col(Assignment.id).desc())
        .limit(limit)
    )
    return session.scalars(statement).all()


def has_row(session: Session, catalogue_id: int, local_test_id: int) -> bool:
    """Whether the catalogue holds this row."""
    statement = select(col(LocalTest.id)).where(
        col(LocalTest.id) == local_test_id, col(LocalTest.catalogue_id) == catalogue_id
    )
    return session.scalar(statement) is not None


def claim(session: Session, values: dict[str, Any]) -> None:
    """Note, or note again, that a person has a row open."""
    build = postgresql.insert if is_postgresql(session.connection()) else sqlite.insert
    statement = build(_CLAIMS).values(values)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["local_test_id", "user_id"], set_={"seen_at": statement.excluded.seen_at}
        )
    )


def forget_claims(session: Session, catalogue_id: int, before: datetime) -> None:
    """Forget who was silent since this moment."""
    session.execute(delete(_CLAIMS).where(_CLAIMS.c.catalogue_id == catalogue_id, _CLAIMS.c.seen_at < before))


def forget_claim(session: Session, local_test_id: int, user_id: int) -> None:
    """Forget that a person had this row open."""
    session.execute(delete(_CLAIMS).where(_CLAIMS.c.local_test_id == local_test_id, _CLAIMS.c.user_id == user_id))
