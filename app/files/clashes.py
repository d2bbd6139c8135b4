"""Rows of one file that share their local code."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Clash:
    """Rows of a file that share a code and say different things."""

    code: str
    rows: tuple[int, ...]
    headings: tuple[str, ...]
    """The columns in which they differ."""
