"""A printed percentage never says more than the share: 79,99 % never reads 80 %."""

import re
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import app.upgrades.cli as terminology_cli
from app import text
from app.claims import cli as pack_commands
from app.claims import documents as pack_documents
from app.coverage import pace
from app.settings import PROJECT_ROOT, resource_dir
from app.web import templating
from app.web.templating import environment, format_percent

NARROW, WIDE = "\u202f", "\u00a0"


def printed(text: str) -> Fraction:
    """The share in [0, 1] that a reader of the text understands."""
    assert text.endswith(f"{WIDE}%")
    return Fraction(text[:-2].replace(NARROW, "").replace(",", ".")) / 100


@pytest.mark.parametrize(
    ("numerator", "denominator", "decimals", "expected"),
    [
        (7999, 10_000, 1, "79,9"),
        (7999, 10_000, 2, "79,99"),
        (7999, 10_000, 0, "79"),
        (79_999_999, 100_000_000, 1, "79,9"),
        (9999, 10_000, 1, "99,9"),
        (4, 5, 1, "80,0"),
        (29, 100, 1, "29,0"),
        (1, 1, 1, "100,0"),
        (0, 7, 1, "0,0"),
    ],
)
def test_percentages_round_down(numerator: int, denominator: int, decimals: int, expected: str) -> None:
    assert format_percent(numerator / denominator, decimals) == f"{expected}{WIDE}%"


def test_no_share_is_a_dash() -> None:
    assert format_percent(None) == "—"


@given(st.integers(0, 10**8), st.integers(1, 10**8), st.integers(0, 2))
def test_what_is_printed_is_at_most_the_share_and_less_than_one_unit_below(part: int, rest: int, decimals: int) -> None:
    share = Fraction(part, part + rest)
    shown = printed(format_percent(part / (part + rest), decimals))
    assert shown <= share < shown + Fraction(1, 100 * 10**decimals)


@given(st.integers(0, 1000))
def test_what_can_be_printed_exactly_is(thousandths: int) -> None:
    assert printed(format_percent(thousandths / 1000)) == Fraction(thousandths, 1000)


def test_templates_print_them_in_the_same_way() -> None:
    assert environment().from_string("{{ share | pourcent }}").render(share=0.7999) == f"79,9{WIDE}%"


# A computed value printed before a percent sign. A text that starts with the sign is a pattern of SQL's LIKE.
COMPUTED = {
    ".py": re.compile(r"""f(?P<q>["'])(?!%).*\}(?:\s|\\u00a0|\\u202f|\\xa0)*%(?!\()|\{[^{}"']*:[^{}"']*%\}"""),
    ".html": re.compile(r"\}\}(?:\s|&nbsp;|&#160;)*%"),
    ".js": re.compile(r"""\}\s*%|["'`]\s*%["'`]|["']percent["']"""),
}
MAKERS = {
    Path(module.__file__ or "")
    for module in (templating, text, terminology_cli, pace, pack_commands, pack_documents)
}
"""The modules that make percentages: each rounds down, and a test of each says so."""


def sources() -> list[Path]:
    folders = (PROJECT_ROOT / "app", resource_dir("templates"), resource_dir("static") / "js")
    return [path for folder in folders for path in sorted(folder.rglob("*")) if path.suffix in COMPUTED]


def test_no_percentage_is_made_elsewhere() -> None:
    makers = {path for path in sources() if COMPUTED[path.suffix].search(path.read_text("utf-8"))}
    assert makers == MAKERS
