"""The review at the keyboard, in a real browser: the moves that a transcoder makes two thousand times a day."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, Route, expect
from sqlmodel import select

from app.models import Action, LoincTerm, Status
from app.platform.database import transaction
from app.platform.web_sessions import SESSION_COOKIE, open_session
from tests.app.review.conftest import Desk, desk
from tests.app.review.test_contradicted import contradict
from tests.browser.conftest import PATIENCE, PageFor
from tests.conftest import BIOLOGIST, TRANSCODER

pytestmark = [
    pytest.mark.browser,
    pytest.mark.only("sqlite", "what happens in the browser does not depend on the database"),
]
__all__ = ["desk"]


def open_case(page: Page, desk: Desk, row: int) -> None:
    page.goto(f"{desk.base}/revue/{row}?tri=fichier")
    expect(page.locator("#comparaison")).to_be_visible()
    page.wait_for_load_state("networkidle")


def eventually(page: Page, read: Callable[[], object], wanted: object) -> None:
    """The review shows the next row before the server answered: what it stores comes in its own time."""
    for _ in range(PATIENCE // 50):
        if read() == wanted:
            return
        page.wait_for_timeout(50)
    assert read() == wanted


def expect_row(page: Page, label: str) -> None:
    expect(page.locator("#cas h1")).to_contain_text(label)


def test_accept_choose_and_undo_without_the_mouse(desk: Desk, page_for: PageFor) -> None:
    page = page_for(TRANSCODER)
    open_case(page, desk, desk.sodium)
    page.keyboard.press("v")
    expect_row(page, "GLYCÉMIE")
    expect(page.locator("[data-done]")).to_contain_text("NA SODIUM : code 2951-2 enregistré.")
    expect(page.locator("#annonce")).to_contain_text("2951-2 enregistré")
    assert desk.state(desk.sodium).loinc_num == "2951-2"
    assert page.evaluate("document.activeElement.tagName") == "H1"
    # The digit is read from the place of the key: « é » on a French keyboard.
    page.evaluate(
        "document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'é', code: 'Digit2', bubbles: true}))"
    )
    expect(page.locator("input[data-digit='2']")).to_be_checked()
    expect(page.locator("[data-chosen]")).to_have_text("2345-7")
    # The row contradicts that one: the focus went to its justification.
    page.keyboard.press("Escape")
    page.keyboard.press("z")
    expect_row(page, "SODIUM")
    expect(page.locator("#historique")).to_contain_text("annulé depuis")
    assert desk.state(desk.sodium).status == Status.TODO


def test_no_code_out_of_scope_and_doubt(desk: Desk, page_for: PageFor) -> None:
    page = page_for(TRANSCODER)
    open_case(page, desk, desk.sodium)
    page.keyboard.press("n")
    page.keyboard.press("Digit3")
    page.keyboard.press("Enter")
    expect_row(page, "GLYCÉMIE")
    page.keyboard.press("d")
    page.keyboard.press("Enter")
    # A doubt is not sent without its question.
    expect_row(page, "GLYCÉMIE")
    page.keyboard.type("à jeun ou non ?")
    page.keyboard.press("Enter")
    expect_row(page, "GLUCOSE URINAIRE")
    page.keyboard.press("h")
    page.keyboard.press("Enter")
    expect_row(page, "COMMENTAIRE")
    # The engine sees no analysis there: v accepts that.
    page.keyboard.press("v")
    expect_row(page, "ANALYSE RARE")
    expect(page.locator("[data-done]")).to_contain_text("COM COMMENTAIRE")
    eventually(page, lambda: desk.state(desk.sodium).outcome, "no_loinc")
    assert desk.facts(desk.sodium)[0].reason == "Technique ou méthode sans code LOINC"
    eventually(page, lambda: desk.state(desk.glucose).status, Status.DOUBT)
    doubt = desk.facts(desk.glucose)[0]
    assert (doubt.reason, doubt.loinc_num) == ("à jeun ou non ?", "14749-6")
    eventually(page, lambda: desk.state(desk.strip).outcome, "out_of_scope")
    assert desk.facts(desk.comment_row)[0].reason == "Information administrative ou technique"


def test_keys_are_silent_while_typing(desk: Desk, page_for: PageFor) -> None:
    page = page_for(TRANSCODER)
    open_case(page, desk, desk.sodium)
    page.keyboard.press("c")
    page.keyboard.type("vnd 12 j k ?")
    assert page.locator("textarea[name=comment]").input_value() == "vnd 12 j k ?"
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    expect_row(page, "GLYCÉMIE")
    page.keyboard.press("k")
    expect_row(page, "SODIUM")
    page.keyboard.press("/")
    page.keyboard.type("vnd 2947-0")
    expect(page.locator("#recherche")).to_have_value("vnd 2947-0")
    assert desk.facts(desk.sodium) == []


def test_the_help_is_written_from_the_table_of_keys(desk: Desk, page_for: PageFor) -> None:
    page = page_for(TRANSCODER)
    open_case(page, desk, desk.sodium)
    page.keyboard.press("?")
    expect(page.locator("dialog")).to_contain_text("Aucun code LOINC, puis le motif")
    page.keyboard.press("v")
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).not_to_be_visible()
    assert desk.facts(desk.sodium) == []


def test_the_queue_at_the_keyboard(desk: Desk, page_for: PageFor) -> None:
    page = page_for(TRANSCODER)
    page.goto(f"{desk.base}/revue?tri=fichier")
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator("tr.is-current")).to_contain_text("GLYCÉMIE")
    page.keyboard.press("k")
    page.keyboard.press("v")
    expect_row(page, "SODIUM")


def test_a_blocking_check_asks_for_a_justification_before_anything_is_sent(desk: Desk, page_for: PageFor) -> None:
    with transaction(desk.engine) as session:
        term = session.exec(select(LoincTerm).where(LoincTerm.loinc_num == "2951-2")).one()
        term.status = "DEPRECATED"
        session.add(term)
    page = page_for(TRANSCODER)
    open_case(page, desk, desk.sodium)
    page.keyboard.press("v")
    expect(page.locator("#justification")).to_be_focused()
    assert desk.facts(desk.sodium) == []
    page.keyboard.type("encore utilisé par le SGL")
    page.keyboard.press("Escape")
    page.keyboard.press("v")
    expect_row(page, "GLYCÉMIE")
    expect(page.locator("[data-done]")).to_contain_text("NA SODIUM")
    assert desk.facts(desk.sodium)[0].justification == "encore utilisé par le SGL"


@pytest.fixture
def quiet_page(browser: Browser, address: str, desk: Desk) -> Page:
    """A page whose refused requests are expected."""
    with transaction(desk.engine) as session:
        token = open_session(session, desk.world.users[TRANSCODER], desk.settings)
    context = browser.new_context(base_url=address, viewport={"width": 1280, "height": 900})
    context.set_default_timeout(PATIENCE)
    context.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": address}])
    return context.new_page()


def test_a_failure_puts_the_row_back_with_its_reason(desk: Desk, quiet_page: Page) -> None:
    page = quiet_page
    open_case(page, desk, desk.sodium)
    desk.decide(desk.sodium, Action.NO_LOINC, email=BIOLOGIST)
    page.keyboard.press("v")
    expect(page.locator("[data-problem]")).to_contain_text("a changé depuis que vous l'avez ouverte")
    expect_row(page, "SODIUM")
    assert page.url.split("?")[0].endswith(f"/revue/{desk.sodium}")
    assert len(desk.facts(desk.sodium)) == 1
    open_case(page, desk, desk.glucose)
    page.route("**/decision*", _cut)
    page.keyboard.press("v")
    expect(page.locator("[data-problem]")).to_contain_text("Le serveur ne répond pas")
    expect_row(page, "GLYCÉMIE")
    page.context.close()


def _cut(route: Route) -> None:
    route.abort()


def test_the_biologist_approves_and_sends_back(desk: Desk, page_for: PageFor) -> None:
    for row, code in ((desk.sodium, "2951-2"), (desk.glucose, "14749-6"), (desk.strip, "25428-4")):
        desk.decide(row, loinc_num=code)
    page = page_for(BIOLOGIST)
    open_case(page, desk, desk.sodium)
    page.keyboard.press("a")
    expect_row(page, "GLYCÉMIE")
    page.keyboard.press("r")
    page.keyboard.type("milieu à vérifier")
    page.keyboard.press("Enter")
    expect_row(page, "GLUCOSE URINAIRE")
    expect(page.locator("[data-done]")).to_contain_text("renvoyée au transcodeur")
    eventually(page, lambda: desk.state(desk.sodium).status, Status.APPROVED)
    assert desk.state(desk.glucose).status == Status.SENT_BACK


def test_letters_after_a_digit_are_keys_and_never_a_justification(desk: Desk, page_for: PageFor) -> None:
    page = page_for(TRANSCODER)
    open_case(page, desk, desk.sodium)
    page.keyboard.press("Digit2")
    # The row contradicts that code: it is selected, and nothing is being typed.
    expect(page.locator("#annonce")).to_contain_text("2947-0, contredit")
    expect(page.locator("input[data-digit='2']")).to_be_focused()
    page.keyboard.press("v")
    expect(page.locator("#justification")).to_be_focused()
    expect(page.locator("#justification")).to_have_value("")
    for key in ("v", "v", "Enter", "v", "Enter"):
        page.keyboard.press(key)
    expect(page.locator("#annonce")).to_contain_text("trois lettres ou chiffres au moins")
    expect_row(page, "SODIUM")
    assert desk.facts(desk.sodium) == []
    page.keyboard.type(" : tube du réanimateur")
    page.keyboard.press("Enter")
    expect_row(page, "GLYCÉMIE")
    eventually(page, lambda: desk.state(desk.sodium).loinc_num, "2947-0")


def test_a_justification_typed_for_one_code_is_shown_before_it_goes_with_another(
    desk: Desk, page_for: PageFor
) -> None:
    contradict(desk, desk.sodium, "2955-3", "system")
    page = page_for(TRANSCODER)
    open_case(page, desk, desk.sodium)
    for key in ("Digit2", "v"):
        page.keyboard.press(key)
    page.keyboard.type("pour celui-là")
    page.keyboard.press("Escape")
    page.locator("input[value='2955-3'][data-col]").focus()
    page.keyboard.press("Space")
    page.keyboard.press("v")
    expect(page.locator("#justification")).to_be_focused()
    expect_row(page, "SODIUM")
    assert desk.facts(desk.sodium) == []
