"""An installation to look after, and the command line on it."""

import shutil
from pathlib import Path

import pytest

from app.settings import Settings
from tests.app.console.conftest import RunMain, run_main

__all__ = ["RunMain", "run_main"]


@pytest.fixture
def installed(tmp_path: Path, installation: Path) -> Settings:
    """The settings of an installation of its own, in the folder `var` of the test."""
    shutil.copytree(installation, tmp_path / "var")
    return Settings(data_dir=tmp_path / "var")
