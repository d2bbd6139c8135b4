"""The frozen scores on our own cases with the starter terminology are still reached."""

import json
from itertools import pairwise

import pytest

from matcher import Engine
from matcher.calibration import SURE_AT, TO_CHECK_AT
from tests.bench.matching.datasets import Case, answerable
from tests.bench.matching.measure import Answer, answers, by_key, figures
from tests.bench.matching.run import FROZEN

SLACK = 0.005


@pytest.fixture(scope="module")
def answered(starter_engine: Engine, cases: list[Case]) -> list[Answer]:
    return answers(starter_engine, answerable(cases, starter_engine.index.number_of))


def test_the_frozen_scores_are_reached(answered: list[Answer]) -> None:
    frozen = json.loads(FROZEN.read_text(encoding="utf-8"))
    groups = {"all": answered, **by_key(answered, lambda item: item.case.tier)}
    assert frozen.keys() == groups.keys()
    for name, items in groups.items():
        got, wanted = figures(items), frozen[name]
        # In a small tier half a point is less than one row.
        slack = max(SLACK, 1.01 / got.count)
        assert got.top1 >= wanted["top1"] - slack, name
        assert got.top5 >= wanted["top5"] - slack, name
        assert got.recall50 >= wanted["recall50"] - slack, name


def test_bands_are_ordered_and_sure_is_sure(answered: list[Answer]) -> None:
    def band(item: Answer) -> str:
        return (
            "2 sure" if item.confidence >= SURE_AT else "1 check" if item.confidence >= TO_CHECK_AT else "0 uncertain"
        )

    shares = {name: figures(items).top1 for name, items in by_key(answered, band).items()}
    assert list(shares) == ["0 uncertain", "1 check", "2 sure"]
    assert all(low < high for low, high in pairwise(shares.values())), shares
    assert shares["2 sure"] >= 0.985


def test_confidence_is_monotone_within_each_tier(answered: list[Answer]) -> None:
    """In each tier, the more confident half is right at least as often as the other."""
    for tier, items in by_key(answered, lambda item: item.case.tier).items():
        ordered = sorted(items, key=lambda item: item.confidence)
        half = len(ordered) // 2
        less, more = figures(ordered[:half]), figures(ordered[half:])
        assert more.top1 >= less.top1 - 1 / half, tier


def test_mean_confidence_is_near_the_share_right(answered: list[Answer]) -> None:
    mean = sum(item.confidence for item in answered) / len(answered)
    assert abs(mean - figures(answered).top1) < 0.05
