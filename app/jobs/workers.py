"""The threads that work: each takes what is next, one piece at a time, woken by hints and by its own watch."""

import threading
import time
from collections.abc import Callable

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import InterfaceError, OperationalError

from app.jobs.claims import claim
from app.jobs.registry import sweep
from app.jobs.runner import clean_one, run
from app.settings import Settings

SWEEP_SECONDS = 3.0
"""How often a worker looks for work that nobody told it of."""

log = structlog.get_logger(__name__)


class Workers:
    """The working threads of one process. As many processes as wanted work on one database."""

    def __init__(self, engine: Engine, settings: Settings, announce: Callable[[int], None]) -> None:
        self._engine = engine
        self._settings = settings
        self._announce = announce
        self._wake = threading.Event()
        self._starts_nothing = threading.Event()
        self._must_stop = threading.Event()
        self._threads: list[threading.Thread] = []

    @property
    def count(self) -> int:
        """How many threads work here."""
        return len(self._threads)

    def wake(self) -> None:
        """There may be work."""
        self._wake.set()

    def start(self, count: int) -> None:
        """Start so many threads."""
        self._starts_nothing.clear()
        self._must_stop.clear()
        self._threads = [
            threading.Thread(target=self._work, name=f"worker-{number}", daemon=True) for number in range(count)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self, patience: float, interruption: float) -> bool:
        """Start nothing more; let running work end, then interrupt it. Whether all threads have ended."""
        self._starts_nothing.set()
        self._wake.set()
        if not self._wait(patience):
            self._must_stop.set()
            if not self._wait(interruption):
                return False
        self._threads = []
        return True

    def _wait(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(deadline - time.monotonic(), 0))
        return not any(thread.is_alive() for thread in self._threads)

    def _work(self) -> None:
        while not self._starts_nothing.is_set():
            if self._work_once():
                continue
            self._wake.wait(SWEEP_SECONDS)
            self._wake.clear()

    def _work_once(self) -> bool:
        """Whether there was something to do."""
        try:
            claimed = claim(self._engine)
            if claimed is None:
                return clean_one(self._engine) or sweep(self._engine)
            run(self._engine, self._settings, claimed, self._must_stop.is_set)
            if claimed.chunk is None:
                # It may have been planned: others can help.
                self._announce(claimed.lease.job_id)
            return True
        except (OperationalError, InterfaceError, OSError) as error:
            # A busy, full or absent database: the next sweep tries again.
            log.warning("jobs.no_claim", error=type(error).__qualname__)
            return False
        except Exception as error:
            # A defect, after which nothing is claimed any more: it must be seen.
            log.exception("jobs.claim_failed", error=type(error).__qualname__)
            return False
