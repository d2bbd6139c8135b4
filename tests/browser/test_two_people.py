"""Two people at two browsers on one row: each sees that the other is there, and the decision that came first."""

import re

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import text

from app.models import Action, Status
from app.platform import database
from app.platform.database import transaction
from app.transcoding import repository as transcoding
from tests.app.review.conftest import Desk, desk
from tests.browser.conftest import PageFor
from tests.browser.test_review_keyboard import eventually, expect_row, open_case
from tests.conftest import BIOLOGIST, TRANSCODER

pytestmark = pytest.mark.browser
__all__ = ["desk"]


def quiet_pages(page_for: PageFor, page: Page) -> Page:
    """A page on which a refused answer is expected: the browser writes each in its console."""
    for listener in list(page._impl_obj.listeners("console")):
        page._impl_obj.remove_listener("console", listener)
    return page


def claims_of(desk: Desk) -> set[int]:
    with transaction(desk.engine) as session:
        return set(session.execute(text("SELECT local_test_id FROM case_claim")).scalars())


def test_who_has_a_row_open_is_told_to_the_other(desk: Desk, page_for: PageFor) -> None:
    tania, beatrice = page_for(TRANSCODER), page_for(BIOLOGIST)
    open_case(tania, desk, desk.sodium)
    eventually(tania, lambda: claims_of(desk), {desk.sodium})
    # What was only fetched in advance is not said to be open.
    open_case(beatrice, desk, desk.sodium)
    expect(beatrice.locator(".claim")).to_contain_text("En cours chez Tania Transcodeuse")
    beatrice.goto(f"{desk.base}/revue")
    expect(beatrice.locator(f"#ligne-{desk.sodium}")).to_contain_text("En cours chez Tania Transcodeuse")
    # The row is left for the next one, without leaving the page.
    tania.keyboard.press("v")
    expect_row(tania, "GLYCÉMIE")
    eventually(tania, lambda: desk.sodium in claims_of(desk), False)
    eventually(tania, lambda: claims_of(desk), {desk.glucose})
    tania.goto("about:blank")
    eventually(tania, lambda: claims_of(desk), set())


def test_the_other_decision_is_shown_beside_mine_and_one_decides_again(desk: Desk, page_for: PageFor) -> None:
    page = quiet_pages(page_for, page_for(TRANSCODER))
    open_case(page, desk, desk.sodium)
    desk.decide(desk.sodium, Action.NO_LOINC, email=BIOLOGIST, comment="vu au labo")
    page.locator("#cas textarea[name=comment]").fill("mon commentaire")
    page.locator("#cas h1").focus()
    page.keyboard.press("v")
    panel = page.locator("[data-conflict]")
    expect(panel).to_be_visible()
    expect(panel.locator("h2")).to_have_text("Quelqu'un a décidé avant vous : NA SODIUM")
    # The row behind was put back as it was opened: it says what it is now.
    expect(page.locator("#cas [data-status-chip]")).to_contain_text("Décidée")
    expect(panel).to_contain_text("Béatrice Biologiste")
    expect(panel).to_contain_text("a déclaré qu'aucun code LOINC n'existe")
    expect(panel).to_contain_text("vu au labo")
    expect(panel).to_contain_text(re.compile(r"\d\d/\d\d/\d{4} \d\d:\d\d"))
    expect(panel).to_contain_text("2951-2")
    expect(panel).to_contain_text("mon commentaire")
    assert desk.state(desk.sodium).version == 1
    panel.get_by_role("button", name="Décider de nouveau").click()
    expect(panel).to_be_hidden()
    expect_row(page, "SODIUM")
    expect(page.locator("#historique")).to_contain_text("Béatrice Biologiste")
    expect(page.locator("#cas textarea[name=comment]")).to_have_value("mon commentaire")
    page.locator("#cas h1").focus()
    page.keyboard.press("v")
    eventually(page, lambda: (desk.state(desk.sodium).loinc_num, desk.version(desk.sodium)), ("2951-2", 2))
    assert desk.facts(desk.sodium)[-1].comment == "mon commentaire"


def test_the_other_decision_is_kept(desk: Desk, page_for: PageFor) -> None:
    page = quiet_pages(page_for, page_for(TRANSCODER))
    open_case(page, desk, desk.sodium)
    desk.decide(desk.sodium, Action.NO_LOINC, email=BIOLOGIST)
    page.keyboard.press("v")
    expect(page.locator("[data-conflict]")).to_be_visible()
    page.get_by_role("button", name="Garder ce qui est enregistré").click()
    expect_row(page, "GLYCÉMIE")
    assert desk.version(desk.sodium) == 1


def test_a_decision_that_waits_too_long_comes_back(
    desk: Desk, page_for: PageFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A big job holds the base: the page goes on, then puts the row back with a clear refusal."""
    monkeypatch.setattr(database, "BUSY_SECONDS", 1)
    page = quiet_pages(page_for, page_for(TRANSCODER))
    open_case(page, desk, desk.sodium)
    page.wait_for_timeout(2_000)
    with transaction(desk.engine) as session:
        # The one writer of a file; on a server, whoever holds this row.
        transcoding.local_test(session, desk.catalogue_id, desk.sodium, lock=True)
        page.keyboard.press("v")
        expect(page.locator("[data-problem]")).to_contain_text("La base est occupée par une autre écriture")
        expect_row(page, "SODIUM")
    assert desk.state(desk.sodium).status == Status.TODO
    page.locator("#cas h1").focus()
    page.keyboard.press("v")
    eventually(page, lambda: desk.state(desk.sodium).status, Status.DECIDED)


@pytest.mark.only("sqlite", "what a page looks like does not depend on the database")
@pytest.mark.parametrize("width", [320, 640, 1280])
def test_the_work_pages_never_scroll_sideways(desk: Desk, page_for: PageFor, width: int) -> None:
    page = page_for(BIOLOGIST)
    page.set_viewport_size({"width": width, "height": 800})
    for path in ("/revue", "/repartition?chapitre=Biochimie", ""):
        page.goto(desk.base + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    page.goto(f"{desk.base}/revue")
    small = page.evaluate(
        "[...document.querySelectorAll('.facets a, .facets summary, .work-head a, .work-head summary')]"
        ".filter((e) => e.offsetParent && e.getBoundingClientRect().height < 23.9).map((e) => e.outerHTML)"
    )
    assert small == []
    cut = page.evaluate(
        "[...document.querySelectorAll('.code-cell')].filter((e) => e.scrollWidth > e.clientWidth + 1).length"
    )
    assert cut == 0
