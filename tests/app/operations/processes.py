"""Real processes of an installation, for the tests that look at them from outside."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.settings import PROJECT_ROOT


@contextmanager
def started(module: str, data_dir: Path, *arguments: str, **settings: str) -> Iterator[subprocess.Popen[str]]:
    """A command of the application in a process of its own; killed at the end if it still runs."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TRANSCODEUR_")}
    environment |= {"TRANSCODEUR_DATA_DIR": str(data_dir), "PYTHONUNBUFFERED": "1"}
    environment |= {f"TRANSCODEUR_{name}".upper(): value for name, value in settings.items()}
    command = [sys.executable, "-m", module, *arguments]
    with subprocess.Popen(
        command, cwd=PROJECT_ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def address_of(server: subprocess.Popen[str]) -> str:
    """Where a server that has just been started listens, from the line that it prints; without the last slash."""
    assert server.stdout is not None
    line = server.stdout.readline()
    found = re.search(r"http://127\.0\.0\.1:\d+", line)
    assert found is not None, (line, server.stderr.read() if server.stderr else "")
    return found[0]
