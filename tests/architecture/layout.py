"""Where each room stands in the drawing: rows are layers; within a row, order and place keep the lines short.

A line that crosses rows passes through a waypoint in each of them, so that it never runs under a box.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

SWEEPS = 30
RELAXATIONS = 400
"""Enough for a line over twenty rows to become straight: each pass moves a point to the mean of its neighbours."""
BOX_WEIGHT = 1.0
WAY_WEIGHT = 4.0
"""How much more a line wishes to stay straight than a box wishes to stand over what it imports."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The middle of every box, and the points of every line, in units of the drawing; rows count from the top."""

    places: dict[str, float]
    lines: dict[tuple[str, str], tuple[tuple[float, int], ...]]


def lay_out(
    rows: Sequence[Sequence[str]], arrows: Sequence[tuple[str, str]], width: float, box: float, way: float
) -> Layout:
    """Place the boxes of width `box` and the waypoints of width `way` of each row within `width`."""
    row_of = {name: number for number, row in enumerate(rows) for name in row}
    chains = {arrow: _chain(arrow, row_of) for arrow in arrows}
    order: list[list[str]] = [list(row) for row in rows]
    for arrow, chain in chains.items():
        for number, node in enumerate(chain[1:-1], start=row_of[arrow[0]] + 1):
            order[number].append(node)
    above: dict[str, list[str]] = {node: [] for row in order for node in row}
    below: dict[str, list[str]] = {node: [] for row in order for node in row}
    for chain in chains.values():
        for upper, lower in pairwise(chain):
            below[upper].append(lower)
            above[lower].append(upper)
    order = _ordered(order, above, below)
    sizes = {node: box if node in row_of else way for row in order for node in row}
    places = _placed(order, above, below, sizes, width)
    lines = {
        arrow: tuple((places[node], row_of[arrow[0]] + step) for step, node in enumerate(chain))
        for arrow, chain in chains.items()
    }
    return Layout({name: places[name] for name in row_of}, lines)


def _chain(arrow: tuple[str, str], row_of: Mapping[str, int]) -> list[str]:
    """The two ends of an arrow, and a waypoint in each row between."""
    source, target = arrow
    between = range(row_of[source] + 1, row_of[target])
    return [source, *(f"{source}>{target}@{number}" for number in between), target]


def _ordered(
    order: list[list[str]], above: Mapping[str, Sequence[str]], below: Mapping[str, Sequence[str]]
) -> list[list[str]]:
    """The order of each row with the fewest crossings that some sweeps of barycentres find."""
    best, fewest = [list(row) for row in order], _crossings(order, below)
    for sweep in range(SWEEPS):
        downwards = sweep % 2 == 0
        neighbours = above if downwards else below
        for number in range(len(order)) if downwards else reversed(range(len(order))):
            other = number - 1 if downwards else number + 1
            if not 0 <= other < len(order):
                continue
            rank = {node: place / max(1, len(order[other]) - 1) for place, node in enumerate(order[other])}
            here = {node: place / max(1, len(order[number]) - 1) for place, node in enumerate(order[number])}
            wish = {
                node: _mean([rank[item] for item in neighbours[node]]) if neighbours[node] else here[node]
                for node in order[number]
            }
            order[number] = sorted(order[number], key=lambda node: (wish[node], here[node]))
        crossings = _crossings(order, below)
        if crossings < fewest:
            best, fewest = [list(row) for row in order], crossings
    return best


def _crossings(order: Sequence[Sequence[str]], below: Mapping[str, Sequence[str]]) -> int:
    count = 0
    for upper, lower in pairwise(order):
        place = {node: number for number, node in enumerate(lower)}
        ends = [sorted(place[item] for item in below[node]) for node in upper]
        for first, left in enumerate(ends):
            for right in ends[first + 1 :]:
                count += sum(1 for a in left for b in right if a > b)
    return count


def _placed(
    order: Sequence[Sequence[str]],
    above: Mapping[str, Sequence[str]],
    below: Mapping[str, Sequence[str]],
    sizes: Mapping[str, float],
    width: float,
) -> dict[str, float]:
    places = {node: width * (number + 1) / (len(row) + 1) for row in order for number, node in enumerate(row)}
    for sweep in range(RELAXATIONS):
        rows = order if sweep % 2 == 0 else order[::-1]
        for row in rows:
            wishes = [_mean([places[item] for item in (*above[node], *below[node])] or [width / 2]) for node in row]
            weights = [WAY_WEIGHT if "@" in node else BOX_WEIGHT for node in row]
            places.update(zip(row, spread(wishes, weights, [sizes[node] for node in row], width), strict=True))
    return places


def spread(wishes: Sequence[float], weights: Sequence[float], sizes: Sequence[float], width: float) -> list[float]:
    """Places in the given order, as near to the wishes as the sizes allow, all within [0, width].

    Least squares: with the sizes before each place taken away this is an isotonic regression.
    """
    offsets = [0.0]
    for left, right in pairwise(sizes):
        offsets.append(offsets[-1] + (left + right) / 2)
    blocks: list[tuple[float, float, int]] = []
    for wish, weight, offset in zip(wishes, weights, offsets, strict=True):
        value, mass, count = wish - offset, weight, 1
        while blocks and blocks[-1][0] > value:
            before, before_mass, before_count = blocks.pop()
            value = (value * mass + before * before_mass) / (mass + before_mass)
            mass, count = mass + before_mass, count + before_count
        blocks.append((value, mass, count))
    found = [value for value, _, count in blocks for _ in range(count)]
    lowest, highest = sizes[0] / 2, width - sizes[-1] / 2 - offsets[-1]
    within = [min(max(value, lowest), max(lowest, highest)) for value in found]
    return [value + offset for value, offset in zip(within, offsets, strict=True)]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
