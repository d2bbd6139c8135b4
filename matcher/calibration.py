"""Confidence: from the signals of a ranking to a probability of being right, and the three bands."""

import math
from dataclasses import dataclass, field

from matcher.types import Band

SURE_AT = 0.985
TO_CHECK_AT = 0.6


@dataclass(frozen=True, slots=True)
class Signals:
    """What the confidence is made of, for one candidate of one row."""

    score: float
    margin: float
    component: float
    exact: bool
    leftover: int
    has_unit: bool
    has_specimen: bool
    prior: float
    contradictions: int
    nontest: float

    def vector(self) -> tuple[float, ...]:
        """The signals as numbers, in the order of the coefficients."""
        return (
            1.0,
            min(self.score, 16.0),
            max(-4.0, min(self.margin, 3.0)),
            min(self.component, 1.3),
            float(self.exact),
            float(min(self.leftover, 4)),
            float(self.has_unit),
            float(self.has_specimen),
            self.prior,
            float(self.contradictions),
            self.nontest,
        )


NAMES = (
    "intercept", "score", "margin", "component", "exact", "leftover", "unit", "specimen", "prior", "contradictions", "nontest",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Calibration:
    """A logistic model on the signals, then a monotone table (isotonic) on its output."""

    coefficients: tuple[float, ...]
    steps: tuple[tuple[float, float], ...] = field(default=())
    """(logistic output, observed share right), both increasing."""

    @classmethod
    def default(cls) -> "Calibration":
        """The calibration shipped with the engine, fitted by `python -m matcher.bench.calibrate`."""
        from matcher.calibration_data import COEFFICIENTS, STEPS

        return cls(COEFFICIENTS, STEPS)

    def confidences(self, signals: list[Signals]) -> list[float]:
        """A probability for each candidate; never rising with the rank, and summing to at most one."""
        values: list[float] = []
        left = 1.0
        for item in signals:
            value = min(self.probability(item), left)
            if values:
                value = min(value, values[-1])
            values.append(value)
            left = max(0.0, left - value)
        return values

    def probability(self, signals: Signals) -> float:
        """The probability that one candidate is right."""
        logit = sum(c * x for c, x in zip(self.coefficients, signals.vector(), strict=True))
        raw = 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, logit))))
        return self._step(raw) if self.steps else raw

    def _step(self, raw: float) -> float:
        previous_x, previous_y = 0.0, 0.0
        for x, y in self.steps:
            if raw <= x:
                share = (raw - previous_x) / (x - previous_x) if x > previous_x else 1.0
                return previous_y + share * (y - previous_y)
            previous_x, previous_y = x, y
        return previous_y

    @staticmethod
    def band(confidence: float, rank: int, contradicted: bool) -> Band:
        """The band of a proposal; a contradicted or second proposal is never sure."""
        if confidence >= SURE_AT and rank == 1 and not contradicted:
            return Band.SURE
        return Band.TO_CHECK if confidence >= TO_CHECK_AT else Band.UNCERTAIN
