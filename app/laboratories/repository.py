"""All SQL of the laboratories."""

from collections.abc import Collection

from sqlalchemy import func
from sqlmodel import Session, col, select

from app.models import (
    Catalogue,
    Laboratory,
    Membership,
    User,
)


def laboratories_of(session: Session, user_id: int) -> list[tuple[Laboratory, str]]:
    """The laboratories of a person with her role in each, by name."""
    statement = (
        select(Laboratory, col(Membership.role))
        .join(Membership, col(Membership.laboratory_id) == col(Laboratory.id))
        .where(Membership.user_id == user_id)
        .order_by(col(Laboratory.name))
    )
    return list(session.exec(statement).all())


def list_laboratories(session: Session) -> list[Laboratory]:
    """Every laboratory of the installation, by name."""
    return list(session.exec(select(Laboratory).order_by(col(Laboratory.name))))


def find_by_name(session: Session, name: str) -> Laboratory | None:
    """The laboratory of this name."""
    return session.exec(select(Laboratory).where(Laboratory.name == name)).first()


def catalogues_of(session: Session, laboratory_ids: Collection[int]) -> list[Catalogue]:
    """The catalogues of these laboratories, the newest first."""
    statement = (
        select(Catalogue)
        .where(col(Catalogue.laboratory_id).in_(laboratory_ids), col(Catalogue.staged_for_job_id).is_(None))
        .order_by(col(Catalogue.created_at).desc(), col(Catalogue.id).desc())
    )
    return list(session.exec(statement))




def members_of(session: Session, laboratory_id: int) -> list[tuple[User, Membership]]:
    """The members of a laboratory, by name."""
    statement = (
        select(User, Membership)
        .join(Membership, col(Membership.user_id) == col(User.id))
        .where(Membership.laboratory_id == laboratory_id)
        .order_by(col(User.display_name))
    )
    return list(session.exec(statement).all())


def member_counts(session: Session) -> dict[int, int]:
    """How many members each laboratory has."""
    statement = select(col(Membership.laboratory_id), func.count()).group_by(col(Membership.laboratory_id))
    return dict(session.exec(statement).all())


