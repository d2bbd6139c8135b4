"""Where the bars of a report's pictures stand: read in grey as well, each with its figure in words beside it."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from app.text import format_number, share_text

WIDTH, LINE_HEIGHT = 700, 18
NAME_WIDTH, FIGURE_WIDTH = 290, 150
BAR_WIDTH = WIDTH - NAME_WIDTH - FIGURE_WIDTH
MOST_LETTERS = 60
MOST_BARS = 60
"""Lines drawn; the table below the picture names them all."""


@dataclass(frozen=True, slots=True)
class Share:
    """A share: `part` of `total`, both counts."""

    name: str
    part: int
    total: int

    @property
    def rate(self) -> float | None:
        """The share in [0, 1], None when there is nothing to count."""
        return self.part / self.total if self.total else None


@dataclass(frozen=True, slots=True)
class Bar:
    """A line of a picture; lengths in the unit of the picture."""

    name: str
    figure: str
    top: int
    done: float


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture: its title for those who do not see it, its bars, and where the target is."""

    title: str
    bars: tuple[Bar, ...]
    height: int
    mark: float
    mark_label: str
    left_out: int
    """Lines that are not drawn."""


def chart(title: str, shares: Sequence[Share], target: Fraction) -> Chart:
    """A bar a share, with a line at the target, in [0, 1]."""
    shown = shares[:MOST_BARS]
    return Chart(
        title=title,
        bars=tuple(_bar(share, place * LINE_HEIGHT + 14) for place, share in enumerate(shown)),
        height=LINE_HEIGHT * len(shown) + 16,
        mark=NAME_WIDTH + round(float(BAR_WIDTH * target), 1),
        mark_label=share_text(target.numerator, target.denominator, 0),
        left_out=len(shares) - len(shown),
    )


def _bar(share: Share, top: int) -> Bar:
    name = share.name if len(share.name) <= MOST_LETTERS else f"{share.name[: MOST_LETTERS - 1]}…"
    figure = f"{share_text(share.part, share.total)} ({format_number(share.part)}/{format_number(share.total)})"
    return Bar(name, figure, top, round(BAR_WIDTH * (share.rate or 0.0), 1))
