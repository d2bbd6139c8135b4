"""What happened to an account, told to its owner: tries that failed, and every change of what opens it."""

from collections.abc import Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from app.audit.labels import action_label, detail_text
from app.audit.service import record
from app.models import AuditEvent, User, UserSession
from app.platform.web_sessions import hash_token

SHOWN = 30
COUNTED = 100
TRIES = frozenset({"session.refuse", "session.block"})
"""What a person often does herself, mistyping: from the address where she then signs in they are not news."""
NEWS = TRIES | {
    "session.refuse_confirmation", "session.refuse_second_factor", "session.revoke_all",
    "user.change_password", "user.choose_password", "user.invite", "user.reset_password", "user.refuse_password_change",
    "user.promote", "user.demote", "user.activate", "membership.change", "membership.close",
    "second_factor.add", "second_factor.remove", "second_factor.reset", "second_factor.new_codes",
    "second_factor.use_code", "identity.set", "identity.confirm", "identity.remove",
}  # fmt: skip
"""What its owner is told from her next sign-in on, until she says that she has read it."""
LISTED = NEWS | {"session.open", "session.confirm", "session.revoke", "session.revoke_others"}


@dataclass(frozen=True, slots=True)
class OwnEvent:
    """One line of what happened to an account."""

    at: datetime
    what: str
    by: str
    details: str
    is_news: bool


def _about(user_id: int, actions: Set[str]) -> tuple[Any, ...]:
    return (
        AuditEvent.object_type == "user",
        AuditEvent.object_id == str(user_id),
        col(AuditEvent.action).in_(sorted(actions)),
    )


def count_news(session: Session, user_id: int, address: str) -> int:
    """How much happened that the owner has not said that she had read; nothing before she first signed in.

    It does not count from the last session: whoever guessed a password would open one, and hide what she did.
    """
    last_read = _edge(session, user_id, "session.read_news", is_last=True)
    since = last_read if last_read is not None else _edge(session, user_id, "session.open", is_last=False)
    if since is None:
        return 0
    statement = select(AuditEvent.action, AuditEvent.details).where(*_about(user_id, NEWS), col(AuditEvent.id) > since)
    found = session.exec(statement.order_by(col(AuditEvent.id)).limit(COUNTED)).all()
    return sum(action not in TRIES or details.get("address") != address for action, details in found)


def _edge(session: Session, user_id: int, action: str, *, is_last: bool) -> int | None:
    order = col(AuditEvent.id).desc() if is_last else col(AuditEvent.id)
    return session.exec(select(AuditEvent.id).where(*_about(user_id, {action})).order_by(order).limit(1)).first()


def own_events(session: Session, user: User) -> list[OwnEvent]:
    """The latest ones, the newest first."""
    assert user.id is not None
    statement = select(AuditEvent).where(*_about(user.id, LISTED)).order_by(col(AuditEvent.id).desc()).limit(SHOWN)
    return [
        OwnEvent(
            at=row.at,
            what=action_label(row.action),
            by="vous" if row.actor_id == user.id else row.actor_label,
            details=detail_text(row.details) if row.details else "",
            is_news=row.action in NEWS,
        )
        for row in session.exec(statement)
    ]


def say_read(session: Session, user: User, token: str) -> None:
    """The person has read what happened: it is told no more in this session."""
    opened = session.get(UserSession, hash_token(token))
    if opened is not None and opened.user_id == user.id and opened.news:
        opened.news = 0
        session.add(opened)
        record(session, "session.read_news", actor=user, object_type="user", object_id=user.id)
