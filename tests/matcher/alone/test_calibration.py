"""Confidence: a probability, monotone, summing to at most one."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from matcher import Band
from matcher.calibration import DOUBTFUL_AT, SURE_AT, TO_CHECK_AT, Calibration, Model, Signals

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


MODELS = (CALIBRATION.with_unit, CALIBRATION.without_unit)


@pytest.mark.parametrize("model", MODELS)
def test_the_shipped_calibration_fits_the_signals(model: Model) -> None:
    assert len(model.coefficients) == len(BASE.vector())


@pytest.mark.parametrize("model", MODELS)
def test_the_shipped_table_is_monotone_and_fine(model: Model) -> None:
    assert len(model.steps) > 6
    for (x, y), (next_x, next_y) in pairwise(model.steps):
        assert x < next_x
        assert y < next_y
    assert all(0.0 <= y <= 1.0 for _, y in model.steps)


@given(st.floats(min_value=0, max_value=1), st.floats(min_value=0, max_value=1))
def test_the_table_never_falls(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert all(model.monotone(low) <= model.monotone(high) for model in MODELS)


def test_a_row_without_unit_is_believed_by_its_own_table() -> None:
    without = replace(BASE, has_unit=False)
    assert CALIBRATION.probability(BASE) == CALIBRATION.with_unit.probability(BASE)
    assert CALIBRATION.probability(without) == CALIBRATION.without_unit.probability(without)


def test_what_is_in_doubt_is_never_sure() -> None:
    sure = replace(BASE, score=18.0, margin=3.0)
    assert CALIBRATION.confidences(sure, [18.0])[0] >= SURE_AT
    for remembered in (False, True):
        assert CALIBRATION.confidences(sure, [18.0], remembered, True)[0] <= DOUBTFUL_AT
        contradicted = replace(sure, contradictions=1)
        assert CALIBRATION.confidences(contradicted, [18.0], remembered)[0] <= DOUBTFUL_AT


SIGNALS = st.builds(
    lambda **given: replace(BASE, **given),
    score=FINITE,
    margin=st.floats(min_value=0, max_value=5),
    component=st.floats(min_value=0, max_value=1.3),
    exact=st.booleans(),
    contradictions=st.integers(0, 4),
    property=st.floats(min_value=-1, max_value=1),
    system=st.floats(min_value=-1, max_value=1),
)
"""First candidates of all sorts, the hopeless ones included."""


@given(SIGNALS, st.lists(FINITE, min_size=1, max_size=60), st.booleans())
@example(signals=replace(BASE, score=0.0, margin=0.0, component=0.1, exact=False), scores=[1.0, 1.0], remembered=False)
def test_confidences_are_probabilities_that_fall_with_the_rank(
    signals: Signals, scores: list[float], remembered: bool
) -> None:
    values = CALIBRATION.confidences(signals, sorted(scores, reverse=True), remembered)
    assert len(values) == len(scores)
    assert all(0.0 <= value <= 1.0 for value in values)
    assert values == sorted(values, reverse=True)
    # Those after the tenth take no part in the sharing of the doubt.
    assert sum(values[:10]) <= 1.0 + 1e-9


def test_a_hopeless_first_candidate_leaves_no_more_to_the_second() -> None:
    hopeless = replace(BASE, score=0.0, margin=0.0, component=0.1, exact=False, contradictions=3)
    first, second = CALIBRATION.confidences(hopeless, [1.0, 1.0])
    assert first == second < 0.5


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
