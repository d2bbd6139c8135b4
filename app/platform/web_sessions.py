"""Server-side sessions: the browser holds a random token, the database only its hash."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Any

import structlog
from sqlalchemy import Engine, bindparam, update
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, col, select

from app.models import User, UserSession, utc_now
from app.platform.database import transaction
from app.settings import Settings

log = structlog.get_logger(__name__)

SESSION_COOKIE = "transcodeur_session"
SECURE_SESSION_COOKIE = "__Host-transcodeur_session"
TOUCH_AFTER = timedelta(minutes=5)
UNFINISHED_LASTS = timedelta(minutes=20)
"""How long one may take to give, or to set up, the second factor."""


class Stage(Enum):
    """How far a session is."""

    COMPLETE = "complete"
    TO_PROVE = "to_prove"
    """The person has a second factor and has not shown it yet."""
    TO_ENROL = "to_enrol"
    """The person must have a second factor and has none."""


def stage_of(opened: UserSession, user: User, settings: Settings) -> Stage:
    """What is still asked of the person before she sees anything."""
    if opened.second_factor_at is not None:
        return Stage.COMPLETE
    if user.has_second_factor:
        return Stage.TO_PROVE
    if user.is_demonstration or not settings.needs_second_factor(user.email):
        return Stage.COMPLETE
    return Stage.TO_ENROL


def cookie_name(settings: Settings) -> str:
    """The one cookie that is believed: behind HTTPS a browser refuses `__Host-` from any other host."""
    return SECURE_SESSION_COOKIE if settings.secure_cookies else SESSION_COOKIE


def hash_token(token: str) -> str:
    """What the database keeps of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Vouching:
    """Which provider of identities vouched for a person, and how it had recognised her."""

    provider: str
    acr: str
    has_two_factors: bool
    longest: timedelta | None = None
    """How long the provider lets such a session last."""


def open_session(
    session: Session,
    user: User,
    settings: Settings,
    *,
    address: str = "",
    device: str = "",
    with_second_factor: bool = False,
    vouching: Vouching | None = None,
    news: int = 0,
) -> str:
    """Record a new session for this person and return the token for her cookie.

    It has two factors when she gave her second one here, or when the provider that vouches for her had asked for two.
    """
    assert user.id is not None
    token = secrets.token_urlsafe(32)
    now, lasting = utc_now(), timedelta(hours=settings.session_hours)
    has_two_factors = with_second_factor or (vouching is not None and vouching.has_two_factors)
    row = UserSession(
        token_hash=hash_token(token),
        user_id=user.id,
        expires_at=now + lasting,
        authenticated_at=now,
        second_factor_at=now if has_two_factors else None,
        address=address[:64],
        device="".join(sign for sign in device if sign.isprintable())[:200],
        news=news,
    )
    if vouching is not None:
        row.provider, row.acr = vouching.provider, vouching.acr
        row.expires_at = now + min(lasting, vouching.longest or lasting)
    session.add(row)
    return token


def session_handle(token_hash: str) -> str:
    """What names a session in a form: it opens nothing, and says nothing of the cookie."""
    return hashlib.sha256(f"session {token_hash}".encode()).hexdigest()[:32]


# Asked for by every request: built once, as running it is ten times quicker than building it.
_LIVE = (
    select(UserSession, User)
    .join(User, col(User.id) == col(UserSession.user_id))
    .where(col(UserSession.token_hash) == bindparam("token_hash"))
)


def find_live_session(session: Session, token: str, settings: Settings) -> tuple[UserSession, User] | None:
    """The session that this token opens and its person, in one statement.

    None when it is revoked, too old or idle for too long, or when the account of the person was deactivated.
    """
    if not token:
        return None
    found = session.exec(_LIVE, params={"token_hash": hash_token(token)}).first()
    now = utc_now()
    if found is None or found[0].revoked_at is not None or found[0].expires_at <= now or not found[1].is_active:
        return None
    idle_until = found[0].last_seen_at + timedelta(minutes=settings.session_idle_minutes)
    if now >= idle_until:
        return None
    if stage_of(found[0], found[1], settings) is not Stage.COMPLETE and now >= found[0].created_at + UNFINISHED_LASTS:
        return None
    return found


def person_of(session: Session, opened: UserSession | None) -> User | None:
    """The person of a session, unless her account was deactivated."""
    user = session.get(User, opened.user_id) if opened else None
    return user if user is not None and user.is_active else None


def user_of_token(session: Session, token: str, settings: Settings) -> User | None:
    """The person whose live session this token opens, or None; also None while her second factor is awaited."""
    live = find_live_session(session, token, settings)
    return live[1] if live and stage_of(*live, settings) is Stage.COMPLETE else None


def needs_touch(row: UserSession) -> bool:
    """Whether the last sign of life is old enough to be written again."""
    return utc_now() - row.last_seen_at >= TOUCH_AFTER


def touch(engine: Engine, token_hash: str) -> None:
    """Write that this session is in use, in a short transaction of its own."""
    try:
        with transaction(engine) as session:
            row = session.get(UserSession, token_hash)
            if row is not None and row.revoked_at is None and needs_touch(row):
                row.last_seen_at = utc_now()
                session.add(row)
    except OperationalError:
        # The next page writes it; the answer has left already, nobody can be told.
        log.warning("touch.missed")


def close_session(session: Session, token: str) -> UserSession | None:
    """Revoke the session of this token, if there is one still open."""
    row = session.get(UserSession, hash_token(token)) if token else None
    if row is None or row.revoked_at is not None:
        return None
    row.revoked_at = utc_now()
    session.add(row)
    return row


def close_sessions_of(session: Session, user_id: int, *, except_hash: str = "") -> int:
    """Revoke the open sessions of a person, but for one when it is given; returns how many."""
    statement = (
        update(UserSession)
        .where(
            col(UserSession.user_id) == user_id,
            col(UserSession.revoked_at).is_(None),
            col(UserSession.token_hash) != except_hash,
        )
        .values(revoked_at=utc_now())
    )
    result: Any = session.execute(statement)
    return int(result.rowcount)
