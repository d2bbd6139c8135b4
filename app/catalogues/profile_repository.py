"""All SQL of the saved readings."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from app.models import ImportProfile, User


def profiles_of(session: Session, laboratory_id: int) -> Sequence[ImportProfile]:
    """The profiles of a laboratory, by name."""
    statement = select(ImportProfile).where(col(ImportProfile.laboratory_id) == laboratory_id)
    return session.scalars(statement.order_by(col(ImportProfile.name))).all()


def named(session: Session, laboratory_id: int, name: str) -> ImportProfile | None:
    """The profile of this name."""
    statement = select(ImportProfile).where(
        col(ImportProfile.laboratory_id) == laboratory_id, col(ImportProfile.name) == name
    )
    return session.scalars(statement).first()


def lines_of(session: Session, laboratory_id: int) -> Sequence[Any]:
    """(profile, name of who saved it) of a laboratory, by name."""
    statement = (
        select(ImportProfile, col(User.display_name))
        .join(User, col(User.id) == col(ImportProfile.created_by_id), isouter=True)
        .where(col(ImportProfile.laboratory_id) == laboratory_id)
        .order_by(col(ImportProfile.name))
    )
    return session.execute(statement).all()
