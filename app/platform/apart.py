"""Computing beside the server what would make everybody wait inside it.

One process of Python runs one thread at a time: reading a workbook for two seconds there delays every answer of these
two seconds, and what it took of memory stays with the server. So such work is handed to a process of lower priority,
which reads the database by itself. Only functions of a module, and arguments and results that pickle, can be handed
over; the result should be small, as the server unpickles it in one go.
"""

import os
import signal
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from threading import Lock, Thread
from typing import Protocol, TypeVar

import structlog
from sqlalchemy import Engine

from app.errors import TooBusyError
from app.platform.database import make_engine
from app.platform.logs import configure_logs
from app.settings import Settings

NICENESS = 5
"""After the server, before the background work: somebody looks at an empty page meanwhile."""
SECONDS = 300.0
"""How long a computation may take, its waiting for others included."""
TOO_LONG = (
    "La lecture de ces fichiers a demandé plus de {} minutes et a été arrêtée ; rien n'est enregistré. Recommencez "
    "dans un moment, avec un fichier à la fois, ou partagez le fichier."
)
INTERRUPTED = (
    "La lecture de ces fichiers a été interrompue deux fois, sans doute par manque de mémoire ; rien n'est enregistré. "
    "Recommencez dans un moment, ou partagez le fichier."
)

Result = TypeVar("Result")
log = structlog.get_logger(__name__)


class Apart(Protocol):
    """Where slow computations are made."""

    def run(self, function: Callable[..., Result], *arguments: object) -> Result:
        """What this function gives for an engine and these arguments; raises what it raises."""

    def prepare(self) -> None:
        """Be ready soon: something is about to be asked for."""

    def close(self) -> None:
        """Stop, whatever is being computed."""


class Here:
    """In the process that asks."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def run(self, function: Callable[..., Result], *arguments: object) -> Result:
        """What this function gives for an engine and these arguments; raises what it raises."""
        return function(self._engine, *arguments)

    def prepare(self) -> None:
        """Nothing to do."""

    def close(self) -> None:
        """Nothing to do."""


@dataclass(frozen=True, slots=True)
class _Pool:
    """The processes at work, and the leash that holds them: they end when this end of it is closed."""

    executor: ProcessPoolExecutor
    leash: Connection

    def end(self) -> None:
        with suppress(OSError):
            self.leash.close()
        self.executor.shutdown(wait=False, cancel_futures=True)


class Beside:
    """In processes beside this one, started when something is asked for, and again when they die."""

    def __init__(self, settings: Settings, seconds: float = SECONDS) -> None:
        self._settings = settings
        self._seconds = seconds
        self._lock = Lock()
        self._pool: _Pool | None = None
        self._is_closed = False

    def run(self, function: Callable[..., Result], *arguments: object) -> Result:
        """What this function gives for an engine and these arguments; raises what it raises, or TooBusyError."""
        for _attempt in (1, 2):
            pool = self._started()
            try:
                future = pool.executor.submit(_run, function, *arguments)
            except RuntimeError:  # it broke, or another thread put an end to it, since it was looked up
                self._end(pool)
                continue
            try:
                return future.result(self._seconds)
            except BrokenProcessPool:
                log.error("apart.died", function=function.__name__)
                self._end(pool)
            except TimeoutError as error:
                log.error("apart.too_long", function=function.__name__, seconds=self._seconds)
                self._end(pool)
                raise TooBusyError(TOO_LONG.format(round(self._seconds / 60))) from error
        raise TooBusyError(INTERRUPTED)

    def prepare(self) -> None:
        """Start a process, so that the first file does not wait for it."""
        with suppress(RuntimeError):
            self._started().executor.submit(os.getpid)

    def close(self) -> None:
        """Stop, whatever is being computed."""
        with self._lock:
            self._is_closed = True
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.end()

    def _started(self) -> _Pool:
        with self._lock:
            if self._is_closed:
                raise TooBusyError(INTERRUPTED)
            if self._pool is None:
                # A fresh interpreter each: nothing of the server, of its database or its secrets, is inherited.
                context = get_context("spawn")
                held, leash = context.Pipe(duplex=False)
                executor = ProcessPoolExecutor(
                    self._settings.reading_processes,
                    context,
                    initializer=_begin,
                    initargs=(held, self._settings.resolved_database_url, self._settings.log_level),
                )
                self._pool = _Pool(executor, leash)
            return self._pool

    def _end(self, pool: _Pool) -> None:
        with self._lock:
            if self._pool is pool:
                self._pool = None
        pool.end()


def beside(settings: Settings, engine: Engine) -> Apart:
    """As many processes beside this one as the settings say; none: in this very one."""
    return Beside(settings) if settings.reading_processes else Here(engine)


_engine: Engine | None = None
"""Of a process beside the server: it has one database, for as long as it lives."""


def _run(function: Callable[..., Result], *arguments: object) -> Result:
    assert _engine is not None
    return function(_engine, *arguments)


def _begin(held: Connection, database_url: str, log_level: str) -> None:
    """What a process does first: it is stopped by its leash alone, as whoever asked is waiting for its answer."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.nice(NICENESS)
    configure_logs(log_level)
    # The one thing that a process keeps between two functions.
    global _engine
    _engine = make_engine(database_url)
    Thread(target=_end_with, args=(held,), daemon=True).start()


def _end_with(held: Connection) -> None:
    with suppress(EOFError, OSError):
        held.recv_bytes()
    os._exit(0)
