"""Folders of work: removed at their end, and by the next to come where a process was killed."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from app.platform import working_folders
from app.platform.working_folders import PREFIX, look_now_and_then, remove_abandoned, working_folder

KILLED = """
import os, signal
from app.platform.working_folders import working_folder
with working_folder("archive") as folder:
    (folder / "personnes.csv").write_text("Camille")
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary folders are made, for these tests and what they start."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def age(folder: Path) -> None:
    os.utime(folder, (1, 1))


def test_a_folder_goes_with_its_work(place: Path) -> None:
    with working_folder("archive") as folder:
        (folder / "personnes.csv").write_text("Camille")
        assert folder.stat().st_mode & 0o077 == 0
        age(folder)
        # Somebody else, or another laboratory, at the same moment.
        with working_folder("dossier"):
            assert (folder / "personnes.csv").exists()
    assert list(place.iterdir()) == []


def test_what_a_killed_process_left_is_removed_by_the_next(place: Path) -> None:
    ended = subprocess.run([sys.executable, "-c", KILLED], check=False)
    assert ended.returncode == -signal.SIGKILL
    (left,) = place.iterdir()
    assert (left / "personnes.csv").exists()
    assert remove_abandoned() == 0, "it may be one that was just made"
    age(left)
    with working_folder("dossier"):
        assert not left.exists()


def test_workers_look_for_them_now_and_then(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(working_folders, "_looked", [float("-inf")])
    for expected in (1, 0):
        left = place / f"{PREFIX}archive-{expected}"
        left.mkdir()
        age(left)
        assert look_now_and_then() == expected
    assert left.exists()


def test_what_is_not_ours_stays(place: Path) -> None:
    other = place / "autre"
    other.mkdir()
    (other / "fichier").write_text("autre")
    (place / f"{PREFIX}lien").symlink_to(other)
    (place / f"{PREFIX}fichier").write_text("autre")
    age(other)
    assert remove_abandoned() == 0
    assert sorted(path.name for path in place.iterdir()) == ["autre", f"{PREFIX}fichier", f"{PREFIX}lien"]
    assert (other / "fichier").exists()
