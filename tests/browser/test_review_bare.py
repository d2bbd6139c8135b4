"""What the review writes beside decisions, in a browser that runs no script."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from app.models import Status
from app.platform.database import transaction
from app.platform.web_sessions import SESSION_COOKIE, open_session
from tests.app.review.conftest import Desk, desk
from tests.conftest import TRANSCODER

pytestmark = [
    pytest.mark.browser,
    pytest.mark.only("sqlite", "what happens in the browser does not depend on the database"),
]
__all__ = ["desk"]


@pytest.fixture
def bare_page(browser: Browser, address: str, desk: Desk) -> Iterator[Page]:
    with transaction(desk.engine) as session:
        token = open_session(session, desk.world.users[TRANSCODER], desk.settings)
    context = browser.new_context(base_url=address, viewport={"width": 1280, "height": 900}, java_script_enabled=False)
    context.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": address}])
    yield context.new_page()
    context.close()


def test_set_aside_flag_doubt_and_undo_without_script(desk: Desk, bare_page: Page) -> None:
    page = bare_page
    page.goto(f"{desk.base}/revue/{desk.sodium}?tri=fichier")
    page.get_by_role("button", name="Écarter 2951-2").click()
    expect(page.locator("th.is-aside")).to_contain_text("2951-2")
    # What comes next is contradicted by the row: nothing is chosen in advance.
    expect(page.locator("[data-chosen]")).to_have_text("")
    page.get_by_text("Repère f", exact=True).click()
    page.get_by_label("Note du repère").fill("voir Anne")
    page.get_by_role("button", name="Poser le repère").click()
    expect(page.locator(".row-flag")).to_contain_text("voir Anne")
    page.get_by_text("Doute d", exact=True).click()
    page.get_by_label("Question que pose ce doute").fill("quel tube ?")
    page.get_by_role("button", name="Signaler").click()
    expect(page.locator("#cas h1")).to_contain_text("GLYCÉMIE")
    assert desk.state(desk.sodium).status == Status.DOUBT
    page.get_by_role("button", name="Annuler ma dernière décision").click()
    expect(page.locator("#cas h1")).to_contain_text("SODIUM")
    expect(page.locator("#historique")).to_contain_text("quel tube ?")
    assert desk.state(desk.sodium).status == Status.TODO
    page.get_by_role("button", name="Annuler ma dernière décision").click()
    expect(page.locator("th.is-aside")).to_have_count(0)
    expect(page.locator("[data-done]")).to_contain_text("candidat 2951-2 repris")
    page.goto(f"{desk.base}/revue?repere=avec")
    expect(page.locator("tr[data-row]")).to_have_count(1)
