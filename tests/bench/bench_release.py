"""Measure what the terminology promises: 112,000 terms in under 30 s and 500 MB, a search in under 50 ms.

    python -m tests.bench.bench_release [--terms 112000]

Prints one JSON line. It is no test: the figures depend on the machine.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from sqlmodel import Session, SQLModel

import app.models
import app.tallies.keeping  # noqa: F401 - whatever is written is counted
from app.platform.database import make_engine, reading, transaction
from app.terminology.schemas import SearchFilters
from app.terminology.service import search_counted
from app.upgrades.service import load_release, load_starter
from tests.bench.synthetic_release import code_of

QUERIES: list[tuple[str, SearchFilters]] = [
    ("glucose", SearchFilters()),
    ("serum", SearchFilters()),
    ("serum plasma", SearchFilters()),
    ("sang", SearchFilters()),
    ("glu", SearchFilters()),
    ("calcium urine", SearchFilters()),
    ("natrémie", SearchFilters()),
    ("1234", SearchFilters()),
    (code_of(5000), SearchFilters()),
    ("", SearchFilters()),
    ("", SearchFilters(system="Urine")),
    ("in", SearchFilters(laboratory_only=False)),
    ("serum", SearchFilters(system="Urine", property="Titr", method_typ="IA", scale_typ="Ord")),
    ("in serum", SearchFilters(status="DEPRECATED")),
    ("introuvable", SearchFilters()),
]


def timings(session: Session, release_id: int) -> list[float]:
    """Milliseconds of each query, after one that loads the lexicon."""
    search_counted(session, release_id, "sodium")
    found = []
    for text, filters in QUERIES:
        session.expunge_all()
        start = time.perf_counter()
        search_counted(session, release_id, text, 50, filters)
        found.append(1000 * (time.perf_counter() - start))
    return found


def measure(path: Path, folder: Path) -> dict[str, float]:
    """Load the release into a fresh database and search it."""
    engine = make_engine(f"sqlite:///{folder / 'mesure.sqlite3'}")
    SQLModel.metadata.create_all(engine)
    with transaction(engine) as session:
        load_starter(session)
    start = time.perf_counter()
    report = load_release(engine, path)
    load_seconds = time.perf_counter() - start
    with reading(engine) as session:
        searches = timings(session, report.release_id)
    return {
        "terms": report.term_count,
        "load_s": round(load_seconds, 1),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "search_median_ms": round(median(searches), 1),
        "search_max_ms": round(max(searches), 1),
    }


def main() -> None:
    """Write the release in another process, so that its memory is not counted."""
    parser = argparse.ArgumentParser(description="Measure loading and searching a release.")
    parser.add_argument("--terms", type=int, default=112_000)
    count = parser.parse_args().terms
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "Loinc_2.99.zip"
        command = [sys.executable, "-m", "tests.bench.synthetic_release", str(path), "--terms", str(count)]
        subprocess.run(command, check=True)
        sys.stdout.write(json.dumps(measure(path, folder)) + "\n")


if __name__ == "__main__":
    main()
