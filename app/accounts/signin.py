"""Signing in: limited attempts, a check in constant time, a new session each time."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Engine

from app.accounts import repository
from app.accounts.passwords import verify_password
from app.accounts.service import normalise_email
from app.audit.service import record
from app.models import SignInAttempt, utc_now
from app.platform.database import reading, transaction
from app.platform.web_sessions import close_session, open_session
from app.settings import Settings

WINDOW = timedelta(minutes=15)
FORGET_AFTER = timedelta(days=1)
FORGET_SESSIONS_AFTER = timedelta(days=30)
FAILURES_PER_ACCOUNT = 8
FAILURES_PER_ADDRESS = 40
WRONG_MESSAGE = "Adresse ou mot de passe inconnu."
BLOCKED_MESSAGE = "Trop d'essais infructueux. Attendez un quart d'heure, ou demandez un nouveau mot de passe."


@dataclass(frozen=True, slots=True)
class SignInResult:
    """How an attempt ended: the token of the new session, or the sentence to show."""

    token: str = ""
    problem: str = ""
    is_blocked: bool = False


def _account_hash(email: str) -> str:
    return hashlib.sha256(email.encode()).hexdigest()


def _admit(engine: Engine, account_hash: str, address: str) -> int | None:
    """Write the attempt down as failed before anything is compared; None when there were too many."""
    now = utc_now()
    with transaction(engine) as session:
        repository.forget_attempts(session, before=now - FORGET_AFTER)
        repository.forget_sessions(session, before=now - FORGET_SESSIONS_AFTER)
        since = now - WINDOW
        on_account = repository.count_failed_attempts(session, since=since, account_hash=account_hash)
        from_address = repository.count_failed_attempts(session, since=since, address=address)
        if on_account >= FAILURES_PER_ACCOUNT or from_address >= FAILURES_PER_ADDRESS:
            return None
        attempt = SignInAttempt(account_hash=account_hash, address=address)
        session.add(attempt)
        session.flush()
        return attempt.id


def _known_hash(engine: Engine, email: str) -> str | None:
    """The password hash of an account that may sign in."""
    with reading(engine) as session:
        user = repository.find_user_by_email(session, email)
        return user.password_hash if user is not None and user.is_active else None


def sign_in(
    engine: Engine, settings: Settings, *, email: str, password: str, address: str, old_token: str = ""
) -> SignInResult:
    """Check a password and open a session.

    It takes the engine and not a session, because the slow comparison must happen between two short
    transactions and because a refused attempt must be remembered.
    """
    email = normalise_email(email)
    account_hash = _account_hash(email)
    attempt_id = _admit(engine, account_hash, address[:64])
    if attempt_id is None:
        return SignInResult(problem=BLOCKED_MESSAGE, is_blocked=True)
    known_hash = _known_hash(engine, email)
    is_right = verify_password(password, known_hash)
    with transaction(engine) as session:
        user = repository.find_user_by_email(session, email)
        if not is_right or user is None or not user.is_active or user.password_hash != known_hash:
            subject = user.id if user else None
            record(
                session, "session.refuse", actor_label="visiteur",
                object_type="user", object_id=subject, address=address,
            )  # fmt: skip
            return SignInResult(problem=WRONG_MESSAGE)
        repository.forget_failures_of(session, account_hash)
        session.add(SignInAttempt(account_hash=account_hash, address=address[:64], succeeded=True))
        close_session(session, old_token)
        token = open_session(session, user, settings)
        record(session, "session.open", actor=user, object_type="user", object_id=user.id, address=address)
        return SignInResult(token=token)
