"""Fit the confidence model: a logistic regression, then, for rows with a unit and for rows without, a monotone table on
predictions held apart by laboratory.

Each labelled row is read twice: as it is, and with its right codes taken out of the terminology, where whatever
stands first is wrong. Run `python -m tests.bench.matching.calibrate RELEASE_DIR` with TRANSCODEUR_BENCH_DATA set; it
rewrites matcher/calibration_data.py.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from matcher import calibration_data
from matcher.calibration import Calibration, Model
from matcher.engine import Engine
from tests.bench.matching.build import bench_engine
from tests.bench.matching.datasets import Case, all_datasets, bench_folder

TARGET = Path(calibration_data.__file__)
# Sets whose labels are a published mapping without review, or sets of codes, say little of a 99 % precision.
FITTED = ("cases", "labos_fr_dev")
ABSENT = 0.05
"""How often the right code of a row is not in the terminology, in our judgement: the weight of those readings."""
DEEP = 60
LOW = 0.1
"""Where on a plateau its share right is said to be reached: the rows below it are believed a little less."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(slots=True)
class Sample:
    """Signals of the first candidate of each reading, whether it is right, its weight and its laboratory."""

    vectors: Floats
    right: Ints
    weights: Floats
    groups: NDArray[np.str_]
    has_unit: NDArray[np.bool_]
    doubtful: NDArray[np.bool_]
    """Never believed beyond a limit, whatever their signals: they say nothing of the top of the table."""

    def only(self, chosen: NDArray[np.bool_]) -> "Sample":
        """Some of the readings."""
        return Sample(
            self.vectors[chosen],
            self.right[chosen],
            self.weights[chosen],
            self.groups[chosen],
            self.has_unit[chosen],
            self.doubtful[chosen],
        )


def collect(engine: Engine, cases: list[Case]) -> Sample:
    """The two readings of each case that has a right code."""
    found: list[tuple[tuple[float, ...], int, float, str, bool, bool]] = []
    for case in cases:
        candidates, nontest, _ = engine.ranked(case.test, DEEP)
        numbers = [engine.index.terms[item.position].loinc_num for item in candidates]
        without = [item for item, number in zip(candidates, numbers, strict=True) if number not in case.right]
        for kept, right, weight in (
            (candidates, int(bool(numbers) and numbers[0] in case.right), 1.0),
            (without, 0, ABSENT),
        ):
            if kept:
                signals = engine.signals(kept, nontest)
                doubtful = engine.is_doubtful(kept[0]) or signals.contradictions > 0
                found.append((signals.vector(), right, weight, case.group, signals.has_unit, doubtful))
    columns = [np.asarray(column) for column in zip(*found, strict=True)]
    return Sample(*columns)


def fit(sample: Sample) -> LogisticRegression:
    """A regularised logistic model of all rows; the intercept is the first column."""
    model = LogisticRegression(C=1.0, max_iter=5000, fit_intercept=False)
    return model.fit(sample.vectors, sample.right, sample_weight=sample.weights)


def held_apart(sample: Sample) -> Floats:
    """Predictions for each laboratory by a model that never saw it."""
    predicted = np.zeros(len(sample.right))
    for name in sorted(set(sample.groups)):
        apart = sample.groups == name
        predicted[apart] = fit(sample.only(~apart)).predict_proba(sample.vectors[apart])[:, 1]
    return predicted


def steps_of(predicted: Floats, sample: Sample) -> list[tuple[float, float]]:
    """The monotone table: each plateau of an isotonic regression near the foot of what it holds, lines between.

    The highest plateau is believed only as far as its size allows (one error more than were seen).
    """
    weights = sample.weights
    isotonic = IsotonicRegression(out_of_bounds="clip", y_min=0.005, y_max=0.999)
    fitted = isotonic.fit(predicted, sample.right, sample_weight=weights).predict(predicted)
    points: list[tuple[float, float]] = []
    for level in np.unique(fitted):
        on = fitted == level
        weight = float(weights[on].sum())
        middle = float(np.quantile(predicted[on], LOW))
        share = min(float(level), (float(level) * weight + 0.5) / (weight + 1.0))
        if not points or (middle > points[-1][0] + 1e-4 and share > points[-1][1] + 1e-4):
            points.append((round(middle, 5), round(share, 5)))
    return points


def calibration_of(sample: Sample) -> Calibration:
    """The confidence model of these readings: one regression, a table for rows with a unit and one for the others."""
    predicted = held_apart(sample)
    coefficients = tuple(round(float(value), 4) for value in fit(sample).coef_[0])
    models = []
    for has_unit in (True, False):
        # What is never believed beyond a limit says nothing of how far the others may be.
        there = (sample.has_unit == has_unit) & ~sample.doubtful
        models.append(Model(coefficients, tuple(steps_of(predicted[there], sample.only(there)))))
    return Calibration(*models)


def module_text(models: Sequence[tuple[Sequence[float], Sequence[tuple[float, float]]]]) -> str:
    """The Python source of the fitted tables, as they ship with the matcher."""
    lines = ['"""Fitted by `python -m tests.bench.matching.calibrate`; do not edit by hand."""', ""]
    for name, (coefficients, points) in zip(("WITH_UNIT", "WITHOUT_UNIT"), models, strict=True):
        lines += [
            f"{name}: tuple[tuple[float, ...], tuple[tuple[float, float], ...]] = (",
            f"    {tuple(coefficients)},",
            f"    {tuple(tuple(point) for point in points)},",
            ")",
        ]
    return "\n".join([*lines, ""])


def main() -> None:
    """Fit on every reviewed set at hand and write the tables."""
    sets = all_datasets(bench_folder())
    engine = bench_engine(Path(sys.argv[1]))
    sample = collect(engine, [case for name in FITTED for case in sets.get(name, []) if case.right])
    found = calibration_of(sample)
    models = [(model.coefficients, model.steps) for model in (found.with_unit, found.without_unit)]
    TARGET.write_text(module_text(models), encoding="utf-8")
    seen = sample.weights == 1.0
    brier = np.mean((held_apart(sample) - sample.right)[seen] ** 2)
    print(f"{seen.sum()} rows, {sample.right[seen].mean():.3f} right, Brier {brier:.4f}")


if __name__ == "__main__":
    main()
