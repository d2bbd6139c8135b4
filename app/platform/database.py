"""Engine and the session boundaries: reads and writes open late, end soon, and commit here only."""

import os
import random
import sqlite3
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool
from sqlmodel import Session, create_engine

from app.models.append_only import KNOWN_ALREADY
from app.platform import chain, folding, open_transactions, postgresql

PRIVATE = 0o600
OF_OTHERS = 0o077
"""What the group and others may do with a file: nothing."""
BUSY_SECONDS = 15
"""How long a writer waits for its turn. Every write is short: a longer wait means that something is wrong."""
KEPT_CONNECTIONS = 8
"""Connections to SQLite that stay open between two uses; more are opened as they are needed, and closed after use."""
RECYCLE_SECONDS = 600
"""A kept connection is opened again after so long: what ANALYZE found is read with the schema only."""
WAIT_SECONDS = 0.004
"""Longest pause of a writer of SQLite between two looks at whether its turn has come."""
GIVE_WAY_SECONDS = 0.006
"""Pause of long work between two of its transactions on SQLite: long enough for those who wait to take their turn."""


def make_engine(url: str) -> Engine:
    """An engine; SQLite is opened durable (WAL, synchronous FULL), with foreign keys, and waits for its turn.

    Raises WorkbenchError for another database than PostgreSQL, or when its driver is not installed.
    """
    if not url.startswith("sqlite"):
        engine = postgresql.make_engine(url, BUSY_SECONDS)
        chain.watch(engine)
        open_transactions.watch(engine)
        return engine
    connect_args = {"check_same_thread": False, "timeout": BUSY_SECONDS}
    # To open a connection costs more than most statements: SQLite reads every table and trigger of the schema again.
    engine = create_engine(
        url, connect_args=connect_args, poolclass=QueuePool,
        pool_size=KEPT_CONNECTIONS, max_overflow=-1, pool_recycle=RECYCLE_SECONDS,
    )  # fmt: skip

    @event.listens_for(engine, "do_connect")
    def _keep_private(_dialect: Any, _record: Any, arguments: Any, _options: Any) -> None:
        if arguments and arguments[0] and not arguments[0].startswith((":", "file:")):
            make_private(Path(arguments[0]))

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        # The driver must not open transactions by itself: BEGIN IMMEDIATE below does.
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={BUSY_SECONDS}000"):
            connection.execute(f"PRAGMA {pragma}")
        folding.register(connection)

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        # A reader takes no lock; a writer takes it at once, so it never fails half-way with "database is locked".
        mode = connection.get_execution_options().get("sqlite_begin", "IMMEDIATE")
        if mode == "IMMEDIATE":
            _begin_writing(connection)
        else:
            connection.exec_driver_sql(f"BEGIN {mode}")

    chain.watch(engine)
    # After the listener above: a BEGIN that fails leaves nothing open.
    open_transactions.watch(engine)
    return engine


def make_private(file: Path) -> None:
    """See that the file of an embedded database is its owner's alone, whatever the umask; SQLite follows beside it.

    A file that is there is never opened here: to close it again would drop the locks that this process holds on it.
    """
    with suppress(OSError):
        try:
            mode = stat.S_IMODE(file.stat().st_mode)
        except FileNotFoundError:
            os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDWR, PRIVATE))
            return
        if mode & OF_OTHERS:
            for ending in ("", "-wal", "-shm"):
                with suppress(FileNotFoundError):
                    file.with_name(file.name + ending).chmod(PRIVATE)


def _begin_writing(connection: Connection) -> None:
    """BEGIN IMMEDIATE, as soon as nobody else writes.

    SQLite's own waiting sleeps longer and longer, up to a tenth of a second: somebody who writes often then passes
    before a person who waits, again and again.
    """
    driver: Any = connection.connection.dbapi_connection
    end = time.monotonic() + BUSY_SECONDS
    driver.execute("PRAGMA busy_timeout=0")
    try:
        while time.monotonic() < end:
            try:
                driver.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                    break
                time.sleep(random.uniform(WAIT_SECONDS / 4, WAIT_SECONDS))  # noqa: S311 - no secret
            else:
                return
        # Whatever stands in the way is said as of any other statement.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    finally:
        driver.execute(f"PRAGMA busy_timeout={BUSY_SECONDS}000")


def wait_for_disk(session: Session, does: bool) -> None:
    """Whether the commit of this transaction waits until a server has it on its disk.

    Pieces of long work need not: the commit that ends the work waits, and takes every one before it along; a server
    that stops in between leaves work that is taken over. People's commits then wait for fewer others. SQLite, whose
    commits are few, always waits.
    """
    if postgresql.is_postgresql(session.get_bind().engine):
        driver: Any = session.connection().connection.dbapi_connection
        driver.execute(f"SET LOCAL synchronous_commit = {'on' if does else 'off'}")


def give_way(engine: Engine) -> None:
    """Between two transactions of long work: let those who wait for SQLite's one writer take their turn."""
    if not postgresql.is_postgresql(engine):
        time.sleep(GIVE_WAY_SECONDS)


def is_busy(error: DBAPIError) -> bool:
    """Whether the database refused because another writer kept it for too long, or its server was out of reach."""
    if postgresql.sqlstate(error.orig) is not None:
        return postgresql.is_busy(error)
    return "database is locked" in str(error.orig) or "database table is locked" in str(error.orig)


def is_locked(error: BaseException) -> bool:
    """Whether the database refused because somebody else wrote for too long: nothing is wrong with what was asked."""
    if not isinstance(error, DBAPIError):
        return False
    if postgresql.sqlstate(error.orig) is not None:
        return postgresql.is_locked(error)
    return is_busy(error)


def is_duplicate(error: DBAPIError) -> bool:
    """Whether the database refused to hold the same thing twice."""
    if postgresql.sqlstate(error.orig) is not None:
        return postgresql.sqlstate(error.orig) == "23505"
    if KNOWN_ALREADY in str(error.orig):
        return True
    return getattr(error.orig, "sqlite_errorname", "") in ("SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY")


def for_reading(engine: Engine) -> Engine:
    """The same engine, whose transactions see one state of the database from end to end, and cannot write."""
    if postgresql.is_postgresql(engine):
        return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return engine.execution_options(sqlite_begin="DEFERRED")


_keepers: list[str] = []


def kept_by(room: str) -> None:
    """Said by the room that keeps entries and counts with each fact, once it listens to sessions."""
    _keepers.append(room)


@contextmanager
def transaction(engine: Engine) -> Iterator[Session]:
    """A writing session: commits when the block ends well, rolls back when it raises.

    Refused where nobody keeps the counts: what it writes would be missing from every page.
    """
    if not _keepers:
        raise RuntimeError("nobody keeps the counts: import app.tallies.keeping before anything is written")
    with Session(engine, expire_on_commit=False) as session:
        try:
            yield session
            session.commit()
        except BaseException:
            session.rollback()
            raise


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """A reading session; it never commits."""
    with Session(for_reading(engine), expire_on_commit=False) as session:
        try:
            yield session
        finally:
            # What was read stays readable after the block, as plain values.
            session.expunge_all()
            session.rollback()


Confirm = Callable[[Connection], None]
"""Reads the rights of the person again, in the transaction that is about to write; raises when she lost them."""


@contextmanager
def _writing(engine: Engine, confirm: Confirm | None) -> Iterator[Session]:
    """A writing session that reads the rights of the person again as soon as its transaction begins.

    They were read before the body was received, which may have been long ago.
    """
    with transaction(engine) as session:
        if confirm is not None:

            @event.listens_for(session, "after_begin")
            def _begun(_session: Any, begun: Any, connection: Connection) -> None:
                if begun.parent is None:
                    confirm(connection)

        yield session


@dataclass(frozen=True, slots=True)
class Transactions:
    """The short transactions of one request or command that does slow work between reading and writing."""

    engine: Engine
    confirm: Confirm | None = None

    def reading(self) -> AbstractContextManager[Session]:
        """A session that only reads; what it read stays readable afterwards."""
        return reading(self.engine)

    def writing(self) -> AbstractContextManager[Session]:
        """A session that commits when its block ends well; the person's rights are read again in it."""
        return _writing(self.engine, self.confirm)
