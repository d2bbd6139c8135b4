"""The matcher is a pure library: the contracts of the import linter hold, and leave nothing out."""

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


def test_importing_the_matcher_loads_neither_application_nor_web_nor_data() -> None:
    code = (
        "import sys, matcher, matcher.engine\n"
        "named = {name.split('.')[0] for name in sys.modules}\n"
        "print(sorted(named & {'app', 'loinc_data', 'fastapi', 'sqlalchemy', 'sqlmodel', 'pandas', 'sqlite3'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
