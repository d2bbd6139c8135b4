"""A row read twice, blind, and reconciled: three people, three browsers, with the keyboard."""

import pytest
from playwright.sync_api import Page, expect
from sqlmodel import select

from app.models import SecondReading
from app.platform.database import reading
from app.transcoding.readings import ReadingStanding
from tests.app.double_reading.conftest import SECOND_BIOLOGIST, SODIUM, SODIUM_IN_BLOOD, Readings, other_code, readings
from tests.app.review.conftest import desk
from tests.browser.conftest import PageFor
from tests.conftest import BIOLOGIST, TRANSCODER

pytestmark = pytest.mark.browser
__all__ = ["desk", "readings"]


def open_page(page: Page, address: str) -> None:
    page.goto(address)
    page.wait_for_load_state("networkidle")


def test_blind_reading_and_reconciliation_in_three_browsers(readings: Readings, page_for: PageFor) -> None:
    desk = readings.desk
    first, second, third = page_for(TRANSCODER), page_for(BIOLOGIST), page_for(SECOND_BIOLOGIST)
    open_page(first, f"{desk.base}/revue/{desk.sodium}")
    first.locator("textarea[name=comment][form=form-choix]").fill("le sérum est écrit")
    first.keyboard.press("Escape")
    first.keyboard.press("v")
    expect(first.locator("[data-done]")).to_contain_text(SODIUM)
    readings.ask(desk.facts(desk.sodium)[0])
    readings.decide_and_ask(desk.strip, loinc_num="25428-4")

    open_page(second, f"{readings.base}/{desk.sodium}")
    body = second.locator("body")
    expect(second.locator("#cas h1")).to_contain_text("SODIUM")
    expect(body).not_to_contain_text("le sérum est écrit")
    expect(body).not_to_contain_text("Tania")
    expect(body).not_to_contain_text("Code décidé")
    # The place of the key « é » on a French keyboard, and a blocked code: a reason is asked for first.
    second.evaluate(
        "document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'é', code: 'Digit2', bubbles: true}))"
    )
    expect(second.locator("[data-chosen]")).to_have_text(SODIUM_IN_BLOOD)
    second.keyboard.press("v")
    if second.locator("#justification").is_visible():
        second.locator("#justification").fill("tube de sang total")
        second.keyboard.press("Escape")
        second.keyboard.press("v")
    expect(second.locator("#cas h1")).to_contain_text("GLUCOSE URINAIRE")
    second.keyboard.press("n")
    second.keyboard.press("Digit3")
    second.keyboard.press("Enter")
    expect(second.locator(".ok-box")).to_contain_text("plus aucune ligne")
    with reading(desk.engine) as session:
        said = session.exec(select(SecondReading).order_by(SecondReading.id)).all()  # type: ignore[arg-type]
    assert [(item.action, item.loinc_num) for item in said] == [("choose", SODIUM_IN_BLOOD), ("no_loinc", "")]
    assert said[1].reason == "Technique ou méthode sans code LOINC"

    open_page(third, f"{desk.base}/revue/{desk.sodium}")
    expect(third.locator("[data-key=a]")).to_have_count(0)
    expect(third.locator(".approve-actions")).to_contain_text("en désaccord")
    third.locator("a", has_text="Voir les deux lectures").first.click()
    for text in ("le sérum est écrit", SODIUM, SODIUM_IN_BLOOD, "Tania", "Béatrice"):
        expect(third.locator("main")).to_contain_text(text)
    third.get_by_label("Première lecture : ").check()
    third.get_by_label("Motif (obligatoire)").fill("vu ensemble : sérum")
    third.get_by_role("button", name="Enregistrer la conciliation").click()
    expect(third.locator(".ok-box")).to_contain_text("Conciliation enregistrée")
    assert readings.standing(desk.sodium) is ReadingStanding.RECONCILED


@pytest.mark.only("sqlite", "what a key sends does not depend on the database")
def test_a_doubt_asks_its_question_at_the_keyboard(readings: Readings, page_for: PageFor) -> None:
    desk = readings.desk
    readings.decide_and_ask(desk.sodium)
    page = page_for(BIOLOGIST)
    open_page(page, f"{readings.base}/{desk.sodium}")
    page.keyboard.press("d")
    page.keyboard.type("sérum ou plasma ?")
    page.keyboard.press("Enter")
    expect(page.locator(".ok-box")).to_contain_text("Deuxième lecture enregistrée")
    with reading(desk.engine) as session:
        said = session.exec(select(SecondReading)).one()
    assert (said.action, said.reason) == ("doubt", "sérum ou plasma ?")


@pytest.mark.only("sqlite", "what a page looks like does not depend on the database")
@pytest.mark.parametrize(("width", "height"), [(320, 640), (640, 400), (1280, 800), (1920, 1080)])
def test_no_page_of_the_double_reading_scrolls_sideways(
    readings: Readings, page_for: PageFor, width: int, height: int
) -> None:
    desk = readings.desk
    readings.decide_and_ask(desk.glucose, loinc_num="14749-6")
    readings.decide_and_ask(desk.sodium)
    readings.read(desk.sodium, other_code(comment="tube de sang total"))
    page = page_for(SECOND_BIOLOGIST)
    page.set_viewport_size({"width": width, "height": height})
    laboratory = f"/laboratoires/{desk.world.laboratory_id}/double-lecture"
    reconciliation = f"{readings.base}/{desk.sodium}/conciliation"
    blind = f"{readings.base}/{desk.glucose}?recherche=glucose"
    for address in (readings.base, blind, f"{readings.base}/accord", reconciliation, laboratory):
        open_page(page, address)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address
