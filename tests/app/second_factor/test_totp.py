"""Codes against the vectors of RFC 6238, and what is never accepted."""

from datetime import UTC, datetime, timedelta

import pytest

from app.second_factor import totp

RFC_SECRET = b"12345678901234567890"


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (2000000000, "279037")],
)
def test_vectors_of_the_standard(seconds: int, code: str) -> None:
    """Appendix B, the last six of eight digits."""
    assert totp.code_of(RFC_SECRET, seconds // 30) == code


def test_one_step_of_drift_and_each_step_once() -> None:
    now = datetime.fromtimestamp(1111111111, UTC)
    counter = totp.counter_at(now)
    for drift, accepted in ((-2, False), (-1, True), (0, True), (1, True), (2, False)):
        code = totp.code_of(RFC_SECRET, counter + drift)
        assert (totp.matching_counter(RFC_SECRET, code, now, 0) is not None) is accepted
    code = totp.code_of(RFC_SECRET, counter)
    assert totp.matching_counter(RFC_SECRET, code, now, counter - 1) == counter
    assert totp.matching_counter(RFC_SECRET, code, now + timedelta(seconds=20), counter) is None
    for text in ("", "12345", "1234567", "١٢٣٤٥٦", "abcdef"):
        assert totp.matching_counter(RFC_SECRET, text, now, 0) is None


def test_the_picture_holds_no_script_and_no_style() -> None:
    picture = totp.picture_of(RFC_SECRET, "marie.durand@exemple.fr").decode()
    assert picture.startswith("<svg")
    assert "<script" not in picture
    assert "style=" not in picture
    address = totp.address_of(RFC_SECRET, "marie@exemple.fr")
    assert "secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Atelier%20LOINC&algorithm=SHA1&digits=6&period=30" in address
