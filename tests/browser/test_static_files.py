"""A browser that keeps what it may keep still shows an edited stylesheet."""

from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import PageFor
from tests.conftest import READER
from tests.static_copy import editable_static

pytestmark = [
    pytest.mark.browser,
    pytest.mark.only("sqlite", "what happens in the browser does not depend on the database"),
]


@pytest.fixture
def static_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return editable_static(tmp_path, monkeypatch)


@pytest.fixture
def page(static_dir: Path, page_for: PageFor) -> Page:
    return page_for(READER)


def test_an_edited_stylesheet_is_seen_at_the_next_reload(page: Page, static_dir: Path) -> None:
    background = "getComputedStyle(document.querySelector('main')).backgroundColor"
    page.goto("/")
    assert page.evaluate(background) != "rgb(1, 2, 3)"
    stylesheet = static_dir / "css" / "common" / "base.css"
    stylesheet.write_text(stylesheet.read_text("utf-8") + "\nmain { background: rgb(1, 2, 3) }\n", "utf-8")
    page.reload()
    assert page.evaluate(background) == "rgb(1, 2, 3)"
