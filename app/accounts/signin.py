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
from enum import StrEnum
from functools import partial

import anyio
import structlog
from anyio.lowlevel import RunVar
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from sqlmodel import Session
from starlette.concurrency import run_in_threadpool

from app.accounts import repository, throttle
from app.accounts.names import normalise_email
from app.accounts.own_events import count_news
from app.accounts.passwords import HASHES_AT_ONCE, verify_password
from app.audit.service import record
from app.errors import TooBusyError
from app.models import User, utc_now
from app.platform import locks
from app.platform.database import reading, transaction
from app.platform.open_transactions import forbid_open_transaction
from app.platform.web_sessions import close_session, open_session
from app.settings import Settings

log = structlog.get_logger(__name__)

FORGET_AFTER = timedelta(days=1)
FORGET_SESSIONS_AFTER = timedelta(days=30)
WRONG_MESSAGE = "Adresse ou mot de passe inconnu."
MOST_WAITING = 60
"""People who may wait for their password to be compared; the next ones are asked to come back."""
PURGE_EVERY_SECONDS = 3600.0
TOO_MANY_MESSAGE = "Trop de personnes se connectent en ce moment. Recommencez dans quelques secondes."
EXPIRED_MESSAGE = "Ce mot de passe provisoire n'est plus valable : demandez un lien à l'administrateur."


class Outcome(StrEnum):
    """How an attempt ended, as the trail keeps it."""

    OPENED = "opened"
    WRONG = "wrong_password"
    UNKNOWN = "unknown_account"
    INACTIVE = "inactive_account"
    EXPIRED = "expired_password"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class SignInResult:
    """How an attempt ended: the token of the new session and of the browser, or the sentence to show."""

    outcome: Outcome
    token: str = ""
    device: str = ""
    problem: str = ""
    seconds: int = 0
    """How long to wait, when it came too early."""
    user_id: int | None = None

    @property
    def is_blocked(self) -> bool:
        """Whether it came too early: nothing was compared."""
        return self.outcome is Outcome.BLOCKED


def _too_early(seconds: int, user_id: int | None) -> SignInResult:
    problem = throttle.blocked_sentence(seconds)
    return SignInResult(Outcome.BLOCKED, problem=problem, seconds=seconds, user_id=user_id)


def account_hash(email: str) -> str:
    """What the attempts keep of an account: whoever reads them learns no address."""
    return hashlib.sha256(email.encode()).hexdigest()


class _Pending:
    """The attempts being compared in this process: they count as failures until they are known to be right."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()

    @contextmanager
    def one_more(self, key: str) -> Iterator[int]:
        """Count one attempt for as long as it lasts; gives how many others there are of the same key.

        Raises TooBusyError when too many people wait already.
        """
        with self._lock:
            if self._counts.total() >= HASHES_AT_ONCE + MOST_WAITING:
                raise TooBusyError(TOO_MANY_MESSAGE)
            others = self._counts[key]
            self._counts[key] += 1
        try:
            yield others
        finally:
            with self._lock:
                self._counts[key] -= 1
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


@dataclass(frozen=True, slots=True)
class _Attempt:
    email: str
    account_hash: str
    address: str
    old_token: str
    device: str
    browser: str

    @property
    def place(self) -> str:
        """What is counted of the address."""
        return throttle.place_of(self.address)


@dataclass(frozen=True, slots=True)
class _Known:
    """What was read of an account before its password is compared."""

    seconds: int
    user_id: int | None
    password_hash: str | None


def _wait(session: Session, attempt: _Attempt, user: User | None, pending: int = 0) -> int:
    device_hash = throttle.known_hash(session, attempt.device, user.id if user else None)
    return throttle.seconds_to_wait(
        session, attempt.account_hash, attempt.place, device_hash=device_hash, pending=pending
    )


def _read(engine: Engine, attempt: _Attempt, pending: int) -> _Known:
    with reading(engine) as session:
        user = repository.find_user_by_email(session, attempt.email)
        seconds = _wait(session, attempt, user, pending)
        user_id = user.id if user is not None else None
        return _Known(seconds, user_id, user.password_hash if user is not None and user.is_active else None)


def _compare(password: str, known_hash: str | None) -> bool:
    forbid_open_transaction("compare a password")
    return verify_password(password, known_hash)


def _outcome(user: User | None, known_hash: str | None, is_right: bool) -> Outcome:
    if user is None:
        return Outcome.UNKNOWN
    if not user.is_active:
        return Outcome.INACTIVE
    if not is_right or user.password_hash != known_hash:
        return Outcome.WRONG
    is_over = user.password_expires_at is not None and user.password_expires_at <= utc_now()
    return Outcome.EXPIRED if is_over else Outcome.OPENED


def _conclude(
    engine: Engine, settings: Settings, attempt: _Attempt, known_hash: str | None, is_right: bool
) -> SignInResult:
    """Write how an attempt ended: the only transaction of a sign-in that writes."""
    with transaction(engine) as session:
        locks.lock_subject(session, locks.Subject.ACCOUNT_ATTEMPTS, attempt.account_hash)
        locks.lock_subject(session, locks.Subject.ADDRESS_ATTEMPTS, attempt.place)
        user = repository.find_user_by_email(session, attempt.email)
        user_id = user.id if user else None
        # Other processes may have written failures since they were counted.
        seconds = _wait(session, attempt, user)
        if seconds:
            return _too_early(seconds, user_id)
        outcome = _outcome(user, known_hash, is_right)
        device_hash = throttle.known_hash(session, attempt.device, user_id)
        throttle.add_attempt(
            session, attempt.account_hash, attempt.place, device_hash=device_hash,
            succeeded=outcome in (Outcome.OPENED, Outcome.EXPIRED),
        )  # fmt: skip
        if user is None or user_id is None or outcome is not Outcome.OPENED:
            record(
                session, "session.refuse", actor_label="visiteur", object_type="user", object_id=user_id,
                address=attempt.address, outcome=outcome,
            )  # fmt: skip
            problem = EXPIRED_MESSAGE if outcome is Outcome.EXPIRED else WRONG_MESSAGE
            return SignInResult(outcome, problem=problem, user_id=user_id)
        close_session(session, attempt.old_token)
        news = count_news(session, user_id, attempt.address)
        token = open_session(session, user, settings, address=attempt.address, device=attempt.browser, news=news)
        device = throttle.remember_device(session, attempt.device, user_id)
        record(session, "session.open", actor=user, object_type="user", object_id=user_id, address=attempt.address)
        return SignInResult(outcome, token=token, device=device, user_id=user_id)


async def sign_in(
    engine: Engine,
    settings: Settings,
    *,
    email: str,
    password: str,
    address: str,
    old_token: str = "",
    device: str = "",
    browser: str = "",
) -> SignInResult:
    """Check a password and open a session; raises TooBusyError when too many people wait for the same.

    `old_token` is that of the session before, `device` that of the browser, as its cookies gave them; `browser` is
    what it says of itself. A coroutine, because those who wait for their turn must hold no thread: other pages need
    them.
    """
    email = normalise_email(email)
    attempt = _Attempt(email, account_hash(email), address[:64], old_token, device, browser)
    with _pending.one_more(f"{attempt.account_hash} {attempt.place}") as others:
        known = await run_in_threadpool(_read, engine, attempt, others)
        if known.seconds:
            return _too_early(known.seconds, known.user_id)
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
                throttle.forget_devices(session, before=now - throttle.FORGET_DEVICES_AFTER)
                repository.forget_sessions(session, before=now - FORGET_SESSIONS_AFTER)
        except OperationalError:
            # The next hour does it; nobody waits for this.
            log.warning("purge.missed")
