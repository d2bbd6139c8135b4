"""Knowing which transactions a request or a job has open, so that slow work never happens inside one.

Receiving a body, reading a file, building an engine or writing a document takes seconds, or as long as somebody
else wishes. The single writer of SQLite must not be held meanwhile, nor a reader on a server's database.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import structlog
from sqlalchemy import Engine, event

log = structlog.get_logger(__name__)

_Ledger = dict[int, str]
READS, WRITES = "reads", "writes"
_ledger: ContextVar[_Ledger | None] = ContextVar("open_transactions", default=None)
_is_strict = False


class OpenTransactionError(AssertionError):
    """Slow work was begun while a transaction was open: a fault of ours, shown by the tests."""


def be_strict() -> None:
    """Raise at every fault from now on, instead of writing it in the log: for the tests."""
    global _is_strict
    _is_strict = True


def _current() -> _Ledger:
    found = _ledger.get()
    if found is None:
        found = {}
        _ledger.set(found)
    return found


@contextmanager
def own_ledger() -> Iterator[None]:
    """Count the transactions of one request apart: its threads share this count, and nobody else does."""
    token = _ledger.set({})
    try:
        yield
    finally:
        _ledger.reset(token)


def watch(engine: Engine) -> None:
    """Keep count of the transactions of this engine, reading and writing ones alike."""

    @event.listens_for(engine, "begin")
    def _begun(connection: Any) -> None:
        options = connection.get_execution_options()
        if options.get("isolation_level") == "AUTOCOMMIT":
            # Each statement by itself: nothing is held in between.
            return
        reads = options.get("sqlite_begin") == "DEFERRED" or options.get("postgresql_readonly", False)
        _current()[id(connection)] = READS if reads else WRITES

    @event.listens_for(engine, "commit")
    @event.listens_for(engine, "rollback")
    def _ended(connection: Any) -> None:
        _current().pop(id(connection), None)


def count_open() -> int:
    """How many transactions the present request, job or command has open."""
    return len(_current())


def forbid_open_transaction(work: str) -> None:
    """Say, before slow work, that no transaction may be open; raises OpenTransactionError in the tests."""
    if not count_open():
        return
    if _is_strict:
        raise OpenTransactionError(f"{work}: {count_open()} transaction(s) still open")
    log.error("transaction.left_open", work=work, modes=sorted(_current().values()))
