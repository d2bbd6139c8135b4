"""All SQL of the second factor. What may happen once is one UPDATE whose condition says so."""

from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, update
from sqlmodel import Session, col, select

from app.models import RecoveryCode, SecurityKey, SignInAttempt, TotpSecret, User, UserSession


def totp_of(session: Session, user_id: int, *, confirmed: bool) -> TotpSecret | None:
    """The secret in use, or the one being set up."""
    is_confirmed = col(TotpSecret.confirmed_at).is_not(None)
    statement = select(TotpSecret).where(TotpSecret.user_id == user_id, is_confirmed if confirmed else ~is_confirmed)
    return session.exec(statement.order_by(col(TotpSecret.id).desc())).first()


def forget_totp(session: Session, user_id: int, *, but: int | None = None, pending_only: bool = False) -> None:
    """Drop the secrets of a person, but for one when it is given."""
    statement = delete(TotpSecret).where(col(TotpSecret.user_id) == user_id)
    if but is not None:
        statement = statement.where(col(TotpSecret.id) != but)
    if pending_only:
        statement = statement.where(col(TotpSecret.confirmed_at).is_(None))
    session.execute(statement)


def advance_counter(session: Session, totp_id: int, counter: int) -> bool:
    """Keep the step of an accepted code; False when it, or a later one, was accepted already."""
    statement = (
        update(TotpSecret)
        .where(col(TotpSecret.id) == totp_id, col(TotpSecret.last_counter) < counter)
        .values(last_counter=counter)
    )
    return _touched(session, statement) == 1


def keys_of(session: Session, user_id: int) -> list[SecurityKey]:
    """The security keys of a person, the oldest first."""
    return list(
        session.exec(select(SecurityKey).where(SecurityKey.user_id == user_id).order_by(col(SecurityKey.id)))
    )


def key_of_credential(session: Session, user_id: int, credential_id: str) -> SecurityKey | None:
    """The key of this credential, if it is one of this person's."""
    return session.exec(
        select(SecurityKey).where(SecurityKey.user_id == user_id, SecurityKey.credential_id == credential_id)
    ).first()


def forget_keys(session: Session, user_id: int) -> None:
    """Drop every key of a person."""
    session.execute(delete(SecurityKey).where(col(SecurityKey.user_id) == user_id))


def forget_recovery_codes(session: Session, user_id: int) -> None:
    """Drop every recovery code of a person, used or not."""
    session.execute(delete(RecoveryCode).where(col(RecoveryCode.user_id) == user_id))


def count_recovery_codes(session: Session, user_id: int) -> int:
    """How many codes are left to use."""
    statement = select(func.count()).select_from(RecoveryCode)
    return session.exec(statement.where(RecoveryCode.user_id == user_id, col(RecoveryCode.used_at).is_(None))).one()


def use_recovery_code(session: Session, user_id: int, code_hash: str, now: datetime) -> bool:
    """Mark a code as used; False when there is none, or it was used already."""
    statement = (
        update(RecoveryCode)
        .where(
            col(RecoveryCode.user_id) == user_id,
            col(RecoveryCode.code_hash) == code_hash,
            col(RecoveryCode.used_at).is_(None),
        )
        .values(used_at=now)
    )
    return _touched(session, statement) == 1


def keep_challenge(session: Session, token_hash: str, challenge: str) -> None:
    """The challenge that a key will sign for this session; it replaces the one before."""
    session.execute(update(UserSession).where(col(UserSession.token_hash) == token_hash).values(challenge=challenge))


def take_challenge(session: Session, token_hash: str) -> str:
    """The challenge of this session, which is forgotten at once: it serves once, whatever comes of it."""
    row = session.get(UserSession, token_hash, with_for_update=True)
    challenge = row.challenge if row is not None else ""
    if row is not None and challenge:
        row.challenge = ""
        session.add(row)
        session.flush()
    return challenge


def prove_session(session: Session, token_hash: str, now: datetime) -> None:
    """The person of this session has just said again who she is."""
    session.execute(
        update(UserSession).where(col(UserSession.token_hash) == token_hash).values(authenticated_at=now)
    )


def count_failures(session: Session, account_hash: str, since: datetime) -> int:
    """Failed codes of a person since a moment."""
    statement = select(func.count()).select_from(SignInAttempt)
    return session.exec(
        statement.where(
            SignInAttempt.account_hash == account_hash,
            col(SignInAttempt.at) > since,
            col(SignInAttempt.succeeded).is_(False),
        )
    ).one()


def set_has_second_factor(session: Session, user_id: int, value: bool) -> None:
    """What every request reads of it."""
    session.execute(update(User).where(col(User.id) == user_id).values(has_second_factor=value))


def _touched(session: Session, statement: Any) -> int:
    result: Any = session.execute(statement)
    return int(result.rowcount)
