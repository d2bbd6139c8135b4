"""ADR 5 lists each dependency, and where it is imported, as the project declares and imports them."""

import ast
import json
import re
import sys
import tomllib
from collections import defaultdict
from functools import cache
from importlib.metadata import packages_distributions

import pytest

from tests.architecture.plan import ROOT

ADR = (ROOT / "docs" / "adr" / "0005-dependencies.md").read_text(encoding="utf-8")
FOLDERS = ("app", "matcher", "loinc_data", "tests", "migrations")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
NODE = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))
_PATH = re.compile(r"`((?:app|matcher|loinc_data|tests|docs|migrations)/[\w/.-]*)`")
_ROW = re.compile(r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)


def rows_of(heading: str) -> dict[str, str]:
    """Package → second cell, in the tables under a heading."""
    section = ADR.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    found: dict[str, str] = {}
    for names, second, _why in _ROW.findall(section):
        for name in names.split(", "):
            if name != "Package":
                assert name not in found, f"{name} has two rows"
                found[name] = second
    return found


def declared(requirements: list[str]) -> set[str]:
    """The names of requirements, with their extras, without their versions."""
    return {re.split(r"[<>=~!;\s]", item, maxsplit=1)[0] for item in requirements}


def normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name.partition("[")[0]).lower()


@cache
def importers() -> dict[str, frozenset[str]]:
    """Top-level module → the files that import it."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in (path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))):
        place = path.relative_to(ROOT).as_posix()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names = [item.name for item in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module]
            else:
                continue
            for name in names:
                found[name.partition(".")[0]].add(place)
    return {module: frozenset(files) for module, files in found.items()}


MODULES_OF: dict[str, set[str]] = defaultdict(set)
for _module, _distributions in packages_distributions().items():
    for _name in _distributions:
        MODULES_OF[normalised(_name)].add(_module)
MODULES_OF["import-linter"].add("grimp")
RUN, CHOSEN, TEST = rows_of("At run time"), rows_of("By choice"), rows_of("To build and to test")


def test_every_dependency_has_a_row_and_every_row_a_dependency() -> None:
    extras = PROJECT["optional-dependencies"]
    assert set(RUN) == declared(PROJECT["dependencies"])
    assert set(CHOSEN) == declared(extras["postgresql"]) | declared(extras["redis"])
    assert declared(extras["postgresql"]) < declared(extras["dev"]), "the tests run on both databases"
    assert set(TEST) == (declared(extras["dev"]) | declared(extras["build"])) - set(CHOSEN)
    browser = rows_of("From npm")
    assert {name for name, when in browser.items() if when == "run"} == set(NODE["dependencies"])
    assert {name for name, when in browser.items() if when == "test"} == set(NODE["devDependencies"])


@pytest.mark.parametrize("package", [*RUN, *CHOSEN, *TEST])
def test_a_dependency_is_imported_where_its_row_says_and_nowhere_else(package: str) -> None:
    cell = {**RUN, **CHOSEN, **TEST}[package]
    told = re.findall(r"`([^`]+)`", cell)
    assert bool(told) != (cell == "—")
    # An extra that is not installed here is still imported, inside a function, under its own name.
    modules = MODULES_OF.get(normalised(package)) or {normalised(package).replace("-", "_")}
    files = {file for module in modules for file in importers().get(module, ())}
    assert [file for file in sorted(files) if not file.startswith(tuple(told))] == []
    assert [place for place in told if not any(file.startswith(place) for file in files)] == []


def test_every_path_that_a_page_for_developers_names_exists() -> None:
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs" / "adr").glob("*.md"))]
    missing = [
        f"{page.name}: {path}"
        for page in pages
        for path in _PATH.findall(page.read_text(encoding="utf-8"))
        if not (ROOT / path).exists()
    ]
    assert missing == []


# Parts of a declared package's own interface, which it names in its documentation.
BROUGHT = {
    "pydantic": "fastapi",
    "starlette": "fastapi",
    "sqlalchemy": "sqlmodel",
    "anyio": "fastapi",
    "click": "typer",
    "typing_extensions": "fastapi",
}


def test_nothing_is_imported_that_nobody_declared() -> None:
    """What an environment holds by chance is not there in the next one."""
    extras = PROJECT["optional-dependencies"]
    groups = [PROJECT["dependencies"], *extras.values()]
    declarations = {normalised(name) for group in groups for name in declared(group)}
    known = set(FOLDERS) | set(sys.stdlib_module_names) | {m for m, owner in BROUGHT.items() if owner in declarations}
    known |= {module for name in declarations for module in MODULES_OF.get(name) or {name.replace("-", "_")}}
    assert {module: sorted(files) for module, files in importers().items() if module not in known} == {}
