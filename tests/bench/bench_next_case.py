"""From the key that accepts to the next case on the screen: `python -m tests.bench.bench_next_case [rows] [cases]`.

A throw-away catalogue of 10,000 analyses, served to a real Chromium as in an installation. Each time runs from the key
event to the first frame that shows the next case, and is told at the median, the 95th percentile and the worst: alone,
then while another process stores proposals of another catalogue without a pause. Ends with 1 above the limit.
"""

import logging
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import structlog
import uvicorn
from playwright.sync_api import Page, sync_playwright
from sqlmodel import Session, select

from app.main import create_app
from app.models import Catalogue, Laboratory, LocalTest, Membership, ProposalRun, Role, RunStatus, User
from app.platform.database import give_way, make_engine, reading, transaction
from app.platform.migrations import upgrade
from app.platform.web_sessions import SESSION_COOKIE, open_session
from app.proposals.repository import insert_proposals
from app.settings import Settings
from app.tallies import keeping
from tests.app.review.sample import _proposals, fill
from tests.browser.conftest import ARGUMENTS, CHROMIUM
from tests.fhir.node import node

ROWS, CASES = 10_000, 60
OTHER_ROWS = 2_000
LIMIT_MS = 100
PAUSE_MS = 2_000
"""Between a case shown and the next key: fast for a person; the sign that a row is open has left meanwhile."""
CHUNK = 50
"""Rows of one transaction of the stored proposals, as of a search."""
MEASURE = """() => new Promise((resolve) => {
  const before = document.getElementById("cas");
  const start = performance.now();
  const watch = new MutationObserver(() => {
    if (document.getElementById("cas") !== before) {
      watch.disconnect();
      requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - start)));
    }
  });
  watch.observe(before.parentElement, { childList: true });
  setTimeout(() => { watch.disconnect(); resolve(-1); }, 3000);
  const options = { key: "v", code: "KeyV", bubbles: true, cancelable: true };
  document.activeElement.dispatchEvent(new KeyboardEvent("keydown", options));
})"""


def prepare(settings: Settings, rows: int) -> tuple[str, str, int]:
    """The catalogue: (its address, the session of a transcoder, the other catalogue)."""
    engine = make_engine(settings.resolved_database_url)
    upgrade(engine)
    with transaction(engine) as session:
        laboratory = Laboratory(name="Laboratoire d'essai")
        user = User(email="essai@exemple.fr", display_name="Essai", password_hash="!")
        session.add_all([laboratory, user])
        session.flush()
        catalogues = [Catalogue(laboratory_id=laboratory.id or 0, name=name) for name in ("Grand", "Autre")]
        session.add_all(catalogues)
        session.add(Membership(user_id=user.id or 0, laboratory_id=laboratory.id or 0, role=Role.TRANSCODER))
        session.flush()
        token = open_session(session, user, settings)
    fill(engine, catalogues[0].id or 0, rows)
    with transaction(engine) as session:
        tests = [
            LocalTest(catalogue_id=catalogues[1].id or 0, position=number, level="analysis", code=f"B{number}",
                      label=f"SODIUM {number}")
            for number in range(OTHER_ROWS)
        ]  # fmt: skip
        session.add_all(tests)
    engine.dispose()
    return f"/catalogues/{catalogues[0].id}", token, catalogues[1].id or 0


def store_without_pause(folder: str, catalogue_id: int) -> None:
    """Store proposals of a catalogue again and again, chunk by chunk, until somebody ends this process."""
    assert keeping
    engine = make_engine(Settings(data_dir=Path(folder)).resolved_database_url)
    with reading(engine) as session:
        tests = [row for row in session.exec(select(LocalTest.id).where(LocalTest.catalogue_id == catalogue_id)) if row]
        release_id = session.exec(select(ProposalRun.release_id)).first() or 1
    while True:
        with transaction(engine) as session:
            run = ProposalRun(
                catalogue_id=catalogue_id, release_id=release_id, engine_version="essai", status=RunStatus.RUNNING
            )
            session.add(run)
            session.flush()
            run_id = run.id
        for start in range(0, len(tests), CHUNK):
            with transaction(engine) as session:
                _store(session, run_id, tests[start : start + CHUNK])
            give_way(engine)


def _store(session: Session, run_id: int | None, tests: list[int]) -> None:
    insert_proposals(session, [row for test in tests for row in _proposals(run_id, test, test, 10)])


def served(settings: Settings) -> tuple[uvicorn.Server, str]:
    """The application on a port of its own."""
    server = uvicorn.Server(uvicorn.Config(create_app(settings), port=0, log_config=None, access_log=False, ws="none"))
    threading.Thread(target=server.run, daemon=True).start()
    while not server.started:
        time.sleep(0.05)
    return server, f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"


def next_cases(page: Page, count: int) -> tuple[list[float], int]:
    """Milliseconds from each key to the next case shown; and how many keys were refused by the page."""
    times: list[float] = []
    refused = 0
    while len(times) < count:
        page.wait_for_timeout(PAUSE_MS)
        spent = page.evaluate(MEASURE)
        if spent >= 0:
            times.append(spent)
            continue
        # A check asks for a justification: on to the next row, as a person would.
        refused += 1
        assert refused < 5 * count, "no case can be accepted"
        page.goto(page.locator("#cas").get_attribute("data-next-decide") or "/")
        page.wait_for_load_state("networkidle")
    return times, refused


def line(title: str, times: list[float], refused: int) -> str:
    """A line of the table."""
    p95 = statistics.quantiles(times, n=20)[-1]
    late = f"  > {LIMIT_MS}" if p95 > LIMIT_MS else ""
    return f"{title:<44}{statistics.median(times):>8.0f}{p95:>7.0f}{max(times):>7.0f}{len(times):>6}{refused:>9}{late}"


def main() -> int:
    """Print the table; 1 when a 95th percentile is above the limit."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    cases = int(sys.argv[2]) if len(sys.argv) > 2 else CASES
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    os.environ["PLAYWRIGHT_NODEJS_PATH"] = node()
    lines = [
        f"{rows} analyses ; de la touche au cas suivant affiché, en millisecondes",
        f"{'':<44}{'médiane':>8}{'p95':>7}{'pire':>7}{'cas':>6}{'refusés':>9}",
    ]
    is_late = False
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        settings = Settings(data_dir=Path(folder), run_jobs_in_server=False)
        base, token, other = prepare(settings, rows)
        server, address = served(settings)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        context = browser.new_context(base_url=address, viewport={"width": 1280, "height": 800}, locale="fr-FR")
        context.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": address}])
        page = context.new_page()
        for title, is_busy in (("Seul", False), ("Pendant qu'un autre catalogue est recherché", True)):
            busy = None
            if is_busy:
                code = f"from tests.bench.bench_next_case import *; store_without_pause({folder!r}, {other})"
                busy = subprocess.Popen([sys.executable, "-c", code])
            page.goto(f"{base}/revue?niveau=analyse&contradiction=non&confiance=sure&etat=a-traiter")
            page.locator("[data-open]").first.click()
            page.wait_for_load_state("networkidle")
            next_cases(page, 3)
            times, refused = next_cases(page, cases)
            if busy is not None:
                assert busy.poll() is None, "nothing was being stored"
                busy.terminate()
                busy.wait()
            lines.append(line(title, times, refused))
            is_late |= statistics.quantiles(times, n=20)[-1] > LIMIT_MS
        browser.close()
        server.should_exit = True
    sys.stdout.write("\n".join(lines) + "\n")
    return int(is_late)


if __name__ == "__main__":
    sys.exit(main())
