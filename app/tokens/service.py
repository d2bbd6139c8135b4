"""Tokens of programs: made and revoked by people, shown once, kept as hashes. Every change is audited."""

import secrets
from datetime import timedelta

from sqlmodel import Session

from app.accounts.service import on_rights_changed
from app.audit.service import record
from app.errors import InvalidInputError, NotFoundError
from app.models import ApiToken, Laboratory, TokenScope, User, utc_now
from app.platform.web_sessions import hash_token
from app.tokens import repository
from app.tokens.pages import TokenLine

PREFIX = "tlfhir_"
"""Lets secret scanners, and people, recognise a token that lies where it should not."""
LIFETIMES = {"30": 30, "90": 90, "180": 180, "365": 365}
"""What the form offers -> days: a token always ends, after a year at most."""
SCOPE_LABELS = {TokenScope.READ: "lire tous les codes approuvés", TokenScope.TRANSLATE: "traduire un code à la fois"}
LOST_RIGHTS = "droits de son auteur perdus"
MOST_TOKENS = 50


def create_token(
    session: Session, laboratory: Laboratory, *, name: str, lifetime: str, actor: User, scope: str = TokenScope.READ
) -> tuple[ApiToken, str]:
    """A new token of a laboratory, and its text, which is kept nowhere.

    Raises InvalidInputError for a name, a duration or a scope that is not offered, or where there are too many tokens.
    """
    name = " ".join(name.split())
    if not 1 <= len(name) <= 80:
        raise InvalidInputError("Nommez le programme qui lira avec ce jeton, en 80 caractères au plus.")
    if lifetime not in LIFETIMES:
        raise InvalidInputError("Choisissez la durée du jeton parmi celles proposées.")
    if scope not in set(TokenScope):
        raise InvalidInputError("Choisissez ce que le jeton permet parmi ce qui est proposé.")
    assert laboratory.id is not None
    assert actor.id is not None
    live = [token for token, _ in repository.tokens_of(session, laboratory.id) if is_live(token)]
    if len(live) >= MOST_TOKENS:
        raise InvalidInputError(f"Ce laboratoire a déjà {MOST_TOKENS} jetons en service : révoquez-en.")
    text = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken(
        laboratory_id=laboratory.id,
        name=name,
        token_hash=hash_token(text),
        created_by_id=actor.id,
        scope=scope,
        expires_at=utc_now() + timedelta(days=LIFETIMES[lifetime]),
    )
    session.add(token)
    session.flush()
    record(
        session, "token.create", actor=actor, object_type="api_token", object_id=token.id,
        laboratory_id=laboratory.id, name=name, token_scope=scope,
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
    """Whether the token is neither revoked nor at its end; one without an end opens nothing."""
    return token.revoked_at is None and token.expires_at is not None and token.expires_at > utc_now()


def token_of(session: Session, text: str) -> ApiToken | None:
    """The token in service that this text is, if it is one and its author could still make it."""
    token = repository.find_token(session, hash_token(text)) if text else None
    if token is None or not is_live(token):
        return None
    return token if repository.author_may(session, token) else None


def revoke_of_lost_rights(session: Session, user_id: int, actor: User | None) -> None:
    """A person's account or rights changed: her tokens that they no longer carry end, in the same transaction."""
    session.flush()
    for token in repository.tokens_made_by(session, user_id):
        if repository.author_may(session, token):
            continue
        token.revoked_at, token.revoked_by_id = utc_now(), actor.id if actor else None
        session.add(token)
        record(
            session, "token.revoke", actor=actor, object_type="api_token", object_id=token.id,
            laboratory_id=token.laboratory_id, name=token.name, reason=LOST_RIGHTS,
        )  # fmt: skip


def token_lines(session: Session, laboratory_id: int) -> list[TokenLine]:
    """The tokens of a laboratory as its page shows them."""
    return [
        TokenLine(
            id=token.id or 0,
            name=token.name,
            created_by=author,
            created_at=token.created_at,
            scope=SCOPE_LABELS[TokenScope(token.scope)],
            expires_at=token.expires_at,
            revoked_at=token.revoked_at,
            is_live=is_live(token),
        )
        for token, author in repository.tokens_of(session, laboratory_id)
    ]


on_rights_changed(revoke_of_lost_rights)
