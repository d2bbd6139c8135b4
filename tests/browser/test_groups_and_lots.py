"""Groups and lots at the keyboard, in a real browser: forty rows with two exceptions, a thousand taken back."""

import pytest
from playwright.sync_api import Page, expect

from app.models import Status
from tests.app.batches.sample import add_rows, statuses
from tests.app.review.conftest import Desk, desk
from tests.browser.conftest import PageFor
from tests.browser.test_review_moves import another_server
from tests.conftest import TRANSCODER

pytestmark = [
    pytest.mark.browser,
    pytest.mark.only("sqlite", "what happens in the browser does not depend on the database"),
]
__all__ = ["desk"]


def ready(page: Page) -> None:
    """A key pressed before the scripts of a page are there is nobody's."""
    page.wait_for_load_state("networkidle")


def test_forty_rows_with_two_exceptions_at_the_keyboard(desk: Desk, page_for: PageFor) -> None:
    ids = add_rows(desk, 40, label="SODIUM")
    page = page_for(TRANSCODER)
    page.goto(f"{desk.base}/revue/{ids[0]}?tri=fichier")
    ready(page)
    page.keyboard.press("g")
    expect(page.locator("h1")).to_have_text("40 lignes identiques")
    ready(page)
    for step in (1, 3):
        for _ in range(step):
            page.keyboard.press("j")
        page.keyboard.press("s")
    expect(page.locator("input[data-tick]:checked")).to_have_count(38)
    page.keyboard.press("Digit1")
    page.keyboard.press("v")
    expect(page.locator(".gate-figure")).to_contain_text("38 lignes enregistrées")
    left = [row for row, state in zip(ids, statuses(desk, ids), strict=True) if state == Status.TODO]
    assert left == [ids[0], ids[3]]


def test_escape_leads_back_from_a_group_to_its_row(desk: Desk, page_for: PageFor) -> None:
    ids = add_rows(desk, 3, label="SODIUM")
    page = page_for(TRANSCODER)
    page.goto(f"{desk.base}/revue/{ids[1]}/groupe?tri=fichier")
    ready(page)
    page.keyboard.press("Escape")
    expect(page.locator("#cas h1")).to_contain_text("S0001")


def test_a_lot_of_a_thousand_comes_back_with_one_key_after_a_restart(desk: Desk, page_for: PageFor) -> None:
    ids = add_rows(desk, 1000, contradicted=(5, 500, 999))
    page = page_for(TRANSCODER)
    page.goto(f"{desk.base}/revue?chapitre=Lot")
    page.get_by_role("link", name="Accepter en lot…").click()
    expect(page.locator(".gate-figure")).to_contain_text("997 lignes passent, 3 restent à une personne")
    page.get_by_role("button", name="Accepter 997 lignes").click()
    expect(page.locator(".gate-figure")).to_contain_text("997 lignes enregistrées, 3 laissées sur 1", timeout=60_000)
    with another_server(desk) as address:
        page.goto(f"{address}{desk.base}/revue")
        ready(page)
        page.keyboard.press("z")
        expect(page.locator("h1")).to_contain_text("Lot n°", timeout=60_000)
        expect(page.locator(".gate-figure")).to_contain_text("997 lignes enregistrées", timeout=60_000)
        page.context.close()
    assert set(statuses(desk, ids)) == {Status.TODO}


def test_ticked_rows_of_the_queue_are_a_lot_of_their_own(desk: Desk, page_for: PageFor) -> None:
    add_rows(desk, 6)
    page = page_for(TRANSCODER)
    page.goto(f"{desk.base}/revue?chapitre=Lot&tri=fichier")
    ready(page)
    for _ in range(2):
        page.keyboard.press("j")
        page.keyboard.press("s")
    page.get_by_role("button", name="Accepter les lignes cochées").click()
    expect(page.locator(".gate-figure")).to_contain_text("2 lignes passent")
    page.get_by_role("button", name="Accepter 2 lignes").click()
    expect(page.locator(".gate-figure")).to_contain_text("2 lignes enregistrées")
