"""Changing one's password: the present one is asked for again, and guessing it is as slow as at the door."""

import hashlib

from app.accounts import repository, service, throttle
from app.audit.service import record
from app.errors import WorkbenchError
from app.models import User
from app.platform import locks
from app.platform.database import Transactions


class TooManyTriesError(WorkbenchError):
    """The present password was wrong too often."""

    status_code = 429


def _key(user: User) -> str:
    """What the attempts keep instead of the account: they are not those of the door, and do not close it."""
    return hashlib.sha256(f"change {user.id}".encode()).hexdigest()


def _reserve(transactions: Transactions, user: User, address: str) -> list[str]:
    """Count a failure before anything is compared, so that a hundred tries at once are no way round.

    Returns the names of the laboratories of the person; raises TooManyTriesError.
    """
    with transactions.writing() as session:
        locks.lock_subject(session, locks.Subject.ACCOUNT_ATTEMPTS, _key(user))
        seconds = throttle.wait_to_change(session, _key(user))
        if seconds:
            raise TooManyTriesError(f"Trop d'essais infructueux. Recommencez dans {seconds} s.")
        throttle.add_attempt(session, _key(user), address[:64], device_hash="", succeeded=False)
        return [laboratory.name for _, laboratory in repository.memberships_of(session, user.id or 0)]


def new_hash(
    transactions: Transactions, user: User, address: str, *, current: str, new: str, confirmation: str
) -> str:
    """The hash of the new password, once the present one was right. Raises InvalidInputError, TooManyTriesError."""
    laboratories = _reserve(transactions, user, address)
    try:
        found = service.hash_of_new_password(
            user, current=current, new=new, confirmation=confirmation, laboratories=laboratories
        )
    except service.WrongPasswordError:
        with transactions.writing() as session:
            record(
                session, "user.refuse_password_change", actor=user, object_type="user", object_id=user.id,
                address=address[:64],
            )  # fmt: skip
        raise
    except WorkbenchError:
        _forget(transactions, user, address)
        raise
    _forget(transactions, user, address)
    return found


def _forget(transactions: Transactions, user: User, address: str) -> None:
    """The present password was right: its failures are forgotten."""
    with transactions.writing() as session:
        repository.forget_failures(session, _key(user), address=address[:64], device_hash="")
