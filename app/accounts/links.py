"""One-time links: a person chooses her own password, and no administrator ever knows it.

A link serves once, ends by itself, and is replaced by the next one. Its secret is shown once; only a hash is kept.
"""

import secrets
from datetime import timedelta
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col, select

from app.accounts import service
from app.audit.service import record
from app.errors import NotFoundError
from app.models import OneTimeLink, User, utc_now
from app.platform import locks
from app.platform.web_sessions import close_sessions_of, hash_token

DEAD_LINK = "Ce lien n'existe pas, a déjà servi ou n'est plus valable. Demandez-en un nouveau à l'administrateur."


def invite(
    session: Session, *, email: str, display_name: str, is_administrator: bool, hours: int, actor: User | None
) -> tuple[User, str]:
    """Open an account without a password; returns it with the secret of the link by which its owner chooses one."""
    user = service.open_account(
        session, email=email, display_name=display_name, is_administrator=is_administrator, actor=actor
    )
    return user, _give(session, user, hours, actor, is_invitation=True)


def reset_by_link(session: Session, user: User, *, hours: int, actor: User | None) -> str:
    """Take the password of an account away and close its sessions; returns the secret of a link to choose another."""
    locks.lock_subject(session, locks.Subject.INSTALLATION)
    session.refresh(user)
    is_invitation = not user.password_hash
    service.forget_password(session, user)
    record(session, "user.reset_password", actor=actor, object_type="user", object_id=user.id)
    return _give(session, user, hours, actor, is_invitation=is_invitation)


def _give(session: Session, user: User, hours: int, actor: User | None, *, is_invitation: bool) -> str:
    assert user.id is not None
    service.end_links_of(session, user.id)
    secret = secrets.token_urlsafe(32)
    link = OneTimeLink(
        token_hash=hash_token(secret),
        user_id=user.id,
        created_by_id=actor.id if actor else None,
        expires_at=utc_now() + timedelta(hours=hours),
    )
    session.add(link)
    record(
        session, "user.invite", actor=actor, object_type="user", object_id=user.id,
        expires_at=link.expires_at.isoformat(), is_invitation=is_invitation,
    )  # fmt: skip
    return secret


def _live(secret: str) -> Any:
    return (col(OneTimeLink.token_hash) == hash_token(secret), col(OneTimeLink.ended_at).is_(None),
            col(OneTimeLink.expires_at) > utc_now())  # fmt: skip


def person_of_link(session: Session, secret: str) -> User:
    """Whose password this link lets choose. Raises NotFoundError, the same for every link that opens nothing."""
    statement = select(User).join(OneTimeLink, col(OneTimeLink.user_id) == col(User.id))
    user = session.exec(statement.where(*_live(secret), col(User.is_active))).first()
    if user is None:
        raise NotFoundError(DEAD_LINK)
    return user


def use_link(session: Session, secret: str, password_hash: str) -> User:
    """Keep the password that the owner of this link chose; the link has served.

    Raises NotFoundError when it served, ended or was replaced meanwhile: of two that come together one is refused.
    """
    used: Any = session.execute(update(OneTimeLink).where(*_live(secret)).values(ended_at=utc_now()))
    link = session.get(OneTimeLink, hash_token(secret))
    user = session.get(User, link.user_id) if link is not None and used.rowcount == 1 else None
    if user is None or not user.is_active:
        raise NotFoundError(DEAD_LINK)
    assert user.id is not None
    session.refresh(user)
    user.password_hash = password_hash
    user.must_change_password, user.password_expires_at = False, None
    session.add(user)
    close_sessions_of(session, user.id)
    record(session, "user.choose_password", actor=user, object_type="user", object_id=user.id)
    return user
