"""A real server and a real browser: Debian's Chromium, without network of its own."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from app.platform.database import transaction
from app.platform.web_sessions import SESSION_COOKIE, open_session
from app.settings import Settings
from tests.conftest import World
from tests.fhir.node import node

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]

PATIENCE = 60_000
"""Milliseconds before a browser gives up: long, because a busy machine is no fault of ours."""
expect.set_options(timeout=PATIENCE)

PageFor = Callable[[str], Page]

ANSWERS = (
    ("401", ""), ("403", "/signature"), ("403", "/depart/fermer"), ("422", "/depart/fermer"), ("404", "/couverture"),
)  # fmt: skip
"""Status and part of an address: a refused sign-in, a proof that is asked again before a signature or a closing, a name
that is not that of the laboratory, and a page of a laboratory that was closed meanwhile are answers, not faults."""
GUIDE = os.environ.get("GUIDE_PICTURES", "")
"""Where a run writes the pictures of `docs/guide`; nowhere unless asked."""


def picture(page: Page, name: str) -> None:
    """What the window shows, for the guides; nothing is written unless GUIDE_PICTURES names a folder."""
    if GUIDE:
        page.screenshot(path=Path(GUIDE) / name)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One headless Chromium for all browser tests.

    Playwright runs on the Node of the other tests: the one in its wheel wants libatomic1, which a bare Debian lacks.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PLAYWRIGHT_NODEJS_PATH", node())
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            yield browser
            browser.close()


@pytest.fixture
def address(application: FastAPI) -> Iterator[str]:
    """The application of the test, served on a port of its own: `http://127.0.0.1:port`."""
    server = uvicorn.Server(uvicorn.Config(application, port=0, log_config=None, access_log=False, ws="none"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


@pytest.fixture
def page_for(browser: Browser, address: str, world: World, settings: Settings) -> Iterator[PageFor]:
    """`page_for(email)`: a page of a browser signed in as this person. Any script or policy error fails the test."""
    complaints: list[str] = []
    contexts = []

    def listen(message: ConsoleMessage) -> None:
        asked = message.location.get("url", "")
        is_answer = any(f"status of {status}" in message.text and part in asked for status, part in ANSWERS)
        if message.type == "error" and not is_answer:
            complaints.append(message.text)

    def make(email: str) -> Page:
        with transaction(world.engine) as session:
            token = open_session(session, world.users[email], settings)
        context = browser.new_context(
            base_url=address, viewport={"width": 1280, "height": 900}, locale="fr-FR", accept_downloads=True
        )
        context.set_default_timeout(PATIENCE)
        context.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": address}])
        contexts.append(context)
        page = context.new_page()
        page.on("console", listen)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield make
    for context in contexts:
        context.close()
    assert complaints == []
