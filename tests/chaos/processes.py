"""Processes as the machine sees them: who works under whom, and how they end."""

import os
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

START_SECONDS = 90.0


@dataclass
class Worker:
    """A running `transcodeur worker`."""

    process: "subprocess.Popen[str]"

    def processes(self) -> list[int]:
        """The processes that work; the one that only starts them again is not among them. Waits for the first."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            found = [pid for pid in _children(self.process.pid) if "spawn_main" in _command_line(pid)]
            if found:
                return found
            time.sleep(0.05)
        raise AssertionError("the worker has no process that works")

    def kill(self) -> None:
        """SIGKILL, to all of them at once."""
        for pid in (self.process.pid, *_children(self.process.pid)):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()


def _children(pid: int) -> list[int]:
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        return [int(child) for task in tasks for child in (task / "children").read_text("ascii").split()]
    except OSError:
        return []


def _command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(errors="replace")
    except OSError:
        return ""


def stop(process: "subprocess.Popen[str]") -> None:
    """End a process as an administrator does, then without asking."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(40)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    if process.stdout is not None:
        process.stdout.close()
