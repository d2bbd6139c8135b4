"""Doses and delays of dynamic tests: two hours after 75 g is neither one hour nor 100 g."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher import Verdict
from matcher.evidence.component import delay_of, dose_of, weigh_challenge
from matcher.facts import Facts
from matcher.normalise.units import UnitReading

AFTER_75 = "2H post 75 g glucose PO"


def verdict(mine: str, theirs: str) -> tuple[Verdict, float]:
    found = weigh_challenge(Facts(UnitReading(""), challenges=(mine,) if mine else ()), theirs)
    return found.verdict, found.strength


@pytest.mark.parametrize(
    ("challenge", "minutes", "milligrams"),
    [
        (AFTER_75, 120.0, 75000.0),
        ("30M post 100 g glucose PO", 30.0, 100000.0),
        ("1.5H post 50 g glucose PO", 90.0, 50000.0),
        ("pre 1 mg dexamethasone PO overnight", 0.0, 1.0),
        ("8H post 1 mg dexamethasone PO", 480.0, 1.0),
        ("30M post 250 ug corticotropin", 30.0, 0.25),
        ("3D post dexamethasone", 4320.0, None),
        ("post CFst", None, None),
        ("post meal", None, None),
    ],
)
def test_delay_and_dose(challenge: str, minutes: float | None, milligrams: float | None) -> None:
    assert delay_of(challenge) == minutes
    assert dose_of(challenge) == milligrams


def test_the_same_condition_agrees() -> None:
    assert verdict(AFTER_75, AFTER_75) == (Verdict.AGREE, 1.0)
    assert verdict("2H post dose glucose", "2H post dose of glucose")[0] is not Verdict.CONTRADICT


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        (AFTER_75, "1H post 75 g glucose PO"),
        (AFTER_75, "2H post 100 g glucose PO"),
        (AFTER_75, "pre 75 g glucose PO"),
        ("30M post 250 ug corticotropin", "60M post 250 ug corticotropin"),
        ("8H post 1 mg dexamethasone PO", "8H post 8 mg dexamethasone PO"),
    ],
)
def test_another_dose_or_another_delay_contradicts(mine: str, theirs: str) -> None:
    assert verdict(mine, theirs) == (Verdict.CONTRADICT, -1.0)
    assert verdict(theirs, mine) == (Verdict.CONTRADICT, -1.0)


def test_the_same_moment_or_dose_written_otherwise_does_not_contradict() -> None:
    assert verdict("120M post 75 g glucose PO", AFTER_75)[0] is Verdict.COMPATIBLE
    assert verdict("2H post 75000 mg glucose PO", AFTER_75)[0] is Verdict.COMPATIBLE


def test_a_condition_of_one_side_only_is_never_an_agreement() -> None:
    assert verdict("", AFTER_75) == (Verdict.COMPATIBLE, -1.0)
    assert verdict(AFTER_75, "")[0] is Verdict.COMPATIBLE
    assert verdict(AFTER_75, "")[1] < 0


@given(st.integers(1, 900), st.integers(1, 900), st.integers(1, 900))
def test_only_equal_doses_may_agree(hours: int, mine: int, theirs: int) -> None:
    found, _ = verdict(f"{hours}H post {mine} g glucose PO", f"{hours}H post {theirs} g glucose PO")
    assert found is (Verdict.AGREE if mine == theirs else Verdict.CONTRADICT)


@given(st.text(max_size=30), st.text(max_size=30))
def test_any_condition_is_weighed(mine: str, theirs: str) -> None:
    assert -1.0 <= verdict(mine, theirs)[1] <= 1.0
