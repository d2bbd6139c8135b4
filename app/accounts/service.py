"""What happens to accounts: creation, passwords, deactivation, roles. Every change is audited."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from sqlalchemy import delete, update
from sqlmodel import Session, col, select

from app.accounts import repository
from app.accounts.names import checked_email, checked_name, normalise_email
from app.accounts.passwords import check_new_password, generate_password, hash_password, verify_password
from app.audit.service import record
from app.errors import ConflictError, InvalidInputError, NotFoundError
from app.models import (
    CONTRIBUTORS,
    KnownDevice,
    Laboratory,
    Membership,
    OneTimeLink,
    Role,
    User,
    UserSession,
    utc_now,
)
from app.platform import locks
from app.platform.open_transactions import forbid_open_transaction
from app.platform.web_sessions import close_sessions_of, session_handle
from app.settings import Settings

TEMPORARY_HOURS = 72
"""How long a password lasts that must be changed, where the caller has no setting at hand."""
LAST_ADMINISTRATOR = (
    "C'est le dernier administrateur qui puisse se connecter : désignez-en un autre d'abord, qui ait choisi son mot de "
    "passe."
)


Leaving = Callable[[Session, int, int | None, User | None], None]
"""(session, person, laboratory or None for all of them, who decides)."""
_leavings: list[Leaving] = []


def on_leaving(act: Leaving) -> None:
    """Have this done, in the same transaction, when a person can no longer work in a laboratory."""
    _leavings.append(act)


def _leave(session: Session, user_id: int, laboratory_id: int | None, actor: User | None) -> None:
    for act in _leavings:
        act(session, user_id, laboratory_id, actor)


RightsChanged = Callable[[Session, int, User | None], None]
"""(session, person, who decides)."""
_rights_changed: list[RightsChanged] = []


def on_rights_changed(act: RightsChanged) -> None:
    """Have this done, in the same transaction, when the account or the rights of a person changed."""
    _rights_changed.append(act)


def _tell_rights_changed(session: Session, user_id: int, actor: User | None) -> None:
    for act in _rights_changed:
        act(session, user_id, actor)


def get_user(session: Session, user_id: int) -> User:
    """The account of this identifier, or NotFoundError; ConflictError for a person of another installation."""
    user = session.get(User, user_id)
    if user is None:
        raise NotFoundError("Ce compte n'existe pas.")
    return _of_here(user)


def _of_here(user: User) -> User:
    if user.is_foreign:
        raise ConflictError(
            f"« {user.display_name} » est d’une autre installation, venue avec une archive comme auteur de décisions : "
            "rien n’ouvre ce compte et aucun droit ne lui est donné. Ouvrez-lui un compte d’ici, s’il le faut."
        )
    return user


def get_user_by_email(session: Session, email: str) -> User:
    """The account of this address, or NotFoundError."""
    user = repository.find_user_by_email(session, normalise_email(email))
    if user is None:
        raise NotFoundError(f"Aucun compte n'a l'adresse « {normalise_email(email)} ».")
    return _of_here(user)


def _add_account(
    session: Session,
    actor: User | None,
    *,
    email: str,
    display_name: str,
    is_administrator: bool,
    password_hash: str = "",
    expires_at: datetime | None = None,
) -> User:
    """Store and journal a new account; `expires_at` is the end of a password that must be changed."""
    if repository.find_user_by_email(session, email) is not None:
        raise ConflictError(f"L'adresse « {email} » a déjà un compte.")
    user = User(
        email=email,
        display_name=display_name,
        password_hash=password_hash,
        is_administrator=is_administrator,
        must_change_password=expires_at is not None,
        password_expires_at=expires_at,
    )
    session.add(user)
    session.flush()
    record(
        session, "user.create", actor=actor, object_type="user", object_id=user.id,
        email=email, is_administrator=is_administrator,
    )  # fmt: skip
    return user


def create_user(
    session: Session,
    *,
    email: str,
    display_name: str,
    password: str = "",
    is_administrator: bool = False,
    must_change_password: bool = True,
    hours: int = TEMPORARY_HOURS,
    actor: User | None = None,
) -> tuple[User, str]:
    """Open an account; returns it with its password, a generated one when none is given.

    One that must be changed opens nothing after so many hours.
    """
    locks.lock_subject(session, locks.Subject.INSTALLATION)
    email, display_name = checked_email(email), checked_name(display_name)
    if password:
        check_new_password(password, email)
    password = password or generate_password()
    # Hashing is slow: it comes before the first statement, which opens the transaction.
    user = _add_account(
        session, actor, email=email, display_name=display_name, is_administrator=is_administrator,
        password_hash=hash_password(password),
        expires_at=utc_now() + timedelta(hours=hours) if must_change_password else None,
    )  # fmt: skip
    return user, password


def open_account(
    session: Session, *, email: str, display_name: str, is_administrator: bool, actor: User | None
) -> User:
    """Open an account that no password opens yet."""
    locks.lock_subject(session, locks.Subject.INSTALLATION)
    return _add_account(
        session, actor, email=checked_email(email), display_name=checked_name(display_name),
        is_administrator=is_administrator,
    )  # fmt: skip


def end_links_of(session: Session, user_id: int) -> None:
    """The one-time links of a person open nothing any more."""
    statement = update(OneTimeLink).where(col(OneTimeLink.user_id) == user_id, col(OneTimeLink.ended_at).is_(None))
    session.execute(statement.values(ended_at=utc_now()))


def forget_password(session: Session, user: User) -> None:
    """No password opens this account any more, nor does any link; its sessions and its known devices are forgotten."""
    assert user.id is not None
    user.password_hash, user.must_change_password, user.password_expires_at = "", False, None
    session.add(user)
    end_links_of(session, user.id)
    close_sessions_of(session, user.id)
    _forget_devices(session, user.id)


def _forget_devices(session: Session, user_id: int) -> None:
    session.execute(delete(KnownDevice).where(col(KnownDevice.user_id) == user_id))


def reset_password(
    session: Session, user: User, *, password: str = "", hours: int = TEMPORARY_HOURS, actor: User | None = None
) -> str:
    """Give a new password, which its owner must change in so many hours, and close her sessions; returns the password.

    `user` may have been read in an earlier transaction: hashing is slow, and comes before the first statement.
    """
    locks.lock_subject(session, locks.Subject.INSTALLATION)
    assert user.id is not None
    if password:
        check_new_password(password, user.email)
    password = password or generate_password()
    password_hash = hash_password(password)
    user = get_user(session, user.id)
    forget_password(session, user)
    user.password_hash, user.must_change_password = password_hash, True
    user.password_expires_at = utc_now() + timedelta(hours=hours)
    record(session, "user.reset_password", actor=actor, object_type="user", object_id=user.id)
    return password


class WrongPasswordError(InvalidInputError):
    """The present password, asked for again, is not the right one."""


def hash_of_new_password(
    user: User, *, current: str, new: str, confirmation: str, laboratories: Iterable[str] = ()
) -> str:
    """The hash of the password that a person chooses for herself; slow, so to be called with no transaction open.

    `laboratories` are the names of those where she works. Raises WrongPasswordError for the present one, else
    InvalidInputError.
    """
    forbid_open_transaction("hash a password")
    if not verify_password(current, user.password_hash):
        raise WrongPasswordError("Le mot de passe actuel n'est pas le bon.")
    if new != confirmation:
        raise InvalidInputError("Les deux saisies du nouveau mot de passe diffèrent.")
    if new == current:
        raise InvalidInputError("Le nouveau mot de passe est identique à l'ancien.")
    check_new_password(new, user.email, laboratories)
    return hash_password(new)


def change_password(session: Session, user: User, password_hash: str) -> None:
    """Keep one's own new password; close every session, and forget every browser: the caller opens a new one.

    `user` is the person as she was when the hash was made; raises ConflictError when her password changed since.
    """
    assert user.id is not None
    stored = get_user(session, user.id)
    if stored.password_hash != user.password_hash:
        raise ConflictError("Ce mot de passe a été changé entre-temps. Connectez-vous de nouveau.")
    stored.password_hash = password_hash
    stored.must_change_password, stored.password_expires_at = False, None
    session.add(stored)
    close_sessions_of(session, user.id)
    _forget_devices(session, user.id)
    record(session, "user.change_password", actor=user, object_type="user", object_id=user.id)


def revoke_other_sessions(session: Session, user: User, current_hash: str) -> int:
    """Close every session of this person but the present one; returns how many."""
    assert user.id is not None
    closed = close_sessions_of(session, user.id, except_hash=current_hash)
    record(session, "session.revoke_others", actor=user, object_type="user", object_id=user.id, closed=closed)
    return closed


def revoke_session(session: Session, user: User, handle: str, settings: Settings) -> None:
    """Close one session of this person; raises NotFoundError when none of hers has this name."""
    live = live_sessions(session, user, settings)
    opened = next((row for row in live if session_handle(row.token_hash) == handle), None)
    if opened is None:
        raise NotFoundError("Cette session n'existe pas, ou elle est déjà fermée.")
    opened.revoked_at = utc_now()
    session.add(opened)
    record(session, "session.revoke", actor=user, object_type="user", object_id=user.id)


def revoke_all_sessions(session: Session, user: User, *, actor: User) -> None:
    """Close every session of a person, by an administrator."""
    assert user.id is not None
    closed = close_sessions_of(session, user.id)
    record(session, "session.revoke_all", actor=actor, object_type="user", object_id=user.id, closed=closed)


def live_sessions(session: Session, user: User, settings: Settings) -> list[UserSession]:
    """The sessions of this person that still open the application."""
    assert user.id is not None
    now = utc_now()
    seen_after = now - timedelta(minutes=settings.session_idle_minutes)
    return repository.open_sessions_of(session, user.id, seen_after, now)


def _check_not_last_administrator(session: Session, user: User) -> None:
    """Refuse what would leave nobody able to administer; one who never chose a password leaves all as it was."""
    assert user.id is not None
    if user.password_hash and not repository.count_able_administrators(session, utc_now(), but=user.id):
        raise ConflictError(LAST_ADMINISTRATOR)


def set_active(session: Session, user: User, is_active: bool, *, actor: User | None = None) -> None:
    """Deactivate or reactivate an account. Accounts are never deleted: their decisions carry their name."""
    locks.lock_subject(session, locks.Subject.INSTALLATION)
    session.refresh(user)
    assert user.id is not None
    if user.is_active == is_active:
        return
    if not is_active:
        if actor is not None and actor.id == user.id:
            raise ConflictError("Vous ne pouvez pas désactiver votre propre compte.")
        if user.is_administrator:
            _check_not_last_administrator(session, user)
        close_sessions_of(session, user.id)
        _leave(session, user.id, None, actor)
    user.is_active = is_active
    session.add(user)
    action = "user.activate" if is_active else "user.deactivate"
    record(session, action, actor=actor, object_type="user", object_id=user.id)
    _tell_rights_changed(session, user.id, actor)


def set_administrator(
    session: Session, user: User, is_administrator: bool, *, actor: User | None = None
) -> None:
    """Give or take the right to administer the installation."""
    locks.lock_subject(session, locks.Subject.INSTALLATION)
    session.refresh(user)
    if user.is_administrator == is_administrator:
        return
    if not is_administrator and user.is_active:
        _check_not_last_administrator(session, user)
    user.is_administrator = is_administrator
    session.add(user)
    action = "user.promote" if is_administrator else "user.demote"
    record(session, action, actor=actor, object_type="user", object_id=user.id)
    assert user.id is not None
    _tell_rights_changed(session, user.id, actor)


def set_role(
    session: Session, user: User, laboratory: Laboratory, role: Role | None, *, actor: User | None = None
) -> None:
    """Give a person a role in a laboratory, change it, or (None) take it away."""
    locks.lock_subject(session, locks.Subject.INSTALLATION)
    assert user.id is not None
    assert laboratory.id is not None
    statement = select(Membership).where(
        Membership.user_id == user.id, Membership.laboratory_id == laboratory.id
    )
    membership = session.exec(statement).first()
    before = membership.role if membership else ""
    after = role.value if role else ""
    if before == after:
        return
    if role is None:
        session.delete(membership)
    else:
        membership = membership or Membership(user_id=user.id, laboratory_id=laboratory.id, role=role)
        membership.role = role
        session.add(membership)
    session.flush()
    if before in CONTRIBUTORS and after not in CONTRIBUTORS:
        _leave(session, user.id, laboratory.id, actor)
    record(
        session, "membership.change", actor=actor, object_type="user", object_id=user.id,
        laboratory_id=laboratory.id, before=before, after=after,
    )  # fmt: skip
    _tell_rights_changed(session, user.id, actor)
