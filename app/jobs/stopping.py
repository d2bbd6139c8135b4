"""Asking a process to stop from the handler of a signal, which may come at any moment."""

import contextlib
import os
import select


class StopRequest:
    """Whether this process was asked to stop; asked by a handler of signals, or by any thread.

    An event of `threading` will not do: its `set` takes the lock that the thread which is interrupted may hold, in
    `wait`, and the process then never ends. Writing to a pipe takes none.
    """

    def __init__(self) -> None:
        self._is_asked = False
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._writer, False)

    def set(self) -> None:
        """Ask for it; once is enough."""
        self._is_asked = True
        with contextlib.suppress(BlockingIOError):
            os.write(self._writer, b"\0")

    def is_set(self) -> bool:
        """Whether it was asked."""
        return self._is_asked

    def wait(self, seconds: float | None = None) -> bool:
        """Sleep until it is asked, or so many seconds; whether it is asked."""
        if not self._is_asked:
            # Nothing is ever read: the pipe stays ready for all who wait.
            select.select([self._reader], [], [], seconds)
        return self._is_asked
