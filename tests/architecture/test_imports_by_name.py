"""No import hides from the contracts: a module is named where it is imported, never built from a text.

The command line alone loads the commands of the rooms by name, from a literal list that the pictures read too.
"""

import ast
from pathlib import Path

import pytest

from app.settings import PROJECT_ROOT

BY_NAME = frozenset({"import_module", "__import__", "importlib", "runpy", "pkgutil", "exec", "eval"})
ALLOWED = frozenset({"app/cli.py"})
SOURCES = sorted(
    path for package in ("app", "matcher", "loinc_data") for path in (PROJECT_ROOT / package).rglob("*.py")
)


def imports_by_name(source: str) -> list[str]:
    """The names by which this source could import what no contract sees."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [name.name for name in node.names if name.name.split(".")[0] in BY_NAME]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in BY_NAME:
            # What is installed, and in which version, is asked of importlib without importing it.
            found += [f"{node.module}.{name.name}" for name in node.names if node.module != "importlib.metadata"]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in BY_NAME:
            found.append(node.func.id)
    return found


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(PROJECT_ROOT).as_posix())
def test_no_module_is_imported_by_name(path: Path) -> None:
    if path.relative_to(PROJECT_ROOT).as_posix() not in ALLOWED:
        assert imports_by_name(path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        "import importlib\nimportlib.import_module('app.review')",
        "from importlib import import_module",
        "import importlib.util",
        "__import__('os')",
        "exec('import os')",
    ],
)
def test_each_way_is_seen(source: str) -> None:
    assert imports_by_name(source)
