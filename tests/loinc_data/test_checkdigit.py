"""LOINC codes: form and check digit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loinc_data.checkdigit import check_digit, is_valid_loinc


@pytest.mark.parametrize("code", ["2345-7", "14749-6", "718-7", "10535-3", "58410-2", "19146-0", "62238-1", "8-3"])
def test_published_codes(code: str) -> None:
    assert is_valid_loinc(code)


@pytest.mark.parametrize(
    "code",
    [
        "2345-6",
        "14749-7",
        "",
        "-",
        "2345",
        "2345-",
        "-7",
        "2345-77",
        " 2345-7",
        "2345-7\n",
        "12345678-9",
        "A345-7",
        "٢٣٤٥-7",
    ],
)
def test_what_is_no_code(code: str) -> None:
    assert not is_valid_loinc(code)


@given(st.integers(min_value=1, max_value=9_999_999))
def test_one_digit_alone_is_right(number: int) -> None:
    body = str(number)
    valid = [digit for digit in range(10) if is_valid_loinc(f"{body}-{digit}")]
    assert valid == [check_digit(body)]


@given(st.integers(min_value=10, max_value=999_999), st.data())
def test_a_mistyped_digit_is_found(number: int, data: st.DataObject) -> None:
    body = str(number)
    code = f"{body}-{check_digit(body)}"
    position = data.draw(st.integers(min_value=0, max_value=len(body) - 1))
    digit = data.draw(st.sampled_from([other for other in "0123456789" if other != body[position]]))
    assert not is_valid_loinc(code[:position] + digit + code[position + 1 :])
