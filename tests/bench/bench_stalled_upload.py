"""What one person's slow or large requests cost the others: `python -m tests.bench.bench_stalled_upload`.

Starts the real server on a throw-away folder, with two laboratories, then measures, as laboratory B, a decision
and a sign-in: alone; while somebody of laboratory A stalls in the middle of uploads; while A imports 8,415 rows
and their proposals are stored; while A downloads its decisions. Last, 200 people sign in at once, and the memory
of the server is watched. Exit status 1 when a figure is past its limit.
"""

import http.client
import os
import re
import select
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from sqlmodel import col
from sqlmodel import select as sql_select

import app.tallies.keeping  # noqa: F401 - whatever is written is counted
from app.accounts.passwords import hash_password
from app.models import Catalogue, Decision, Laboratory, LocalTest, Membership, Role, User
from app.platform.database import reading, transaction
from app.platform.web_sessions import SESSION_COOKIE, open_session
from app.settings import Settings
from app.upgrades.start import prepare
from tests.app.review.sample import fill
from tests.bench import figures

PEOPLE = 200
IMPORTED_ROWS = 8415
REVIEWED_ROWS = 8000
PASSWORD = "cheval correct pile agrafe"
DECISION_LIMIT_MS = 300
SIGN_IN_LIMIT_MS = 2000
MEMORY_LIMIT_MB = 150
JOB_SECONDS = 180
FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
BOUNDARY = "limite-de-partie"


@dataclass
class Server:
    """The running server and what is in it."""

    port: int
    pid: int
    cookie_a: str
    cookie_b: str
    catalogue_b: int
    rows: Iterator[int]

    def ask(self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> tuple[int, str]:
        """(status, location or text) of one request, on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            content = answer.read()
            return answer.status, answer.headers.get("location") or content.decode(errors="replace")
        finally:
            connection.close()

    def memory_mb(self) -> float:
        """Resident memory of the server."""
        status = Path(f"/proc/{self.pid}/status").read_text("ascii")
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert found is not None
        return int(found[1]) / 1000


def _fill(folder: Path) -> tuple[str, str, int, list[int]]:
    """Two laboratories, a catalogue to review in B, and the people who will sign in."""
    settings = Settings(data_dir=folder)
    engine = prepare(settings)
    with transaction(engine) as session:
        laboratories = [Laboratory(name="Laboratoire A"), Laboratory(name="Laboratoire B")]
        users = [User(email=f"{name}@exemple.fr", display_name=name, password_hash="!") for name in "ab"]
        session.add_all([*laboratories, *users])
        session.flush()
        for laboratory, user in zip(laboratories, users, strict=True):
            session.add(
                Membership(user_id=user.id or 0, laboratory_id=laboratory.id or 0, role=Role.TRANSCODER)
            )
        catalogue = Catalogue(laboratory_id=laboratories[1].id or 0, name="Catalogue de B")
        session.add(catalogue)
        known = hash_password(PASSWORD)
        session.add_all(
            User(email=f"p{number}@exemple.fr", display_name=f"P{number}", password_hash=known)
            for number in range(PEOPLE + 100)
        )
        session.flush()
        cookies = [f"{SESSION_COOKIE}={open_session(session, user, settings)}" for user in users]
    fill(engine, catalogue.id or 0, REVIEWED_ROWS, users[1].id)
    with reading(engine) as session:
        decided = sql_select(col(Decision.local_test_id))
        rows = session.exec(sql_select(LocalTest.id).where(col(LocalTest.id).not_in(decided))).all()
    engine.dispose()
    return cookies[0], cookies[1], catalogue.id or 0, [row for row in rows if row is not None]


@contextmanager
def serving(folder: Path) -> Iterator[Server]:
    """The server of the command line, in a process of its own."""
    cookie_a, cookie_b, catalogue, rows = _fill(folder)
    environment = os.environ | {"TRANSCODEUR_DATA_DIR": str(folder), "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "app.cli", "serve", "--port", "0"]
    with (folder / "serveur.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=log, text=True)
        assert process.stdout is not None
        try:
            address = None
            while address is None:
                ready, _, _ = select.select([process.stdout], [], [], 60)
                line = process.stdout.readline() if ready else ""
                if not line:
                    raise RuntimeError("the server did not start")
                address = re.search(r"http://127\.0\.0\.1:(\d+)/", line)
            yield Server(int(address[1]), process.pid, cookie_a, cookie_b, catalogue, iter(rows))
        finally:
            process.terminate()
            process.wait(30)


def decide(server: Server) -> tuple[int, float]:
    """(status, milliseconds) of a decision of laboratory B on a row nobody decided yet."""
    row = next(server.rows)
    form = urlencode({"version": 0, "action": "out_of_scope", "reason": "essai"}).encode()
    start = time.perf_counter()
    status, _ = server.ask(
        "POST", f"/catalogues/{server.catalogue_b}/revue/{row}/decision", form, FORM | {"Cookie": server.cookie_b}
    )
    return status, 1000 * (time.perf_counter() - start)


def sign_in(server: Server, number: int) -> tuple[int, float]:
    """(status, milliseconds) of a sign-in with the right password."""
    form = urlencode({"email": f"p{number}@exemple.fr", "password": PASSWORD}).encode()
    start = time.perf_counter()
    status, _ = server.ask("POST", "/connexion", form, FORM)
    return status, 1000 * (time.perf_counter() - start)


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def told(title: str, found: list[tuple[int, float]], limit: float | None) -> bool:
    """Print one line; returns whether it is within the limit."""
    times = sorted(milliseconds for _, milliseconds in found)
    statuses = dict(Counter(status for status, _ in found))
    late = limit is not None and (times[-1] > limit or max(statuses) >= 500)
    mark = "" if limit is None else f"  limit {limit:.0f} ms{'  TOO LONG' if late else ''}"
    say(
        f"{title:<62} {len(times):>4}  median {times[len(times) // 2]:>7.0f} ms  worst {times[-1]:>7.0f} ms"
        f"  {statuses}{mark}"
    )
    return not late


def stall(server: Server, path: str, content_type: str) -> socket.socket:
    """Send the head of a request and 100 bytes of its body, then nothing; the connection stays open."""
    connection = socket.create_connection(("127.0.0.1", server.port))
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nCookie: {server.cookie_a}\r\n"
        f"Content-Type: {content_type}\r\nContent-Length: 1000000\r\n\r\n"
    )
    part = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="nom"\r\n\r\n'
    connection.sendall(head.encode() + (part if "multipart" in content_type else "nom=").ljust(100, "x").encode())
    return connection


def stalled(server: Server) -> bool:
    """Decisions and sign-ins of B while A stalls on five pages at once."""
    multipart = f"multipart/form-data; boundary={BOUNDARY}"
    urlencoded = "application/x-www-form-urlencoded"
    pages = [
        ("/laboratoires/1/importer", multipart),
        ("/laboratoires/1/memoire", multipart),
        ("/laboratoires/1/importer/1/reglages", urlencoded),
        ("/laboratoires/1/importer/1/confirmer", urlencoded),
        ("/laboratoires/1/reutilisation", urlencoded),
    ]
    held = [stall(server, path, content_type) for path, content_type in pages]
    time.sleep(0.5)
    try:
        decided = [decide(server) for _ in range(20)]
        is_good = told("decision while another laboratory stalls on five pages", decided, DECISION_LIMIT_MS)
        signed = [sign_in(server, PEOPLE + number) for number in range(10)]
        is_good &= told("sign-in while another laboratory stalls on five pages", signed, SIGN_IN_LIMIT_MS)
        figures.keep(
            {
                "stalled_decision_worst_ms": round(max(time for _, time in decided)),
                "stalled_sign_in_worst_ms": round(max(time for _, time in signed)),
            }
        )
        answered = [connection for connection in held if select.select([connection], [], [], 0)[0]]
        say(f"  of {len(held)} stalled requests, {len(answered)} were answered meanwhile")
        return is_good
    finally:
        for connection in held:
            connection.close()


def during(server: Server, work: Callable[[], object]) -> list[tuple[int, float]]:
    """The decisions of B, one after the other, for as long as the work of A lasts."""
    found = [decide(server)]
    thread = threading.Thread(target=work)
    thread.start()
    while thread.is_alive():
        found.append(decide(server))
    thread.join()
    return found


def _catalogue_file() -> bytes:
    labels = ("Sodium", "Potassium", "Glucose", "Créatinine", "TSH", "Hémoglobine")
    lines = ["code;libelle;unite;milieu"]
    lines += [f"X{row:05d};{labels[row % len(labels)]} {row};mmol/L;Sérum" for row in range(IMPORTED_ROWS)]
    return "\n".join(lines).encode()


def large_import(server: Server) -> None:
    """Upload a catalogue into A, confirm it, and wait until its rows and its proposals are stored."""
    content = _catalogue_file()
    part = f"--{BOUNDARY}\r\nContent-Disposition: form-data; "
    body = (
        f'{part}name="nom"\r\n\r\nGrand catalogue\r\n{part}name="fichiers"; filename="grand.csv"\r\n'
        "Content-Type: text/csv\r\n\r\n"
    ).encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()  # fmt: skip
    headers = {"Cookie": server.cookie_a, "Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    status, location = server.ask("POST", "/laboratoires/1/importer", body, headers)
    assert status == 303, (status, location)
    form = {"Cookie": server.cookie_a, "Content-Type": FORM["Content-Type"]}
    status, location = server.ask("POST", f"{location}/confirmer", b"x=1", form)
    assert status == 303, (status, location)
    job = 1
    while True:
        status, text = server.ask("GET", f"/travaux/{job}/etat", headers={"Cookie": server.cookie_a})
        if status == 404:
            return
        if '"is_over":true' in text:
            assert '"status":"done"' in text, text
            job += 1
        time.sleep(0.2)


def workbook(server: Server) -> None:
    """Have the workbook of all decisions of the catalogue that was imported written, until it can be taken away."""
    headers = FORM | {"Cookie": server.cookie_a}
    status, location = server.ask("POST", "/catalogues/2/exports/xlsx?", b"incomplet=blank", headers)
    assert status == 303, (status, location[:500])
    end = time.monotonic() + JOB_SECONDS
    while time.monotonic() < end:
        status, text = server.ask("GET", location, headers={"Cookie": server.cookie_a})
        assert status == 200, (status, text[:500])
        if re.search(r"/fichiers-prepares/\w+", text):
            return
        time.sleep(0.2)
    raise AssertionError("the workbook was never ready")


def everybody_signs_in(server: Server) -> bool:
    """200 people at once: how they are answered, and how much memory it takes."""
    before = peak = server.memory_mb()
    over = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not over.wait(0.02):
            peak = max(peak, server.memory_mb())

    watcher = threading.Thread(target=watch)
    watcher.start()
    with ThreadPoolExecutor(PEOPLE) as pool:
        futures = [pool.submit(sign_in, server, number) for number in range(PEOPLE)]
        page = during(server, lambda: [future.result() for future in futures])
        found = [future.result() for future in futures]
    over.set()
    watcher.join()
    told(f"{PEOPLE} people sign in at once", found, None)
    told("decision meanwhile", page, None)
    is_good = peak - before < MEMORY_LIMIT_MB and {status for status, _ in found} <= {303, 503}
    figures.keep({"sign_ins_memory_mb": round(peak - before)})
    say(
        f"memory of the server: {before:.0f} MB before, {peak:.0f} MB at most: +{peak - before:.0f} MB"
        f"  limit +{MEMORY_LIMIT_MB} MB{'' if is_good else '  TOO MUCH'}"
    )
    return is_good


def main() -> int:
    """Run every measurement; the exit status says whether all are within their limits."""
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder)) as server:
        decide(server)  # builds the engine
        told("decision alone", [decide(server) for _ in range(20)], None)
        told("sign-in alone", [sign_in(server, PEOPLE + 50 + number) for number in range(10)], None)
        is_good = stalled(server)
        told(f"decision while {IMPORTED_ROWS} rows are imported and matched",
             during(server, lambda: large_import(server)), None)  # fmt: skip
        told("decision while a workbook of them is written", during(server, lambda: workbook(server)), None)
        is_good &= everybody_signs_in(server)
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
