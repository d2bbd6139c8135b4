"""Computing beside the server what would make everybody wait inside it.

One process of Python runs one thread at a time: reading a workbook for two seconds there delays every answer of these
two seconds, and what it took of memory stays with the server. So such work is handed to a process of lower priority,
which reads the database by itself. Only functions of a module, and arguments and results that pickle, can be handed
over; the result should be small, as the server unpickles it in one go.

Whoever asks waits in a thread of the server, of which there are some dozens: few may wait, and not for long. A process
is ended by SIGKILL alone, whatever state it is in.
"""

import fcntl
import os
import resource
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from copy import copy
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from threading import Condition, Timer
from typing import Any, Protocol, TypeVar

import structlog
from sqlalchemy import Engine

from app.errors import InvalidInputError, TooBusyError, WorkbenchError
from app.platform.database import make_engine
from app.platform.logs import configure_logs
from app.settings import Settings

NICENESS = 5
"""After the server, before the background work: somebody looks at an empty page meanwhile."""
SECONDS = 300.0
"""How long one computation may take."""
WAIT_SECONDS = 30.0
"""How long one waits for a process."""
JOBS_WAIT_SECONDS = 3_600.0
MOST_WAITING = 10
"""How many wait for a process: far fewer than the server has threads."""
BUSY = (
    "Plusieurs personnes font lire des fichiers en ce moment ; rien n'est enregistré. Recommencez dans une minute : "
    "ce que vous avez déjà envoyé est gardé."
)
TOO_LONG = (
    "La lecture de ces fichiers a demandé plus de {} minutes et a été arrêtée ; rien n'est enregistré. Envoyez un "
    "fichier à la fois, ou partagez le fichier."
)
INTERRUPTED = (
    "La lecture de ces fichiers a été interrompue deux fois, sans doute par manque de mémoire ; rien n'est enregistré. "
    "Recommencez dans un moment, ou partagez le fichier."
)
TOO_MUCH_MEMORY = (
    "La lecture de ces fichiers demande plus de mémoire que l'atelier n'en accorde ; rien n'est enregistré. Envoyez un "
    "fichier à la fois, ou partagez le fichier."
)
CLOSED = "Le serveur s'arrête ; rien n'est enregistré. Recommencez dans une minute."
NOT_STARTED = (
    "La machine ne peut ouvrir de processus pour lire ces fichiers ; rien n'est enregistré. Recommencez dans un "
    "moment, ou prévenez l'administrateur."
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


class _DiedError(Exception):
    """The process ended before it answered."""


class _LateError(Exception):
    """It was ended because it took too long."""


class _Reader:
    """One process beside this one. Raises OSError when it cannot be started."""

    def __init__(self, settings: Settings) -> None:
        # A fresh interpreter: nothing of the server is inherited.
        context = get_context("spawn")
        held, self._leash = context.Pipe(duplex=False)
        self._talk, theirs = context.Pipe()
        arguments = (theirs, held, settings.resolved_database_url, settings.log_level, settings.reading_memory_bytes)
        self._process: BaseProcess = context.Process(target=_serve, args=arguments, daemon=True)
        try:
            with _interrupts_held():
                self._process.start()
        except BaseException:
            self._forget()
            raise
        finally:
            theirs.close()
            held.close()

    def ask(self, function: Callable[..., Result], arguments: tuple[object, ...], seconds: float) -> Result:
        """What the function gives there; raises what it raises, _DiedError or _LateError."""
        is_late = []

        def end() -> None:
            is_late.append(True)
            self.kill()

        # Killing it ends the sending as well as the waiting.
        timer = Timer(seconds, end)
        timer.daemon = True
        timer.start()
        try:
            self._talk.send((function, arguments))
            is_result, value = self._talk.recv()
        except (EOFError, OSError) as error:
            self.end()
            raise (_LateError if is_late else _DiedError) from error
        finally:
            timer.cancel()
        if not is_result:
            raise value
        result: Result = value
        return result

    def kill(self) -> None:
        """End it at once."""
        with suppress(ValueError, OSError):
            self._process.kill()

    def end(self) -> None:
        """End it, and give back what it held here."""
        self.kill()
        self._process.join(5)
        self._forget()

    def _forget(self) -> None:
        for end in (self._talk, self._leash):
            with suppress(OSError):
                end.close()


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Ctrl+C reaches all processes of a terminal: one that is starting must not print a traceback for it."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class Beside:
    """In processes beside this one, started when something is asked for, and again when they die."""

    def __init__(self, settings: Settings, seconds: float = SECONDS, wait_seconds: float = WAIT_SECONDS) -> None:
        self._settings = settings
        self._seconds = seconds
        self._wait_seconds = wait_seconds
        self._turn = Condition()
        self._idle: list[_Reader] = []
        self._all: set[_Reader] = set()
        self._busy = self._waiting = 0
        self._is_closed = False

    def run(self, function: Callable[..., Result], *arguments: object) -> Result:
        """What this function gives for an engine and these arguments; raises what it raises, or TooBusyError."""
        self._take_turn()
        try:
            for _attempt in (1, 2):
                reader = self._reader()
                try:
                    result = reader.ask(function, arguments, self._seconds)
                except _DiedError:
                    self._drop(reader)
                    if not self._is_closed:
                        log.error("apart.died", function=function.__name__)
                except _LateError as error:
                    self._drop(reader)
                    log.error("apart.too_long", function=function.__name__, seconds=self._seconds)
                    raise TooBusyError(TOO_LONG.format(round(self._seconds / 60))) from error
                except BaseException:
                    # The function's own: its process is well.
                    self._keep(reader)
                    raise
                else:
                    self._keep(reader)
                    return result
            raise TooBusyError(INTERRUPTED)
        finally:
            with self._turn:
                self._busy -= 1
                self._turn.notify()

    def prepare(self) -> None:
        """Start a process, so that the first file does not wait for it."""
        with self._turn:
            if self._all or self._busy or self._is_closed:
                return
        with suppress(TooBusyError):
            self._keep(self._reader())

    def close(self) -> None:
        """Stop, whatever is being computed."""
        with self._turn:
            self._is_closed = True
            readers, self._idle = list(self._all), []
            self._all.clear()
            self._turn.notify_all()
        for reader in readers:
            reader.end()

    def _take_turn(self) -> None:
        """Wait until there is a process for one more; raises TooBusyError."""
        deadline = time.monotonic() + self._wait_seconds
        with self._turn:
            if self._busy >= self._settings.reading_processes and self._waiting >= MOST_WAITING:
                raise TooBusyError(BUSY)
            self._waiting += 1
            try:
                while self._busy >= self._settings.reading_processes and not self._is_closed:
                    if not self._turn.wait(deadline - time.monotonic()):
                        raise TooBusyError(BUSY)
            finally:
                self._waiting -= 1
            self._busy += 1

    def _reader(self) -> _Reader:
        with self._turn:
            if self._is_closed:
                raise TooBusyError(CLOSED)
            if self._idle:
                return self._idle.pop()
        try:
            reader = _Reader(self._settings)
        except OSError as error:
            log.error("apart.not_started", error=type(error).__qualname__, errno=error.errno)
            raise TooBusyError(NOT_STARTED) from error
        with self._turn:
            self._all.add(reader)
        self._refuse_if_closed(reader)
        return reader

    def _refuse_if_closed(self, reader: _Reader) -> None:
        """End a process that was starting while this was closed."""
        if self._is_closed:
            self._drop(reader)
            raise TooBusyError(CLOSED)

    def _keep(self, reader: _Reader) -> None:
        with self._turn:
            if reader in self._all:
                self._idle.append(reader)

    def _drop(self, reader: _Reader) -> None:
        with self._turn:
            self._all.discard(reader)
        reader.end()


def beside(settings: Settings, engine: Engine) -> Apart:
    """As many processes beside this one as the settings say; none: in this very one."""
    return Beside(settings) if settings.reading_processes else Here(engine)


_of_jobs: list[Apart] = []


def let_jobs_read_beside(settings: Settings, workers: int) -> None:
    """From now on the background work of this process reads files beside it, a process for each working thread.

    They are ended with this process; each waits for its turn, as nobody looks at it.
    """
    if settings.reading_processes and workers:
        own = settings.model_copy(update={"reading_processes": workers})
        _of_jobs[:] = [Beside(own, wait_seconds=JOBS_WAIT_SECONDS)]


def for_jobs(engine: Engine) -> Apart:
    """Where the background work of this process reads files; in this very process when nothing else was said."""
    return _of_jobs[0] if _of_jobs else Here(engine)


def _serve(talk: Connection, held: Connection, database_url: str, log_level: str, memory_bytes: int) -> None:
    """What a process does: answer, one at a time, until the one that asks is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    _end_with(held)
    os.nice(NICENESS)
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    configure_logs(log_level)
    engine = make_engine(database_url)
    while True:
        try:
            function, arguments = talk.recv()
        except EOFError:
            return
        talk.send(_answer(engine, function, arguments))


def _end_with(held: Connection) -> None:
    """Have the system kill this process when the other end of the leash is closed: by its owner, or by its death.

    No thread of ours could do it while a function in C holds the interpreter.
    """
    fcntl.fcntl(held.fileno(), fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(held.fileno(), _F_SETSIG, signal.SIGKILL)
    flags = fcntl.fcntl(held.fileno(), fcntl.F_GETFL)
    fcntl.fcntl(held.fileno(), fcntl.F_SETFL, flags | os.O_ASYNC)
    if held.poll(0):
        os._exit(0)  # it was closed already


_F_SETSIG = 10
"""Of Linux; Python has no name for it."""


def _answer(engine: Engine, function: Callable[..., Any], arguments: tuple[object, ...]) -> tuple[bool, Any]:
    """Whether there is a result, and the result or the error."""
    try:
        return True, function(engine, *arguments)
    except WorkbenchError as error:
        return False, error
    except MemoryError:
        log.error("apart.too_much_memory", function=function.__name__)
        return False, InvalidInputError(TOO_MUCH_MEMORY)
    except Exception as error:
        log.exception("apart.failed", function=function.__name__)
        try:
            # As pickling does it: some exceptions of libraries do not come out as they went in.
            return False, copy(error)
        except Exception:
            return False, RuntimeError(type(error).__qualname__)
