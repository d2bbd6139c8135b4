"""The headers of a download."""

import re

import pytest

from app.storage.download import attachment_headers


@pytest.mark.parametrize(
    "name",
    ['a"; filename="b.html', "a\r\nSet-Cookie: x=1", "../../etc/passwd", "été\\2026.csv", "a;b=c.csv", "\u202efdp.exe"],
)
def test_a_name_stays_a_name_in_its_header(name: str) -> None:
    """Whatever a file is called, the header says one attachment, and nothing after it."""
    told = attachment_headers(name)["Content-Disposition"]
    assert "%E2%80%AE" not in told, "nothing turns the ending of a name round"
    assert re.fullmatch(r"attachment; filename=\"[^\"\\/\x00-\x1f]*\"; filename\*=UTF-8''[A-Za-z0-9_.~%-]*", told)
