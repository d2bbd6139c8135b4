"""A signal that comes while the process is about to wait ends the wait, wherever exactly it comes."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from app.jobs.stopping import StopRequest

AT_A_LINE = """
import signal, sys
from app.jobs.stopping import StopRequest
signal.signal(signal.SIGTERM, lambda *_: stop.set())
lines = 0

def at(frame, event, argument):
    global lines
    if not frame.f_code.co_filename.endswith("stopping.py") or frame.f_code.co_name != "wait":
        return None
    if event == "line":
        lines += 1
        if lines == {line}:
            signal.raise_signal(signal.SIGTERM)
    return at

stop = StopRequest()
sys.settrace(at)
stop.wait(20)
sys.settrace(None)
print(lines, stop.is_set())
"""


@pytest.mark.parametrize("line", [1, 2])
def test_a_signal_at_any_line_of_the_wait_ends_it(line: int) -> None:
    code = AT_A_LINE.format(line=line)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=15, check=True)
    lines, knew = done.stdout.split()
    assert knew == "True"
    assert int(lines) >= line, "the line was run"


def test_all_who_wait_are_told_and_asking_again_is_nothing() -> None:
    stop = StopRequest()
    assert not stop.wait(0)
    told: list[bool] = []
    waiting = [threading.Thread(target=lambda: told.append(stop.wait(20))) for _ in range(3)]
    for thread in waiting:
        thread.start()
    for _ in range(100_000):
        stop.set()
    for thread in waiting:
        thread.join(10)
    assert told == [True] * 3
    assert stop.is_set()
    assert stop.wait()


def test_a_signal_ends_the_wait_of_the_main_thread() -> None:
    stop = StopRequest()
    before = signal.signal(signal.SIGUSR1, lambda *_: stop.set())
    try:
        threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGUSR1)).start()
        assert stop.wait(20)
    finally:
        signal.signal(signal.SIGUSR1, before)
