"""How large a unit is, and what a unit far from the example of a code says of it."""

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from matcher import Engine, LocalTest, Verdict
from matcher.evidence.unit import decades_apart, unit_is_far, weigh_unit
from matcher.facts import Facts
from matcher.normalise.magnitude import magnitude
from matcher.normalise.units import UnitReading, ucum_dimension

PIECES = st.sampled_from("g mg L mL / 10*9 10*-3 [IU] ( ) . 24 h % {x} 0".split())


@pytest.mark.parametrize(
    ("ucum", "power"),
    [
        ("g/L", 0), ("mg/L", -3), ("ug/mL", -3), ("ng/mL", -6), ("mg/dL", -2), ("pg/mL", -9), ("dag/L", 1), ("kg", 3),
        ("10*9/L", 9), ("10*3/uL", 9), ("/uL", 6), ("/mm3", 6), ("{copies}/mL", 3), ("[CFU]/mL", 3),
        ("[IU]/L", 0), ("m[IU]/mL", 0), ("k[IU]/L", 3), ("nmol/L", -9), ("mmol/mol", -3), ("%", -2), ("[ppth]", -3),
        ("U/g{Hb}", 0), ("mosm/kg", -6), ("kPa", 3), ("fL", -15), ("um3", -15),
    ],
)  # fmt: skip
def test_the_power_of_ten_of_a_unit(ucum: str, power: int) -> None:
    assert magnitude(ucum) == pytest.approx(power)


@pytest.mark.parametrize("ucum", ["", " ", "log10", "{log_copies}/mL", "furlong", "0/L", "g/furlong"])
def test_what_has_no_size(ucum: str) -> None:
    assert magnitude(ucum) is None


def test_a_day_is_a_day_however_it_is_written() -> None:
    assert magnitude("mmol/(24.h)") == pytest.approx(magnitude("mmol/d"))
    assert magnitude("mL/min") == pytest.approx(-3 - math.log10(60))


@given(st.one_of(st.text(max_size=20), st.lists(PIECES, max_size=8).map("".join)))
@example("10*-")
@example("²/L")
@example("9" * 5000)
@example("10*" + "9" * 400)
def test_any_text_has_a_size_or_none(text: str) -> None:
    size = magnitude(text)
    assert size is None or math.isfinite(size)


def test_the_nearest_of_several_units_counts() -> None:
    assert decades_apart(("ng/mL",), ("g/L", "ug/L")) == pytest.approx(0)
    assert decades_apart(("furlong",), ("g/L",)) is None
    assert decades_apart((), ("g/L",)) is None


def found(unit: str, example_unit: str) -> tuple[Verdict, float, bool]:
    facts = Facts(UnitReading(unit, (unit,), (ucum_dimension(unit),)))
    answer = weigh_unit(facts, example_unit, (ucum_dimension(example_unit),))
    return answer.verdict, answer.strength, answer.rule is unit_is_far


def test_three_powers_of_ten_are_met_every_day_and_six_are_not() -> None:
    assert found("ng/mL", "ug/L") == (Verdict.AGREE, 0.8, False)
    assert found("mg/L", "g/L") == (Verdict.AGREE, 0.6, False)
    assert found("ug/L", "ng/L")[0] is Verdict.AGREE
    verdict, strength, is_far = found("g/L", "ug/L")
    assert (verdict, is_far) == (Verdict.COMPATIBLE, True)
    assert strength < 0
    assert found("g/L", "ng/L")[1] < found("g/L", "mg/dL")[1]
    assert found("g/L", "pg/mL")[1] < strength + 1e-9


def test_a_unit_far_from_that_of_the_code_is_said(small_engine: Engine) -> None:
    row = LocalTest(label="CRP", unit="pg/mL")
    evidence = small_engine.weigh(row, "1988-5")
    assert any("tout autre ordre de grandeur" in item.sentence for item in evidence)
    near = small_engine.weigh(LocalTest(label="CRP", unit="mg/dL"), "1988-5")
    assert not any("ordre de grandeur" in item.sentence for item in near)
