"""Confidence: from the signals of a ranking to a probability of being right, and the three bands."""

import math
from dataclasses import dataclass, field

from matcher.calibration_data import WITH_UNIT, WITHOUT_UNIT
from matcher.judged_data import JUDGED
from matcher.types import Band

SURE_AT = 0.99
"""The least that keeps, on rows read twice, the band under one row in a hundred when no right code is to be had."""
TO_CHECK_AT = 0.6
DOUBTFUL_FROM, DOUBTFUL_AT = 0.9, 0.95
"""When its reading is in doubt, what is believed above the first is believed half as far above it: to the second."""


def doubted(confidence: float) -> float:
    """A confidence in what rests on a doubt: never sure, and still told from its like."""
    share = (DOUBTFUL_AT - DOUBTFUL_FROM) / (1.0 - DOUBTFUL_FROM)
    return min(confidence, DOUBTFUL_FROM + max(confidence - DOUBTFUL_FROM, 0.0) * share)


@dataclass(frozen=True, slots=True)
class Signals:
    """What the confidence in the first candidate is made of. Strengths are those of its evidence, in [-1, 1]."""

    score: float
    margin: float
    """Score of the first candidate less that of the second."""
    component: float
    exact: bool
    leftover: int
    has_unit: bool
    has_specimen: bool
    prior: float
    contradictions: int
    nontest: float
    property: float
    system: float
    scale: float
    method: float
    reading: float
    rival_is_sibling: bool
    """The second candidate has the same analyte: only another axis is in doubt."""
    is_organism: bool
    nature_known: bool
    is_chosen: bool = False
    """The country chose this code among its siblings."""

    def vector(self) -> tuple[float, ...]:
        """The signals as numbers, a one for the intercept first, in the order of the coefficients."""
        margin = max(0.0, min(self.margin, 3.0))
        return (
            1.0,
            min(self.score, 18.0) / 10.0,
            margin,
            math.sqrt(margin),
            min(self.component, 1.3),
            float(self.exact),
            float(min(self.leftover, 4)),
            float(self.has_unit),
            float(self.has_specimen),
            self.prior,
            float(min(self.contradictions, 3)),
            self.nontest,
            self.property,
            self.system,
            self.scale,
            self.method,
            max(-1.0, self.reading),
            float(self.rival_is_sibling),
            float(self.is_organism),
            float(self.nature_known),
            float(self.is_chosen),
        )


# Share of the doubt on the first candidate that the others share between them; the rest is "none of these".
OTHERS_SHARE = 0.8
TEMPERATURE = 0.8


@dataclass(frozen=True, slots=True)
class Model:
    """A logistic model on the signals, then a monotone table on its output."""

    coefficients: tuple[float, ...]
    steps: tuple[tuple[float, float], ...] = field(default=())
    """(logistic output, observed share right), both increasing."""

    def probability(self, signals: Signals) -> float:
        """The probability that the first candidate is right."""
        return self.monotone(self.raw(signals.vector()))

    def raw(self, vector: tuple[float, ...]) -> float:
        """The output of the logistic model."""
        logit = sum(c * x for c, x in zip(self.coefficients, vector, strict=True))
        return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, logit))))

    def monotone(self, raw: float) -> float:
        """The logistic output through the monotone table, straight lines between its points."""
        if not self.steps:
            return raw
        previous_x, previous_y = 0.0, 0.0
        for x, y in (*self.steps, (1.0, max(self.steps[-1][1], 0.999))):
            if raw <= x:
                share = (raw - previous_x) / (x - previous_x) if x > previous_x else 1.0
                return previous_y + share * (y - previous_y)
            previous_x, previous_y = x, y
        return previous_y


@dataclass(frozen=True, slots=True)
class Calibration:
    """Rows with a unit and rows without one are two kinds of evidence, each believed by a model of its own."""

    with_unit: Model
    without_unit: Model

    @classmethod
    def default(cls) -> "Calibration":
        """The calibration shipped with the engine, fitted on labelled rows (see calibration_data)."""
        return cls(Model(*WITH_UNIT), Model(*WITHOUT_UNIT))

    def confidences(
        self, first: Signals, scores: list[float], is_remembered: bool = False, is_doubtful: bool = False
    ) -> list[float]:
        """A probability for each candidate: never rising with the rank, and summing to at most one.

        A first candidate that another catalogue validated for the same signature leaves half the doubt,
        unless an axis contradicts it.
        """
        top = self.probability(first)
        if is_remembered and not first.contradictions:
            top = 1.0 - (1.0 - top) * 0.5
        if is_doubtful or first.contradictions:
            # Whatever the likeness, nobody may take for sure what was guessed, or what the row contradicts.
            top = doubted(top)
        values = [top]
        if len(scores) > 1:
            weights = [math.exp((score - scores[1]) / TEMPERATURE) for score in scores[1:]]
            # The first ten share the doubt, so that a candidate's figure never depends on how many were asked for.
            total = sum(weights[:9])
            values.extend(min(top, (1.0 - top) * OTHERS_SHARE * weight / total) for weight in weights)
        return values

    def probability(self, signals: Signals) -> float:
        """The probability that the first candidate is right."""
        return (self.with_unit if signals.has_unit else self.without_unit).probability(signals)

    @staticmethod
    def band(confidence: float, rank: int, contradicted: bool) -> Band:
        """The band of a proposal; a contradicted or second proposal is never sure."""
        if confidence >= SURE_AT and rank == 1 and not contradicted:
            return Band.SURE
        return Band.TO_CHECK if confidence >= TO_CHECK_AT else Band.UNCERTAIN


LOWER_BOUND_AT = 0.95


def judged_share(band: Band) -> tuple[int, int]:
    """(right, all) of the judging rows in this band: rows on which nothing was ever tuned (see judged_data)."""
    return JUDGED.get(band.value, (0, 0))


def least_share(right: int, count: int) -> float:
    """The one-sided 95 % lower bound of a share (Clopper and Pearson), by bisection on the binomial tail."""
    if not count or not right:
        return 0.0
    low, high = 0.0, right / count
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _tail(right, count, middle) < 1 - LOWER_BOUND_AT else (low, middle)
    return low


def _tail(right: int, count: int, share: float) -> float:
    """The probability of at least `right` successes out of `count`.

    Each term by its logarithm: the probability of no success at all is no number any more from two hundred rows on.
    """
    if share <= 0.0 or share >= 1.0:
        return float(share >= 1.0 or not right)
    whole, hit, missed = math.lgamma(count + 1), math.log(share), math.log1p(-share)
    return math.fsum(
        math.exp(
            whole
            - math.lgamma(successes + 1)
            - math.lgamma(count - successes + 1)
            + successes * hit
            + (count - successes) * missed
        )
        for successes in range(right, count + 1)
    )
