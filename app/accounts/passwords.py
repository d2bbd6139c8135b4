"""Passwords: Argon2 hashes, a check that takes the same time for unknown accounts, and what is refused."""

import secrets
import threading
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from pwdlib import PasswordHash
from pwdlib.exceptions import PwdlibError

from app.accounts.easy_passwords import why_easy
from app.errors import InvalidInputError

MINIMUM_LENGTH = 12
MAXIMUM_LENGTH = 256
HASHES_AT_ONCE = 1
"""Argon2 takes 64 MiB and four processors for each hash: more at once would only take the memory of the machine."""
_turns = threading.BoundedSemaphore(HASHES_AT_ONCE)
# Letters and digits that nobody mistakes for one another when a password is read aloud.
_READABLE = "abcdefghjkmnpqrstuvwxyz23456789"


@lru_cache(maxsize=1)
def _hasher() -> PasswordHash:
    return PasswordHash.recommended()


@lru_cache(maxsize=1)
def _nobody() -> str:
    """The hash of a password that nobody has, compared when the account does not exist."""
    return _hasher().hash(secrets.token_urlsafe(32))


def _normalised(password: str) -> str:
    return unicodedata.normalize("NFC", password)


def hash_password(password: str) -> str:
    """The Argon2 hash to keep."""
    with _turns:
        return _hasher().hash(_normalised(password))


def verify_password(password: str, password_hash: str | None) -> bool:
    """Whether this is the password; without a hash (unknown account) it takes as long and says no."""
    # Counted as when it was chosen: accents typed apart are more characters, and the same password.
    text = _normalised(password)
    if len(text) > MAXIMUM_LENGTH:
        return False
    with _turns:
        try:
            right = _hasher().verify(text, password_hash or _nobody())
        except PwdlibError:
            return False
    return right and password_hash is not None


def check_new_password(password: str, email: str, laboratories: Iterable[str] = ()) -> None:
    """Refuse, saying why, a password that is short, long beyond reason, or easy to guess.

    `laboratories` are the names of those where the person works.
    """
    text = _normalised(password)
    if len(text) < MINIMUM_LENGTH:
        raise InvalidInputError(f"Le mot de passe doit compter au moins {MINIMUM_LENGTH} caractères.")
    if len(text) > MAXIMUM_LENGTH:
        raise InvalidInputError(f"Le mot de passe ne peut dépasser {MAXIMUM_LENGTH} caractères.")
    reason = why_easy(text, email, laboratories)
    if reason:
        raise InvalidInputError(reason)


def generate_password() -> str:
    """A password to hand over once: four groups of five characters, about 99 bits."""
    return "-".join("".join(secrets.choice(_READABLE) for _ in range(5)) for _ in range(4))
