"""The matcher is a pure library: the contract of the import linter holds."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_import_contracts_hold() -> None:
    code = (
        "import sys; from importlinter.cli import lint_imports; "
        "sys.exit(lint_imports(config_filename='pyproject.toml', no_cache=True))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]


def test_importing_the_matcher_loads_neither_application_nor_web_nor_data() -> None:
    code = (
        "import sys, matcher, matcher.engine\n"
        "named = {name.split('.')[0] for name in sys.modules}\n"
        "print(sorted(named & {'app', 'loinc_data', 'fastapi', 'sqlalchemy', 'sqlmodel', 'pandas', 'sqlite3'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
