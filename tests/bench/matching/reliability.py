"""Whether a confidence is a probability: predictions held apart by laboratory, their table, and the plot (SVG).

`python -m tests.bench.matching.reliability [--release PATH] [--data FOLDER] [--freeze]`. For each laboratory, the
logistic model and the monotone tables are fitted on the other laboratories alone.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt
from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np
from numpy.typing import NDArray

from matcher.calibration import SURE_AT, TO_CHECK_AT, doubted
from tests.bench.matching.build import bench_engine
from tests.bench.matching.calibrate import FITTED, Sample, calibration_of, collect
from tests.bench.matching.datasets import all_datasets, answerable, bench_folder, find_release
from tests.bench.matching.markdown import freeze, page, percent, table

EDGES = (0.0, 0.4, TO_CHECK_AT, 0.8, 0.9, 0.95, SURE_AT, 1.0)
FEWEST = 15
"""A bin with fewer rows says nothing of order."""
WIDTH, HEIGHT, MARGIN = 560, 420, 56


@dataclass(frozen=True, slots=True)
class Bin:
    """The rows whose confidence is in [low, high)."""

    low: float
    high: float
    count: int
    predicted: float
    observed: float

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval of the observed share."""
        z, n, p = 1.96, self.count, self.observed
        centre, spread = p + z * z / (2 * n), z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        return max(0.0, (centre - spread) / (1 + z * z / n)), min(1.0, (centre + spread) / (1 + z * z / n))


def predictions(sample: Sample) -> NDArray[np.float64]:
    """The confidence of each reading by a calibration that never saw its laboratory."""
    predicted = np.zeros(len(sample.right))
    for name in sorted(set(sample.groups)):
        apart = sample.groups == name
        calibration = calibration_of(sample.only(~apart))
        found = []
        for vector, has_unit, doubtful in zip(
            sample.vectors[apart], sample.has_unit[apart], sample.doubtful[apart], strict=True
        ):
            model = calibration.with_unit if has_unit else calibration.without_unit
            value = model.monotone(model.raw(tuple(vector)))
            found.append(doubted(value) if doubtful else value)
        predicted[apart] = found
    return predicted


def bins_of(predicted: Sequence[float], right: Sequence[int]) -> list[Bin]:
    """The bins that hold rows."""
    found: list[Bin] = []
    for low, high in pairwise(EDGES):
        inside = [
            (confidence, outcome)
            for confidence, outcome in zip(predicted, right, strict=True)
            if low <= confidence < high or (high == 1.0 and confidence == 1.0)
        ]
        if inside:
            count = len(inside)
            mean, share = sum(pair[0] for pair in inside) / count, sum(pair[1] for pair in inside) / count
            found.append(Bin(low, high, count, mean, share))
    return found


def is_monotone(bins: Sequence[Bin]) -> bool:
    """Whether a higher bin is never righter in less of its rows, among bins with enough rows."""
    shares = [item.observed for item in bins if item.count >= FEWEST]
    return all(low <= high for low, high in pairwise(shares))


def expected_error(bins: Sequence[Bin]) -> float:
    """Mean distance of predicted and observed shares, weighted by rows."""
    total = sum(item.count for item in bins)
    return sum(item.count * abs(item.predicted - item.observed) for item in bins) / max(total, 1)


def bins_table(bins: Sequence[Bin]) -> str:
    """The bins as a table."""
    rows = []
    for item in bins:
        low, high = item.interval
        span = f"{item.low:.3f} to {item.high:.3f}"
        rows.append(
            (
                span,
                str(item.count),
                percent(item.predicted),
                percent(item.observed),
                f"{percent(low)} to {percent(high)}",
            )
        )
    return table(("confidence", "rows", "mean confidence", "right", "95 % interval"), rows)


def plot(bins: Sequence[Bin], title: str) -> str:
    """The reliability plot: points on the diagonal are honest; bars below show how many rows each holds."""
    title = escape(title)
    inner_width, inner_height = WIDTH - 2 * MARGIN, HEIGHT - 2 * MARGIN
    most = max((item.count for item in bins), default=1)

    def x(value: float) -> str:
        return f"{MARGIN + value * inner_width:.1f}"

    def y(value: float) -> str:
        return f"{HEIGHT - MARGIN - value * inner_height:.1f}"

    marks = [
        f'<line x1="{x(0)}" y1="{y(0)}" x2="{x(1)}" y2="{y(1)}" stroke="#8a8f98" stroke-dasharray="5 4"/>',
    ]
    for tick in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0):
        marks.append(f'<line x1="{x(tick)}" y1="{y(0)}" x2="{x(tick)}" y2="{y(1)}" stroke="#e3e6ea"/>')
        marks.append(f'<line x1="{x(0)}" y1="{y(tick)}" x2="{x(1)}" y2="{y(tick)}" stroke="#e3e6ea"/>')
        marks.append(f'<text x="{x(tick)}" y="{HEIGHT - MARGIN + 16}" text-anchor="middle">{tick:.1f}</text>')
        marks.append(f'<text x="{MARGIN - 8}" y="{y(tick)}" text-anchor="end" dy="4">{tick:.1f}</text>')
    for item in bins:
        height = 0.18 * item.count / most
        bar = f'x="{x(item.low)}" y="{y(height)}" width="{(item.high - item.low) * inner_width:.1f}"'
        marks.append(f'<rect {bar} height="{height * inner_height:.1f}" fill="#c9d6e8"/>')
    for item in bins:
        low, high = item.interval
        marks.append(
            f'<line x1="{x(item.predicted)}" y1="{y(low)}" x2="{x(item.predicted)}" y2="{y(high)}" stroke="#1f4e8c"/>'
        )
    points = " ".join(f"{x(item.predicted)},{y(item.observed)}" for item in bins)
    marks.append(f'<polyline points="{points}" fill="none" stroke="#1f4e8c" stroke-width="1.5"/>')
    for item in bins:
        label = f"<title>{item.count} rows: {percent(item.predicted)} announced, {percent(item.observed)} right</title>"
        marks.append(f'<circle cx="{x(item.predicted)}" cy="{y(item.observed)}" r="4" fill="#1f4e8c">{label}</circle>')
    return "\n".join((
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
        ' role="img" aria-labelledby="title" font-family="sans-serif" font-size="12" fill="#20242a">',
        f'<title id="title">{title}</title>',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        f'<text x="{MARGIN}" y="24" font-size="14">{title}</text>',
        *marks,
        f'<text x="{WIDTH / 2}" y="{HEIGHT - 14}" text-anchor="middle">confidence announced</text>',
        f'<text x="16" y="{HEIGHT / 2}" text-anchor="middle" transform="rotate(-90 16 {HEIGHT / 2})">',
        "share right</text>",
        "</svg>",
    )) + "\n"  # fmt: skip


def main() -> None:
    """Measure, print, and freeze when asked."""
    parser = argparse.ArgumentParser(description="Reliability of the confidences")
    parser.add_argument(
        "--release", type=Path, help="official release; default: the one under --data, else the starter"
    )
    parser.add_argument("--data", type=Path, default=bench_folder(), help="folder of labelled sets")
    parser.add_argument("--freeze", action="store_true", help="write docs/bench/reliability.svg and .md")
    chosen = parser.parse_args()
    data: Path | None = chosen.data
    release: Path | None = chosen.release or (find_release(data) if data else None)
    engine = bench_engine(release)
    sets = all_datasets(data)
    names = [name for name in FITTED if name in sets]
    cases = [case for name in names for case in answerable(sets[name], engine.index.number_of)]
    sample = collect(engine, [case for case in cases if case.right])
    seen = sample.weights == 1.0
    groups = sample.groups[seen]
    right, predicted = sample.right[seen], predictions(sample)[seen]
    bins = bins_of(predicted.tolist(), right.tolist())
    sure = predicted >= SURE_AT
    facts = (
        f"{len(right)} rows of {', '.join(names)} over {len(engine.index.terms):,} terms, "
        f"{len(set(groups))} laboratories, each predicted by a calibration fitted on the others.\n\n"
        f"Brier score {np.mean((predicted - right) ** 2):.4f}; expected calibration error {expected_error(bins):.4f}; "
        f"observed share never falls from one bin to the next (bins of {FEWEST} rows and more): "
        f"{'yes' if is_monotone(bins) else 'no'}. "
        f"Band sûr (from {SURE_AT}): {percent(float(sure.mean()))} of rows, "
        f"{percent(float(right[sure].mean()) if sure.any() else 1.0)} right."
    )
    parts = [facts, bins_table(bins)]
    print("\n\n".join(parts))
    if chosen.freeze:
        flags = (" --data FOLDER" if data else "") + (" --release PATH" if chosen.release else "") + " --freeze"
        content = page(
            "Reliability of the confidences", "python -m tests.bench.matching.reliability" + flags,
            [*parts, "![Reliability plot](reliability.svg)"],
        )  # fmt: skip
        freeze("reliability.md", content)
        freeze("reliability.svg", plot(bins, f"Confidence against share right, {len(right)} rows held apart"))


if __name__ == "__main__":
    main()
