"""Every import between rooms in one table: a row imports a column; above the diagonal is below in the house."""

from html import escape
from math import log2

from tests.architecture.plan import Plan

CELL, LEFT, TOP = 29, 170, 210
STYLE = """
text { font-family: "DejaVu Sans", Verdana, sans-serif; fill: #1c2733; font-size: 12px; }
.title { font-size: 20px; font-weight: bold; }
.note { font-size: 12.5px; fill: #44515f; }
.self { fill: #c4ccd6; }
.cell { fill: #2f6db3; }
.number { text-anchor: middle; font-size: 11px; }
.strong { fill: #ffffff; }
.row { text-anchor: end; }
.grid { stroke: #dde4eb; stroke-width: 1; }
.line { stroke: #8fa3b8; stroke-width: 1; }
"""


def draw_matrix(plan: Plan) -> str:
    """The table as an SVG."""
    names = plan.names
    place = {name: number for number, name in enumerate(names)}
    side = CELL * len(names)
    width, height = LEFT + side + 40, TOP + side + 30
    most = max(plan.imports.values())
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        'role="img" aria-label="Imports between rooms">',
        f"<style>{STYLE}</style>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        '<text class="title" x="20" y="34">Who imports whom, and how many times</text>',
        '<text class="note" x="20" y="58">Read a row to see what a room imports, a column to see who imports it. '
        "Lines part the layers.</text>",
        '<text class="note" x="20" y="78">Everything stands right of the diagonal: no room imports one above it. '
        f"{sum(plan.imports.values())} imports, {len(plan.imports)} arrows.</text>",
    ]
    for number, name in enumerate(names):
        middle = TOP + CELL * number + CELL / 2
        parts.append(f'<text class="row" x="{LEFT - 8}" y="{middle + 4}">{escape(name)}</text>')
        x = LEFT + CELL * number + CELL / 2
        parts.append(f'<text transform="translate({x + 4} {TOP - 8}) rotate(-60)">{escape(name)}</text>')
        corner = f'x="{LEFT + CELL * number}" y="{TOP + CELL * number}"'
        parts.append(f'<rect class="self" {corner} width="{CELL}" height="{CELL}"/>')
    groups = [*plan.layers, *((name,) for name in plan.packages)]
    border = 0
    for group in groups:
        for kind, at in (("line", border), *(("grid", border + inner) for inner in range(1, len(group)))):
            parts.append(f'<path class="{kind}" d="M{LEFT} {TOP + CELL * at} h{side}"/>')
            parts.append(f'<path class="{kind}" d="M{LEFT + CELL * at} {TOP} v{side}"/>')
        border += len(group)
    parts.append(f'<path class="line" d="M{LEFT} {TOP + side} h{side} v-{side}" fill="none"/>')
    for (source, target), count in plan.imports.items():
        x, y = LEFT + CELL * place[target], TOP + CELL * place[source]
        share = 0.18 + 0.82 * log2(1 + count) / log2(1 + most)
        strong = " strong" if share > 0.62 else ""
        parts.append(
            f'<rect class="cell" x="{x + 2}" y="{y + 2}" width="{CELL - 4}" height="{CELL - 4}" rx="3" '
            f'fill-opacity="{share:.2f}"><title>{source} imports {target}: {count}</title></rect>'
            f'<text class="number{strong}" x="{x + CELL / 2}" y="{y + CELL / 2 + 4}">{count}</text>'
        )
    parts.append("</svg>")
    return "\n".join(parts) + "\n"
