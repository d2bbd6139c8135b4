"""Computing beside the server what would make everybody wait inside it.

One process of Python runs one thread at a time: reading a workbook for two seconds there delays every answer of these
two seconds, and what it took of memory stays with the server. So such work is handed to a process of lower priority,
which reads the database by itself. Only functions of a module, and arguments and results that pickle, can be handed
over; the result should be small, as the server unpickles it in one go. What is large is handed over in pieces, by a
function that yields them: the next one is made while whoever asks deals with the one before.

Whoever asks waits in a thread of the server, of which there are some dozens: few may wait, and not for long. A process
is ended by SIGKILL alone, whatever state it is in.
"""

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, suppress
from threading import Condition
from typing import Any, Protocol, TypeVar

import structlog
from sqlalchemy import Engine

from app.errors import TooBusyError
from app.platform.apart_process import DiedError, LateError, Reader, TooMuchMemoryError
from app.settings import Settings

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
INTERRUPTED_ONCE = (
    "La lecture de ces fichiers a été interrompue, sans doute par manque de mémoire ; rien n'est enregistré. "
    "Recommencez dans un moment, ou partagez le fichier."
)
CLOSED = "Le serveur s'arrête ; rien n'est enregistré. Recommencez dans une minute."
NOT_STARTED = (
    "La machine ne peut ouvrir de processus pour lire ces fichiers ; rien n'est enregistré. Recommencez dans un "
    "moment, ou prévenez l'administrateur."
)

Result = TypeVar("Result")
log = structlog.get_logger(__name__)


class ReadingStoppedError(TooBusyError):
    """It took too long, or its process was ended by the system: what is read asks for too much."""


BEYOND_BOUNDS = (ReadingStoppedError, TooMuchMemoryError)
"""What says that the bounds of time or memory were met: whoever asked may say better what to do then."""


class Apart(Protocol):
    """Where slow computations are made."""

    def run(self, function: Callable[..., Result], *arguments: object) -> Result:
        """What this function gives for an engine and these arguments; raises what it raises."""

    def stream(self, function: Callable[..., Iterator[Result]], *arguments: object) -> Generator[Result, None, None]:
        """The pieces that this function yields for an engine and these arguments; raises what it raises.

        To be closed by whoever may not take them all: a process is held until then.
        """

    def prepare(self) -> None:
        """Be ready soon: something is about to be asked for."""

    def close(self) -> None:
        """Stop, whatever is being computed."""


class Here:
    """In the process that asks; without engine, for functions that read no database."""

    def __init__(self, engine: Engine | None = None) -> None:
        self._engine = engine

    def run(self, function: Callable[..., Result], *arguments: object) -> Result:
        """What this function gives for an engine and these arguments; raises what it raises."""
        return function(self._engine, *arguments)

    def stream(self, function: Callable[..., Iterator[Result]], *arguments: object) -> Generator[Result, None, None]:
        """The pieces that this function yields for an engine and these arguments; raises what it raises."""
        yield from function(self._engine, *arguments)

    def prepare(self) -> None:
        """Nothing to do."""

    def close(self) -> None:
        """Nothing to do."""


class Beside:
    """In processes beside this one, started when something is asked for, and again when they die."""

    def __init__(self, settings: Settings, seconds: float = SECONDS, wait_seconds: float = WAIT_SECONDS) -> None:
        self._settings = settings
        self._seconds = seconds
        self._wait_seconds = wait_seconds
        self._turn = Condition()
        self._idle: list[Reader] = []
        self._all: set[Reader] = set()
        self._busy = self._waiting = 0
        self._is_closed = False

    def run(self, function: Callable[..., Result], *arguments: object) -> Result:
        """What this function gives for an engine and these arguments; raises what it raises, or TooBusyError."""
        with closing(self._asked(function, arguments, are_many=False)) as results:
            result: Result = next(results)
        return result

    def stream(self, function: Callable[..., Iterator[Result]], *arguments: object) -> Generator[Result, None, None]:
        """The pieces that this function yields for an engine and these arguments; raises what it raises, or
        TooBusyError."""
        yield from self._asked(function, arguments, are_many=True)

    def _asked(
        self, function: Callable[..., Any], arguments: tuple[object, ...], *, are_many: bool
    ) -> Generator[Any, None, None]:
        self._take_turn()
        try:
            is_begun = False
            for _attempt in (1, 2):
                reader = self._reader()
                try:
                    for piece in reader.pieces(function, arguments, self._seconds, are_many=are_many):
                        is_begun = True
                        yield piece
                    return
                except DiedError as error:
                    if not self._is_closed:
                        log.error("apart.died", function=function.__name__)
                    if is_begun and not self._is_closed:
                        # What was handed over is not taken back.
                        raise ReadingStoppedError(INTERRUPTED_ONCE) from error
                except LateError as error:
                    log.error("apart.too_long", function=function.__name__, seconds=self._seconds)
                    raise ReadingStoppedError(TOO_LONG.format(round(self._seconds / 60))) from error
                finally:
                    # An error of the function's own leaves its process well; one that still owes pieces is ended.
                    self._release(reader)
            raise ReadingStoppedError(INTERRUPTED)
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

    def _reader(self) -> Reader:
        with self._turn:
            if self._is_closed:
                raise TooBusyError(CLOSED)
            if self._idle:
                return self._idle.pop()
        try:
            reader = Reader(self._settings)
        except OSError as error:
            log.error("apart.not_started", error=type(error).__qualname__, errno=error.errno)
            raise TooBusyError(NOT_STARTED) from error
        with self._turn:
            self._all.add(reader)
        self._refuse_if_closed(reader)
        return reader

    def _refuse_if_closed(self, reader: Reader) -> None:
        """End a process that was starting while this was closed."""
        if self._is_closed:
            self._drop(reader)
            raise TooBusyError(CLOSED)

    def _keep(self, reader: Reader) -> None:
        with self._turn:
            if reader in self._all:
                self._idle.append(reader)

    def _release(self, reader: Reader) -> None:
        if reader.is_answering:
            self._drop(reader)
        else:
            self._keep(reader)

    def _drop(self, reader: Reader) -> None:
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
