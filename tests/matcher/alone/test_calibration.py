"""Confidence: a probability, monotone, summing to at most one."""

from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from matcher import Band
from matcher.calibration import SURE_AT, TO_CHECK_AT, Calibration, Signals

BASE = Signals(
    score=12.0,
    margin=0.4,
    component=1.1,
    exact=True,
    leftover=0,
    has_unit=True,
    has_specimen=True,
    prior=1.0,
    contradictions=0,
    nontest=0.0,
    property=1.0,
    system=1.0,
    scale=1.0,
    method=0.5,
    reading=0.0,
    rival_is_sibling=False,
    is_organism=False,
    nature_known=False,
)
CALIBRATION = Calibration.default()
FINITE = st.floats(min_value=-5, max_value=40)


def test_the_shipped_calibration_fits_the_signals() -> None:
    assert len(CALIBRATION.coefficients) == len(BASE.vector())


def test_the_shipped_table_is_monotone() -> None:
    assert CALIBRATION.steps
    for (x, y), (next_x, next_y) in pairwise(CALIBRATION.steps):
        assert x < next_x
        assert y <= next_y
    assert all(0.0 <= y <= 1.0 for _, y in CALIBRATION.steps)


@given(st.floats(min_value=0, max_value=1), st.floats(min_value=0, max_value=1))
def test_the_table_never_falls(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert CALIBRATION.monotone(low) <= CALIBRATION.monotone(high)


@given(st.lists(FINITE, min_size=1, max_size=12), st.floats(min_value=0, max_value=5))
def test_confidences_are_probabilities_that_fall_with_the_rank(scores: list[float], margin: float) -> None:
    ordered = sorted(scores, reverse=True)
    values = CALIBRATION.confidences(replace(BASE, margin=margin, score=ordered[0]), ordered)
    assert len(values) == len(scores)
    assert all(0.0 <= value <= 1.0 for value in values)
    assert sum(values) <= 1.0 + 1e-9
    assert values == sorted(values, reverse=True)


@given(st.floats(min_value=0, max_value=1))
def test_a_contradicted_or_second_proposal_is_never_sure(confidence: float) -> None:
    assert CALIBRATION.band(confidence, 1, True) is not Band.SURE
    assert CALIBRATION.band(confidence, 2, False) is not Band.SURE


def test_bands() -> None:
    assert CALIBRATION.band(SURE_AT, 1, False) is Band.SURE
    assert CALIBRATION.band(TO_CHECK_AT, 1, False) is Band.TO_CHECK
    assert CALIBRATION.band(TO_CHECK_AT - 0.01, 1, False) is Band.UNCERTAIN
    assert CALIBRATION.probability(BASE) > CALIBRATION.probability(
        replace(BASE, margin=0.0, exact=False, component=0.4)
    )
