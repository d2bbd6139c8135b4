"""`matcher/` builds as a wheel of its own, and its tests pass on the installed wheel, without the rest of the house."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

PROPOSE = """
import sys
import matcher
from matcher import Engine, LexiconEntry, LocalTest, Tables, Term
from matcher.index import TermIndex

terms = [
    Term("14749-6", "Glucose", "SCnc", "Pt", "Ser/Plas", "Qn", units="mmol/L"),
    Term("2345-7", "Glucose", "MCnc", "Pt", "Ser/Plas", "Qn", units="mg/dL"),
]
tables = Tables(lexicon=(LexiconEntry("glycémie", component=("Glucose",), system=("Ser/Plas",)),))
best = Engine(TermIndex.build(terms), tables).propose(LocalTest(label="GLYCEMIE", unit="mmol/L"))[0]
print(matcher.__file__)
print(best.loinc_num, best.evidence[0].sentence)
print(sorted({"app", "loinc_data"} & {name.split(".")[0] for name in sys.modules}))
"""


def run(arguments: list[str], folder: Path, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**{key: value for key, value in os.environ.items() if not key.startswith("PYTEST")}, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy of matcher/ alone."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "matcher"
    shutil.copytree(ROOT / "matcher", source, ignore=shutil.ignore_patterns("__pycache__"))
    # -P: the folder holds a module named types, which must not stand in for Python's own.
    run(["-P", "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder / "dist")], source)
    (built,) = (folder / "dist").glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path) -> Path:
    """A folder with the wheel installed in it."""
    target = wheel.parent.parent / "installed"
    run(["-m", "pip", "install", "-q", "--no-deps", "--no-index", "--target", str(target), str(wheel)], wheel.parent)
    return target


def test_the_wheel_holds_the_library_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if ".dist-info/" not in name]
    assert all(name.startswith("matcher/") for name in names)
    modules = {path.relative_to(ROOT).as_posix() for path in (ROOT / "matcher").rglob("*.py")}
    assert modules | {"matcher/py.typed"} == set(names)


def test_the_installed_wheel_proposes(installed: Path, tmp_path: Path) -> None:
    file, best, others = run(["-c", PROPOSE], tmp_path, PYTHONPATH=str(installed)).splitlines()
    assert Path(file).is_relative_to(installed)
    assert best.startswith("14749-6 « glycemie » désigne le composant Glucose")
    assert others == "[]"


def test_the_tests_of_the_matcher_alone_pass_on_the_wheel(installed: Path, tmp_path: Path) -> None:
    copy = tmp_path / "alone"
    shutil.copytree(ROOT / "tests" / "matcher" / "alone", copy, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --import-mode=importlib\nfilterwarnings = error\n")
    arguments = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "--hypothesis-profile=few", "alone"]
    output = run(arguments, tmp_path, PYTHONPATH=str(installed))
    assert " passed" in output
