"""What the report of a large catalogue costs its worker: `python -m tests.bench.bench_report [analyses]`.

Imports a made-up catalogue (15,000 analyses and a third as many exams unless told otherwise: 20,000 rows), approves
every analysis, then writes each format in a process of its own. CPU seconds count the process that lays pages out,
whose peak of memory is the second one shown. Wanted: XLSX 15 s; PDF 120 s, under 500 MB.
"""

import resource
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from sqlmodel import select

from app.models import Catalogue, Laboratory
from app.platform.database import make_engine, reading
from app.reports.content import read_report
from app.reports.formats import ReportFormat, written
from app.settings import Settings
from tests.bench.bench_catalogue_10k import approve_all, imported, prepare

ANALYSES = 15_000


def _spent() -> float:
    found = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(item.ru_utime + item.ru_stime for item in found)


def measured(asked: ReportFormat, folder: Path) -> tuple[float, float, float, int]:
    """CPU seconds, peak megabytes of the worker and of the process beside it, and bytes of one format."""
    before = _spent()
    engine = make_engine(Settings(data_dir=folder).resolved_database_url)
    with reading(engine) as session:
        catalogue = session.exec(select(Catalogue)).one()
        laboratory = session.get_one(Laboratory, catalogue.laboratory_id)
        content = read_report(session, laboratory, catalogue, "bench", None)
    _, _, file = written(content, asked)
    both = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    here, beside = (resource.getrusage(who).ru_maxrss / 1024 for who in both)
    return _spent() - before, here, beside, len(file)


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
        sys.stdout.write(f"{'Format':<8}{'secondes CPU':>14}{'Mo':>8}{'Mo à côté':>12}{'octets':>12}\n")
        for asked in ReportFormat:
            with ProcessPoolExecutor(1, mp_context=context) as pool:
                seconds, here, beside, size = pool.submit(measured, asked, folder).result()
            sys.stdout.write(f"{asked.value:<8}{seconds:>14.2f}{here:>8.0f}{beside:>12.0f}{size:>12}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
