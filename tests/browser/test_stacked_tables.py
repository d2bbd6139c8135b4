"""Tables whose rows become cards on a narrow screen: nothing is cut, nothing scrolls sideways, each cell is named."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from app.models import LocalTest
from tests.app.batches.test_batches import add_rows as add_batch_rows
from tests.app.batches.test_batches import post_batch
from tests.app.consistency.conftest import add_rows
from tests.app.double_reading.conftest import Readings, other_code, readings
from tests.app.review.conftest import Desk, desk
from tests.browser.conftest import PageFor
from tests.conftest import ADMINISTRATOR, BIOLOGIST, TRANSCODER, ClientFor

pytestmark = [
    pytest.mark.browser,
    pytest.mark.only("sqlite", "what a page looks like does not depend on the database"),
]
__all__ = ["add_rows", "desk", "readings"]

WIDTHS = (320, 640)
_CUT = """() => [...document.querySelectorAll('main table.stacks')].flatMap(table => {
  const scrolls = [table, table.parentElement].filter(box =>
    getComputedStyle(box).overflowX !== 'visible' && box.scrollWidth > box.clientWidth);
  const cut = [...table.querySelectorAll('tbody td, tbody th')]
    .filter(cell => cell.getBoundingClientRect().right > innerWidth + 0.5);
  return [...scrolls, ...cut].map(item => item.outerHTML.slice(0, 160));
})"""
_NAMES = """() => [...document.querySelectorAll('table.stacks tbody tr:first-child td')]
  .filter(cell => !cell.querySelector('a.btn'))
  .map(cell => getComputedStyle(cell, '::before').content)"""


@pytest.fixture
def addresses(
    desk: Desk, readings: Readings, client_for: ClientFor, add_rows: Callable[..., dict[str, int]]
) -> list[str]:
    """The pages, each with at least one row."""
    client = client_for(TRANSCODER)
    add_batch_rows(desk, 3)
    post_batch(client, desk)
    add_rows(
        {
            "one": (LocalTest(code="X", label="SODIUM", annual_volume=10), "2951-2"),
            "two": (LocalTest(code="Y", label="CHLORE", annual_volume=90), "2951-2"),
        }
    )
    readings.decide_and_ask(desk.sodium)
    readings.read(desk.sodium, other_code())
    assert client_for(BIOLOGIST).post(f"{desk.base}/exports/sssom").status_code == 200
    return ["/", *(f"{desk.base}/{name}" for name in ("coherence", "lots", "double-lecture/accord", "exports"))]


def seen(page: Page, address: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(address)


def test_nothing_is_cut_and_each_cell_is_named(addresses: list[str], page_for: PageFor) -> None:
    page = page_for(BIOLOGIST)
    for address in addresses:
        for width in WIDTHS:
            seen(page, address, width)
            assert page.evaluate(_CUT) == [], (address, width)
            names = page.evaluate(_NAMES)
            assert names, address
            assert "none" not in names, (address, names)


def test_what_the_administrator_and_the_reader_press_is_in_sight(
    addresses: list[str], desk: Desk, page_for: PageFor
) -> None:
    """Approve, change a role, read a second time: no button waits to the right of the window."""
    asked = {
        ADMINISTRATOR: ["/administration/comptes", "/administration/laboratoires/1", "/administration/journal"],
        BIOLOGIST: [f"{desk.base}/{name}" for name in ("approbation", "double-lecture")],
    }
    for person, pages in asked.items():
        page = page_for(person)
        for address in pages:
            for width in WIDTHS:
                seen(page, address, width)
                assert page.locator("table.stacks tbody tr").count() > 0, address
                assert page.evaluate(_CUT) == [], (address, width)
                sideways = page.evaluate("document.documentElement.scrollWidth - innerWidth")
                assert sideways <= 0, (address, width)
    page.goto(f"{desk.base}/approbation")
    box = page.locator(".row-actions").first.bounding_box()
    assert box is not None
    assert box["x"] + box["width"] <= WIDTHS[-1]


def test_the_answer_to_a_warning_is_in_sight_and_sorting_stays(addresses: list[str], page_for: PageFor) -> None:
    page = page_for(BIOLOGIST)
    seen(page, addresses[1], 640)
    link = page.get_by_role("link", name="Voir et répondre").first
    box = link.bounding_box()
    assert box is not None
    assert box["x"] + box["width"] <= 640
    assert page.locator("thead th[aria-sort] a").first.is_visible()
    seen(page, addresses[0], 320)
    page.locator("thead .sort-button", has_text="dont approuvées").first.click()
    assert page.locator("thead th[aria-sort=ascending]").first.is_visible()


def test_on_a_wide_screen_they_are_tables(addresses: list[str], page_for: PageFor) -> None:
    page = page_for(BIOLOGIST)
    for address in addresses:
        seen(page, address, 1280)
        row = page.locator("table.stacks tbody tr").first
        assert row.evaluate("row => getComputedStyle(row).display") == "table-row"


def test_the_deadlines_of_the_portfolio_are_in_sight(desk: Desk, client_for: ClientFor, page_for: PageFor) -> None:
    address = f"/laboratoires/{desk.world.laboratory_id}/echeances"
    days = {"order": "2020-06-30", "deposit": "2020-12-10", "end_of_service": "2099-06-30"}
    assert client_for(BIOLOGIST).post(address, data=days).status_code == 303
    page = page_for(BIOLOGIST)
    for width in (*WIDTHS, 1280):
        seen(page, "/portefeuille", width)
        assert page.locator("main table .chip").count() >= 2
        assert page.evaluate(_CUT) == [], width
