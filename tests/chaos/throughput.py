"""How fast workers propose for many laboratories: `python -m tests.chaos.throughput --laboratories 50 --analyses 2500`.

Imports a catalogue into each laboratory by the command line, with no worker; then real `transcodeur worker` processes
do the jobs. Prints, for each number of workers: rows/s, CPU seconds per 1,000 rows, efficiency against one worker, and
what that makes of a million rows.
"""

import argparse
import resource
import sys
import tempfile
import time
from pathlib import Path

from app.models import Laboratory
from app.platform.database import transaction
from tests.chaos.installation import Installation, stop


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _import_everywhere(place: Installation, laboratories: int, analyses: int) -> None:
    place.create()
    with place.engine() as engine, transaction(engine) as session:
        session.add_all(Laboratory(name=f"Laboratoire {number}") for number in range(laboratories))
    for number in range(laboratories):
        file = place.data_dir.parent / f"catalogue-{number}.csv"
        file.write_bytes(place.catalogue_file(analyses, f"L{number}-"))
        place.command("import", str(file), "--laboratoire", f"Laboratoire {number}", "--catalogue", "Catalogue")


def _worked(place: Installation, workers: int, seconds: float) -> tuple[float, float]:
    """(elapsed, CPU) seconds that these workers take to empty the queue, start-up of the processes included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begun = time.monotonic()
    processes = [place.start("worker") for _ in range(workers)]
    try:
        place.wait_for_jobs(seconds)
        elapsed = time.monotonic() - begun
    finally:
        for process in processes:
            stop(process)
            if process.stderr is not None:
                process.stderr.close()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return elapsed, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--laboratories", type=int, default=50)
    parser.add_argument("--analyses", type=int, default=2_500)
    parser.add_argument("--workers", default="1,2")
    parser.add_argument("--seconds", type=float, default=7_200, help="given up after this long")
    arguments = parser.parse_args()
    rows = arguments.laboratories * arguments.analyses
    alone = 0.0
    for workers in (int(one) for one in arguments.workers.split(",")):
        with tempfile.TemporaryDirectory(prefix="transcodeur-debit-") as folder:
            place = Installation(Path(folder) / "var", settings_of_processes={"TRANSCODEUR_LOG_LEVEL": "error"})
            _import_everywhere(place, arguments.laboratories, arguments.analyses)
            elapsed, cpu = _worked(place, workers, arguments.seconds)
            failed = place.number("SELECT count(*) FROM job WHERE status <> 'done'")
        rate = rows / elapsed
        alone = alone or rate / workers
        say(
            f"{workers} workers: {arguments.laboratories} laboratories of {arguments.analyses} analyses in "
            f"{elapsed:.0f} s, {rate:.0f} rows/s, {1000 * cpu / rows:.2f} s of CPU per 1,000 rows, efficiency "
            f"{100 * rate / workers / alone:.0f} %, a million rows in {1_000_000 / rate / 60:.0f} min, "
            f"{failed} jobs not done"
        )
        if failed:
            return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
