"""All SQL of the identities at the provider."""

from datetime import datetime

from sqlalchemy import delete
from sqlmodel import Session, col, select

from app.models import ProviderAnswer, ProviderIdentity, User


def find_person(session: Session, issuer: str, identifier: str) -> tuple[ProviderIdentity, User] | None:
    """The account that has this identifier at this provider."""
    statement = (
        select(ProviderIdentity, User)
        .join(User, col(User.id) == col(ProviderIdentity.user_id))
        .where(ProviderIdentity.issuer == issuer, ProviderIdentity.identifier == identifier)
    )
    return session.exec(statement).first()


def identity_of(session: Session, user_id: int) -> ProviderIdentity | None:
    """What the account is linked to."""
    return session.get(ProviderIdentity, user_id)


def was_used(session: Session, digest: str) -> bool:
    """Whether an answer of the provider was used already."""
    return session.get(ProviderAnswer, digest) is not None


def forget_answers(session: Session, before: datetime) -> None:
    """Drop the answers used before a moment: their cookie is too old by then."""
    session.execute(delete(ProviderAnswer).where(col(ProviderAnswer.at) < before))
