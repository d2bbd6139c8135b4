"""The matcher is a pure library: the contracts of the import linter hold, and leave nothing out."""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_import_contracts_hold() -> None:
    code = (
        "import sys; from importlinter.cli import lint_imports; "
        "sys.exit(lint_imports(config_filename='pyproject.toml', no_cache=True))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]


def test_the_contracts_on_the_matcher_leave_nothing_out() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = [
        item
        for item in settings["tool"]["importlinter"]["contracts"]
        if item["type"] == "forbidden" and "matcher" in item["source_modules"]
    ]
    forbidden = {name for contract in contracts for name in contract["forbidden_modules"]}
    assert {"app", "loinc_data", "tests", "time", "datetime", "os", "socket", "sqlite3", "pytest"} <= forbidden
    for contract in contracts:
        assert not contract.keys() & {"ignore_imports", "allow_indirect_imports"}, contract["name"]


MAY_BE_IMPORTED = frozenset(
    """matcher numpy rapidfuzz anyascii bisect collections copy dataclasses enum functools hashlib inspect itertools
    json math operator re typing unicodedata""".split()
)


def test_the_matcher_imports_nothing_but_what_computes() -> None:
    """Every other import is refused, also those that no contract thought of: threads, processes, random, files."""
    imported = set()
    for path in (ROOT / "matcher").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {name.name.split(".")[0] for name in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add((node.module or "").split(".")[0])
    assert imported == MAY_BE_IMPORTED


def test_importing_the_matcher_loads_neither_application_nor_web_nor_data() -> None:
    code = (
        "import sys, matcher, matcher.engine\n"
        "named = {name.split('.')[0] for name in sys.modules}\n"
        "print(sorted(named & {'app', 'loinc_data', 'fastapi', 'sqlalchemy', 'sqlmodel', 'pandas', 'sqlite3'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
