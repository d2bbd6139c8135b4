"""Draw the architecture from the imports: `python -m tests.architecture.picture` writes docs/architecture*.svg."""

from collections.abc import Iterable, Sequence
from html import escape
from itertools import pairwise
from math import log2
from pathlib import Path
from textwrap import wrap

from tests.architecture.layout import Layout, lay_out, spread
from tests.architecture.matrix import draw_matrix
from tests.architecture.plan import APPLICATION, ROOT, Plan, caption_of, read_plan

LAYERS_FILE = ROOT / "docs" / "architecture.svg"
MATRIX_FILE = ROOT / "docs" / "architecture-matrix.svg"
WIDTH, MARGIN, TOP = 1280, 64, 96
BOX, HEIGHT, WAY, PITCH = 240, 48, 24, 74
CAPTION, LINE = 42, 12
"""Characters and height of a line of caption."""
ARRIVAL, DEPARTURE = 34, 14
"""How far apart arrows arrive at a box, and leave it."""
Arrow = tuple[str, str]
Point = tuple[float, float]
STYLE = """
text { font-family: "DejaVu Sans", Verdana, sans-serif; fill: #1c2733; }
.title { font-size: 20px; font-weight: bold; }
.note { font-size: 12.5px; fill: #44515f; }
.layer { fill: #f3f6f9; }
.beside { fill: #fffdf5; stroke: #d9c48a; stroke-dasharray: 4 3; }
.room { fill: #ffffff; stroke: #34557a; stroke-width: 1.5; }
.package { fill: #fff8e6; stroke: #8a6a13; stroke-width: 1.5; }
.name { font-size: 14px; font-weight: bold; text-anchor: middle; }
.caption { font-size: 9.5px; fill: #44515f; text-anchor: middle; }
.arrow { fill: none; stroke: #6b87a6; stroke-linecap: round; }
.head { fill: #41618a; }
.count { font-size: 10px; fill: #41618a; text-anchor: middle; stroke: #ffffff; stroke-width: 3px; paint-order: stroke; }
.way { stroke: #b3541e; stroke-width: 2; fill: none; }
.side { font-size: 12px; fill: #b3541e; text-anchor: middle; }
"""


def pictures() -> dict[Path, str]:
    """The files of the command and what it writes in them."""
    plan = read_plan()
    return {LAYERS_FILE: draw_layers(plan), MATRIX_FILE: draw_matrix(plan)}


def draw_layers(plan: Plan) -> str:
    """The rooms in their layers, callers above; only the arrows that no longer way implies."""
    arrows = plan.reduced()
    rows = [*plan.layers, *((name,) for name in plan.packages)]
    layout = lay_out(rows, list(arrows), WIDTH - 2 * MARGIN, BOX + 20, WAY)
    lines = _lines(layout, list(arrows))
    height = TOP + PITCH * len(rows) + 16
    told = (
        f"{len(arrows)} of the {len(plan.imports)} arrows are drawn: those that follow from others are "
        "left out. The number beside an arrow counts the imports."
    )
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
        f'viewBox="0 0 {WIDTH} {height}" role="img" aria-label="The rooms of app/ in their layers">',
        f"<style>{STYLE}</style>",
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text class="title" x="{MARGIN}" y="34">The rooms of app/, layer by layer</text>',
        f'<text class="note" x="{MARGIN}" y="56">An arrow says “imports”. A room imports only rooms below its own '
        "layer; rooms of one layer ignore each other.</text>",
        f'<text class="note" x="{MARGIN}" y="76">{escape(told)}</text>',
        *(_band(number) for number in range(len(plan.layers))),
        f'<rect class="beside" x="{MARGIN - 8}" y="{TOP + PITCH * len(plan.layers) + 9}" '
        f'width="{WIDTH - 2 * MARGIN + 16}" height="{PITCH * len(plan.packages) - 10}" rx="6"/>',
        f'<text class="note" x="{WIDTH - MARGIN - 8}" y="{TOP + PITCH * len(plan.layers) + 30}" text-anchor="end">'
        "Beside app/: packages that it imports, and that never import it.</text>",
        *_sides(len(plan.layers)),
        *(_arrow(lines[arrow], arrow, count) for arrow, count in arrows.items()),
        *(_box(layout, name, number, name in plan.packages) for number, row in enumerate(rows) for name in row),
        *(_count(lines[arrow], count) for arrow, count in arrows.items()),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _middle(row: int) -> float:
    return TOP + PITCH * row + PITCH / 2


def _band(row: int) -> str:
    return (
        f'<rect class="layer" x="{MARGIN - 8}" y="{TOP + PITCH * row + 5}" width="{WIDTH - 2 * MARGIN + 16}" '
        f'height="{PITCH - 10}" rx="6"/>'
    )


def _sides(layers: int) -> Iterable[str]:
    """The two ways to read the picture: calls go down, data come up."""
    top, bottom = TOP + 10, TOP + PITCH * layers - 10
    middle = (top + bottom) / 2
    left, right = MARGIN / 2 + 6, WIDTH - MARGIN / 2 - 6
    yield f'<path class="way" d="M{left} {top} V{bottom} m-6 -10 l6 10 l6 -10"/>'
    yield f'<path class="way" d="M{right} {bottom} V{top} m-6 10 l6 -10 l6 10"/>'
    for x, words in ((left - 14, "calls go down"), (right + 20, "data come up")):
        yield f'<text class="side" transform="translate({x} {middle}) rotate(-90)">{words}</text>'


def _box(layout: Layout, name: str, row: int, is_package: bool) -> str:
    x, y = MARGIN + layout.places[name], _middle(row)
    shown = f"{name}.py" if (ROOT / APPLICATION / f"{name}.py").is_file() else f"{name}/"
    kind = "package" if is_package else "room"
    caption = wrap(caption_of(name), CAPTION)
    top = y - HEIGHT / 2 + (15 if len(caption) > 1 else 20)
    return "".join(
        [
            f'<rect class="{kind}" x="{x - BOX / 2:.1f}" y="{y - HEIGHT / 2}" width="{BOX}" height="{HEIGHT}" rx="5"/>',
            f'<text class="name" x="{x:.1f}" y="{top}">{escape(shown)}</text>',
            *(
                f'<text class="caption" x="{x:.1f}" y="{top + 2 + LINE * number}">{escape(line)}</text>'
                for number, line in enumerate(caption, start=1)
            ),
        ]
    )


def _lines(layout: Layout, arrows: Sequence[Arrow]) -> dict[Arrow, list[Point]]:
    """The points of every arrow, from under its source to above its target, apart from each other at both."""
    leaves, arrives = _ends(layout, arrows, 0, 1, DEPARTURE), _ends(layout, arrows, -1, -2, ARRIVAL)
    rows: dict[int, list[float]] = {}
    for arrow in arrows:
        for name, (_, row) in zip(arrow, (layout.lines[arrow][0], layout.lines[arrow][-1]), strict=True):
            rows.setdefault(row, []).append(layout.places[name])
    found = {}
    for arrow in arrows:
        (_, row), *ways, (_, last) = layout.lines[arrow]
        points = [(leaves[arrow], _middle(row) + HEIGHT / 2)]
        for x, number in ways:
            # Beside a box a line goes straight down; elsewhere it may lean.
            is_beside = any(abs(x - place) < BOX / 2 + 2 * WAY for place in rows.get(number, ()))
            reach = HEIGHT / 2 if is_beside else 0
            points += [(MARGIN + x, _middle(number) + side * reach) for side in ((-1, 1) if is_beside else (0,))]
        points.append((arrives[arrow], _middle(last) - HEIGHT / 2 - 6))
        found[arrow] = points
    return found


def _ends(layout: Layout, arrows: Sequence[Arrow], end: int, before: int, apart: float) -> dict[Arrow, float]:
    """Where each arrow leaves its source (`end` 0) or reaches its target (`end` -1): in the order they come from."""
    at_box: dict[str, list[Arrow]] = {}
    for arrow in arrows:
        at_box.setdefault(arrow[end], []).append(arrow)
    found: dict[Arrow, float] = {}
    for name, ends in at_box.items():
        middle = layout.places[name]
        ends.sort(key=lambda arrow: layout.lines[arrow][before][0])
        wishes = [BOX / 2 + (layout.lines[arrow][before][0] - middle) / 3 for arrow in ends]
        places = spread(wishes, [1.0] * len(ends), [apart] * len(ends), BOX)
        found |= {arrow: MARGIN + middle - BOX / 2 + x for arrow, x in zip(ends, places, strict=True)}
    return found


def _arrow(points: Sequence[Point], arrow: Arrow, count: int) -> str:
    """A smooth line through the points (Catmull-Rom), that leaves and arrives downwards."""
    path = f"M{points[0][0]:.1f} {points[0][1]:.1f}"
    slopes = [_slope(points, number) for number in range(len(points))]
    for ((x, y), (to_x, to_y)), ((dx, dy), (to_dx, to_dy)) in zip(pairwise(points), pairwise(slopes), strict=True):
        handles = f"{x + dx / 3:.1f} {y + dy / 3:.1f} {to_x - to_dx / 3:.1f} {to_y - to_dy / 3:.1f}"
        path += f" C{handles} {to_x:.1f} {to_y:.1f}"
    (x, y), title = points[-1], f"{arrow[0]} imports {arrow[1]}: {count}"
    return (
        f'<path class="arrow" stroke-width="{1 + 0.8 * log2(count):.1f}" d="{path}"><title>{title}</title></path>'
        f'<path class="head" d="M{x - 5:.1f} {y - 3:.1f} h10 l-5 9 z"/>'
    )


def _slope(points: Sequence[Point], number: int) -> Point:
    """The direction of the line at one of its points: straight down at both ends and along a box."""
    (x, _), before, after = points[number], points[max(0, number - 1)], points[min(len(points) - 1, number + 1)]
    if number in (0, len(points) - 1) or x in (before[0], after[0]):
        return 0.0, PITCH / 2
    return (after[0] - before[0]) / 2, (after[1] - before[1]) / 2


def _count(points: Sequence[Point], count: int) -> str:
    x, y = points[-1]
    return f'<text class="count" x="{x + 13:.1f}" y="{y + 2:.1f}">{count}</text>'


def main() -> None:
    """Write the pictures."""
    for path, content in pictures().items():
        path.write_text(content, encoding="utf-8")
        print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
