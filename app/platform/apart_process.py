"""One process beside this one: how it is started, asked and ended, and what it does inside.

Its memory is limited, its priority low, and it ends with the one that started it, however that one ends.
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
from threading import Timer
from typing import Any

import structlog
from sqlalchemy import Engine

from app.errors import InvalidInputError, WorkbenchError
from app.platform.database import make_engine
from app.platform.logs import configure_logs
from app.settings import Settings

NICENESS = 5
"""After the server, before the background work: somebody looks at an empty page meanwhile."""
TOO_MUCH_MEMORY = (
    "La lecture de ces fichiers demande plus de mémoire que l'atelier n'en accorde ; rien n'est enregistré. Envoyez un "
    "fichier à la fois, ou partagez le fichier."
)

log = structlog.get_logger(__name__)


class TooMuchMemoryError(InvalidInputError):
    """It asked for more memory than is granted."""


class DiedError(Exception):
    """The process ended before it answered."""


class LateError(Exception):
    """It was ended because it took too long."""


class Reader:
    """One process beside this one. Raises OSError when it cannot be started."""

    def __init__(self, settings: Settings) -> None:
        self.is_answering = False
        """Whether it owes an answer: it can be asked nothing else before."""
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

    def pieces(
        self, function: Callable[..., Any], arguments: tuple[object, ...], seconds: float, *, are_many: bool = True
    ) -> Iterator[Any]:
        """What the function yields there, or its one result; raises what it raises, DiedError or LateError.

        The seconds are those spent waiting for it, all pieces together.
        """
        self.is_answering = True
        left = seconds
        message: object = (function, arguments, are_many)
        while True:
            started = time.monotonic()
            kind, value = self._exchange(message, left)
            left -= time.monotonic() - started
            message = None
            if kind == _PIECE:
                yield value
                continue
            self.is_answering = False
            if kind == _ERROR:
                raise value
            if kind == _RESULT:
                yield value
            return

    def _exchange(self, message: object, seconds: float) -> tuple[str, Any]:
        """Send what is to be sent, and wait for what comes next."""
        is_late = []

        def end() -> None:
            is_late.append(True)
            self.kill()

        # Killing it ends the sending as well as the waiting.
        timer = Timer(max(seconds, 0.0), end)
        timer.daemon = True
        timer.start()
        try:
            if message is not None:
                self._talk.send(message)
            answer: tuple[str, Any] = self._talk.recv()
        except (EOFError, OSError) as error:
            self.end()
            raise (LateError if is_late else DiedError) from error
        finally:
            timer.cancel()
        return answer

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
            function, arguments, are_many = talk.recv()
        except EOFError:
            return
        talk.send(_answer(engine, function, arguments, talk.send if are_many else None))


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


_PIECE, _END, _RESULT, _ERROR = "piece", "end", "result", "error"
"""What an answer is: one of many pieces, the end of them, the only result, or an error."""


def _answer(
    engine: Engine,
    function: Callable[..., Any],
    arguments: tuple[object, ...],
    send: Callable[[tuple[str, Any]], None] | None,
) -> tuple[str, Any]:
    """The last that is to be said, and what it is; what comes before, where there are pieces, is sent."""
    try:
        if send is None:
            return _RESULT, function(engine, *arguments)
        for piece in function(engine, *arguments):
            send((_PIECE, piece))
        return _END, None
    except WorkbenchError as error:
        return _ERROR, error
    except MemoryError:
        log.error("apart.too_much_memory", function=function.__name__)
        return _ERROR, TooMuchMemoryError(TOO_MUCH_MEMORY)
    except Exception as error:
        log.exception("apart.failed", function=function.__name__)
        try:
            # As pickling does it: some exceptions of libraries do not come out as they went in.
            return _ERROR, copy(error)
        except Exception:
            return _ERROR, RuntimeError(type(error).__qualname__)
