"""The table of requirements names files and tests that are there, and says honestly what is not met."""

import ast
import re

import pytest

from app.settings import PROJECT_ROOT

PAGE = PROJECT_ROOT / "docs" / "security" / "asvs.md"
ROW = re.compile(r"^\| (\d+\.\d+\.\d+) \| ([123]) \| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
ROWS = ROW.findall(PAGE.read_text(encoding="utf-8"))
STATES = ("tenu", "en cours", "non tenu")


def test_each_requirement_has_one_row_and_a_state() -> None:
    numbers = [row[0] for row in ROWS]
    assert len(numbers) > 35
    assert len(PAGE.read_text(encoding="utf-8").split("|---|")[-1].strip().splitlines()) == len(ROWS) + 1
    assert len(set(numbers)) == len(numbers)
    assert numbers == sorted(numbers, key=lambda number: [int(part) for part in number.split(".")])
    assert {row[3] for row in ROWS} <= set(STATES)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_what_a_row_names_exists(row: tuple[str, ...]) -> None:
    _, _, _, state, place, test = row
    if place == "—":
        assert state != "tenu"
    else:
        assert (PROJECT_ROOT / place.strip("`")).is_file()
    if test != "—":
        path, _, name = test.strip("`").partition("::")
        tree = ast.parse((PROJECT_ROOT / path).read_text(encoding="utf-8"))
        assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
