"""All SQL of the tokens."""

from sqlmodel import Session, col, select

from app.models import ApiToken, User


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
