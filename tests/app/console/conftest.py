"""The whole command line in this process: as a user types it, down to the sentence and the exit code."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import app.cli
from app.settings import get_settings

RunMain = Callable[..., tuple[int, str, str]]
"""`run_main("user", "list")`: (exit code, standard output, standard error)."""


@pytest.fixture
def run_main(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[RunMain]:
    """Runs on an installation in the folder `var` of the test, which may not exist yet."""
    monkeypatch.setenv("TRANSCODEUR_DATA_DIR", str(tmp_path / "var"))
    # The journal would keep the streams of this test.
    monkeypatch.setattr(app.cli, "configure_logs", lambda *_: None)
    get_settings.cache_clear()

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["transcodeur", *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            app.cli.main()
        said = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return int(ended.value.code), said.out, said.err

    yield run
    get_settings.cache_clear()
