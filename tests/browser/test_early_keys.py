"""Keys pressed before the scripts of a page are ready, and being seen at once by the others."""

import pytest
from playwright.sync_api import Page, Route, expect

from app.models import Status
from tests.app.review.conftest import Desk, desk
from tests.browser.conftest import PageFor
from tests.browser.test_review_keyboard import eventually, expect_row, open_case
from tests.browser.test_two_people import claims_of
from tests.conftest import TRANSCODER

pytestmark = [
    pytest.mark.browser,
    pytest.mark.only("sqlite", "what happens in the browser does not depend on the database"),
]
__all__ = ["desk"]
FRAMEWORK = "**/vendor/alpine-csp*"


def open_slowly(page: Page, desk: Desk, row: int) -> Route:
    """Open a case whose framework is still on its way; the held request is answered by who goes on."""
    held: list[Route] = []
    page.route(FRAMEWORK, lambda route: held.append(route))
    page.goto(f"{desk.base}/revue/{row}?tri=fichier", wait_until="commit")
    expect(page.locator("#cas h1")).to_be_visible()
    eventually(page, lambda: len(held), 1)
    return held[0]


def go_on(page: Page, held: Route) -> None:
    held.continue_()
    page.unroute(FRAMEWORK)
    page.wait_for_load_state("networkidle")


def test_an_undo_pressed_too_early_is_done_once_the_page_is_ready(desk: Desk, page_for: PageFor) -> None:
    desk.decide(desk.sodium, loinc_num="2951-2")
    page = page_for(TRANSCODER)
    held = open_slowly(page, desk, desk.glucose)
    page.keyboard.press("z")
    assert desk.state(desk.sodium).status == Status.DECIDED
    go_on(page, held)
    eventually(page, lambda: desk.state(desk.sodium).status, Status.TODO)


def test_the_help_asked_for_too_early_opens(desk: Desk, page_for: PageFor) -> None:
    page = page_for(TRANSCODER)
    held = open_slowly(page, desk, desk.glucose)
    page.keyboard.press("?")
    go_on(page, held)
    expect(page.locator("#raccourcis")).to_be_visible()


@pytest.mark.parametrize("keys", ["v", "vz", "zv", "1v", "nz"])
def test_a_decision_pressed_too_early_is_never_made_nor_undone(desk: Desk, page_for: PageFor, keys: str) -> None:
    """What was pressed was meant for a row that was not ready; an undo with it was not meant for an older decision."""
    desk.decide(desk.sodium, loinc_num="2951-2")
    page = page_for(TRANSCODER)
    held = open_slowly(page, desk, desk.glucose)
    for key in keys:
        page.keyboard.press(key)
    go_on(page, held)
    # The keys work from now on: what had to come before has come.
    page.keyboard.press("?")
    expect(page.locator("#raccourcis")).to_be_visible()
    assert desk.state(desk.sodium).status == Status.DECIDED
    assert desk.state(desk.glucose).status == Status.TODO


def test_a_row_is_said_to_be_open_at_once(desk: Desk, page_for: PageFor) -> None:
    """No timer comes first but the moment in which the row is drawn: a colleague is kept off it from then on."""
    page = page_for(TRANSCODER)
    page.add_init_script(
        "const later = window.setTimeout;"
        "window.setTimeout = (act, after, ...rest) => (after >= 200 ? 0 : later(act, after, ...rest));"
    )
    open_case(page, desk, desk.sodium)
    eventually(page, lambda: claims_of(desk), {desk.sodium})
    page.keyboard.press("v")
    expect_row(page, "GLYCÉMIE")
    eventually(page, lambda: claims_of(desk), {desk.glucose})
