"""Fit the confidence model: logistic regression, then isotonic regression on predictions held apart by laboratory.

Run `python -m tests.bench.matching.calibrate RELEASE_DIR` with TRANSCODEUR_BENCH_DATA set; it rewrites
matcher/calibration_data.py.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from matcher import calibration_data
from matcher.engine import Engine
from tests.bench.matching.build import bench_engine
from tests.bench.matching.datasets import Case, all_datasets, bench_folder

TARGET = Path(calibration_data.__file__)
# Sets whose labels are a published mapping without review, or sets of codes, say little of a 99 % precision.
FITTED = ("cases", "labos_fr_dev")


def collect(engine: Engine, cases: list[Case]) -> tuple[NDArray[np.float64], NDArray[np.int64], list[str]]:
    """Signals of the first candidate of each case, whether it is right, and its laboratory."""
    vectors, right, groups = [], [], []
    for case in cases:
        candidates, nontest, _ = engine.ranked(case.test, 10)
        if candidates:
            vectors.append(engine.signals(candidates, nontest).vector())
            right.append(int(engine.index.terms[candidates[0].position].loinc_num in case.right))
            groups.append(case.group)
    return np.asarray(vectors), np.asarray(right), groups


def fit(vectors: NDArray[np.float64], right: NDArray[np.int64]) -> LogisticRegression:
    """A regularised logistic model; the intercept is the first column."""
    return LogisticRegression(C=4.0, max_iter=5000, fit_intercept=False).fit(vectors, right)


def held_apart(vectors: NDArray[np.float64], right: NDArray[np.int64], groups: list[str]) -> NDArray[np.float64]:
    """Predictions for each laboratory by a model that never saw it."""
    names = np.asarray(groups)
    predicted = np.zeros(len(right))
    for name in sorted(set(groups)):
        apart = names == name
        predicted[apart] = fit(vectors[~apart], right[~apart]).predict_proba(vectors[apart])[:, 1]
    return predicted


def steps_of(predicted: NDArray[np.float64], right: NDArray[np.int64]) -> list[tuple[float, float]]:
    """The isotonic table as strictly increasing points."""
    isotonic = IsotonicRegression(out_of_bounds="clip", y_min=0.005, y_max=0.997).fit(predicted, right)
    points: list[tuple[float, float]] = []
    for x, y in zip(isotonic.X_thresholds_, isotonic.y_thresholds_, strict=True):
        # A flat stretch keeps a slope too small to see, so that ties keep the order of the model.
        y = max(float(y), points[-1][1] + 1e-5) if points else float(y)
        if not points or x > points[-1][0] + 1e-4:
            points.append((round(float(x), 5), round(min(y, 0.9985), 5)))
    return points


def module_text(coefficients: Sequence[float], points: Sequence[tuple[float, float]]) -> str:
    """The Python source of the fitted table, as it ships with the matcher."""
    lines = (
        '"""Fitted by `python -m tests.bench.matching.calibrate`; do not edit by hand."""',
        "",
        f"COEFFICIENTS: tuple[float, ...] = {tuple(coefficients)}",
        f"STEPS: tuple[tuple[float, float], ...] = {tuple(points)}",
        "",
    )
    return "\n".join(lines)


def main() -> None:
    """Fit on every reviewed set at hand and write the table."""
    sets = all_datasets(bench_folder())
    engine = bench_engine(Path(sys.argv[1]))
    cases = [case for name in FITTED for case in sets.get(name, [])]
    vectors, right, groups = collect(engine, cases)
    predicted = held_apart(vectors, right, groups)
    points = steps_of(predicted, right)
    coefficients = fit(vectors, right).coef_[0]
    TARGET.write_text(module_text(tuple(round(float(value), 4) for value in coefficients), points), encoding="utf-8")
    print(f"{len(cases)} cases, {right.mean():.3f} right, Brier {np.mean((predicted - right) ** 2):.4f}")


if __name__ == "__main__":
    main()
