"""The case in one window, what contradicts it in two gestures, and the search that never leaves it."""

import pytest
from playwright.sync_api import Page, expect

from app.models import LocalTest
from app.platform.database import transaction
from tests.app.approval.opened import approve
from tests.app.review.conftest import Desk, desk
from tests.app.review.test_contradicted import contradict
from tests.browser.conftest import PageFor
from tests.browser.test_review_keyboard import eventually, expect_row, open_case
from tests.conftest import BIOLOGIST, TRANSCODER

pytestmark = [
    pytest.mark.browser,
    pytest.mark.only("sqlite", "what happens in the browser does not depend on the database"),
]
__all__ = ["desk"]

BOXES = """() => {
  const box = (element) => element.getBoundingClientRect();
  const rows = Array.from(document.querySelectorAll(".compare tbody tr th.axis"), (cell) => box(cell).bottom);
  const bar = box(document.querySelector(".action-bar"));
  return { rows, top: bar.top, bottom: bar.bottom, height: bar.height, window: innerHeight, y: scrollY,
           wide: document.documentElement.scrollWidth - document.documentElement.clientWidth };
}"""
SMALL = """() => Array.from(document.querySelectorAll("#cas :is(a, button, summary, select, input:not([type=hidden]))"))
  .map((item) => item.closest("label") || item)
  .map((item) => [item.innerText.trim(), item.getBoundingClientRect()])
  .filter(([, box]) => box.width > 2 && (box.height < 24 || box.width < 24))
  .map(([text, box]) => `${text} ${box.width}x${box.height}`)"""


@pytest.mark.parametrize("is_approved", [False, True], ids=["open", "approved"])
@pytest.mark.parametrize(("width", "height"), [(1280, 800), (1920, 1080)])
def test_what_a_decision_needs_is_in_the_window(
    desk: Desk, page_for: PageFor, width: int, height: int, is_approved: bool
) -> None:
    """Seven lines, the checks and the bar, without scrolling and without the bar over anything.

    An approved row asks in the bar, too, why it is opened again.
    """
    if is_approved:
        desk.decide(desk.sodium)
        with transaction(desk.engine) as session:
            approve(session, desk.access(BIOLOGIST), desk.sodium, desk.version(desk.sodium), settings=desk.settings)
    page = page_for(TRANSCODER)
    page.set_viewport_size({"width": width, "height": height})
    open_case(page, desk, desk.sodium)
    seen = page.evaluate(BOXES)
    assert len(seen["rows"]) == 8
    assert seen["y"] == 0
    assert max(seen["rows"][:7]) <= seen["top"]
    assert seen["bottom"] <= seen["window"]
    assert seen["height"] <= 64
    assert seen["wide"] == 0


@pytest.mark.parametrize("key", ["n", "h", "Digit2"])
def test_neither_reasons_nor_another_choice_push_the_lines_out(desk: Desk, page_for: PageFor, key: str) -> None:
    page = page_for(TRANSCODER)
    page.set_viewport_size({"width": 1280, "height": 800})
    open_case(page, desk, desk.sodium)
    page.keyboard.press(key)
    if key in "nh":
        expect(page.locator("td.none details[open] fieldset")).to_be_visible()
    seen = page.evaluate(BOXES)
    assert max(seen["rows"][:7]) <= seen["top"]
    assert seen["bottom"] <= seen["window"]


def test_ten_candidates_scroll_in_their_table(desk: Desk, page_for: PageFor) -> None:
    """What only a screen reader hears in their heads is placed absolutely: it must not widen the page."""
    page = page_for(TRANSCODER)
    page.set_viewport_size({"width": 1280, "height": 800})
    open_case(page, desk, desk.sodium)
    page.locator(".compare").evaluate("(table) => table.classList.add('is-wide')")
    frame = page.locator(".comparison-scroll")
    assert frame.evaluate("(box) => box.scrollWidth > box.clientWidth")
    assert page.evaluate(BOXES)["wide"] == 0


@pytest.mark.parametrize("width", [320, 1280])
def test_a_long_name_in_the_head_stays_in_the_page(desk: Desk, page_for: PageFor, width: int) -> None:
    """The laboratory that does the test is named whole, however long its name."""
    with transaction(desk.engine) as session:
        row = session.get_one(LocalTest, desk.sodium)
        row.is_subcontracted = True
        row.executing_laboratory = "Institut de biologie spécialisée du Septentrion"
    page = page_for(TRANSCODER)
    page.set_viewport_size({"width": width, "height": 800})
    open_case(page, desk, desk.sodium)
    expect(page.locator(".case-chips .chip", has_text="Septentrion")).to_be_visible()
    assert page.evaluate(BOXES)["wide"] == 0


@pytest.mark.parametrize(("width", "height"), [(320, 640), (640, 400)])
def test_a_narrow_window_hides_nothing(desk: Desk, page_for: PageFor, width: int, height: int) -> None:
    """At 320 px and at 200 %: no sideways scroll, no code cut, the bar after the lines, targets to touch."""
    page = page_for(TRANSCODER)
    page.set_viewport_size({"width": width, "height": height})
    open_case(page, desk, desk.sodium)
    seen = page.evaluate(BOXES)
    assert seen["wide"] == 0
    assert max(seen["rows"]) <= seen["top"]
    assert page.evaluate(SMALL) == []
    cut = page.evaluate(
        "Array.from(document.querySelectorAll('.candidate'))"
        ".filter((head) => head.scrollWidth > head.clientWidth + 1).length"
    )
    assert cut == 0


def test_a_contradicted_code_takes_two_gestures_and_a_reason(desk: Desk, page_for: PageFor) -> None:
    contradict(desk, desk.sodium, "2951-2", "system")
    page = page_for(TRANSCODER)
    open_case(page, desk, desk.sodium)
    expect(page.locator("input[data-col]:checked")).to_have_count(0)
    page.keyboard.press("v")
    expect_row(page, "SODIUM")
    page.keyboard.press("Digit1")
    expect(page.locator("input[data-col]:checked")).to_have_count(1)
    expect(page.locator("#justification")).not_to_be_focused()
    page.keyboard.press("v")
    expect(page.locator("#justification")).to_be_focused()
    page.keyboard.press("Enter")
    expect_row(page, "SODIUM")
    assert desk.facts(desk.sodium) == []
    page.keyboard.type("confirmé par le fournisseur")
    page.keyboard.press("Enter")
    expect_row(page, "GLYCÉMIE")
    expect(page.locator("[data-done]")).to_contain_text("2951-2 enregistré")
    assert desk.facts(desk.sodium)[0].justification == "confirmé par le fournisseur"


def test_a_reason_typed_for_one_code_does_not_send_another(desk: Desk, page_for: PageFor) -> None:
    contradict(desk, desk.sodium, "2955-3", "system")
    page = page_for(TRANSCODER)
    open_case(page, desk, desk.sodium)
    page.keyboard.press("Digit2")
    page.keyboard.type("vu")
    page.locator("button.take[value='2955-3']").click()
    expect(page.locator("input[data-col][value='2955-3']")).to_be_checked()
    expect(page.locator("#justification")).to_be_focused()
    expect_row(page, "SODIUM")
    assert desk.facts(desk.sodium) == []


def open_search(page: Page, text: str) -> None:
    page.keyboard.press("/")
    expect(page.locator("#recherche")).to_be_focused()
    page.keyboard.type(text)


def test_the_search_opens_in_the_case_and_gives_everything_back(desk: Desk, page_for: PageFor) -> None:
    page = page_for(TRANSCODER)
    open_case(page, desk, desk.sodium)
    page.keyboard.press("c")
    page.keyboard.type("en cours")
    page.keyboard.press("Escape")
    page.locator("input[data-digit='3']").focus()
    address = page.url
    open_search(page, "sodium")
    panel = page.locator("#recherche-loinc.is-panel")
    expect(panel).to_contain_text("SODIUM")
    expect(panel).to_contain_text("mmol/L")
    expect(panel.locator("[data-hit]").first).to_contain_text("2951-2")
    expect(panel.locator("[data-code='2955-3']")).to_have_count(0)
    panel.locator("input[name=axe][value=system]").uncheck()
    expect(panel.locator("[data-code='2955-3']")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(panel).to_have_count(0)
    expect(page.locator("input[data-digit='3']")).to_be_focused()
    expect(page.locator("textarea[name=comment]")).to_have_value("en cours")
    assert page.url == address
    assert desk.facts(desk.sodium) == []


def test_a_code_found_is_compared_before_it_is_recorded(desk: Desk, page_for: PageFor) -> None:
    """By digit and by Enter; a code that the row contradicts is compared, not selected."""
    page = page_for(TRANSCODER)
    open_case(page, desk, desk.glucose)
    page.keyboard.press("c")
    page.keyboard.type("en cours")
    page.keyboard.press("Escape")
    open_search(page, "1988-5")
    expect(page.locator("[data-hit]")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.locator("#recherche-loinc.is-panel")).to_have_count(0)
    found = page.locator("input[data-col][value='1988-5']")
    expect(found).to_be_focused()
    expect(found).not_to_be_checked()
    expect(page.locator("td.cell[data-code='1988-5']")).to_have_count(7)
    expect(page.locator("textarea[name=comment]")).to_have_value("en cours")
    assert desk.facts(desk.glucose) == []
    open_search(page, "glucose")
    expect(page.locator("[data-hit]").first).to_contain_text("14749-6")
    page.keyboard.press("Alt+Digit1")
    expect(page.locator("input[data-col][value='14749-6']")).to_be_checked()
    page.keyboard.press("v")
    expect_row(page, "GLUCOSE URINAIRE")
    eventually(page, lambda: [fact.comment for fact in desk.facts(desk.glucose)], ["en cours"])
