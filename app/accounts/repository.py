"""All SQL of the accounts."""

from datetime import datetime

from sqlalchemy import ColumnElement, delete, func
from sqlmodel import Session, col, select

from app.models import Laboratory, Membership, ProviderIdentity, SignInAttempt, User, UserSession


def find_user_by_email(session: Session, email: str) -> User | None:
    """The account of this address, written as it is stored (see `names.normalise_email`)."""
    return session.exec(select(User).where(User.email == email)).first()


def provider_identity_of(session: Session, user_id: int) -> ProviderIdentity | None:
    """Who the owner of an account is at the provider of identities."""
    return session.get(ProviderIdentity, user_id)


def list_users(session: Session) -> list[User]:
    """Every account, by name; people of other installations have none."""
    here = select(User).where(~col(User.is_foreign))
    return list(session.exec(here.order_by(col(User.display_name), col(User.email))))


def count_able_administrators(session: Session, now: datetime, *, but: int) -> int:
    """How many people but this one can sign in, now, to administer the installation.

    Whoever was invited and never chose a password cannot, nor she whose temporary password ended.
    """
    end = col(User.password_expires_at)
    statement = select(func.count()).where(
        col(User.is_administrator), col(User.is_active), col(User.id) != but, User.password_hash != "",
        end.is_(None) | (end > now),
    )  # fmt: skip
    return session.exec(statement).one()


def memberships_of(session: Session, user_id: int) -> list[tuple[Membership, Laboratory]]:
    """The laboratories of a person and her role in each."""
    statement = (
        select(Membership, Laboratory)
        .join(Laboratory, col(Laboratory.id) == col(Membership.laboratory_id))
        .where(Membership.user_id == user_id)
        .order_by(col(Laboratory.name))
    )
    return list(session.exec(statement).all())


def open_sessions_of(
    session: Session, user_id: int, seen_after: datetime, now: datetime
) -> list[UserSession]:
    """The live sessions of a person, the latest used first."""
    statement = (
        select(UserSession)
        .where(
            UserSession.user_id == user_id,
            col(UserSession.revoked_at).is_(None),
            UserSession.expires_at > now,
            UserSession.last_seen_at > seen_after,
        )
        .order_by(col(UserSession.last_seen_at).desc())
    )
    return list(session.exec(statement))


def failures(
    session: Session,
    since: datetime,
    *,
    account_hash: str,
    address: str | None = None,
    device_hash: str | None = None,
) -> tuple[int, datetime | None]:
    """How many tries on an account failed since a moment (from an address, a browser), and when the last did."""
    conditions: list[ColumnElement[bool]] = [
        col(SignInAttempt.at) > since,
        col(SignInAttempt.succeeded).is_(False),
        col(SignInAttempt.account_hash) == account_hash,
    ]
    if address is not None:
        conditions.append(col(SignInAttempt.address) == address)
    if device_hash is not None:
        conditions.append(col(SignInAttempt.device_hash) == device_hash)
    statement = select(func.count(), func.max(col(SignInAttempt.at))).where(*conditions)
    count, last = session.exec(statement).one()
    return count, last


def accounts_failed_from(session: Session, since: datetime, address: str) -> tuple[int, datetime | None]:
    """On how many different accounts tries from an address failed since a moment, and when the last did.

    Those of browsers known to their accounts are left out.
    """
    statement = select(
        func.count(func.distinct(col(SignInAttempt.account_hash))), func.max(col(SignInAttempt.at))
    ).where(
        col(SignInAttempt.at) > since,
        col(SignInAttempt.succeeded).is_(False),
        col(SignInAttempt.address) == address,
        col(SignInAttempt.device_hash) == "",
    )
    count, last = session.exec(statement).one()
    return count, last


def forget_attempts(session: Session, before: datetime) -> None:
    """Drop the attempts older than a moment."""
    session.execute(delete(SignInAttempt).where(col(SignInAttempt.at) < before))


def forget_sessions(session: Session, before: datetime) -> None:
    """Drop the sessions that ended before a moment; the audit trail keeps who signed in when."""
    session.execute(delete(UserSession).where(col(UserSession.expires_at) < before))


def forget_failures(session: Session, account_hash: str, *, address: str, device_hash: str) -> None:
    """Drop the failed attempts on an account of one browser that is known, or else those from one address."""
    mine = (
        col(SignInAttempt.device_hash) == device_hash
        if device_hash
        else (col(SignInAttempt.device_hash) == "") & (col(SignInAttempt.address) == address)
    )
    session.execute(
        delete(SignInAttempt).where(
            col(SignInAttempt.account_hash) == account_hash, col(SignInAttempt.succeeded).is_(False), mine
        )
    )
