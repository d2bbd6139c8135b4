"""Few wrong codes of an application, and few wrong passwords, in a quarter of an hour: they are soon guessed otherwise.

Only somebody who already gave the right password can be slowed here. She keeps her owner out of nothing: a security key
and a recovery code, which nobody guesses, are neither counted nor made to wait.
"""

import hashlib
from datetime import timedelta

from sqlmodel import Session

from app.models import SignInAttempt, utc_now
from app.platform import locks
from app.second_factor import repository

WINDOW = timedelta(minutes=15)
FAILURES = 5
BLOCKED = (
    "Trop d'essais infructueux. Attendez un quart d'heure, ou servez-vous d'une clé de sécurité ou, à la connexion, "
    "d'un code de secours."
)


def _hash(user_id: int) -> str:
    return hashlib.sha256(f"second factor of {user_id}".encode()).hexdigest()


def is_blocked(session: Session, user_id: int) -> bool:
    """Whether this person must wait. Takes her turn: two attempts at once are counted one after the other."""
    locks.lock_subject(session, locks.Subject.ACCOUNT_ATTEMPTS, _hash(user_id))
    return repository.count_failures(session, _hash(user_id), utc_now() - WINDOW) >= FAILURES


def note(session: Session, user_id: int, address: str, *, succeeded: bool) -> None:
    """Keep how an attempt ended."""
    # No address for a failure: it would count against everybody behind it.
    kept = address[:64] if succeeded else ""
    session.add(SignInAttempt(account_hash=_hash(user_id), address=kept, succeeded=succeeded))
