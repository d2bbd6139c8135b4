"""Tables as Markdown that reads well in a terminal too, and the pages of frozen results."""

import math
from collections.abc import Sequence
from datetime import date
from pathlib import Path

RESULTS = Path(__file__).resolve().parents[3] / "docs" / "bench"


def percent(share: float) -> str:
    """A share as a percentage with one decimal, rounded down: 79.99 % never reads 80 %."""
    return f"{math.floor(1000 * share + 1e-9) / 10:.1f} %"


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; the first column to the left, the others to the right."""
    widths = [max(len(cell) for cell in column) for column in zip(headings, *rows, strict=True)]

    def line(cells: Sequence[str]) -> str:
        first, *others = (
            cell.ljust(width) if position == 0 else cell.rjust(width)
            for position, (cell, width) in enumerate(zip(cells, widths, strict=True))
        )
        return "| " + " | ".join((first, *others)) + " |"

    rule = "|" + "|".join("-" * (width + 1) + ("-" if position == 0 else ":") for position, width in enumerate(widths))
    return "\n".join((line(headings), rule + "|", *(line(row) for row in rows)))


def page(title: str, command: str, parts: Sequence[str]) -> str:
    """A page of results: what it is, the command that made it, the date, then its parts."""
    head = f"# {title}\n\nWritten by `{command}` on {date.today().isoformat()}; never edited by hand."
    return "\n\n".join((head, *parts)) + "\n"


def freeze(name: str, content: str) -> Path:
    """Write a page of results among the frozen ones."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    path = RESULTS / name
    path.write_text(content, encoding="utf-8")
    return path
