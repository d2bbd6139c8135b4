"""The pictures of the architecture are those that the code draws today."""

from itertools import pairwise
from xml.etree import ElementTree

import pytest

from tests.architecture.layout import lay_out, spread
from tests.architecture.picture import LAYERS_FILE, MATRIX_FILE, pictures
from tests.architecture.plan import ROOT, Plan, caption_of, read_plan

SVG = "{http://www.w3.org/2000/svg}"


def test_the_pictures_are_what_the_command_writes_now() -> None:
    old = [path.relative_to(ROOT) for path, drawn in pictures().items() if path.read_text(encoding="utf-8") != drawn]
    assert not old, f"run `make architecture`: {old}"


def test_every_import_between_rooms_goes_down() -> None:
    plan = read_plan()
    place = {name: number for number, name in enumerate(plan.names)}
    assert set(place) == {name for arrow in plan.imports for name in arrow}
    assert all(place[source] < place[target] for source, target in plan.imports)


def test_every_room_says_in_a_line_what_it_holds() -> None:
    captions = {name: caption_of(name) for name in read_plan().names}
    assert [name for name, caption in captions.items() if not 5 < len(caption) < 84] == []


def test_the_reduction_keeps_what_can_be_reached() -> None:
    imports = {("a", "b"): 2, ("a", "c"): 1, ("b", "c"): 3, ("c", "library"): 1}
    plan = Plan((("a",), ("b",), ("c",)), ("library",), imports)
    assert plan.reduced() == {("a", "b"): 2, ("b", "c"): 3, ("c", "library"): 1}
    assert plan.layer_of("c") == 2


def test_each_picture_shows_each_room_and_each_of_its_arrows_once() -> None:
    plan = read_plan()
    shown = {LAYERS_FILE: plan.reduced(), MATRIX_FILE: plan.imports}
    for path, arrows in shown.items():
        titles = [title.text for title in ElementTree.parse(path).iter(f"{SVG}title")]
        assert sorted(str(title) for title in titles) == sorted(
            f"{source} imports {target}: {count}" for (source, target), count in arrows.items()
        )
    boxes = [item.get("class") for item in ElementTree.parse(LAYERS_FILE).iter(f"{SVG}rect")]
    assert boxes.count("room") + boxes.count("package") == len(plan.names)


def test_boxes_of_a_row_never_overlap_and_stay_in_the_picture() -> None:
    rows = [("a",), ("b", "c", "d"), ("e",)]
    layout = lay_out(rows, [("a", "b"), ("a", "e"), ("d", "e")], width=400, box=100, way=20)
    assert layout.lines[("a", "e")][1][1] == 1
    for row in rows:
        places = sorted(layout.places[name] for name in row)
        assert all(right - left >= 100 - 1e-9 for left, right in pairwise(places))
        assert places[0] >= 50
        assert places[-1] <= 350


@pytest.mark.parametrize(
    ("wishes", "found"),
    [([50, 200], [50, 200]), ([100, 100], [95, 105]), ([-20, -20], [5, 15]), ([290, 310], [285, 295])],
)
def test_places_are_as_near_to_the_wishes_as_sizes_allow(wishes: list[float], found: list[float]) -> None:
    assert spread(wishes, [1, 1], [10, 10], 300) == pytest.approx(found)
