"""What is particular to PostgreSQL: its connections, its errors, and the order of its texts.

SQLite compares texts byte by byte. A server sorts by the language that its administrator chose, so every column of
text is given the collation "C": the same rows come in the same order on both databases, whatever the server.
"""

from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlmodel import create_engine

from app.errors import WorkbenchError

DRIVER = "psycopg"
MOST_CONNECTIONS = 20
"""A process: requests beyond wait for a connection, so that a few processes do not use up a server's own limit."""
STATEMENT_SECONDS = 600
"""No statement of ours is that long: one that is would hold its locks for ever."""
IDLE_SECONDS = 900
"""A transaction that reads, and whose process is stuck, is ended by the server."""
WRITER_IDLE_SECONDS = 40
"""The same of one that writes: others wait for what it locks, and its work is taken over within a minute."""
_MIGRATION_LOCK = 0x7472616E73636F64
_BUSY_STATES = frozenset(
    {
        "40001",  # serialization_failure
        "40P01",  # deadlock_detected
        "55P03",  # lock_not_available: lock_timeout
        "57014",  # query_canceled: statement_timeout
        "25P03",  # idle_in_transaction_session_timeout
        "53300",  # too_many_connections
        "57P01",  # admin_shutdown
        "57P02",  # crash_shutdown
        "57P03",  # cannot_connect_now
    }
)
_CONNECTION_CLASS = "08"


def driver_address(url: str) -> str:
    """The address with our driver named; raises WorkbenchError when it is not installed, or for another driver."""
    address = make_url(url)
    if address.drivername not in ("postgresql", f"postgresql+{DRIVER}"):
        raise WorkbenchError(
            f"Cette base de données ({address.drivername}) n'est pas prise en charge : "
            "SQLite ou PostgreSQL (postgresql+psycopg://…)."
        )
    try:
        import psycopg  # noqa: F401 - asked whether it is there
    except ImportError as error:
        raise WorkbenchError(
            "Le pilote de PostgreSQL n'est pas installé : pip install 'transcodeur[postgresql]'."
        ) from error
    return address.set(drivername=f"postgresql+{DRIVER}").render_as_string(hide_password=False)


def make_engine(url: str, busy_seconds: int) -> Engine:
    """An engine whose connections wait for their turn no longer than `busy_seconds`."""
    engine = create_engine(
        driver_address(url),
        pool_pre_ping=True,
        pool_size=5,
        max_overflow=MOST_CONNECTIONS - 5,
        pool_timeout=busy_seconds,
        isolation_level="READ COMMITTED",
        connect_args={"connect_timeout": busy_seconds, "application_name": "transcodeur"},
    )

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        # Not by `options` of the address: poolers in front of a server refuse them.
        connection.autocommit = True
        connection.execute(
            f"SET lock_timeout = '{busy_seconds}s'; SET statement_timeout = '{STATEMENT_SECONDS}s'; "
            f"SET idle_in_transaction_session_timeout = '{IDLE_SECONDS}s'; SET timezone = 'UTC'; "
            "SET client_min_messages = 'warning'"
        )
        connection.autocommit = False

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        if options.get("postgresql_readonly") or options.get("isolation_level") == "AUTOCOMMIT":
            return
        driver: Any = connection.connection.dbapi_connection
        driver.execute(f"SET LOCAL idle_in_transaction_session_timeout = '{WRITER_IDLE_SECONDS}s'")

    return engine


def is_postgresql(connection: Connection | Engine) -> bool:
    """Whether this is a PostgreSQL server."""
    return connection.dialect.name == "postgresql"


def sqlstate(error: BaseException | None) -> str | None:
    """The code that the server gave to an error of the driver; empty when it broke off, None for another database."""
    if error is None or type(error).__module__.partition(".")[0] != DRIVER:
        return None
    return str(getattr(error, "sqlstate", None) or "")


def is_busy(error: DBAPIError) -> bool:
    """Whether the server let somebody else pass, or could not be reached: to be tried again in a moment."""
    state = sqlstate(error.orig)
    if state is None:
        return False
    if state == "":
        # The driver itself gave up: refused, cut, out of time. It has no other operational error.
        return error.connection_invalidated or type(error.orig).__name__ in ("OperationalError", "InterfaceError")
    return state in _BUSY_STATES or state.startswith(_CONNECTION_CLASS)


def is_locked(error: DBAPIError) -> bool:
    """Whether somebody else held for too long what was asked for."""
    return sqlstate(error.orig) == "55P03"


def is_nul(error: DBAPIError) -> bool:
    """Whether the server refused a text because of a character zero, that it cannot store."""
    return sqlstate(error.orig) is not None and ("NUL" in str(error.orig) or sqlstate(error.orig) == "22021")


def is_too_long(error: DBAPIError) -> bool:
    """Whether a text is longer than its column."""
    return sqlstate(error.orig) == "22001"


def lock_migrations(connection: Connection) -> None:
    """Wait, in the transaction of this connection, until no other process migrates; it may take a while."""
    connection.exec_driver_sql("SET LOCAL lock_timeout = 0")
    connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
    connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})")


def unordered_columns(connection: Connection) -> list[tuple[str, str, str]]:
    """(table, column, type as written) of the texts that the server would sort in its own way."""
    found = connection.exec_driver_sql(
        "SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod) "
        "FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid "
        "JOIN pg_namespace AS n ON n.oid = c.relnamespace JOIN pg_collation AS l ON l.oid = a.attcollation "
        "WHERE n.nspname = current_schema() AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped "
        "AND l.collname <> 'C' ORDER BY c.relname, a.attnum"
    )
    return [(str(table), str(column), str(written)) for table, column, written in found]


def order_texts(connection: Connection) -> None:
    """Give every column of text the collation "C", once; to be called after every migration."""
    changes: dict[str, list[str]] = {}
    for table, column, written in unordered_columns(connection):
        changes.setdefault(table, []).append(f'ALTER COLUMN "{column}" TYPE {written} COLLATE "C"')
    for table, parts in changes.items():
        connection.exec_driver_sql(f'ALTER TABLE "{table}" {", ".join(parts)}')
