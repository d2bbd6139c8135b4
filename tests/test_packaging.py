"""What is delivered beside the code: locks, licence, commands."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from app.settings import PROJECT_ROOT
from loinc_data.notice import LOINC_NOTICE

LOCKS = ("requirements.txt", "requirements-dev.txt", "requirements-node.txt", "package-lock.json")


@pytest.mark.parametrize("name", LOCKS)
def test_locks_name_no_registry(name: str) -> None:
    text = (PROJECT_ROOT / name).read_text("utf-8")
    assert "://" not in text
    assert "--index-url" not in text
    assert '"resolved"' not in text


@pytest.mark.parametrize("name", [name for name in LOCKS if name.endswith(".txt")])
def test_every_locked_python_package_has_its_hashes(name: str) -> None:
    text = (PROJECT_ROOT / name).read_text("utf-8")
    packages = re.findall(r"^[a-zA-Z0-9_.-]+(?:\[[^\]]+\])?==[^\s\\]+(.*(?:\n {4}.*)*)", text, re.MULTILINE)
    assert packages
    assert all("--hash=sha256:" in rest for rest in packages)


def test_every_locked_browser_library_has_its_integrity() -> None:
    lock = json.loads((PROJECT_ROOT / "package-lock.json").read_text("utf-8"))
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert "node_modules/@alpinejs/csp" in packages
    # What a package carries inside its own archive is covered by the integrity of that archive.
    fetched = [entry for entry in packages.values() if not entry.get("inBundle")]
    assert all(entry["integrity"].startswith("sha512-") for entry in fetched)


def test_the_licence_and_the_notice_are_there() -> None:
    assert "Apache License" in (PROJECT_ROOT / "LICENSE").read_text("utf-8")[:200]
    notice = " ".join((PROJECT_ROOT / "NOTICE").read_text("utf-8").split())
    assert LOINC_NOTICE in notice


def test_the_check_of_the_project_is_one_command() -> None:
    script = PROJECT_ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert "make test" in script.read_text("utf-8")


@pytest.mark.parametrize("target", ["run", "test", "check", "bench", "serve"])
def test_the_make_targets_parse(target: str, tmp_path: Path) -> None:
    command = ["make", "--dry-run", "--no-print-directory", target]
    result = subprocess.run(command, cwd=PROJECT_ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
