"""How long a change of a whole catalogue holds the database: `python -m tests.bench.bench_tallies [--sizes 2500]`.

The catalogue of `bench_growth`, in this process. For each change: the longest writing transaction it caused, and
how long until its entries and counts said what its facts say. Wall milliseconds, as a Markdown table.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event, insert, select
from sqlmodel import Session, col

from app.models import CatalogueCount, LocalTest, LoincRelease, Proposal, ProposalRun, RunStatus, WorklistEntry
from app.platform.database import transaction
from tests.bench.growth_catalogue import prepare

SIZES = (2_500, 20_000, 60_000)


def _next_run(session: Session) -> None:
    shown = session.execute(select(ProposalRun).where(col(ProposalRun.is_current))).scalars().one()
    shown.is_current = False
    other = session.execute(select(ProposalRun).where(ProposalRun.engine_version == "autre")).scalars().one()
    session.add(shown)
    session.flush()
    other.is_current = True
    session.add(other)


def _next_release(session: Session) -> None:
    release = session.execute(select(LoincRelease)).scalars().one()
    release.is_current = False
    session.add(release)


def _a_row_of_an_import(session: Session) -> None:
    test = session.execute(select(LocalTest).limit(1)).scalars().one()
    test.label += " bis"
    session.add(test)


CHANGES: dict[str, Callable[[Session], None]] = {
    "A run becomes current": _next_run,
    "The release changes": _next_release,
    "A newer export": _a_row_of_an_import,
    "A first import": _a_row_of_an_import,
}


class Transactions:
    """How long each writing transaction of an engine lasted, in milliseconds."""

    def __init__(self, engine: Engine) -> None:
        self.lasted: list[float] = []
        self._begun: dict[int, float] = {}
        event.listen(engine, "begin", self._begin)
        event.listen(engine, "commit", self._end)
        event.listen(engine, "rollback", self._end)

    def _begin(self, connection: Any) -> None:
        if connection.get_execution_options().get("sqlite_begin", "IMMEDIATE") == "IMMEDIATE":
            self._begun[id(connection)] = time.perf_counter()

    def _end(self, connection: Any) -> None:
        begun = self._begun.pop(id(connection), None)
        if begun is not None:
            self.lasted.append(1000 * (time.perf_counter() - begun))


def _second_run(engine: Engine) -> None:
    """The proposals of another search, the ranks of the first turned round."""
    with transaction(engine) as session:
        first = session.execute(select(ProposalRun)).scalars().one()
        other = ProposalRun(catalogue_id=first.catalogue_id, release_id=first.release_id, engine_version="autre",
                            status=RunStatus.DONE)  # fmt: skip
        session.add(other)
        session.flush()
        names = ("local_test_id", "rank", "loinc_num", "confidence", "band", "has_contradiction")
        found = session.execute(select(*(getattr(Proposal, name) for name in names)).where(Proposal.run_id == first.id))
        rows = [dict(row._mapping) | {"run_id": other.id, "evidence": [], "rank": 4 - row.rank} for row in found]
        session.execute(insert(Proposal), rows)


def measure(count: int, url: str = "") -> dict[str, tuple[float, float]]:
    """Change → (longest transaction, until all is said), in milliseconds."""
    found: dict[str, tuple[float, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        engine = prepare(Path(folder), count, url).engine
        _second_run(engine)
        for title, change in CHANGES.items():
            if title == "A first import":
                with engine.begin() as connection:
                    connection.execute(WorklistEntry.__table__.delete())  # type: ignore[attr-defined]
                    connection.execute(CatalogueCount.__table__.delete())  # type: ignore[attr-defined]
            transactions = Transactions(engine)
            start = time.perf_counter()
            with transaction(engine) as session:
                change(session)
            spent = 1000 * (time.perf_counter() - start)
            found[title] = (max(transactions.lasted), spent)
        engine.dispose()
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--sizes", default=",".join(str(size) for size in SIZES))
    parser.add_argument("--url", default="", help="an empty PostgreSQL database; one size only")
    asked = parser.parse_args()
    results = {int(size): measure(int(size), asked.url) for size in asked.sizes.split(",")}
    heads = " | ".join(f"{size:,}: longest | all" for size in results)
    lines = [f"| Change (ms) | {heads} |", "|---|" + "--:|--:|" * len(results)]
    for title in CHANGES:
        cells = " | ".join(f"{found[title][0]:.0f} | {found[title][1]:.0f}" for found in results.values())
        lines.append(f"| {title} | {cells} |")
    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    sys.stdout.write(f"load {load}, {os.cpu_count()} cores\n\n" + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
