"""Structured logs: one JSON line an event, ours and the libraries' alike, and nothing of what users typed or sent.

An exception is written as its type, the code its library gives it and the places it went through. Its message is
kept back: it may quote a row of a file, the parameters of a query, an address. The level `debug` adds it.
"""

import errno
import json
import logging
import re
import sqlite3
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog
from structlog.types import Processor

from app.errors import WorkbenchError

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
MOST_FRAMES = 40
MOST_CAUSES = 5
QUOTED_LIBRARIES = ("app", "uvicorn")
"""Loggers whose sentences are written whole: they quote nothing that was received."""

_NOT_PLAIN = re.compile("[\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")
"""What JSON lets through: commands of terminals, ends of lines, letters that turn the others, and no letters at all."""

Event = MutableMapping[str, Any]


def configure_logs(level: str = "info", stream: TextIO | None = None) -> None:
    """Send every log of this process to the stream (standard error), as JSON lines.

    The level is that of our events and of the web server; other libraries are heard from `warning` on.
    Raises WorkbenchError for a level that does not exist.
    """
    number = LEVELS.get(level.strip().lower())
    if number is None:
        raise WorkbenchError(f"Réglage illisible : TRANSCODEUR_LOG_LEVEL={level}. Niveaux : {', '.join(LEVELS)}.")
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _ExceptionWords(with_message=number <= logging.DEBUG),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[_without_values, *shared],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(_json_line, default=lambda value: type(value).__name__),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(number, logging.WARNING))
    for name in QUOTED_LIBRARIES:
        _take_over(name)
        logging.getLogger(name).setLevel(number)
    logging.captureWarnings(True)


def _json_line(event: Any, **options: Any) -> str:
    """One line that every reader sees as one, in the order in which it is written; accents stay letters."""
    return _NOT_PLAIN.sub(_by_its_number, json.dumps(event, ensure_ascii=False, **options))


def _by_its_number(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


def _take_over(name: str) -> None:
    """Undo what a web server set for the loggers of that name when it was prepared before us in this process."""
    for known in (name, *(known for known in logging.root.manager.loggerDict if known.startswith(f"{name}."))):
        logger = logging.getLogger(known)
        logger.handlers[:] = []
        logger.propagate = True
        logger.setLevel(logging.NOTSET)


class _ExceptionWords:
    """Put an exception into `error`, `error_code`, `causes` and `frames`, in place of a traceback with its message."""

    def __init__(self, with_message: bool) -> None:
        self._with_message = with_message

    def __call__(self, _logger: Any, _method: str, event: Event) -> Event:
        found = event.pop("exc_info", None)
        if found is True:
            found = sys.exc_info()
        error = found[1] if isinstance(found, tuple) else found
        if not isinstance(error, BaseException):
            return event
        event["error"] = type(error).__qualname__
        event["error_code"] = error_code(error)
        event["causes"] = [type(cause).__qualname__ for cause in _causes(error)]
        event["frames"] = [
            f"{frame.filename}:{frame.lineno} {frame.name}"
            for frame in traceback.extract_tb(error.__traceback__, limit=-MOST_FRAMES)
        ]
        if self._with_message:
            event["error_message"] = str(error)
        return event


def _causes(error: BaseException) -> list[BaseException]:
    causes: list[BaseException] = []
    cause = error.__cause__ or error.__context__
    while cause is not None and len(causes) < MOST_CAUSES:
        causes.append(cause)
        cause = cause.__cause__ or cause.__context__
    return causes


def error_code(error: BaseException) -> str:
    """The code that a system or a database gives to an error, such as ENOSPC, SQLITE_BUSY or 40001; else empty."""
    inner = getattr(error, "orig", None) or error
    if isinstance(inner, sqlite3.Error):
        return str(getattr(inner, "sqlite_errorname", ""))
    if isinstance(inner, OSError) and inner.errno is not None:
        return errno.errorcode.get(inner.errno, str(inner.errno))
    return str(getattr(inner, "sqlstate", None) or "")


def _without_values(_logger: Any, _method: str, event: Event) -> Event:
    """What a library says, without the values it put in: a warning of a reader of workbooks quotes a cell."""
    record: logging.LogRecord = event["_record"]
    if record.name.partition(".")[0] in QUOTED_LIBRARIES:
        return event
    if record.name == "py.warnings":
        # file:line: Category: message
        where = str(record.args[0] if isinstance(record.args, tuple) and record.args else record.msg)
        event["event"] = ":".join(where.partition("\n")[0].split(":")[:3])
    else:
        event["event"] = str(record.msg).partition("\n")[0]
    return event
