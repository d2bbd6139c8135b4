"""Intervals and numbers of reports, results of one report standing and falling together; a binomial would be wrong."""

import random
from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.effective.sampling import LEAST_REPORTS, Sample, Z, reports_without_pilot, sample_of, samples
from app.emitted.observed import Cluster

Kinds = list[tuple[int, int, int]]
"""(results, effective results, reports alike)."""


def binomial_half_width(sample: Sample) -> float:
    """What an interval would be if each result had been drawn alone."""
    return Z * sqrt(sample.share * (1 - sample.share) / sample.results)


def half_width(sample: Sample) -> float:
    return (sample.high - sample.low) / 2


def test_reports_that_are_all_or_nothing_count_as_reports_and_not_as_results() -> None:
    found = sample_of([(20, 20, 50), (20, 0, 50)])
    # Exactly: the variance of a share of 100 reports, with the usual n - 1.
    assert found.variance == pytest.approx(0.25 / 99)
    assert half_width(found) == pytest.approx(Z * sqrt(0.25 / 99), rel=0.06)
    assert found.design_effect == pytest.approx(20 * 100 / 99)
    # A binomial over the 2,000 results would claim to know the share four times as well.
    assert binomial_half_width(found) < half_width(found) / 4


def test_results_that_fall_alone_are_nearly_a_binomial() -> None:
    draw = random.Random(1)
    kinds = [(20, sum(draw.random() < 0.7 for _ in range(20)), 1) for _ in range(300)]
    found = sample_of(kinds)
    assert found.design_effect == pytest.approx(1, abs=0.25)
    assert half_width(found) == pytest.approx(binomial_half_width(found), rel=0.2)


def _drawn(draw: random.Random, reports: int) -> Kinds:
    """Reports of a system whose shares differ from one to the other: half of them at 95 %, half at 35 %."""
    kinds = []
    for _ in range(reports):
        chance = 0.95 if draw.random() < 0.5 else 0.35
        results = draw.randint(5, 25)
        kinds.append((results, sum(draw.random() < chance for _ in range(results)), 1))
    return kinds


def test_the_interval_holds_the_true_share_as_often_as_it_says_and_a_binomial_does_not() -> None:
    true, draw, times = 0.65, random.Random(7), 200
    held = held_by_binomial = 0
    for _ in range(times):
        found = sample_of(_drawn(draw, 80))
        held += found.low <= true <= found.high
        held_by_binomial += abs(found.share - true) <= binomial_half_width(found)
    assert held / times >= 0.90
    assert held_by_binomial / times <= 0.75


def test_the_number_of_reports_that_is_asked_for_gives_the_margin() -> None:
    draw = random.Random(11)
    needed = sample_of(_drawn(draw, 300)).reports_for(0.05)
    margins = [Z * sqrt(sample_of(_drawn(draw, needed)).variance) for _ in range(10)]
    assert sum(margins) / 10 == pytest.approx(0.05, rel=0.12)


def test_without_a_pilot_the_worst_is_assumed() -> None:
    assert reports_without_pilot(0.03) == 1068
    assert reports_without_pilot(0.5) == LEAST_REPORTS
    alike = sample_of([(10, 10, 40)])
    assert (alike.design_effect, alike.reports_for(0.03)) == (None, 1068), "nothing varies: nothing is learned of it"


@pytest.mark.parametrize(("kinds", "share"), [([(10, 10, 40)], 1.0), ([(10, 0, 40)], 0.0), ([(4, 2, 40)], 0.5)])
def test_reports_that_all_tell_the_same_leave_a_doubt(kinds: Kinds, share: float) -> None:
    found = sample_of(kinds)
    assert found.low <= share <= found.high
    # Of forty reports, whatever they hold: Wilson's bounds.
    assert 0.05 < found.high - found.low < 0.35
    assert sample_of([(kinds[0][0], kinds[0][1], 400)]).high - found.low < 0.35


def test_one_report_tells_hardly_anything() -> None:
    found = sample_of([(200, 100, 1)])
    assert (found.is_sure, found.high - found.low > 0.8, found.reports_for(0.03)) == (False, True, 1068)


def test_nothing_read() -> None:
    assert sample_of([]) == Sample(0, 0, 0, 0.0, 1.0, 0.0)
    assert samples({}) == {}


def test_domains_the_whole_first_then_those_with_most_results() -> None:
    clusters = {
        Cluster("", 10, 9, ): 3, Cluster("", 4, 0): 1, Cluster("Ions", 10, 9): 3, Cluster("Hormones", 4, 0): 1,
    }  # fmt: skip
    found = samples(clusters)
    assert list(found) == ["", "Ions", "Hormones"]
    assert (found[""].reports, found[""].results, found[""].effective) == (4, 34, 27)


@given(
    st.lists(
        st.tuples(st.integers(1, 30), st.integers(0, 30), st.integers(1, 5)).map(
            lambda kind: (kind[0], min(kind[0], kind[1]), kind[2])
        ),
        min_size=1,
        max_size=8,
    )
)
def test_bounds_hold_the_share_and_are_the_same_each_time(kinds: Kinds) -> None:
    found = sample_of(kinds)
    assert 0 <= found.low <= found.share <= found.high <= 1
    assert found == sample_of(reversed(kinds)), "the draws are seeded, in an order of their own"
    # Reports written one by one or added up are the same reports.
    apart = [(results, good, 1) for results, good, number in kinds for _ in range(number)]
    assert sample_of(apart).variance == pytest.approx(found.variance, abs=1e-12)
