"""Raw agreement and kappa, against values computed by hand."""

import pytest

from app.double_reading.agreement import CountedReadings, agreement_of, kappa_of, share_interval

FOUR_BY_HAND = {
    ("choose", "choose"): 20, ("choose", "no_loinc"): 5, ("no_loinc", "choose"): 10, ("no_loinc", "no_loinc"): 15,
}  # fmt: skip


def test_kappa_and_its_interval_by_hand() -> None:
    # Observed 35/50; expected .5 x .6 + .5 x .4; variance of Fleiss, Cohen and Everitt .2016 / 12.5.
    found = kappa_of(FOUR_BY_HAND)
    assert found is not None
    assert found.pairs == 50
    assert found.value == pytest.approx(0.4)
    assert found.interval == pytest.approx((0.4 - 1.959964 * 0.1270, 0.4 + 1.959964 * 0.1270), abs=1e-4)


def test_kappa_over_three_categories_by_hand() -> None:
    # Observed (40 + 10 + 20) / 100; expected .5 x .5 + .2 x .2 + .3 x .3 = .38.
    table = {
        ("a", "a"): 40, ("a", "b"): 5, ("a", "c"): 5, ("b", "a"): 5, ("b", "b"): 10, ("b", "c"): 5,
        ("c", "a"): 5, ("c", "b"): 5, ("c", "c"): 20,
    }  # fmt: skip
    found = kappa_of(table)
    assert found is not None
    assert found.value == pytest.approx((0.70 - 0.38) / 0.62)


def test_full_agreement_on_two_categories_is_one() -> None:
    found = kappa_of({("choose", "choose"): 7, ("no_loinc", "no_loinc"): 3})
    assert found is not None
    assert found.value == pytest.approx(1.0)
    assert found.interval == pytest.approx((1.0, 1.0))


def test_agreement_worse_than_chance_is_negative() -> None:
    found = kappa_of({("choose", "no_loinc"): 5, ("no_loinc", "choose"): 5})
    assert found is not None
    assert found.value == pytest.approx(-1.0)


@pytest.mark.parametrize("table", [{}, {("choose", "choose"): 12}])
def test_kappa_is_undefined_with_one_category_or_none(table: dict[tuple[str, str], int]) -> None:
    assert kappa_of(table) is None


def test_interval_of_a_share_is_wilsons() -> None:
    # 8 of 10: the textbook value.
    assert share_interval(8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert share_interval(0, 0) == (0.0, 1.0)
    assert share_interval(10, 10)[1] == pytest.approx(1.0)


def _line(first: str, second: str, agrees: bool, count: int) -> CountedReadings:
    return CountedReadings("chemistry", 1, 2, first, second, agrees, count)


def test_two_codes_are_two_categories() -> None:
    # Nine pairs: (A, A) 4, (A, B) 2, (B, B) 2, (none, none) 1; observed 7/9.
    # First reader: A 6, B 2, none 1; second: A 4, B 4, none 1; expected (24 + 8 + 1) / 81.
    found = agreement_of(
        [
            _line("2951-2", "2951-2", True, 4),
            _line("2951-2", "2947-0", False, 2),
            _line("2947-0", "2947-0", True, 2),
            _line("no_loinc", "no_loinc", True, 1),
            _line("2951-2", "doubt", False, 1),
        ]
    )
    assert (found.readings, found.agreed, found.doubts) == (10, 7, 1)
    assert found.raw == pytest.approx(0.7)
    assert found.kappa is not None
    assert found.kappa.pairs == 9
    assert found.kappa.value == pytest.approx((7 / 9 - 33 / 81) / (1 - 33 / 81))


def test_nothing_read_says_nothing() -> None:
    found = agreement_of([])
    assert found.raw is None
    assert found.kappa is None
