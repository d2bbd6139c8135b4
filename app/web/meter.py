"""Small stacked bars drawn by the server as SVG, because the page may carry no inline style."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MeterPart:
    """One part of a bar, placed on a width of 100."""

    css_class: str
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Meter:
    """A bar and the sentence that says the same to those who do not see it. `target` is in [0, 100]."""

    parts: tuple[MeterPart, ...]
    label: str
    target: float | None = None


def stacked_meter(
    total: int, counts: Sequence[tuple[str, int]], label: str, target: float | None = None
) -> Meter:
    """A bar whose parts are these counts of a total; `counts` gives (CSS class, count) from the left."""
    parts = []
    x = 0.0
    for css_class, count in counts:
        width = 100 * count / total if total else 0.0
        if width > 0:
            parts.append(MeterPart(css_class, round(x, 2), round(width, 2)))
        x += width
    return Meter(tuple(parts), label, target)
