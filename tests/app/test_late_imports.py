"""What takes long to load is loaded by what needs it: not by the application, nor by a command that tells its help."""

import subprocess
import sys

import pytest

from app.settings import PROJECT_ROOT


def python(code: str) -> None:
    """Run this in a process of its own."""
    found = subprocess.run([sys.executable, "-c", code], cwd=PROJECT_ROOT, capture_output=True, text=True, timeout=120)
    assert found.returncode == 0, found.stderr


ABSENT = "import sys; assert 'pandas' not in sys.modules"


@pytest.mark.parametrize(
    "beginning",
    [
        "import app.main",
        "import app.main; app.main.create_app()",
        "from typer.testing import CliRunner; from app.cli import cli; "
        "assert CliRunner().invoke(cli, ['--help']).exit_code == 0",
        "from typer.testing import CliRunner; from app.cli import cli; "
        "assert CliRunner().invoke(cli, ['coverage', '--help']).exit_code == 0",
        "from app.catalogues.plan import make_plan; from app.catalogues.service import read_files; "
        "from app.files.choices import IncomingFile; "
        "assert make_plan(read_files([IncomingFile('catalogue.csv', b'code;libelle\\nNA;Sodium\\n')])).tests",
    ],
)
def test_pandas_is_not_loaded(beginning: str) -> None:
    python(f"{beginning}; {ABSENT}")


def test_a_coverage_figure_loads_it() -> None:
    python(
        "import sys; from app.coverage.definitions import CountedCatalogue, Definition; "
        "CountedCatalogue([]).figure(Definition()); assert 'pandas' in sys.modules"
    )
