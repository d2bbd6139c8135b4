"""How long each writing transaction of an engine holds the database, told apart by the work that is under way."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event

from app.platform.postgresql import is_postgresql


class TransactionTimes:
    """Listens to an engine; `work(name)` says what is being done. Seconds from BEGIN granted to COMMIT returned, by the
    clock and of the processor alone: on a machine that others use, the clock says more than what the work costs.

    The wait for one's turn does not count: it is what the others hold.
    """

    def __init__(self, engine: Engine) -> None:
        self.seconds: dict[str, list[tuple[float, float]]] = {}
        self._name = ""
        self._begun: dict[int, tuple[float, float]] = {}
        self._commit = engine.dialect.do_commit
        self._wrote: set[int] = set()
        event.listen(engine, "begin", self._begin)
        event.listen(engine, "before_cursor_execute", self._statement)
        # The event "commit" comes before the commit itself, which writes to the disk.
        engine.dialect.do_commit = self._committed  # type: ignore[method-assign]
        self._is_server = is_postgresql(engine)

    def _begin(self, connection: Any) -> None:
        mode = connection.get_execution_options().get("sqlite_begin", "IMMEDIATE")
        if mode == "IMMEDIATE" and not connection.get_execution_options().get("postgresql_readonly"):
            self._begun[id(connection.connection.dbapi_connection)] = (time.perf_counter(), time.thread_time())

    def _statement(self, connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.lstrip()[:6].upper() in ("INSERT", "UPDATE", "DELETE"):
            self._wrote.add(id(connection.connection.dbapi_connection))

    def _committed(self, dbapi_connection: Any) -> None:
        self._commit(dbapi_connection)
        key = id(getattr(dbapi_connection, "dbapi_connection", dbapi_connection))
        begun = self._begun.pop(key, None)
        # SQLite is held from BEGIN IMMEDIATE on, even by a transaction that writes nothing.
        if begun is not None and self._name and (key in self._wrote or not self._is_server):
            self.seconds[self._name].append((time.perf_counter() - begun[0], time.thread_time() - begun[1]))
        self._wrote.discard(key)

    @contextmanager
    def work(self, name: str) -> Iterator[None]:
        """What is done in the block is this work."""
        self._name = name
        self.seconds.setdefault(name, [])
        try:
            yield
        finally:
            self._name = ""
