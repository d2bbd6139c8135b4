"""A PostgreSQL server of the tests' own: made in a temporary folder, on a free port of the loopback, gone afterwards.

`python -m tests.postgresql` opens one and prints its address, until its standard input ends: a server never outlives
the process that asked for it, however that one ends.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import psycopg
from psycopg import sql

DEBIAN_PROGRAMS = Path("/usr/lib/postgresql")
UNPRIVILEGED = ("postgres", "nobody")
"""Who runs the server when root runs the tests, for it refuses to run as root: the first that the machine has."""
ORDER_OF_THE_MACHINE = ("--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=fr-FR")
"""An order of texts that is not that of SQLite, so that a query which relies on the server's order is found out."""
SERVER_OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    # Nothing here outlives the tests.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "shared_buffers": "64MB",
    "max_connections": "100",
    "jit": "off",
    "autovacuum_naptime": "10s",
    "log_min_messages": "fatal",
}
DURABLE = SERVER_OPTIONS | {
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "shared_buffers": "256MB",
    "max_connections": "200",
}
"""As an installation runs it: for measurements."""
START_SECONDS = 60.0


class NoServerError(RuntimeError):
    """This machine has no PostgreSQL server to run."""


def programs() -> Path:
    """The folder of `initdb` and `postgres`; raises NoServerError when the machine has none."""
    for name in sorted(DEBIAN_PROGRAMS.glob("*/bin/postgres"), key=lambda path: -float(path.parts[-3])):
        return name.parent
    found = shutil.which("postgres")
    if found is None:
        raise NoServerError(
            "PostgreSQL is missing: `make test` brings it (Debian package `postgresql`); "
            "`pytest --databases sqlite` does without."
        )
    return Path(found).resolve().parent


def _account() -> pwd.struct_passwd | None:
    """The account that runs the server; None for the present one."""
    if os.getuid() != 0:
        return None
    for name in UNPRIVILEGED:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise NoServerError("root may not run PostgreSQL, and the machine has neither `postgres` nor `nobody`.")


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _start(folder: Path, *command: str) -> "subprocess.Popen[bytes]":
    account = _account()
    identity = {} if account is None else {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": ()}
    with (folder / "journal").open("ab") as log:
        return subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            env={"PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8"}, **identity,  # type: ignore[arg-type]
        )  # fmt: skip


def _make_cluster(folder: Path) -> None:
    arguments = ["-D", str(folder / "data"), "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--no-sync"]
    made = _start(folder, str(programs() / "initdb"), *arguments, *ORDER_OF_THE_MACHINE).wait()
    if made != 0:
        raise NoServerError(f"initdb failed: {(folder / 'journal').read_text(errors='replace')[-2000:]}")


def _serve_until_the_end_of_input(folder: Path, settings: dict[str, str]) -> int:
    """Run a server in this folder; its port is printed once it answers."""
    _make_cluster(folder)
    port = _free_port()
    options = [f"-c{name}={value}" for name, value in settings.items()]
    server = _start(folder, str(programs() / "postgres"), "-D", str(folder / "data"), f"-p{port}", *options)
    try:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                psycopg.connect(f"host=127.0.0.1 port={port} user=postgres dbname=postgres", connect_timeout=5).close()
                break
            except psycopg.OperationalError as error:
                if server.poll() is not None or time.monotonic() > deadline:
                    text = (folder / "journal").read_text(errors="replace")[-2000:]
                    raise NoServerError(f"PostgreSQL does not start: {text}") from error
                time.sleep(0.05)
        print(port, flush=True)  # noqa: T201 - read by `cluster`
        sys.stdin.buffer.read()
    finally:
        # At once, without a checkpoint: nobody wants these data.
        server.send_signal(signal.SIGQUIT)
        server.wait()
        # A test may have stopped that one and started another.
        _end(folder / "data", signal.SIGQUIT)
    return 0


def _end(data: Path, how: signal.Signals) -> None:
    """End the server of this folder, if one runs, and wait for it."""
    try:
        pid = int((data / "postmaster.pid").read_text("ascii").split()[0])
        os.kill(pid, how)
    except (OSError, ValueError, IndexError):
        return
    deadline = time.monotonic() + START_SECONDS
    while (data / "postmaster.pid").exists() and time.monotonic() < deadline:
        time.sleep(0.05)


def main() -> int:
    """Serve in a folder of its own, and leave nothing behind."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    folder = Path(tempfile.mkdtemp(prefix="transcodeur-postgresql-"))
    try:
        account = _account()
        if account is not None:
            os.chown(folder, account.pw_uid, account.pw_gid)
        return _serve_until_the_end_of_input(folder, DURABLE if "--durable" in sys.argv else SERVER_OPTIONS)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class Cluster:
    """A running server."""

    port: int
    pid: int
    """Of the process that looks after the server."""
    _numbers: Iterator[int] = field(default_factory=count)
    _started_again: "list[subprocess.Popen[bytes]]" = field(default_factory=list)

    def wait(self) -> None:
        """Wait for the end of the servers that were started again."""
        for process in self._started_again:
            process.wait()

    def url(self, database: str) -> str:
        """The address of a database, as the application wants it."""
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/{database}"

    def execute(self, *statements: sql.Composed) -> None:
        """Run statements on the server itself, outside any database of the tests."""
        address = f"host=127.0.0.1 port={self.port} user=postgres dbname=postgres"
        with psycopg.connect(address, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    def create(self, template: str = "template0") -> str:
        """The name of a new database, copied from a template that nobody is connected to."""
        name = f"essai_{next(self._numbers)}"
        self.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        )
        return name

    def drop(self, name: str) -> None:
        """Drop a database, whoever is still connected to it."""
        self.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """The server is stopped, as an administrator does, for as long as the block lasts; its data are kept."""
        with psycopg.connect(f"host=127.0.0.1 port={self.port} user=postgres dbname=postgres") as connection:
            found = connection.execute("SHOW data_directory").fetchone()
        assert found is not None
        data = Path(found[0])
        _end(data, signal.SIGINT)
        try:
            yield
        finally:
            options = [f"-c{name}={value}" for name, value in SERVER_OPTIONS.items()]
            again = _start(data.parent, str(programs() / "postgres"), "-D", str(data), f"-p{self.port}", *options)
            self._started_again.append(again)

    @contextmanager
    def database(self, template: str = "template0") -> Iterator[str]:
        """The address of a database that lasts for a block."""
        name = self.create(template)
        try:
            yield self.url(name)
        finally:
            self.drop(name)


@contextmanager
def cluster(*, durable: bool = False) -> Iterator[Cluster]:
    """A server for as long as the block lasts; raises NoServerError when there can be none.

    A durable one waits for the disk, as that of an installation does.
    """
    programs()
    keeper = subprocess.Popen(
        [sys.executable, "-m", "tests.postgresql", *(["--durable"] if durable else [])],
        cwd=Path(__file__).resolve().parent.parent,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    assert keeper.stdin is not None
    assert keeper.stdout is not None
    try:
        said = keeper.stdout.readline()
        if not said:
            raise NoServerError("the server of the tests did not start; see above")
        made = Cluster(int(said), keeper.pid)
        yield made
    finally:
        keeper.stdin.close()
        keeper.wait()
        if said:
            made.wait()
        keeper.stdout.close()


class Reused:
    """One database that test after test has as new: emptying its tables takes a fifth of the time of copying it.

    A test that changes the tables themselves, or leaves them changed, costs a new copy.
    """

    def __init__(self, server: Cluster, template: str) -> None:
        self._server, self._template = server, template
        self._connection: psycopg.Connection[tuple[object, ...]] | None = None
        self._name = self._shape = self._reset = ""

    def fresh(self) -> str:
        """The address of the database, with the rows of its template and nobody connected."""
        if self._connection is None or self._connection.closed or not self._put_back(self._connection):
            self.close()
            self._open()
        return self._server.url(self._name)

    def close(self) -> None:
        """Drop the database."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._name:
            self._server.drop(self._name)

    def _open(self) -> None:
        self._name = self._server.create(self._template)
        address = f"host=127.0.0.1 port={self._server.port} user=postgres dbname={self._name}"
        connection = self._connection = psycopg.connect(address, autocommit=True)
        named = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        tables = [str(row[0]) for row in named]
        connection.execute("CREATE SCHEMA kept")
        parts = ["SET session_replication_role = replica"]
        for table in tables:
            parts.append(f'DELETE FROM public."{table}"')
            connection.execute(sql.SQL("CREATE TABLE kept.{0} AS TABLE public.{0}").format(sql.Identifier(table)))
            if connection.execute(sql.SQL("SELECT 1 FROM kept.{} LIMIT 1").format(sql.Identifier(table))).fetchone():
                parts.append(f'INSERT INTO public."{table}" SELECT * FROM kept."{table}"')
        sequences = "SELECT sequencename, coalesce(last_value, 1), last_value IS NOT NULL FROM pg_sequences"
        for name, value, is_called in connection.execute(sequences):
            parts.append(f"SELECT setval('public.\"{name}\"', {value}, {is_called})")
        parts.append("SET session_replication_role = DEFAULT")
        self._reset, self._shape = "; ".join(parts), self._shape_of(connection)

    def _put_back(self, connection: "psycopg.Connection[tuple[object, ...]]") -> bool:
        """Give the tables the rows of the template again; False when they are no longer the same tables."""
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        if self._shape_of(connection) != self._shape:
            return False
        connection.execute(self._reset.encode())
        return True

    @staticmethod
    def _shape_of(connection: "psycopg.Connection[tuple[object, ...]]") -> str:
        found = connection.execute(
            "SELECT (SELECT md5(string_agg(concat(c.relname, a.attname, a.atttypid, a.attnotnull), ',' "
            "ORDER BY c.relname, a.attnum)) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid "
            "WHERE c.relnamespace = 'public'::regnamespace AND a.attnum > 0) || "
            "(SELECT string_agg(tgname::text || tgenabled::text, ',' ORDER BY tgname) "
            "FROM pg_trigger WHERE NOT tgisinternal) || "
            "(SELECT count(*) FROM pg_constraint)"
        ).fetchone()
        return str(found)


if __name__ == "__main__":
    sys.exit(main())
