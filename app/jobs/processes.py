"""Several working processes under one: they are started again when they die, and stop with it."""

import contextlib
import os
import signal
import time
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from threading import Thread

import structlog

from app.jobs.stopping import StopRequest

LOOK_SECONDS = 0.5
RESTART_SECONDS = 2.0
STOP_SECONDS = 60.0
"""How long a process has to stop; it takes `shutdown_seconds` and a little more."""

Target = Callable[[int, StopRequest], None]
"""`work(niceness, stop)`: works until `stop` is set."""

log = structlog.get_logger(__name__)


def _child(work: Target, niceness: int, parent: int) -> None:
    """One working process: it stops on a signal, and when the process that started it is gone."""
    stop = StopRequest()
    # Ctrl+C reaches all processes of a terminal; the first one tells the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: stop.set())

    def watch() -> None:
        while os.getppid() == parent and not stop.is_set():
            time.sleep(LOOK_SECONDS)
        stop.set()

    Thread(target=watch, daemon=True).start()
    work(niceness, stop)


def several(work: Target, niceness: int, count: int, stop: StopRequest) -> None:
    """Keep so many processes at work until `stop` is set, then stop them all. `work` is a function of a module."""
    # A fresh interpreter each: nothing of the first process is shared by accident.
    context = get_context("spawn")

    def start() -> BaseProcess:
        process = context.Process(target=_child, args=(work, niceness, os.getpid()))
        process.start()
        return process

    running = [start() for _ in range(count)]
    while not stop.wait(LOOK_SECONDS):
        for place, process in enumerate(running):
            if not process.is_alive():
                log.error("worker.died", pid=process.pid, exit_code=process.exitcode)
                if stop.wait(RESTART_SECONDS):
                    break
                running[place] = start()
    for process in running:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for process in running:
        process.join(max(deadline - time.monotonic(), 0))
        if process.is_alive():
            process.kill()
