"""One table of keys: what the script knows is what the pages show."""

import re

from app.settings import resource_dir

SCRIPT = (resource_dir("static") / "js" / "review" / "keyboard.js").read_text("utf-8")
ROOMS = ("review", "worklist", "cases", "approval")
TEMPLATES = "\n".join(
    path.read_text("utf-8") for room in ROOMS for path in sorted((resource_dir("templates") / room).glob("*.html"))
)
TABLE = re.findall(r'\{ key: "([^"]+)", label: "[^"]+", where: "([^"]+)"', SCRIPT)
KNOWN = {key for key, _ in TABLE}
SHOWN = set(re.findall(r'data-(?:key|act)="([^"]+)"', TEMPLATES))


def test_every_key_of_a_page_is_in_the_table() -> None:
    assert SHOWN
    assert KNOWN >= SHOWN


def test_every_key_of_the_table_acts_on_something() -> None:
    without_element = {"1–5", "Entrée", "Échap"}
    # Groups and ticks come with the rooms that show them; until then the help does not speak of them.
    assert without_element <= KNOWN - SHOWN <= without_element | {"g", "s"}


def test_no_key_is_twice_on_a_page() -> None:
    on_pages = [(page, key) for key, pages in TABLE for page in pages.split()]
    assert len(on_pages) > 30
    assert len(on_pages) == len(set(on_pages))


def test_every_element_with_a_key_shows_it() -> None:
    for key in SHOWN - {"u"}:
        pattern = rf'<kbd class="kbd">{re.escape(key)}</kbd>|\({re.escape(key)}\)'
        assert re.search(pattern, TEMPLATES), key


def test_digits_are_read_from_their_place_on_the_keyboard() -> None:
    assert "Digit|Numpad" in SCRIPT
    assert "event.code" in SCRIPT
    assert "event.key" in SCRIPT
