"""What a page costs as a catalogue grows: `python -m tests.bench.bench_growth [--sizes 800,20000,60000]`.

One catalogue with proposals for every analysis, two thirds decided, one third approved, the starter terminology; every
request goes through the application in this process. Prints the median CPU milliseconds of warm requests and the SQL
statements of one, as a Markdown table; ends with status 1 when a limit below is passed.
"""

import argparse
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient
from sqlalchemy import Engine, event

from app.platform.logs import configure_logs
from tests.bench import figures
from tests.bench.growth_catalogue import Bench, prepare

SIZES = (800, 20_000, 60_000)
TIMES = 11
BULK = 100
BULK_TITLE = f"Bulk approval of {BULK}"
KEPT = {
    "queue": "Queue",
    "case": "Case",
    "decide": "Décider",
    "approval": "Approval list",
    "bulk100": BULK_TITLE,
    "coverage": "Coverage",
    "exports": "Exports",
}
"""The figures given to the page of scale, by the beginning of their key."""
MOST_MS = {"Queue": 150, "Case": 80, "Décider": 80, "Approval list": 200, "Coverage": 150, "Exports": 150,
           "Double reading": 150, "Agreement of readings": 150, "Sharing out": 150, "Batches": 150,
           "Group": 150, "Consistency": 60}
"""What a request may cost at any size, in CPU milliseconds."""
MOST_STATEMENTS = {"Approval list": 24, BULK_TITLE: 150}


@contextmanager
def counting(engine: Engine) -> Iterator[list[str]]:
    """The SQL statements of a block, transactions' own words left out."""
    statements: list[str] = []

    def note(_conn: object, _cursor: object, statement: str, *_rest: object) -> None:
        if not statement.startswith("BEGIN"):
            statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", note)


@dataclass(frozen=True, slots=True)
class Measured:
    """Median and worst CPU milliseconds, and SQL statements of one request."""

    median: float
    worst: float
    statements: int


def measured(bench: Bench, act: Callable[[int], Any], times: int = TIMES) -> Measured:
    """Do it once to warm up, `times` times on the clock of the processor."""
    act(0)
    spent = []
    for number in range(times):
        start = time.process_time()
        act(number + 1)
        spent.append(1000 * (time.process_time() - start))
    with counting(bench.engine) as statements:
        act(times + 1)
    return Measured(statistics.median(spent), max(spent), len(statements))


def pages(bench: Bench) -> dict[str, Callable[[int], Any]]:
    """What is measured, by title."""
    base = bench.base

    def get(path: str, client: TestClient = bench.biologist) -> Callable[[int], Any]:
        def act(_number: int) -> Any:
            answer = client.get(path)
            assert answer.status_code == 200, (path, answer.status_code, answer.text[:2000])
            return answer

        return act

    undecided = iter(bench.todo)

    def decide(_number: int) -> str:
        answer = bench.transcoder.post(
            f"{base}/revue/{next(undecided)}/decision",
            data={"version": 0, "action": "no_loinc", "reason": "essai"},
        )
        assert answer.status_code == 303, answer.text[:2000]
        return answer.headers["location"]

    def follow(number: int) -> Any:
        following = bench.transcoder.get(decide(number))
        assert following.status_code == 200, following.text[:2000]

    middle = bench.todo[len(bench.todo) // 2]
    return {
        "Queue": get(f"{base}/revue"),
        "Queue, to do, sure": get(f"{base}/revue?etat=a-traiter&confiance=sure"),
        "Queue, one specimen, by label": get(f"{base}/revue?milieu=Urines&tri=libelle"),
        "Queue, text": get(f"{base}/revue?q=sodium"),
        "Case": get(f"{base}/revue/{middle}"),
        "Case, filtered": get(f"{base}/revue/{middle}?etat=a-traiter&milieu=Urines"),
        "Décider": decide,
        "Decide, then the next case": follow,
        "Approval list": get(f"{base}/approbation"),
        "Consistency": get(f"{base}/coherence"),
        "Double reading": get(f"{base}/double-lecture"),
        "Agreement of readings": get(f"{base}/double-lecture/accord"),
        "Sharing out": get(f"{base}/repartition"),
        "Batches": get(f"{base}/lots"),
        "Group": get(f"{base}/revue/{middle}/groupe"),
        "Coverage": get(f"{base}/couverture"),
        "Exports": get(f"{base}/exports"),
        "Catalogue overview": get(base),
        "Dashboard": get("/"),
        "Memory": get(f"{bench.laboratory}/memoire"),
        "Tasks of a release": get(f"{base}/revue?version=a-revoir"),
    }


def bulk(bench: Bench) -> Measured:
    """One approval of a hundred rows."""
    rows = [f"{test_id}:1" for test_id in bench.waiting[:BULK]]
    with counting(bench.engine) as statements:
        start = time.process_time()
        answer = bench.biologist.post(f"{bench.base}/approbation", data={"choix": rows, "confirme": "oui"})
        spent = 1000 * (time.process_time() - start)
    assert answer.status_code == 303, answer.text[:2000]
    return Measured(spent, spent, len(statements))


def measure(count: int, url: str = "") -> dict[str, Measured]:
    """Every figure at this size."""
    with tempfile.TemporaryDirectory() as folder:
        bench = prepare(Path(folder), count, url)
        found = {title: measured(bench, act) for title, act in pages(bench).items()}
        found[BULK_TITLE] = bulk(bench)
        bench.engine.dispose()
        return found


def table(results: dict[int, dict[str, Measured]]) -> str:
    """The results as Markdown."""
    sizes = list(results)
    heads = " | ".join(f"{size:,} ms | worst | SQL" for size in sizes)
    lines = [f"| Request | {heads} |", "|---|" + "--:|--:|--:|" * len(sizes)]
    for title in results[sizes[0]]:
        cells = " | ".join(
            f"{found.median:.0f} | {found.worst:.0f} | {found.statements}"
            for found in (results[size][title] for size in sizes)
        )
        lines.append(f"| {title} | {cells} |")
    return "\n".join(lines)


def kept_figures(size: int, found: dict[str, Measured]) -> dict[str, float]:
    """What the page of scale says of the largest size; the keys name the size that it speaks of by default."""
    times = {f"{key}_ms_60k": round(found[title].median, 1) for key, title in KEPT.items()}
    counts = {f"{key}_statements": float(found[KEPT[key]].statements) for key in ("bulk100", "approval")}
    return times | counts | {"growth_size": float(size)}


def passed_limits(results: dict[int, dict[str, Measured]]) -> list[str]:
    """A sentence for each limit that a size passes."""
    said = []
    for size, found in results.items():
        for title, most in MOST_MS.items():
            if found[title].median > most:
                said.append(f"{title}, {size:,} analyses: {found[title].median:.0f} ms of CPU, the limit is {most}")
        for title, most in MOST_STATEMENTS.items():
            if found[title].statements > most:
                said.append(f"{title}, {size:,} analyses: {found[title].statements} statements, the limit is {most}")
    return said


def main() -> int:
    """Print the table; 1 when a limit is passed."""
    configure_logs("error")
    parser = argparse.ArgumentParser()
    parser.add_argument("--sizes", default=",".join(str(size) for size in SIZES))
    parser.add_argument("--url", default="", help="an empty PostgreSQL database; one size only")
    asked = parser.parse_args()
    results = {int(size): measure(int(size), asked.url) for size in asked.sizes.split(",")}
    sys.stdout.write(
        f"`python -m tests.bench.bench_growth {' '.join(sys.argv[1:])}`, {platform.machine()}, "
        f"{os.cpu_count()} cores, Python {platform.python_version()}; CPU milliseconds, median of {TIMES}\n\n"
        f"{table(results)}\n"
    )
    figures.keep(kept_figures(max(results), results[max(results)]))
    passed = passed_limits(results)
    sys.stdout.write("".join(f"\nLimit passed: {sentence}" for sentence in passed) + ("\n" if passed else ""))
    return 1 if passed else 0


if __name__ == "__main__":
    sys.exit(main())
