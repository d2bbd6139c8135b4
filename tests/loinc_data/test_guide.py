"""The guide of the lexicon names every file, column, kind, scope and rule that there is, and no other."""

import re

import pytest

from app.settings import PROJECT_ROOT
from loinc_data.checks import lexicon, tables, vocabulary

PAGE = (PROJECT_ROOT / "docs" / "guide" / "lexique.md").read_text("utf-8")
QUOTED = frozenset(re.findall(r"`([^`\n]+)`", PAGE))
CHECKS = [*(PROJECT_ROOT / "loinc_data" / "checks").glob("lexicon.py"),
          *(PROJECT_ROOT / "loinc_data" / "checks").glob("tables.py")]  # fmt: skip


@pytest.mark.parametrize("name", list(tables.HEADERS))
def test_each_table_has_its_line_with_its_columns(name: str) -> None:
    line = next(line for line in PAGE.splitlines() if line.startswith(f"| `{name}.csv` |"))
    assert tuple(re.findall(r"`([^`]+)`", line.split("|")[2])) == tables.HEADERS[name]


def test_the_tables_that_are_named_are_those_that_ship() -> None:
    named = set(re.findall(r"^\| `(\w+)\.csv`", PAGE, re.MULTILINE))
    shipped = {path.stem for path in (PROJECT_ROOT / "loinc_data" / "tables").glob("*.csv")}
    assert named == shipped == set(tables.HEADERS)


def test_each_column_kind_scope_and_context_of_the_lexicon_is_told() -> None:
    assert set(lexicon.HEADER) <= QUOTED
    assert vocabulary.KINDS <= QUOTED
    assert lexicon.SCOPES <= QUOTED
    assert vocabulary.CONTEXT_KEYS <= QUOTED


def test_each_scope_of_a_table_is_told_in_its_line() -> None:
    for name, scopes in tables.SCOPES.items():
        line = next(line for line in PAGE.splitlines() if line.startswith(f"| `{name}.csv` |"))
        for scope in scopes:
            assert f"Portée `{scope}`" in line, name


def test_each_rule_of_the_lexicon_is_told() -> None:
    source = CHECKS[0].read_text("utf-8")
    rules = set(re.findall(r'\.(?:error|warning)\(\s*"([\w-]+)"', source)) - {"empty", "alternatives"}
    assert len(rules) > 8
    assert rules <= QUOTED


def test_the_guide_is_linked_from_the_first_page() -> None:
    assert "docs/guide/lexique.md" in (PROJECT_ROOT / "README.md").read_text("utf-8")
