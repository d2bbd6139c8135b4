"""The components of the work screens, one by one; and the same screens without any script."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, FilePayload, Page, Route, expect

from app.models import Action, Status
from app.platform.database import transaction
from app.platform.web_sessions import SESSION_COOKIE, open_session
from tests.app.review.conftest import Desk, desk
from tests.browser.conftest import PageFor
from tests.conftest import BIOLOGIST, TRANSCODER

pytestmark = [
    pytest.mark.browser,
    pytest.mark.only("sqlite", "what happens in the browser does not depend on the database"),
]
__all__ = ["desk"]

CATALOGUE = "code;libelle;unite\n" + "".join(f"A{number};Analyse {number};mmol/L\n" for number in range(40))


def hold_decisions(page: Page) -> list[Route]:
    """The decisions that this page sends from now on, kept back until the test lets them go."""
    held: list[Route] = []
    page.route("**/decision*", lambda route: held.append(route))
    return held


def open_case(page: Page, desk: Desk, row: int) -> None:
    page.goto(f"{desk.base}/revue/{row}?tri=fichier")
    page.wait_for_load_state("networkidle")


def test_all_rows_are_ticked_at_once_and_counted(desk: Desk, page_for: PageFor) -> None:
    for row, code in ((desk.sodium, "2951-2"), (desk.glucose, "14749-6")):
        desk.decide(row, loinc_num=code)
    page = page_for(BIOLOGIST)
    page.goto(f"{desk.base}/approbation")
    everything = page.get_by_label("Cocher toutes les lignes sans alerte de cette page")
    send = page.get_by_role("button", name="Approuver les lignes cochées")
    boxes = page.locator("input[name=choix]")
    count = boxes.count()
    assert count >= 2
    everything.check()
    expect(send).to_have_text(f"Approuver les lignes cochées ({count})")
    boxes.first.uncheck()
    assert everything.evaluate("box => box.indeterminate && !box.checked")
    expect(send).to_have_text(f"Approuver les lignes cochées ({count - 1})")
    boxes.first.check()
    expect(everything).to_be_checked()
    everything.uncheck()
    expect(send).to_have_text("Approuver les lignes cochées")
    assert page.locator("input[name=choix]:checked").count() == 0


def test_a_row_with_an_alert_is_never_ticked_with_the_others(desk: Desk, page_for: PageFor) -> None:
    desk.decide(desk.sodium, loinc_num="2951-2")
    # The same code on two rows: a warning on both.
    desk.decide(desk.unproposed, Action.NO_LOINC)
    desk.decide(desk.glucose, loinc_num="2951-2", justification="essai")
    page = page_for(BIOLOGIST)
    page.goto(f"{desk.base}/approbation")
    page.get_by_label("Cocher toutes les lignes sans alerte de cette page").check()
    expect(page.locator("tr:has(input[name=choix]:checked)")).to_have_count(1)
    expect(page.locator(f"#ligne-{desk.unproposed} input[name=choix]")).to_be_checked()
    warned = page.locator(f"#ligne-{desk.sodium}")
    expect(warned).to_contain_text("Même code LOINC")
    # The server would refuse it: there is nothing to tick.
    expect(warned.locator("input[name=choix]")).to_have_count(0)


def test_the_name_is_asked_for_a_new_catalogue_only(desk: Desk, page_for: PageFor) -> None:
    page = page_for(TRANSCODER)
    page.goto(f"/laboratoires/{desk.world.laboratory_id}/importer")
    name = page.get_by_label("Nom du nouveau catalogue")
    expect(name).to_be_visible()
    page.get_by_label("Catalogue qui les reçoit").select_option(str(desk.catalogue_id))
    expect(name).to_be_hidden()
    page.get_by_label("Catalogue qui les reçoit").select_option("")
    expect(name).to_be_visible()


def test_a_choice_of_reading_refreshes_the_preview_at_the_same_place(desk: Desk, page_for: PageFor) -> None:
    page = page_for(TRANSCODER)
    page.set_viewport_size({"width": 1280, "height": 400})
    page.goto(f"/laboratoires/{desk.world.laboratory_id}/importer")
    file = FilePayload(name="catalogue.csv", mimeType="text/csv", buffer=CATALOGUE.encode())
    page.set_input_files("input[name=fichiers]", file)
    page.get_by_role("button", name="Envoyer et vérifier").click()
    encoding = page.get_by_label("Encodage")
    expect(encoding).to_be_visible()
    page.evaluate("window.scrollTo(0, 150)")
    with page.expect_navigation():
        encoding.select_option("cp1252")
    expect(encoding).to_have_value("cp1252")
    page.wait_for_function("window.scrollY === 150")


def test_the_next_case_does_not_wait_for_the_answer(desk: Desk, page_for: PageFor) -> None:
    page = page_for(TRANSCODER)
    open_case(page, desk, desk.sodium)
    held = hold_decisions(page)
    page.keyboard.press("v")
    expect(page.locator("#cas h1")).to_contain_text("GLYCÉMIE")
    expect(page.locator("[data-done]")).to_have_count(0)
    held[0].continue_()
    expect(page.locator("[data-done]")).to_contain_text("NA SODIUM")


def test_a_decision_still_on_its_way_is_taken_back_when_it_arrives(desk: Desk, page_for: PageFor) -> None:
    page = page_for(TRANSCODER)
    open_case(page, desk, desk.sodium)
    held = hold_decisions(page)
    page.keyboard.press("v")
    expect(page.locator("#cas h1")).to_contain_text("GLYCÉMIE")
    page.keyboard.press("z")
    expect(page.locator("#annonce")).to_have_text("Annulation dès que la décision sera enregistrée.")
    held[0].continue_()
    expect(page.locator("#cas h1")).to_contain_text("SODIUM")
    assert desk.state(desk.sodium).status == Status.TODO
    assert len(desk.facts(desk.sodium)) == 2


@pytest.fixture
def bare_page(browser: Browser, address: str, desk: Desk) -> Iterator[Page]:
    """A page of the transcoder in a browser that runs no script."""
    with transaction(desk.engine) as session:
        token = open_session(session, desk.world.users[TRANSCODER], desk.settings)
    context = browser.new_context(base_url=address, viewport={"width": 1280, "height": 900}, java_script_enabled=False)
    context.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": address}])
    yield context.new_page()
    context.close()


def test_a_case_is_decided_without_script(desk: Desk, bare_page: Page) -> None:
    page = bare_page
    page.goto(f"{desk.base}/revue/{desk.sodium}?tri=fichier")
    expect(page.get_by_role("button", name="Aide")).to_have_count(0)
    accept = page.locator("button[data-key=v]")
    expect(accept).to_contain_text("2951-2")
    accept.click()
    expect(page.locator("#cas h1")).to_contain_text("GLYCÉMIE")
    expect(page.locator("[data-done]")).to_contain_text("NA SODIUM")
    page.get_by_text("Aucun code n", exact=True).click()
    page.locator("button[form=form-aucun]").click()
    expect(page.locator("#cas h1")).to_contain_text("GLUCOSE URINAIRE")
    assert desk.state(desk.sodium).loinc_num == "2951-2"
    assert desk.state(desk.glucose).outcome == "no_loinc"


def test_nothing_needed_is_hidden_without_script(desk: Desk, bare_page: Page) -> None:
    page = bare_page
    page.goto(f"/laboratoires/{desk.world.laboratory_id}/importer")
    expect(page.get_by_label("Nom du nouveau catalogue")).to_be_visible()
    page.goto(f"{desk.base}/revue")
    expect(page.locator("tr[data-row]")).to_have_count(5)
    expect(page.get_by_role("button", name="Raccourcis")).to_have_count(0)
