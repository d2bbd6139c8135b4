"""How long work tells how far it has come."""

from collections.abc import Callable

Progress = Callable[[int, int, str], None]
"""Called with (steps done, steps in all, what is being done, in French); 0 in all while that is unknown."""


def untold(_done: int, _total: int, _message: str) -> None:
    """Progress that nobody watches."""
