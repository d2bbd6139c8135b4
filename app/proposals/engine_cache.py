"""The engines that this process keeps: built once each, the least recently used freed first."""

import gc
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

from matcher import Engine


def set_aside() -> None:
    """Tell the collector to leave alone what is there now: an engine is some millions of objects that stay for hours.

    Without it every full collection walks through all of them, and no thread of the process works meanwhile.
    """
    gc.collect()
    gc.freeze()


class EngineCache:
    """Engines by the hash of what they were built from.

    Several threads that want the same engine build it once; another engine is had meanwhile without waiting. One that
    leaves is freed before the next is built, so that a process never holds more than `most`, but for those at work.
    """

    def __init__(self, most: int = 1) -> None:
        self.most = most
        self._engines: OrderedDict[str, Engine] = OrderedDict()
        self._building: dict[str, Lock] = {}
        self._lock = Lock()

    def get(self, key: str, build: Callable[[], Engine]) -> Engine:
        """The engine of this key, built when it is not there; what `build` raises is raised, and nothing is kept."""
        found = self._found(key)
        if found is not None:
            return found
        with self._lock:
            gate = self._building.setdefault(key, Lock())
        with gate:
            found = self._found(key)
            if found is None:
                with self._lock:
                    has_left = len(self._engines) >= self.most
                    while len(self._engines) >= self.most:
                        self._engines.popitem(last=False)
                if has_left:
                    gc.unfreeze()
                    gc.collect()
                try:
                    found = build()
                    set_aside()
                    with self._lock:
                        self._engines[key] = found
                        while len(self._engines) > self.most:
                            self._engines.popitem(last=False)
                finally:
                    with self._lock:
                        self._building.pop(key, None)
        return found

    def keys(self) -> list[str]:
        """What is kept, the least recently used first."""
        with self._lock:
            return list(self._engines)

    def _found(self, key: str) -> Engine | None:
        with self._lock:
            engine = self._engines.get(key)
            if engine is not None:
                self._engines.move_to_end(key)
            return engine
