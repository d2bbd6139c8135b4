"""Tokens of programs: made and revoked by people, shown once, kept as hashes. Every change is audited."""

import secrets
from datetime import timedelta

from sqlmodel import Session

from app.audit.service import record
from app.errors import InvalidInputError, NotFoundError
from app.models import ApiToken, Laboratory, User, utc_now
from app.platform.web_sessions import hash_token
from app.tokens import repository
from app.tokens.pages import TokenLine

PREFIX = "tlfhir_"
"""Lets secret scanners, and people, recognise a token that lies where it should not."""
LIFETIMES = {"90": 90, "365": 365, "730": 730, "0": None}
"""What the form offers -> days; None for a token that lasts until it is revoked."""
MOST_TOKENS = 50


def create_token(
    session: Session, laboratory: Laboratory, *, name: str, lifetime: str, actor: User
) -> tuple[ApiToken, str]:
    """A new token of a laboratory, and its text, which is kept nowhere."""
    name = " ".join(name.split())
    if not 1 <= len(name) <= 80:
        raise InvalidInputError("Nommez le programme qui lira avec ce jeton, en 80 caractères au plus.")
    if lifetime not in LIFETIMES:
        raise InvalidInputError("Choisissez la durée du jeton parmi celles proposées.")
    assert laboratory.id is not None
    assert actor.id is not None
    live = [token for token, _ in repository.tokens_of(session, laboratory.id) if is_live(token)]
    if len(live) >= MOST_TOKENS:
        raise InvalidInputError(f"Ce laboratoire a déjà {MOST_TOKENS} jetons en service : révoquez-en.")
    days = LIFETIMES[lifetime]
    text = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken(
        laboratory_id=laboratory.id,
        name=name,
        token_hash=hash_token(text),
        created_by_id=actor.id,
        expires_at=utc_now() + timedelta(days=days) if days else None,
    )
    session.add(token)
    session.flush()
    record(
        session, "token.create", actor=actor, object_type="api_token", object_id=token.id,
        laboratory_id=laboratory.id, name=name,
        expires_at=token.expires_at.isoformat() if token.expires_at else "",
    )  # fmt: skip
    return token, text


def revoke_token(session: Session, laboratory: Laboratory, token_id: int, *, actor: User) -> None:
    """Take a token out of service; doing it twice changes nothing."""
    token = session.get(ApiToken, token_id)
    if token is None or token.laboratory_id != laboratory.id:
        raise NotFoundError("Ce jeton n'existe pas dans ce laboratoire.")
    if token.revoked_at is not None:
        return
    token.revoked_at, token.revoked_by_id = utc_now(), actor.id
    session.add(token)
    record(
        session, "token.revoke", actor=actor, object_type="api_token", object_id=token.id,
        laboratory_id=laboratory.id, name=token.name,
    )  # fmt: skip


def is_live(token: ApiToken) -> bool:
    """Whether the token opens anything now."""
    return token.revoked_at is None and (token.expires_at is None or token.expires_at > utc_now())


def token_of(session: Session, text: str) -> ApiToken | None:
    """The token in service that this text is, if it is one."""
    token = repository.find_token(session, hash_token(text)) if text else None
    return token if token is not None and is_live(token) else None


def token_lines(session: Session, laboratory_id: int) -> list[TokenLine]:
    """The tokens of a laboratory as its page shows them."""
    return [
        TokenLine(
            id=token.id or 0,
            name=token.name,
            created_by=author,
            created_at=token.created_at,
            expires_at=token.expires_at,
            revoked_at=token.revoked_at,
            is_live=is_live(token),
        )
        for token, author in repository.tokens_of(session, laboratory_id)
    ]
