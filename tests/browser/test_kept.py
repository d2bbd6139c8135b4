"""What is ticked and typed outside the case survives a reload and a return, and goes once it is acted upon."""

import pytest
from playwright.sync_api import Page, expect

from tests.app.batches.sample import add_rows
from tests.app.double_reading.conftest import SECOND_BIOLOGIST, Readings, other_code, readings
from tests.app.review.conftest import Desk, desk
from tests.browser.conftest import PageFor
from tests.browser.test_review_keyboard import expect_row
from tests.conftest import BIOLOGIST, TRANSCODER

pytestmark = [
    pytest.mark.browser,
    pytest.mark.only("sqlite", "what happens in the browser does not depend on the database"),
]
__all__ = ["desk", "readings"]


def ready(page: Page, address: str) -> None:
    page.goto(address)
    page.wait_for_load_state("networkidle")


def test_ticks_survive_a_decision_and_a_reload_and_go_with_their_batch(desk: Desk, page_for: PageFor) -> None:
    add_rows(desk, 3)
    page = page_for(TRANSCODER)
    ready(page, f"{desk.base}/revue?chapitre=Lot&tri=fichier")
    ticked = page.locator("input[data-tick]:checked")
    for key in ("j", "s", "j", "s", "j", "v"):
        page.keyboard.press(key)
    expect_row(page, "SODIUM 2")
    page.wait_for_load_state("networkidle")
    page.keyboard.press("u")
    expect(ticked).to_have_count(2)
    page.reload()
    expect(ticked).to_have_count(2)
    # Another filter has its own.
    ready(page, f"{desk.base}/revue?tri=fichier")
    expect(ticked).to_have_count(0)
    page.go_back()
    expect(ticked).to_have_count(2)
    page.get_by_role("button", name="Accepter les lignes cochées").click()
    page.locator("form[data-asks-batch] button").click()
    page.wait_for_url("**/lots/*-*")
    ready(page, f"{desk.base}/revue?chapitre=Lot&tri=fichier")
    expect(ticked).to_have_count(0)


def test_what_is_typed_for_a_group_and_a_sending_back_survives_a_reload(desk: Desk, page_for: PageFor) -> None:
    rows = add_rows(desk, 2, label="SODIUM")
    page = page_for(BIOLOGIST)
    ready(page, f"{desk.base}/revue/{rows[0]}/groupe")
    page.locator("#motif-groupe").fill("ligne administrative")
    page.locator("#commentaire-groupe").fill("vue avec le laboratoire")
    page.reload()
    expect(page.locator("#motif-groupe")).to_have_value("ligne administrative")
    expect(page.locator("#commentaire-groupe")).to_have_value("vue avec le laboratoire")
    desk.decide(desk.sodium)
    ready(page, f"{desk.base}/approbation")
    page.locator("summary", has_text="Renvoyer").click()
    field = page.locator(f"#motif-{desk.sodium}")
    field.fill("quel tube ?")
    page.reload()
    expect(field).to_have_value("quel tube ?")
    expect(field).to_be_visible()
    field.press("Enter")
    page.wait_for_url("**fait=**")
    assert desk.facts(desk.sodium)[-1].reason == "quel tube ?"
    assert page.evaluate("Object.keys(sessionStorage).filter((key) => key.includes('renvoi')).length") == 0


def test_what_is_typed_in_a_blind_reading_and_a_reconciliation_survives_a_reload(
    readings: Readings, page_for: PageFor
) -> None:
    desk = readings.desk
    readings.decide_and_ask(desk.sodium)
    page = page_for(BIOLOGIST)
    ready(page, f"{readings.base}/{desk.sodium}")
    page.locator("textarea[name=comment]").fill("tube à revoir")
    page.reload()
    expect(page.locator("textarea[name=comment]")).to_have_value("tube à revoir")
    # The case of the row, where its decision is shown, hears nothing of it.
    ready(page, f"{desk.base}/revue/{desk.sodium}")
    expect(page.locator("textarea[name=comment]")).to_have_value("")
    readings.read(desk.sodium, other_code())
    page = page_for(SECOND_BIOLOGIST)
    ready(page, f"{readings.base}/{desk.sodium}/conciliation")
    page.locator("#motif").fill("tube confirmé")
    page.reload()
    expect(page.locator("#motif")).to_have_value("tube confirmé")
    page.locator("input[value=premiere]").check()
    page.get_by_role("button", name="Enregistrer la conciliation").click()
    page.wait_for_url("**fait=conciliee")
    page.wait_for_load_state("networkidle")
    assert desk.facts(desk.sodium)[-1].reason == "tube confirmé"
