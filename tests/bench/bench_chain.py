"""What the audit chain costs a write: `python -m tests.bench.bench_chain [--postgresql URL]`, on a new database.

For one fact with its event, for a thousand in one transaction, and for an import of 20,000 received rows in pieces of
400: the median of the transactions, with the chain and without, and how long a verification of all of it takes.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from statistics import median

from sqlalchemy import Engine, insert
from sqlmodel import Session

import app.main  # noqa: F401 - the rooms that listen to sessions
from app.audit.verification import verify
from app.models import AuditEvent, Catalogue, Laboratory, SourceFile, SourceRow
from app.models.chained import CHAINED_TABLES
from app.platform.database import make_engine, transaction
from app.platform.migrations import upgrade

PIECE, ROWS = 400, 20_000


def _timed(act: Callable[[], object], times: int) -> float:
    found = []
    for _ in range(times):
        start = time.perf_counter()
        act()
        found.append(time.perf_counter() - start)
    return median(found) * 1000


def _facts(engine: Engine, laboratory_id: int, count: int) -> None:
    with transaction(engine) as session:
        for number in range(count):
            details = {"reason": f"n° {number}"}
            session.add(AuditEvent(action="bench.fact", laboratory_id=laboratory_id, details=details))


def _unchained(engine: Engine) -> None:
    with engine.begin() as connection:
        for table in CHAINED_TABLES:
            on = f" ON {table}" if connection.dialect.name == "postgresql" else ""
            connection.exec_driver_sql(f"DROP TRIGGER tr_{table}_noted{on}")


def measure(url: str) -> list[tuple[str, float]]:
    """(what, milliseconds) on a new database."""
    engine = make_engine(url)
    with transaction(engine) as session:
        laboratory = Laboratory(name="Mesure")
        session.add(laboratory)
        session.flush()
        catalogue = Catalogue(laboratory_id=laboratory.id or 0, name="Mesure")
        session.add(catalogue)
        session.flush()
        file = SourceFile(catalogue_id=catalogue.id or 0, kind="TABULAR", file_name="f", sha256="", content=b"")
        session.add(file)
        session.flush()
        laboratory_id, file_id = laboratory.id or 0, file.id or 0
    rows = iter(range(1, ROWS + 1))

    def piece() -> None:
        values = [
            {"source_file_id": file_id, "row_number": next(rows), "cells": ["K", "Potassium", "sérum", "mmol/L"] * 4}
            for _ in range(PIECE)
        ]
        with transaction(engine) as session:
            session.connection().execute(insert(SourceRow), values)

    found = [
        ("one fact", _timed(lambda: _facts(engine, laboratory_id, 1), 60)),
        ("1,000 facts in one transaction", _timed(lambda: _facts(engine, laboratory_id, 1_000), 7)),
        (f"{PIECE} received rows", _timed(piece, ROWS // PIECE)),
    ]
    with Session(engine) as session:
        start = time.perf_counter()
        facts = verify(session).facts
        found.append((f"verification of {facts} facts", (time.perf_counter() - start) * 1000))
    engine.dispose()
    return found


def main() -> None:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--postgresql", nargs=2, metavar="URL", help="two empty databases: with the chain, and without")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        urls = asked.postgresql or [f"sqlite:///{folder}/{name}.sqlite3" for name in ("with", "without")]
        for url in urls:
            engine = make_engine(url)
            upgrade(engine)
            engine.dispose()
        engine = make_engine(urls[1])
        _unchained(engine)
        engine.dispose()
        chained, plain = measure(urls[0]), measure(urls[1])
    sys.stdout.write("| What | With the chain (ms) | Without (ms) |\n|---|---:|---:|\n")
    for (name, value), (_, without) in zip(chained, plain, strict=True):
        sys.stdout.write(f"| {name} | {value:.1f} | {without:.1f} |\n")


if __name__ == "__main__":
    main()
