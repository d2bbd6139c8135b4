"""How long a guesser must wait, and how a person is never shut out by one.

Three counts of failures, over the last quarter of an hour, each make the next try wait longer, from the last failure:
those on the account from the same address; those on the account from anywhere; and the *different accounts* that failed
from the same address, so that a hospital behind one address is not a guesser. A try that comes too early is not
compared and adds nothing: whoever waits is not pushed back by others who do not. A browser that has signed in to the
account before has a count of its own: whatever is guessed elsewhere, the right password opens the account there.
"""

import math
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, IPv6Network, ip_address

from sqlalchemy import delete, update
from sqlmodel import Session, col

from app.accounts import repository
from app.models import KnownDevice, SignInAttempt, utc_now
from app.platform.web_sessions import hash_token

WINDOW = timedelta(minutes=15)
FORGET_DEVICES_AFTER = timedelta(days=180)


@dataclass(frozen=True, slots=True)
class Rule:
    """How many failures are free, and how the wait after the next ones doubles, up to a longest one (seconds)."""

    free: int
    first: float
    longest: float

    def wait(self, failures: int) -> float:
        """Seconds to let pass after the last of so many failures."""
        if failures < self.free:
            return 0.0
        return min(self.first * 2.0 ** min(failures - self.free, 30), self.longest)


SAME_ADDRESS = Rule(free=5, first=2, longest=300)
ANYWHERE = Rule(free=25, first=1, longest=60)
ACCOUNTS_OF_ADDRESS = Rule(free=40, first=1, longest=60)
OWN_DEVICE = Rule(free=10, first=1, longest=30)
PASSWORD_CHANGE = Rule(free=5, first=2, longest=300)


Failures = tuple[int, datetime | None]
"""How many there were in the window, and when the last was."""


def _left(rule: Rule, failures: Failures, pending: int = 0) -> float:
    """Seconds still to wait; those being compared at this moment count as failures of this moment."""
    count, last = failures
    needed = rule.wait(count + pending)
    if not needed:
        return 0.0
    last = utc_now() if pending or last is None else last
    return max(0.0, needed - (utc_now() - last).total_seconds())


def seconds_to_wait(
    session: Session, account_hash: str, address: str, *, device_hash: str = "", pending: int = 0
) -> int:
    """Whole seconds before this account may be tried from this address; 0 when it may be now.

    `device_hash` is that of a browser known to the account, empty for any other; `pending` counts the tries on the
    account that are being compared.
    """
    since = utc_now() - WINDOW
    if device_hash:
        own = repository.failures(session, since, account_hash=account_hash, device_hash=device_hash)
        return math.ceil(_left(OWN_DEVICE, own))
    here = repository.failures(session, since, account_hash=account_hash, address=address, device_hash="")
    anywhere = repository.failures(session, since, account_hash=account_hash, device_hash="")
    accounts = repository.accounts_failed_from(session, since, address)
    return math.ceil(max(_left(SAME_ADDRESS, here, pending), _left(ANYWHERE, anywhere, pending),
                         _left(ACCOUNTS_OF_ADDRESS, accounts)))  # fmt: skip


def wait_to_change(session: Session, key: str) -> int:
    """Whole seconds before the present password may be tried again in the form that changes it."""
    failed = repository.failures(session, utc_now() - WINDOW, account_hash=key)
    return math.ceil(_left(PASSWORD_CHANGE, failed))


def add_attempt(session: Session, account_hash: str, address: str, *, device_hash: str, succeeded: bool) -> None:
    """Keep one try; a success drops the failures that were this person's own: of her browser, or of her address."""
    if succeeded:
        repository.forget_failures(session, account_hash, address=address, device_hash=device_hash)
    session.add(
        SignInAttempt(account_hash=account_hash, address=address, succeeded=succeeded, device_hash=device_hash)
    )


def known_hash(session: Session, device: str, user_id: int | None) -> str:
    """The hash of this browser's token when it has signed in to this account before, else empty.

    An account that does not exist is looked for like another: both take the same statements.
    """
    if not device:
        return ""
    found = session.get(KnownDevice, (hash_token(device), user_id or 0))
    return found.token_hash if found is not None else ""


def remember_device(session: Session, device: str, user_id: int) -> str:
    """This browser has just signed in to this account: returns its new token.

    The other accounts that it knows follow to the new token, so that the old one, which somebody else may have planted
    or seen, is worth nothing.
    """
    token = secrets.token_urlsafe(32)
    if device:
        old = col(KnownDevice.token_hash) == hash_token(device)
        session.execute(delete(KnownDevice).where(old, col(KnownDevice.user_id) == user_id))
        session.execute(update(KnownDevice).where(old).values(token_hash=hash_token(token)))
    session.add(KnownDevice(token_hash=hash_token(token), user_id=user_id))
    return token


def forget_devices(session: Session, before: datetime) -> None:
    """Drop the browsers that have not signed in since a moment."""
    session.execute(delete(KnownDevice).where(col(KnownDevice.last_used_at) < before))


def place_of(address: str) -> str:
    """Where a try comes from, as it is counted: an address, or the /64 of one of IPv6, which is one subscriber's."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    if isinstance(found, IPv6Address) and found.ipv4_mapped is None:
        return str(IPv6Network((int(found) >> 64 << 64, 64)))
    return str(getattr(found, "ipv4_mapped", None) or found)


def blocked_sentence(seconds: int) -> str:
    """What is said to whoever must wait: the same for an account that does not exist."""
    wait = f"{seconds} s" if seconds < 90 else f"{math.ceil(seconds / 60)} min"
    return (
        f"Trop d'essais infructueux. Recommencez dans {wait}, ou depuis un navigateur où vous vous êtes déjà connecté. "
        "L'administrateur peut aussi vous donner un lien pour choisir un autre mot de passe."
    )
