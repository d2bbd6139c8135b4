"""What the evidence pack of a large catalogue costs: `python -m tests.bench.bench_evidence [analyses]`.

Imports a made-up catalogue (20,000 analyses unless told otherwise), decides every analysis with all lists full
(`tests.bench.full_lists`), then makes its pack and verifies it, each in a process of its own, so that the peak memory
shown is its own. Making it must take no more than 150 seconds: the exit code says so.
"""

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from app.catalogues.service import catalogue_and_laboratory
from app.claims.pack import make_pack
from app.claims.verification import verify_pack
from app.platform.database import Transactions, make_engine
from tests.bench.bench_catalogue_10k import imported, prepare, settings_of
from tests.bench.full_lists import decide

ANALYSES = 20_000
MOST_SECONDS = 150
PACK = "dossier.zip"


def made(folder: Path, _count: int) -> str:
    """Make the pack; returns its fingerprint."""
    settings = settings_of(folder)
    transactions = Transactions(make_engine(settings.resolved_database_url))
    with transactions.reading() as session:
        laboratory, catalogue = catalogue_and_laboratory(session, 1)
    pack = make_pack(
        transactions, settings, laboratory, catalogue,
        lambda path, _pack: (folder / PACK).write_bytes(path.read_bytes()),
    )  # fmt: skip
    return pack.fingerprint


def verified(folder: Path, _count: int) -> str:
    """Verify it; returns its fingerprint."""
    return verify_pack(folder / PACK).fingerprint


def measured(step: Callable[[Path, int], str], folder: Path, count: int) -> tuple[float, float, str]:
    """Seconds, peak megabytes, and what the step gave."""
    started = time.perf_counter()
    found = step(folder, count)
    return time.perf_counter() - started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, found


def main() -> None:
    """Print the table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else ANALYSES
    context = get_context("spawn")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder)
        for step in (imported, decide):
            with ProcessPoolExecutor(1, mp_context=context) as pool:
                pool.submit(step, folder, count).result()
        sys.stdout.write(f"Catalogue de {count} analyses et {count // 3 + 1} examens, toutes les listes pleines\n")
        sys.stdout.write(f"{'Étape':<20}{'secondes':>10}{'Mo au plus':>12}\n")
        fingerprints, spent = [], 0.0
        for title, measure in (("dossier", made), ("verify-pack", verified)):
            with ProcessPoolExecutor(1, mp_context=context) as pool:
                seconds, peak, fingerprint = pool.submit(measured, measure, folder, count).result()
            sys.stdout.write(f"{title:<20}{seconds:>10.2f}{peak:>12.0f}\n")
            sys.stdout.flush()
            fingerprints.append(fingerprint)
            spent = spent or seconds
        size = (folder / PACK).stat().st_size
    sys.stdout.write(f"Le dossier fait {size} octets ; il doit être écrit en {MOST_SECONDS} secondes au plus.\n")
    sys.exit(0 if spent <= MOST_SECONDS and len(set(fingerprints)) == 1 else 1)


if __name__ == "__main__":
    main()
