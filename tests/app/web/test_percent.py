"""A printed percentage never says more than the share: 79,99 % never reads 80 %."""

import re
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import app.upgrades.cli as terminology_cli
from app import text
from app.claims import cli as pack_commands
from app.claims import documents as pack_documents
from app.claims import effective_files
from app.coverage import pace
from app.coverage.definitions import TARGET
from app.reports.charts import Share, chart
from app.settings import PROJECT_ROOT, resource_dir
from app.text import share_text
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


@pytest.mark.parametrize("under", [0.7999999999999, 0.79999999999999, 0.799999999999999])
def test_a_breath_under_the_target_is_under_it(under: float) -> None:
    for decimals, shown in enumerate(("79", "79,9", "79,99")):
        assert format_percent(under, decimals) == f"{shown}{WIDE}%"
    whole = Fraction(repr(under))
    assert share_text(whole.numerator, whole.denominator) == f"79,99{WIDE}%"


@given(st.decimals(0, 1, places=15, allow_nan=False))
def test_a_number_reads_as_it_is_written_rounded_down(written: Decimal) -> None:
    shown = printed(format_percent(float(written), 2))
    assert shown <= Fraction(written) < shown + Fraction(1, 10_000)


def test_counts_that_no_number_of_a_machine_tells_from_the_target_read_under_it() -> None:
    part, total = 8 * 10**17 - 1, 10**18
    assert part / total == 0.8
    assert environment().from_string("{{ part | part(total) }}").render(part=part, total=total) == f"79,99{WIDE}%"
    drawn = chart("Part", [Share("Sodium", part, total)], TARGET).bars[0]
    assert drawn.figure.startswith(f"79,99{WIDE}%")


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


@given(st.integers(0, 10**8), st.integers(1, 10**8))
def test_what_a_pack_says_of_emitted_reports_rounds_down(part: int, rest: int) -> None:
    written = effective_files._percent(part, part + rest)
    share = Fraction(part, part + rest)
    assert printed(f"{written}{WIDE}%") <= share < printed(f"{written}{WIDE}%") + Fraction(1, 10_000)
    assert written == share_text(part, part + rest).removesuffix(f"{WIDE}%")


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
    for module in (text, terminology_cli, pace, pack_commands, pack_documents)
}
"""The modules that make percentages: each rounds down, and a test of each says so."""


def sources() -> list[Path]:
    folders = (PROJECT_ROOT / "app", resource_dir("templates"), resource_dir("static") / "js")
    return [path for folder in folders for path in sorted(folder.rglob("*")) if path.suffix in COMPUTED]


def test_no_percentage_is_made_elsewhere() -> None:
    makers = {path for path in sources() if COMPUTED[path.suffix].search(path.read_text("utf-8"))}
    assert makers == MAKERS
