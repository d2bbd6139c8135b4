"""Fitted by `python -m matcher.bench.calibrate`; do not edit by hand."""

COEFFICIENTS: tuple[float, ...] = (-7.0, 0.4, 1.5, 2.0, 0.5, -0.3, 0.3, 0.2, 1.0, -1.0, -2.0)
STEPS: tuple[tuple[float, float], ...] = ()
