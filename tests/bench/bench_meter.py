"""What the pages of figures cost: `python -m tests.bench.bench_meter [--sizes 20000] [--url …]`.

The catalogue of `bench_growth`, with exams, a list *Circuit de la biologie* and a dozen composed definitions of every
sort. CPU milliseconds of this process (on SQLite the database works in it) for each page, the best of some; the page
of figures and the meter are to stay under 200 ms at 20,000 rows.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import insert
from sqlalchemy import select as sa_select
from sqlmodel import Session, col

from app.coverage.days import day_of
from app.models import (
    Catalogue,
    CoverageDay,
    ExamAnalysis,
    Level,
    LocalTest,
    LoincTerm,
    ReviewState,
    User,
    ValueSet,
    ValueSetKind,
    ValueSetMember,
)
from app.platform.database import reading, transaction
from tests.bench import figures
from tests.bench.full_lists import definitions
from tests.bench.growth_catalogue import Bench, prepare

LIMIT = 200.0
TIMES = 5


def _fill(session: Session) -> None:
    """An exam for three analyses, a list of two thirds of the codes, the composed definitions, a year of days."""
    catalogue = session.execute(sa_select(Catalogue)).scalars().one()
    ids = list(session.execute(sa_select(LocalTest.id).where(col(LocalTest.level) == Level.ANALYSIS)).scalars())
    exams = [
        {"catalogue_id": catalogue.id, "level": Level.EXAM, "code": f"EX{number}", "label": f"Examen {number}",
         "position": number, "annual_volume": 1 + number * 7 % 9000}
        for number in range(len(ids) // 3)
    ]  # fmt: skip
    session.execute(insert(LocalTest), exams)
    exam_ids = list(session.execute(sa_select(LocalTest.id).where(col(LocalTest.level) == Level.EXAM)).scalars())
    session.execute(insert(ReviewState), [{"local_test_id": id_, "status": "todo"} for id_ in exam_ids])
    links = [
        {"exam_id": exam, "analysis_id": ids[3 * place + part], "analysis_code": f"A{part}"}
        for place, exam in enumerate(exam_ids)
        for part in range(3)
    ]
    session.execute(insert(ExamAnalysis), links)
    codes = list(session.execute(sa_select(LoincTerm.loinc_num)).scalars())
    value_set = ValueSet(kind=ValueSetKind.CIRCUIT_BIOLOGIE, title="Circuit", content_hash="bench", is_current=True)
    session.add(value_set)
    session.flush()
    held = [{"value_set_id": value_set.id, "loinc_num": code} for place, code in enumerate(codes) if place % 3]
    session.execute(insert(ValueSetMember), held)
    author = session.execute(sa_select(User.id)).scalars().first()
    assert author is not None
    session.add_all(definitions(author))
    for ago in range(1, 366):
        day = date.today() - timedelta(days=ago)
        session.add(CoverageDay(catalogue_id=catalogue.id or 0, day=day, numerator=366 - ago, denominator=len(ids)))


def _cpu(act: Callable[[], object], times: int = TIMES) -> float:
    """The best of some, in milliseconds of CPU."""
    best = float("inf")
    for _ in range(times):
        start = time.process_time()
        act()
        best = min(best, 1000 * (time.process_time() - start))
    return best


def measure(count: int, url: str = "") -> dict[str, float]:
    """Page → CPU milliseconds."""
    with tempfile.TemporaryDirectory() as folder:
        bench: Bench = prepare(Path(folder), count, url)
        with transaction(bench.engine) as session:
            _fill(session)

        def page(address: str) -> Callable[[], None]:
            def ask() -> None:
                answer = bench.biologist.get(address)
                assert answer.status_code == 200, answer.text[:500]

            return ask

        def a_past_day() -> None:
            with reading(bench.engine) as session:
                day_of(session, session.execute(sa_select(Catalogue)).scalars().one(), date.today())

        base = f"{bench.base}/couverture"
        found = {
            "Coverage, 12 composed definitions": _cpu(page(base)),
            "Meter by chapter": _cpu(page(f"{base}/avancement")),
            "Meter by specialty": _cpu(page(f"{base}/avancement?par=specialite")),
            "Meter by sub-contractor": _cpu(page(f"{base}/avancement?par=sous-traitant")),
            "Meter by reviewer": _cpu(page(f"{base}/avancement?par=relecteur")),
            "Portfolio": _cpu(page("/portefeuille")),
            "A past day (idle worker)": _cpu(a_past_day, 1),
        }
        bench.engine.dispose()
    return found


def main() -> None:
    """Print the table; fail when a page is over its limit at 20,000 rows."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--sizes", default="20000")
    parser.add_argument("--url", default="", help="an empty PostgreSQL database; one size only")
    asked = parser.parse_args()
    results = {int(size): measure(int(size), asked.url) for size in asked.sizes.split(",")}
    lines = ["| CPU (ms) | " + " | ".join(f"{size:,}" for size in results) + " |", "|---|" + "--:|" * len(results)]
    for title in next(iter(results.values())):
        lines.append(f"| {title} | " + " | ".join(f"{found[title]:.0f}" for found in results.values()) + " |")
    sys.stdout.write("\n".join(lines) + "\n")
    at_20k = results.get(20_000, {})
    pages = {title: spent for title, spent in at_20k.items() if "worker" not in title}
    figures.keep({f"meter_{number}_ms": spent for number, spent in enumerate(pages.values())})
    if any(spent > LIMIT for spent in pages.values()):
        sys.exit(f"a page of figures costs more than {LIMIT:.0f} ms of CPU at 20,000 rows")


if __name__ == "__main__":
    main()
