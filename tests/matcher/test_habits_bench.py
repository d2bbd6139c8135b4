"""The bench of habits decides what it says, and a made laboratory gains from its habit."""

import random
from collections.abc import Iterator

import pytest

from matcher import Engine
from tests.bench.matching import habits
from tests.bench.matching.datasets import CASES, Case, read_cases


@pytest.fixture(scope="module")
def haematology(starter_engine: Engine) -> habits.Source:
    return habits.Source("made", starter_engine, habits.with_technique(starter_engine))


@pytest.fixture(scope="module")
def without_units(starter_engine: Engine) -> habits.Source:
    cases = [case for case in read_cases(CASES) if case.group == "L3-CH-SANS-UNITE"]
    return habits.Source("L3", starter_engine, cases)


def draws() -> Iterator[random.Random]:
    return (random.Random(f"orders {number}") for number in range(8))


def test_an_order_is_the_same_each_time(haematology: habits.Source) -> None:
    assert haematology.decided(random.Random("one")) == haematology.decided(random.Random("one"))


def test_a_fifth_is_decided_and_the_rest_judged(haematology: habits.Source) -> None:
    order = haematology.decided(random.Random("one"))
    assert order.rows == len(haematology.cases) - round(habits.SHARE * len(haematology.cases))
    assert 0 <= order.without <= order.rows
    assert order.gain == order.learned - order.without


def test_a_wrong_decision_is_wrong(haematology: habits.Source, starter_engine: Engine) -> None:
    draw = random.Random("wrong")
    for place, case in enumerate(haematology.cases):
        others = [code for code in haematology.codes[place] if code != case.best]
        wrong = haematology._wrong(place, draw)
        assert wrong in others if others else wrong == case.best


def test_a_laboratory_with_a_habit_gains_and_one_without_loses_nothing(
    haematology: habits.Source, without_units: habits.Source
) -> None:
    gains = [haematology.decided(draw).gain for draw in draws()]
    assert min(gains) >= 0
    assert sum(gains) > 0
    assert min(without_units.decided(draw).gain for draw in draws()) >= -1


def test_the_sources_are_large_enough(starter_engine: Engine, cases: list[Case]) -> None:
    found = habits.labelled(None, starter_engine)
    assert {case.group for case in cases if len(found.get(case.group, ())) >= habits.LEAST} <= found.keys()
    assert min(map(len, found.values())) >= habits.LEAST
    assert any(name.startswith("judging") for name in found)
