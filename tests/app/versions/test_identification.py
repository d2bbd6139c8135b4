"""The numbers of who signs and of her laboratory."""

import pytest

from app.errors import InvalidInputError
from app.versions.identification import checked_finess, checked_rpps, finess_warnings, has_finess_key


@pytest.mark.parametrize("number", ["2A0000014", "2B0000020", "750000002", "2A0000154"])
def test_a_right_key(number):
    assert has_finess_key(number)
    # Any other last digit is wrong.
    assert sum(has_finess_key(f"{number[:-1]}{digit}") for digit in "0123456789") == 1
    assert finess_warnings(number, number) == ()


def test_a_wrong_key_is_named_and_an_absent_number_is_not():
    (said,) = finess_warnings("2A0000015", "")
    assert "FINESS EJ 2A0000015" in said
    assert len(finess_warnings("2A0000015", "2B0000021")) == 2


def test_the_number_is_kept_without_spaces_and_in_capitals():
    assert checked_finess(" 2a 000 0014 ", "EJ") == "2A0000014"
    assert checked_finess("", "ET") == ""


@pytest.mark.parametrize("typed", ["75000000", "7500000022", "3A0000014", "2C0000014", "75000000²", "A20000014"])
def test_another_form_is_refused(typed):
    with pytest.raises(InvalidInputError):
        checked_finess(typed, "EJ")


def test_an_rpps_number_is_checked():
    assert checked_rpps("1000 3000 014") == "10003000014"
    for typed in ("10003000015", "", "1000300001", "x" * 11):
        with pytest.raises(InvalidInputError):
            checked_rpps(typed)
