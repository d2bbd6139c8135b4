"""An installation with its real processes: server, worker, commands, and a client that speaks HTTP to the server."""

import http.client
import os
import re
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from sqlalchemy import Engine, text

import app.tallies.keeping  # noqa: F401 - whatever is written is counted
from app.models import Laboratory, Membership, Role, User
from app.platform.database import make_engine, reading, transaction
from app.platform.web_sessions import SESSION_COOKIE, open_session
from app.settings import Settings
from app.upgrades.start import prepare
from tests.chaos.processes import START_SECONDS, Worker, stop

BOUNDARY = "limite-de-partie"
LABORATORY = "Laboratoire des pannes"
ADMINISTRATOR = "administration@exemple.fr"
LABELS = (
    ("SODIUM", "Sérum", "mmol/L"), ("GLYCEMIE", "Plasma", "g/L"), ("CRP", "Sérum", "mg/L"),
    ("CREATININE", "Sérum", "µmol/L"), ("FERRITINE", "Sérum", "µg/L"), ("TSH", "Sérum", "mUI/L"),
)  # fmt: skip


class ProcessDiedError(Exception):
    """The process that was spoken to is gone: nobody knows what became of the request."""


@dataclass
class Client:
    """A person signed in by her cookie, each request on a connection of its own."""

    port: int
    cookie: str
    laboratory_id: int
    place: "Installation"
    last_headers: dict[str, str] = field(default_factory=dict)
    """Of the last answer."""

    def ask(
        self, method: str, path: str, body: bytes = b"", content_type: str = "", accept: str = "text/html"
    ) -> tuple[int, str, bytes]:
        """(status, location, content) of one request; raises ProcessDiedError when no whole answer comes."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        headers = {"Cookie": self.cookie, "Accept": accept} | ({"Content-Type": content_type} if content_type else {})
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            content = answer.read()
            self.last_headers = {name.lower(): value for name, value in answer.headers.items()}
            return answer.status, answer.headers.get("location") or "", content
        except (OSError, http.client.HTTPException) as error:
            raise ProcessDiedError(str(error)) from error
        finally:
            connection.close()

    def get(self, path: str) -> bytes:
        """The content of a page, which must be there."""
        status, _, content = self.ask("GET", path)
        if status != 200:
            raise AssertionError(f"GET {path}: {status} {content[:300]!r}")
        return content

    def post(self, path: str, fields: Mapping[str, object] | list[tuple[str, object]]) -> tuple[int, str, bytes]:
        """The answer to a form."""
        body = urlencode(list(fields.items()) if isinstance(fields, Mapping) else fields).encode()
        return self.ask("POST", path, body, "application/x-www-form-urlencoded")

    def send_file(self, path: str, field: str, file_name: str, content: bytes, name: str = "") -> str:
        """Where a form with one file, and perhaps a name, leads to."""
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="nom"\r\n\r\n{name}\r\n' if name else ""
        head += f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{field}"; filename="{file_name}"\r\n'
        body = f"{head}Content-Type: application/octet-stream\r\n\r\n".encode()
        body += content + f"\r\n--{BOUNDARY}--\r\n".encode()
        status, location, answer = self.ask("POST", path, body, f"multipart/form-data; boundary={BOUNDARY}")
        if status != 303:
            raise AssertionError(f"the upload was refused: {status} {answer[-3000:].decode(errors='replace')}")
        return location

    def upload(self, name: str, content: bytes) -> str:
        """The address of the import being prepared with this file."""
        path = f"/laboratoires/{self.laboratory_id}/importer"
        return self.send_file(path, "fichiers", "catalogue.csv", content, name)

    def confirm(self, draft: str) -> int:
        """Confirm an import being prepared; the number of the catalogue, once it is acknowledged."""
        status, location, answer = self.post(f"{draft}/confirmer", {})
        if "verifier=true" in location:
            status, location, answer = self.post(f"{draft}/confirmer", {})
        found = re.search(r"/catalogues/(\d+)", location)
        if status != 303 or found is None:
            said = answer[-3000:].decode(errors="replace")
            raise AssertionError(f"the import was refused: {status} {location} {said}")
        return int(found[1])

    def import_catalogue(self, name: str, content: bytes) -> int:
        """Upload and confirm; the number of the catalogue."""
        return self.confirm(self.upload(name, content))

    def wait_for_jobs(self, seconds: float) -> None:
        """Wait until no job waits or runs."""
        self.place.wait_for_jobs(seconds)


@dataclass
class Server:
    """A running `transcodeur serve`."""

    process: "subprocess.Popen[str]"
    port: int
    place: "Installation"

    def sign_in(self, email: str = "transcodeur@exemple.fr") -> Client:
        """A person of the laboratory."""
        return Client(self.port, self.place.cookie(email), self.place.laboratory_id, self.place)

    def memory_mb(self) -> float:
        """Resident memory."""
        found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{self.process.pid}/status").read_text("ascii"))
        assert found is not None
        return int(found[1]) / 1000

    def kill(self) -> None:
        """SIGKILL."""
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


@dataclass
class Installation:
    """A data folder, or a database on a server, and what was made in it."""

    data_dir: Path
    database_url: str = ""
    settings_of_processes: dict[str, str] = field(default_factory=dict)
    laboratory_id: int = 0
    _cookies: dict[str, str] = field(default_factory=dict)

    def settings(self) -> Settings:
        """The settings of its processes."""
        return Settings(data_dir=self.data_dir, database_url=self.database_url)

    @contextmanager
    def engine(self) -> Iterator[Engine]:
        """An engine on its database, closed afterwards."""
        engine = make_engine(self.settings().resolved_database_url)
        try:
            yield engine
        finally:
            engine.dispose()

    def create(self) -> None:
        """Migrate what is not; a laboratory with a transcoder, two biologists, none of whom is asked for a password."""
        engine = prepare(self.settings())
        people = {
            "transcodeur@exemple.fr": Role.TRANSCODER,
            "biologiste@exemple.fr": Role.BIOLOGIST,
            ADMINISTRATOR: Role.READER,
        }
        with transaction(engine) as session:
            laboratory = Laboratory(name=LABORATORY)
            session.add(laboratory)
            session.flush()
            self.laboratory_id = laboratory.id or 0
            for email, role in people.items():
                user = User(email=email, display_name=email.partition("@")[0], password_hash="!")
                user.is_administrator = email == ADMINISTRATOR
                session.add(user)
                session.flush()
                session.add(Membership(user_id=user.id or 0, laboratory_id=self.laboratory_id, role=role))
                self._cookies[email] = f"{SESSION_COOKIE}={open_session(session, user, self.settings())}"
        engine.dispose()

    def cookie(self, email: str) -> str:
        """The cookie of this person."""
        return self._cookies[email]

    @staticmethod
    def catalogue_file(rows: int, prefix: str = "A") -> bytes:
        """A catalogue of this many analyses."""
        lines = ["code;libelle;milieu;unite"]
        for number in range(rows):
            label, specimen, unit = LABELS[number % len(LABELS)]
            lines.append(f"{prefix}{number:05d};{label} {number // len(LABELS)};{specimen};{unit}")
        return ("\r\n".join(lines) + "\r\n").encode()

    def environment(self) -> dict[str, str]:
        """The environment of its processes."""
        chosen = {"TRANSCODEUR_DATA_DIR": str(self.data_dir), "PYTHONUNBUFFERED": "1"}
        if self.database_url:
            chosen["TRANSCODEUR_DATABASE_URL"] = self.database_url
        return os.environ | chosen | self.settings_of_processes

    def start(
        self, *arguments: str, before: Callable[[], None] | None = None, **settings: str
    ) -> "subprocess.Popen[str]":
        """A command, started; `before` runs in the new process first."""
        return subprocess.Popen(
            [sys.executable, "-m", "app.cli", *arguments],
            env=self.environment() | settings,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=before,
        )

    def attempt(
        self, *arguments: str, before: Callable[[], None] | None = None, **settings: str
    ) -> tuple[int, str, str]:
        """(exit status, output, errors) of a command."""
        process = self.start(*arguments, before=before, **settings)
        output, errors = process.communicate(timeout=900)
        return process.returncode, output, errors

    def command(self, *arguments: str) -> str:
        """What a command says, which must succeed."""
        code, output, errors = self.attempt(*arguments)
        if code != 0:
            raise AssertionError(f"{arguments}: {code} {errors[-2000:]}")
        return output

    @contextmanager
    def serve(self, before: Callable[[], None] | None = None, **settings: str) -> Iterator[Server]:
        """The server, told to stop afterwards."""
        server = self.start_server(before, **settings)
        try:
            yield server
        finally:
            stop(server.process)

    def start_server(self, before: Callable[[], None] | None = None, **settings: str) -> Server:
        """The server, once it listens. Its errors go to the file `serveur.log` of the data folder's parent."""
        log = self.data_dir.parent / "serveur.log"
        with log.open("ab") as errors:
            process = subprocess.Popen(
                [sys.executable, "-m", "app.cli", "serve", "--port", "0"],
                env=self.environment() | settings,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                preexec_fn=before,
            )
        address = _listens(process)
        if address is None:
            process.kill()
            raise AssertionError(f"the server did not start: {log.read_text(errors='replace')[-2000:]}")
        server = Server(process, address, self)
        self._await_answer(server)
        return server

    def start_worker(self, *arguments: str, **settings: str) -> Worker:
        """The worker, at once. Its errors go to the file `worker.log` of the data folder's parent."""
        with (self.data_dir.parent / "worker.log").open("ab") as errors:
            process = subprocess.Popen(
                [sys.executable, "-m", "app.cli", "worker", *arguments],
                env=self.environment() | settings,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                text=True,
            )
        return Worker(process)

    def _await_answer(self, server: Server) -> None:
        deadline = time.monotonic() + START_SECONDS
        client = Client(server.port, "", self.laboratory_id, self)
        while True:
            with suppress(ProcessDiedError):
                client.ask("GET", "/healthz")
                return
            if server.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError("the server does not answer")
            time.sleep(0.05)

    def wait_for_jobs(self, seconds: float) -> None:
        """Wait until no job waits or runs, and what they changed is counted; raises AssertionError past the time."""
        deadline = time.monotonic() + seconds
        while True:
            busy = self.rows(
                "SELECT id, kind, status, message, owner, attempts, heartbeat_at, not_before, last_error "
                "FROM job WHERE status IN ('waiting', 'running')"
            )
            if not busy and not self.number("SELECT count(*) FROM catalogue_tally"):
                return
            if time.monotonic() > deadline:
                raise AssertionError(f"jobs or counts that do not end: {busy}; {self._activity()}")
            time.sleep(0.1)

    def _activity(self) -> list[tuple[object, ...]]:
        """What the server of the database is doing; nothing for a file."""
        if not self.database_url:
            return []
        return self.rows(
            "SELECT pid, state, wait_event, left(query, 200), pg_blocking_pids(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )

    def rows(self, query: str, **values: object) -> list[tuple[object, ...]]:
        """What a query gives."""
        with self.engine() as engine, reading(engine) as session:
            return [tuple(row) for row in session.connection().execute(text(query), values)]

    def number(self, query: str, **values: object) -> int:
        """The one number that a query gives."""
        ((found,),) = self.rows(query, **values)
        assert isinstance(found, int)
        return found

    def first_test(self, catalogue_id: int) -> int:
        """The number of the first analysis of a catalogue."""
        return self.number("SELECT min(id) FROM local_test WHERE catalogue_id = :id", id=catalogue_id)


def _listens(process: "subprocess.Popen[str]") -> int | None:
    assert process.stdout is not None
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        ready, _, _ = select.select([process.stdout], [], [], 1)
        line = process.stdout.readline() if ready else ""
        found = re.search(r"http://127\.0\.0\.1:(\d+)/", line)
        if found is not None:
            return int(found[1])
        if ready and not line:
            return None
    return None
