"""Signing in: limited attempts, a check in constant time, a new session each time.

The comparison of a password is slow and takes much memory: it is made with no transaction open, few at a time,
and those who wait for their turn hold neither a thread nor the database.
"""

import hashlib
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import anyio
import structlog
from anyio.lowlevel import RunVar
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from sqlmodel import Session
from starlette.concurrency import run_in_threadpool

from app.accounts import repository
from app.accounts.passwords import HASHES_AT_ONCE, verify_password
from app.accounts.service import normalise_email
from app.audit.service import record
from app.errors import TooBusyError
from app.models import SignInAttempt, utc_now
from app.platform import locks
from app.platform.database import reading, transaction
from app.platform.open_transactions import forbid_open_transaction
from app.platform.web_sessions import close_session, open_session
from app.settings import Settings

log = structlog.get_logger(__name__)

WINDOW = timedelta(minutes=15)
FORGET_AFTER = timedelta(days=1)
FORGET_SESSIONS_AFTER = timedelta(days=30)
FAILURES_PER_ACCOUNT = 8
FAILURES_PER_ADDRESS = 40
WRONG_MESSAGE = "Adresse ou mot de passe inconnu."
MOST_WAITING = 60
"""People who may wait for their password to be compared; the next ones are asked to come back."""
PURGE_EVERY_SECONDS = 3600.0
TOO_MANY_MESSAGE = "Trop de personnes se connectent en ce moment. Recommencez dans quelques secondes."
BLOCKED_MESSAGE = "Trop d'essais infructueux. Attendez un quart d'heure, ou demandez un nouveau mot de passe."


@dataclass(frozen=True, slots=True)
class SignInResult:
    """How an attempt ended: the token of the new session, or the sentence to show."""

    token: str = ""
    problem: str = ""
    is_blocked: bool = False



def _account_hash(email: str) -> str:
    return hashlib.sha256(email.encode()).hexdigest()


class _Pending:
    """The attempts being compared in this process: they count as failures until they are known to be right."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()

    @contextmanager
    def one_more(self, account_hash: str) -> Iterator[int]:
        """Count one attempt for as long as it lasts; gives how many others there are on the account.

        Raises TooBusyError when too many people wait already.
        """
        with self._lock:
            if self._counts.total() >= HASHES_AT_ONCE + MOST_WAITING:
                raise TooBusyError(TOO_MANY_MESSAGE)
            others = self._counts[account_hash]
            self._counts[account_hash] += 1
        try:
            yield others
        finally:
            with self._lock:
                self._counts[account_hash] -= 1
                self._counts += Counter()  # drops what came back to zero


_pending = _Pending()
_turns: RunVar[anyio.CapacityLimiter] = RunVar("password_turns")


def _turn() -> anyio.CapacityLimiter:
    """The places where passwords are compared, one set for each event loop (a server has one)."""
    try:
        return _turns.get()
    except LookupError:
        turn = anyio.CapacityLimiter(HASHES_AT_ONCE)
        _turns.set(turn)
        return turn


def _is_blocked(session: Session, account_hash: str, address: str, pending: int = 0) -> bool:
    since = utc_now() - WINDOW
    on_account = repository.count_failed_attempts(session, since=since, account_hash=account_hash)
    from_address = repository.count_failed_attempts(session, since=since, address=address)
    return on_account + pending >= FAILURES_PER_ACCOUNT or from_address >= FAILURES_PER_ADDRESS


@dataclass(frozen=True, slots=True)
class _Known:
    """What was read of an account before its password is compared."""

    is_blocked: bool
    password_hash: str | None


def _read(engine: Engine, email: str, account_hash: str, address: str, pending: int) -> _Known:
    with reading(engine) as session:
        if _is_blocked(session, account_hash, address, pending):
            return _Known(True, None)
        user = repository.find_user_by_email(session, email)
        return _Known(False, user.password_hash if user is not None and user.is_active else None)


def _compare(password: str, known_hash: str | None) -> bool:
    forbid_open_transaction("compare a password")
    return verify_password(password, known_hash)


@dataclass(frozen=True, slots=True)
class _Attempt:
    email: str
    account_hash: str
    address: str
    old_token: str
    device: str


def _conclude(
    engine: Engine, settings: Settings, attempt: _Attempt, known_hash: str | None, is_right: bool
) -> SignInResult:
    """Write how an attempt ended: the only transaction of a sign-in that writes."""
    with transaction(engine) as session:
        locks.lock_subject(session, locks.Subject.ACCOUNT_ATTEMPTS, attempt.account_hash)
        locks.lock_subject(session, locks.Subject.ADDRESS_ATTEMPTS, attempt.address)
        user = repository.find_user_by_email(session, attempt.email)
        # Other processes may have written failures since they were counted.
        if _is_blocked(session, attempt.account_hash, attempt.address):
            return SignInResult(problem=BLOCKED_MESSAGE, is_blocked=True)
        succeeded = is_right and user is not None and user.is_active and user.password_hash == known_hash
        if succeeded:
            repository.forget_failures_of(session, attempt.account_hash)
        session.add(SignInAttempt(account_hash=attempt.account_hash, address=attempt.address, succeeded=succeeded))
        if user is None or not succeeded:
            record(
                session, "session.refuse", actor_label="visiteur",
                object_type="user", object_id=user.id if user else None, address=attempt.address,
            )  # fmt: skip
            return SignInResult(problem=WRONG_MESSAGE)
        close_session(session, attempt.old_token)
        token = open_session(session, user, settings, address=attempt.address, device=attempt.device)
        record(session, "session.open", actor=user, object_type="user", object_id=user.id, address=attempt.address)
        return SignInResult(token=token)


async def sign_in(
    engine: Engine, settings: Settings, *, email: str, password: str, address: str, old_token: str = "",
    device: str = "",
) -> SignInResult:
    """Check a password and open a session; raises TooBusyError when too many people wait for the same.

    A coroutine, because those who wait for their turn must hold no thread: other pages need them.
    """
    email = normalise_email(email)
    attempt = _Attempt(email, _account_hash(email), address[:64], old_token, device)
    with _pending.one_more(attempt.account_hash) as others:
        known = await run_in_threadpool(_read, engine, email, attempt.account_hash, attempt.address, others)
        if known.is_blocked:
            return SignInResult(problem=BLOCKED_MESSAGE, is_blocked=True)
        compare = partial(_compare, password, known.password_hash)
        is_right = await anyio.to_thread.run_sync(compare, limiter=_turn())
        return await run_in_threadpool(_conclude, engine, settings, attempt, known.password_hash, is_right)


class Purge:
    """Forgets old attempts and sessions now and then, in a transaction of its own, after an answer."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._due_at = 0.0

    def run_when_due(self, engine: Engine) -> None:
        """At most once an hour in each process."""
        with self._lock:
            if time.monotonic() < self._due_at:
                return
            self._due_at = time.monotonic() + PURGE_EVERY_SECONDS
        now = utc_now()
        try:
            with transaction(engine) as session:
                repository.forget_attempts(session, before=now - FORGET_AFTER)
                repository.forget_sessions(session, before=now - FORGET_SESSIONS_AFTER)
        except OperationalError:
            # The next hour does it; nobody waits for this.
            log.warning("purge.missed")
