"""How fast workers propose for many laboratories: `python -m tests.chaos.throughput --laboratories 50 --analyses 2500`.

Imports a catalogue into each laboratory by the command line, with no worker; then a real `transcodeur worker` of so
many processes does the jobs. Prints a table in Markdown: rows/s, seconds of processor per 1,000 rows for importing and
for matching, efficiency against one process, memory of a working process, size of the database.
"""

import argparse
import os
import re
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.models import Laboratory
from app.platform.database import transaction
from tests.bench import figures
from tests.bench.synthetic_release import write_release
from tests.chaos.installation import Installation
from tests.chaos.processes import Worker, stop
from tests.postgresql import cluster

RELEASE_TERMS = 20_000


@dataclass(frozen=True, slots=True)
class Measure:
    """One number of workers."""

    workers: int
    rows: int
    seconds: float
    """From the start of the processes to the end of the last job."""
    worker_cpu: float
    """Seconds of processor, start-up of the processes included."""
    import_cpu: float
    """Seconds of processor of all imports, less what the command takes for a catalogue of one row."""
    rss_mb: float
    """Of the largest working process, at its largest."""
    database_mb: float
    not_done: int

    @property
    def rate(self) -> float:
        """Rows a second."""
        return self.rows / self.seconds


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _import(place: Installation, name: str, rows: int) -> float:
    """Seconds of processor of one command."""
    file = place.data_dir.parent / "catalogue.csv"
    file.write_bytes(place.catalogue_file(rows, f"{name}-"))
    before = _cpu_of_children()
    place.command("import", str(file), "--laboratoire", name, "--catalogue", "Catalogue")
    return _cpu_of_children() - before


def _import_everywhere(place: Installation, laboratories: int, analyses: int) -> float:
    """Seconds of processor, start-up of the commands left out."""
    place.create()
    release = write_release(place.data_dir.parent / "release.zip", RELEASE_TERMS)
    place.command("load-loinc", str(release), "--current", "--entiere")
    names = [f"L{number}" for number in range(laboratories)]
    with place.engine() as engine, transaction(engine) as session:
        session.add_all(Laboratory(name=name) for name in ("Une ligne", *names))
    start_up = _import(place, "Une ligne", 1)
    return sum(max(_import(place, name, analyses) - start_up, 0.0) for name in names)


def _peak_mb(pid: int) -> float:
    try:
        found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text("ascii"))
    except OSError:
        return 0.0
    return int(found[1]) / 1000 if found else 0.0


def _work(place: Installation, worker: Worker, workers: int, seconds: float) -> float:
    """Wait until the queue is empty; the memory of the largest working process, in MB."""
    deadline, peak = time.monotonic() + seconds, 0.0
    while True:
        # One process works by itself, several have one that looks after them.
        pids = [worker.process.pid] if workers == 1 else worker.processes()
        peak = max(peak, *map(_peak_mb, pids))
        if not place.number("SELECT count(*) FROM job WHERE status IN ('waiting', 'running')"):
            return peak
        assert time.monotonic() < deadline, "the jobs do not end"
        assert worker.process.poll() is None, "the worker is dead"
        time.sleep(0.25)


def _size_mb(place: Installation) -> float:
    if place.database_url:
        return place.number("SELECT pg_database_size(current_database())") / 1e6
    # The last process that closes the file empties its log into it.
    return (place.data_dir / "transcodeur.sqlite3").stat().st_size / 1e6


def measure(place: Installation, workers: int, laboratories: int, analyses: int, seconds: float) -> Measure:
    """Import everywhere, then let so many processes work; given up after `seconds`."""
    place.settings_of_processes |= {"TRANSCODEUR_LOG_LEVEL": "error"}
    import_cpu = _import_everywhere(place, laboratories, analyses)
    before, begun = _cpu_of_children(), time.monotonic()
    worker = place.start_worker("--processes", str(workers))
    try:
        rss = _work(place, worker, workers, seconds)
        elapsed = time.monotonic() - begun
    finally:
        stop(worker.process)
    return Measure(
        workers=workers,
        rows=laboratories * analyses,
        seconds=elapsed,
        worker_cpu=_cpu_of_children() - before,
        import_cpu=import_cpu,
        rss_mb=rss,
        database_mb=_size_mb(place),
        not_done=place.number("SELECT count(*) FROM job WHERE status <> 'done'"),
    )


@contextmanager
def _place(database: str) -> Iterator[Installation]:
    """A new installation: on SQLite, or on a database of this PostgreSQL server, made for it and dropped."""
    with tempfile.TemporaryDirectory(prefix="transcodeur-debit-") as folder:
        place = Installation(Path(folder) / "var")
        if not database:
            yield place
        elif database == "postgresql":
            with cluster() as server, server.database() as address:
                yield Installation(Path(folder) / "var", address)
        else:
            yield Installation(Path(folder) / "var", database)


def _table(measures: list[Measure], laboratories: int) -> None:
    say("| Processus | Lignes/s | Efficacité | UC proposer, s/1 000 lignes | UC importer, s/1 000 lignes "
        "| Mémoire, Mo | Base, Mo/laboratoire | Un million de lignes, min |")  # fmt: skip
    say("|---:|---:|---:|---:|---:|---:|---:|---:|")
    first = measures[0].rate / measures[0].workers
    for one in measures:
        cells = [
            f"{one.workers}", f"{one.rate:.1f}", f"{100 * one.rate / one.workers / first:.0f} %",
            f"{1000 * one.worker_cpu / one.rows:.2f}", f"{1000 * one.import_cpu / one.rows:.2f}", f"{one.rss_mb:.0f}",
            f"{one.database_mb / laboratories:.2f}", f"{1_000_000 / one.rate / 60:.0f}",
        ]  # fmt: skip
        say(f"| {' | '.join(cells)} |")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--laboratories", type=int, default=50)
    parser.add_argument("--analyses", type=int, default=2_500)
    parser.add_argument("--workers", default="1,2")
    parser.add_argument("--database", default="", help="`postgresql` for a server of its own, or an empty database")
    parser.add_argument("--seconds", type=float, default=7_200, help="given up after this long")
    arguments = parser.parse_args()
    numbers = [int(one) for one in arguments.workers.split(",")]
    if "://" in arguments.database and len(numbers) > 1:
        parser.error("one number of workers for one empty database")
    measures = []
    for workers in numbers:
        with _place(arguments.database) as place:
            done = measure(place, workers, arguments.laboratories, arguments.analyses, arguments.seconds)
        measures.append(done)
        figures.keep({f"rows_per_second_{workers}": done.rate})
    say(f"{arguments.laboratories} laboratories of {arguments.analyses} analyses, a release of {RELEASE_TERMS} terms; "
        f"load of the machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors.\n")  # fmt: skip
    _table(measures, arguments.laboratories)
    first = measures[0]
    figures.keep({
        "worker_cpu_s_per_1000_rows": 1000 * first.worker_cpu / first.rows,
        "import_cpu_s_per_1000_rows": 1000 * first.import_cpu / first.rows,
        "worker_rss_mb": max(one.rss_mb for one in measures),
        "database_mb_per_laboratory": first.database_mb / arguments.laboratories,
    })  # fmt: skip
    return int(any(one.not_done for one in measures))


if __name__ == "__main__":
    raise SystemExit(main())
