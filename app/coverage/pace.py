"""From the kept days to a curve and to the day on which the target would be reached at this pace. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from app.coverage.definitions import TARGET, Figure
from app.text import counted, french_day, share_text

WINDOW = timedelta(days=28)
LEAST = 7
"""Days that a pace is told from, at the least."""
FURTHEST = 5 * 365
WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 720, 240, 44, 28, 10


@dataclass(frozen=True, slots=True)
class Point:
    """A day of the curve."""

    day: date
    numerator: int
    denominator: int
    waiting: int
    volume_numerator: int = 0
    volume_denominator: int = 0

    @property
    def day_text(self) -> str:
        """The day as the table shows it."""
        return french_day(self.day)

    @property
    def percent(self) -> str:
        """The share of analyses."""
        return share_text(self.numerator, self.denominator)

    @property
    def volume_percent(self) -> str:
        """The share of their volume; a dash where none is known."""
        return share_text(self.volume_numerator, self.volume_denominator)


@dataclass(frozen=True, slots=True)
class Curve:
    """A drawing: two lines, whose points are in the units of the picture, and what stands beside the axes."""

    rows: str
    volume: str
    """Empty when no volume is known."""
    target_y: float
    heights: tuple[tuple[float, str], ...]
    days: tuple[tuple[float, str], ...]
    label: str
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - 10


def curve_of(points: Sequence[Point]) -> Curve | None:
    """The drawing of at least two days."""
    if len(points) < 2:
        return None
    first, last = points[0], points[-1]
    span = max(1, (last.day - first.day).days)
    whole = HEIGHT - BOTTOM - TOP

    def place(day: date) -> float:
        return round(LEFT + (WIDTH - LEFT - 10) * (day - first.day).days / span, 1)

    def height(top: int, bottom: int) -> float:
        return round(TOP + whole * (1 - (top / bottom if bottom else 0)), 1)

    rows = " ".join(f"{place(item.day)},{height(item.numerator, item.denominator)}" for item in points)
    known = [item for item in points if item.volume_denominator]
    volume = " ".join(f"{place(item.day)},{height(item.volume_numerator, item.volume_denominator)}" for item in known)
    return Curve(
        rows=rows,
        volume=volume,
        target_y=height(TARGET.numerator, TARGET.denominator),
        heights=tuple((height(percent, 100), f"{percent}\u00a0%") for percent in (0, 20, 40, 60, 80, 100)),
        days=((place(first.day), first.day_text), (place(last.day), last.day_text)),
        label=(
            f"Part des analyses transcodées, du {first.day_text} ({first.percent}) au {last.day_text} "
            f"({last.percent})\u202f; repère à 80\u00a0%. Les valeurs sont dans le tableau."
        ),
    )


def projection(points: Sequence[Point], figure: Figure, today: date) -> str:
    """When the target would be reached at the pace of the last days, said to be no more than that."""
    if figure.is_reached:
        return "L'objectif de 80\u00a0% est atteint\u202f: il n'y a rien à projeter."
    if not figure.denominator:
        return "Aucune analyse n'est dans le périmètre\u202f: il n'y a rien à projeter."
    # The pace from the oldest day of the window, or from the one in force when it began.
    before = [point for point in points if point.day < today]
    start = next((point for point in reversed(before) if point.day <= today - WINDOW), before[0] if before else None)
    days = (today - start.day).days if start else 0
    if start is None or days < LEAST:
        return f"Pas encore de projection\u202f: il faut {LEAST} jours d'historique, et il y en a {days}."
    gained = figure.numerator - start.numerator
    said = f"du {start.day_text} au {french_day(today)} ({counted(days, 'jour', 'jours')})"
    if gained <= 0:
        return f"Pas de projection\u202f: le nombre d'analyses transcodées n'a pas augmenté {said}."
    left = -(-figure.missing * days // gained)
    pace = f"à ce rythme ({counted(gained, 'analyse transcodée', 'analyses transcodées')} {said})"
    if left > FURTHEST:
        return f"Projection, {pace}\u202f: 80\u00a0% ne serait pas atteint avant cinq ans."
    reached = french_day(today + timedelta(days=left))
    return (
        f"Projection, et rien de plus\u202f: {pace} et à périmètre constant, 80\u00a0% serait atteint vers le "
        f"{reached}."
    )
