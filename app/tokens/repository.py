"""All SQL of the tokens."""

from sqlalchemy import and_, or_
from sqlmodel import Session, col, select

from app.models import ApiToken, Membership, Role, User


def find_token(session: Session, token_hash: str) -> ApiToken | None:
    """The token with this hash, whatever its state."""
    return session.exec(select(ApiToken).where(ApiToken.token_hash == token_hash)).first()


def tokens_of(session: Session, laboratory_id: int) -> list[tuple[ApiToken, str]]:
    """The tokens of a laboratory with the name of who made each, the newest first."""
    statement = (
        select(ApiToken, User.display_name)
        .join(User, col(User.id) == col(ApiToken.created_by_id))
        .where(ApiToken.laboratory_id == laboratory_id)
        .order_by(col(ApiToken.id).desc())
    )
    return list(session.exec(statement).all())


def tokens_made_by(session: Session, user_id: int) -> list[ApiToken]:
    """The tokens that a person made and that nobody revoked."""
    statement = select(ApiToken).where(ApiToken.created_by_id == user_id, col(ApiToken.revoked_at).is_(None))
    return list(session.exec(statement.order_by(col(ApiToken.id))))


def author_may(session: Session, token: ApiToken) -> bool:
    """Whether the author of a token could still make it: an administrator, or a biologist of its laboratory."""
    is_biologist = and_(
        col(Membership.user_id) == col(User.id),
        col(Membership.laboratory_id) == token.laboratory_id,
        col(Membership.role) == Role.BIOLOGIST,
    )
    statement = (
        select(User.id)
        .outerjoin(Membership, is_biologist)
        .where(User.id == token.created_by_id, col(User.is_active))
        .where(or_(col(User.is_administrator), col(Membership.id).is_not(None)))
    )
    return session.exec(statement).first() is not None
