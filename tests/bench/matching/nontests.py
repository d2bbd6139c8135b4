"""Rows that are no tests and rows that name a set of tests: how many are recognised, and how many tests are not.

    python -m tests.bench.matching.nontests [--errors]

The labelled rows are ours. The rules are written looking at every other row (the learning half); the others judge, and
their errors are never shown.
"""

import csv
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import dropwhile
from pathlib import Path

from matcher.engine import Engine
from matcher.nontest import PANEL_REASON
from matcher.types import LocalTest
from tests.bench.matching.build import bench_engine
from tests.bench.matching.datasets import CASES, read_cases, tests_only

ROWS = Path(__file__).resolve().parent / "nontests.csv"
KINDS = ("nontest", "panel", "test")
RECOGNISED = 0.5
"""From what probability on a row is said to be no test."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """A labelled row: `kind` is nontest, panel or test."""

    test: LocalTest
    kind: str


@dataclass(frozen=True, slots=True)
class Shares:
    """Shares in [0, 1] of the rows of each kind: recognised, or for tests taken for something else."""

    nontests: float
    panels: float
    false_alarms: float


def read_labelled(path: Path = ROWS) -> list[Labelled]:
    """Every labelled row, in the order of the file."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(dropwhile(lambda line: line.startswith("#"), file), delimiter=";"))
    return [
        Labelled(LocalTest(label=row["label"], unit=row["unit"], chapter=row["chapter"]), row["kind"]) for row in rows
    ]


def halves(rows: Sequence[Labelled]) -> tuple[list[Labelled], list[Labelled]]:
    """The rows that the rules were written with, and those that judge them."""
    return list(rows[::2]), list(rows[1::2])


def said_of(engine: Engine, test: LocalTest) -> str:
    """What the engine says a row to be: nontest, panel or test."""
    said = next((item for item in engine.propose(test, top=1) if item.rank == 0), None)
    if said is None or said.confidence <= RECOGNISED:
        return "test"
    return "panel" if said.evidence[0].sentence == PANEL_REASON else "nontest"


def wrong(engine: Engine, rows: Sequence[Labelled]) -> list[Labelled]:
    """The rows that the engine takes for another kind."""
    return [row for row in rows if said_of(engine, row.test) != row.kind]


def shares(engine: Engine, rows: Sequence[Labelled]) -> Shares:
    """The shares of a list of rows."""
    missed = wrong(engine, rows)

    def share(kind: str) -> float:
        return sum(row.kind == kind for row in missed) / sum(row.kind == kind for row in rows)

    return Shares(1 - share("nontest"), 1 - share("panel"), share("test"))


def alarms_over_cases(engine: Engine) -> tuple[int, int]:
    """How many of the labelled tests of the other bench are taken for something else, and how many there are."""
    rows = [Labelled(case.test, "test") for case in tests_only(read_cases(CASES))]
    return len(wrong(engine, rows)), len(rows)


def main(arguments: Sequence[str]) -> None:
    """Print the shares of each half; with --errors, the rows of the learning half that are wrong."""
    engine = bench_engine(None)
    learning, judging = halves(read_labelled())
    for name, rows in (("learning", learning), ("judging", judging)):
        found = shares(engine, rows)
        print(
            f"{name:9s} non-tests {found.nontests:6.1%}  panels {found.panels:6.1%}  alarms {found.false_alarms:6.2%}"
        )
    print("alarms over the labelled cases: {} of {}".format(*alarms_over_cases(engine)))
    if "--errors" in arguments:
        for row in wrong(engine, learning):
            print(f"{row.kind:8s} {said_of(engine, row.test):8s} {row.test.label} | {row.test.unit}")


if __name__ == "__main__":
    main(sys.argv[1:])
