"""The table of requirements holds all of them, names files and tests that are there, and says what is not met."""

import ast
from collections import Counter

import pytest

from app.settings import PROJECT_ROOT
from tests.security.asvs import PAGE, STATES, Row, official, rows, with_figures

ROWS = rows()
IS_WRITING = ("docs/", "SECURITY.md", "pyproject.toml")
"""What is met by being written down needs no test: these pages are read by people."""


def parts(number: str) -> list[int]:
    return [int(part) for part in number.split(".")]


def test_the_list_of_the_published_requirements_is_whole() -> None:
    """70 of level 1 and 183 of level 2, without a hole in a section but for those of level 3."""
    assert Counter(official().values()) == {"1": 70, "2": 183}
    assert list(official()) == sorted(official(), key=parts)


def test_every_line_of_the_table_is_a_row() -> None:
    lines = PAGE.read_text(encoding="utf-8").split("|---|---|---|---|---|---|\n")[-1].strip().splitlines()
    assert len(lines) == len(ROWS)
    assert [row.number for row in ROWS] == sorted({row.number for row in ROWS}, key=parts)


def test_every_published_requirement_has_one_row() -> None:
    for number in official():
        assert [row.number for row in ROWS if row.covers(number)] in ([number], [number.rpartition(".")[0]]), number


def test_levels_are_those_of_the_published_text() -> None:
    levels = official()
    for row in ROWS:
        if row.is_section:
            inside = {level for number, level in levels.items() if row.covers(number)}
            assert row.level == ", ".join(sorted(inside)), row.number
        else:
            assert row.level == levels.get(row.number, "3"), row.number


def test_the_figures_are_those_of_the_table() -> None:
    """Run `python -m tests.security.asvs` after a change of the table."""
    text = PAGE.read_text(encoding="utf-8")
    assert text == with_figures(text)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.number)
def test_a_row_says_its_state_and_why(row: Row) -> None:
    assert row.state in STATES
    assert (row.reason == "") is (row.state == "tenu"), "a reason is for what is not met, and only for it"
    assert row.state == "tenu" or 2 <= len(row.reason.split()) <= 14
    assert not row.is_section or row.state == "sans objet"
    if row.state in ("tenu", "partiel"):
        assert row.places
    else:
        assert not row.places
    if row.state == "tenu":
        assert row.test or all(place.startswith(IS_WRITING) for place in row.places), "what is met has its test"


@pytest.mark.parametrize("row", [row for row in ROWS if row.places], ids=lambda row: row.number)
def test_what_a_row_names_exists(row: Row) -> None:
    for place in row.places:
        assert (PROJECT_ROOT / place).is_file(), place
    if row.test:
        path, _, name = row.test.partition("::")
        tree = ast.parse((PROJECT_ROOT / path).read_text(encoding="utf-8"))
        assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
