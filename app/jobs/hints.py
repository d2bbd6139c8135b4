"""The transport of hints (huey): a message says that there is work, the table of jobs says which.

A hint lost costs a few seconds, until the next sweep of a worker; a hint too many costs a look at the table.
It goes where the database is: a file beside SQLite, tables of their own on PostgreSQL, or Redis when it is set.
"""

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

import structlog
from huey import Huey, SqliteHuey
from huey.consumer import Consumer
from sqlalchemy.engine import URL, make_url

from app.errors import WorkbenchError
from app.settings import Settings

QUEUE_FILE = "travaux.sqlite3"
QUEUE_SCHEMA = "travaux"
"""The schema of PostgreSQL that holds the tables of huey: they are none of the application's."""
NAME = "transcodeur"
BUSY_SECONDS = 5
REDIS_CONNECT_SECONDS = 1.0
REDIS_ANSWER_SECONDS = 3.0
"""More than the second that a listener waits for a message."""
UNHEARD_SECONDS = 30.0
"""How long nothing is sent to a storage that did not answer: the sweeps of the workers do without."""
SILENT_SECONDS = 60.0

log = structlog.get_logger(__name__)


class _Summary(logging.Handler):
    """What huey says of a storage that does not answer: one line a minute, where it has a traceback a second."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._said: dict[str, float] = {}

    def emit(self, record: logging.LogRecord) -> None:
        now = time.monotonic()
        if now - self._said.get(str(record.msg), -SILENT_SECONDS) < SILENT_SECONDS:
            return
        self._said[str(record.msg)] = now
        error = record.exc_info[0] if record.exc_info else None
        log.warning("jobs.no_hints", said=record.getMessage(), error=error.__qualname__ if error else "")


def _summarise() -> None:
    """Once a process: the loggers of huey are all below this one."""
    logger = logging.getLogger("huey")
    if not any(isinstance(handler, _Summary) for handler in logger.handlers):
        logger.addHandler(_Summary())
        logger.propagate = False


def _leave(huey: Huey) -> None:
    """Close the connection that this thread has to a server's storage; that of a SQLite file is of all threads."""
    if hasattr(huey.storage, "database"):
        huey.storage.close()


class _QuietConsumer(Consumer):  # type: ignore[misc]
    """A consumer that leaves the signals of the process to the web server or to the command line."""

    def _set_signal_handlers(self) -> None:
        return

    def _create_process(self, process: Any, name: str) -> threading.Thread:
        """A thread that gives its connection to the storage back when it ends."""
        thread: threading.Thread = super()._create_process(process, name)
        work = thread.run

        def run() -> None:
            try:
                work()
            finally:
                _leave(self.huey)

        thread.run = run  # type: ignore[method-assign]
        return thread

    def wait_for_threads(self, seconds: float) -> bool:
        """Whether the threads, told to stop, have ended within this time."""
        deadline = time.monotonic() + seconds
        threads = [*(thread for _, thread in self.worker_threads), self.scheduler]
        for thread in threads:
            thread.join(max(deadline - time.monotonic(), 0))
        return not any(thread.is_alive() for thread in threads)


def _postgresql(url: URL) -> Huey:
    try:
        from huey.contrib.sql_huey import SqlHuey
        from peewee import PostgresqlDatabase
    except ImportError as error:
        raise WorkbenchError(
            "Il manque ce qu'il faut pour PostgreSQL : pip install 'transcodeur[postgresql]'."
        ) from error
    options: dict[str, Any] = {
        "host": url.host, "port": url.port, "user": url.username, "password": url.password, **url.query
    }  # fmt: skip
    database: Any = PostgresqlDatabase(
        url.database,
        prefer_psycopg3=True,
        options=f"-c search_path={QUEUE_SCHEMA}",
        **{name: value for name, value in options.items() if value is not None},
    )
    with database:
        # Two servers may start at the same moment.
        database.execute_sql("SELECT pg_advisory_xact_lock(hashtext(%s))", (QUEUE_SCHEMA,))
        database.execute_sql(f"CREATE SCHEMA IF NOT EXISTS {QUEUE_SCHEMA}")
    return SqlHuey(NAME, database=database, results=False)


def _redis(url: str) -> Huey:
    try:
        from huey import RedisHuey
        from redis import ConnectionPool
    except ImportError as error:
        raise WorkbenchError("Il manque ce qu'il faut pour Redis : pip install 'transcodeur[redis]'.") from error
    # Whoever asks for a job must not wait long for a server that is there and says nothing.
    pool = ConnectionPool.from_url(
        url, socket_connect_timeout=REDIS_CONNECT_SECONDS, socket_timeout=REDIS_ANSWER_SECONDS
    )
    return RedisHuey(NAME, connection_pool=pool, results=False)


def make_huey(settings: Settings) -> Huey:
    """The storage of hints of this installation; opening it may raise when it does not answer."""
    if settings.redis_url:
        return _redis(settings.redis_url)
    url = make_url(settings.resolved_database_url)
    if url.get_backend_name() == "postgresql":
        return _postgresql(url)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    return SqliteHuey(NAME, filename=str(settings.data_dir / QUEUE_FILE), results=False, timeout=BUSY_SECONDS)


class Hints:
    """Sends hints, and listens to them. Whatever happens to their storage is logged and costs no job."""

    def __init__(self, settings: Settings, on_hint: Callable[[], None]) -> None:
        self._settings = settings
        self._on_hint = on_hint
        self._huey: Huey | None = None
        self._task: Any = None
        self._consumer: _QuietConsumer | None = None
        self._unheard_until = 0.0

    def _open(self) -> Any:
        if self._task is None:
            _summarise()
            huey = make_huey(self._settings)

            def work(_job_id: int) -> None:
                self._on_hint()

            self._task = huey.task(name="work")(work)
            self._huey = huey
        return self._task

    def send(self, job_id: int) -> None:
        """Say that there is work, to whichever process listens."""
        if time.monotonic() < self._unheard_until:
            return
        try:
            self._open()(job_id)
            if self._huey is not None and self._consumer is not None:
                _leave(self._huey)
            elif self._huey is not None:
                # A queue built for one message: whoever built it will not close it.
                self._huey.storage.close()
        except WorkbenchError:
            raise
        except Exception as error:
            self._unheard_until = time.monotonic() + UNHEARD_SECONDS
            log.warning("jobs.hint_lost", job_id=job_id, error=type(error).__qualname__)

    def listen(self) -> None:
        """Begin to listen, in threads of this process."""
        try:
            self._open()
            if self._huey is not None:
                # Opened to look at the storage; the threads that listen have connections of their own.
                _leave(self._huey)
        except WorkbenchError:
            raise
        except Exception as error:
            log.warning("jobs.no_hints", error=type(error).__qualname__)
            return
        self._consumer = _QuietConsumer(
            self._huey, workers=1, periodic=False, initial_delay=0.1, max_delay=1.0, check_worker_health=False
        )
        self._consumer.start()

    def stop(self, seconds: float) -> None:
        """Listen no more."""
        if self._consumer is not None:
            self._consumer.stop()
            self._consumer.wait_for_threads(seconds)
            self._consumer = None
