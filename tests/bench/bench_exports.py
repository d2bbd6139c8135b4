"""What each export of a very large catalogue costs its worker: `python -m tests.bench.bench_exports [analyses]`.

Imports a made-up catalogue (60,000 analyses unless told otherwise), approves every analysis, then writes each format
in a process of its own, so that the peak memory shown is its own. The first line of the table is what a process
weighs before it reads anything.
"""

import resource
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from app.exports.schemas import ExportKind
from tests.bench.bench_catalogue_10k import approve_all, exported, imported, prepare

ANALYSES = 60_000


def measured(kind: ExportKind | None, folder: Path, count: int) -> tuple[float, float, int]:
    """Seconds, peak megabytes and bytes of one format; None writes nothing."""
    started = time.perf_counter()
    size = exported(kind)(folder, count) if kind is not None else 0
    return time.perf_counter() - started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, size


def main() -> None:
    """Print the table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else ANALYSES
    context = get_context("spawn")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder)
        for step in (imported, approve_all):
            with ProcessPoolExecutor(1, mp_context=context) as pool:
                pool.submit(step, folder, count).result()
        sys.stdout.write(f"Catalogue de {count} analyses et {count // 3 + 1} examens, toutes approuvées\n")
        sys.stdout.write(f"{'Format':<20}{'secondes':>10}{'Mo au plus':>12}{'octets':>14}\n")
        for kind in (None, *ExportKind):
            with ProcessPoolExecutor(1, mp_context=context) as pool:
                seconds, peak, size = pool.submit(measured, kind, folder, count).result()
            title = kind.value if kind is not None else "(rien)"
            sys.stdout.write(f"{title:<20}{seconds:>10.2f}{peak:>12.0f}{size:>14}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
