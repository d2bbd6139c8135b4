"""What the report of a large catalogue costs its worker: `python -m tests.bench.bench_report [analyses]`.

Imports a made-up catalogue (15,000 analyses and a third as many exams unless told otherwise: 20,000 rows), decides
every analysis with all lists full (`tests.bench.full_lists`), keeps a run of emitted reports over all of them, then
writes each format in a process of its own. CPU seconds count the process that lays pages out, whose peak of memory is
the second one shown. The exit code says whether the limits hold: XLSX in 15 s; PDF in 120 s, 150 pages, under 500 MB.
"""

import io
import resource
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from pypdf import PdfReader
from sqlmodel import select

from app.models import Catalogue, Laboratory
from app.platform.database import make_engine, reading
from app.reports.content import ReportContent, read_report
from app.reports.formats import ReportFormat, written
from app.settings import Settings
from tests.bench import figures
from tests.bench.bench_catalogue_10k import imported, prepare
from tests.bench.full_lists import DEFINITIONS, decide, measure

ANALYSES = 15_000
MOST_SECONDS = {ReportFormat.XLSX: 15.0, ReportFormat.PDF: 120.0}
MOST_MEGABYTES = 500.0
"""Of the process that lays pages out."""
MOST_PAGES = 150


@dataclass(frozen=True, slots=True)
class Measured:
    """What one format cost: CPU seconds, peak megabytes of the worker and of the process beside it, bytes, pages."""

    seconds: float
    here: float
    beside: float
    size: int
    pages: int

    def over(self, asked: ReportFormat) -> list[str]:
        """The limits that it does not hold."""
        found = []
        if self.seconds > MOST_SECONDS.get(asked, float("inf")):
            found.append(f"{asked.value} : {self.seconds:.0f} s, {MOST_SECONDS[asked]:.0f} au plus")
        if asked is ReportFormat.PDF and self.beside >= MOST_MEGABYTES:
            found.append(f"{asked.value} : {self.beside:.0f} Mo, moins de {MOST_MEGABYTES:.0f} voulus")
        if self.pages > MOST_PAGES:
            found.append(f"{asked.value} : {self.pages} pages, {MOST_PAGES} au plus")
        return found


def _require_full(content: ReportContent) -> None:
    """A short list would measure nothing."""
    composed = sum(bool(definition.public_id) for definition, _ in content.coverage.figures)
    lists = (content.excluded, content.without_code, content.justified, content.anomalies)
    readings = content.agreement.readings and content.reconciled and content.in_disagreement
    is_measured = content.effective is not None and content.effective.left
    if composed < DEFINITIONS or not readings or not is_measured or any(not found.left for found in lists):
        raise SystemExit(f"lists are not full: {composed}, {readings}, {[found.total for found in lists]}")


def _spent() -> float:
    found = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(item.ru_utime + item.ru_stime for item in found)


def measured(asked: ReportFormat, folder: Path) -> Measured:
    """Write one format."""
    before = _spent()
    engine = make_engine(Settings(data_dir=folder).resolved_database_url)
    with reading(engine) as session:
        catalogue = session.exec(select(Catalogue)).one()
        laboratory = session.get_one(Laboratory, catalogue.laboratory_id)
        content = read_report(session, laboratory, catalogue, "bench", None)
    _require_full(content)
    _, _, file = written(content, asked)
    both = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    here, beside = (resource.getrusage(who).ru_maxrss / 1024 for who in both)
    spent = _spent() - before
    pages = len(PdfReader(io.BytesIO(file)).pages) if asked is ReportFormat.PDF else 0
    return Measured(spent, here, beside, len(file), pages)


def main() -> None:
    """Print the table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else ANALYSES
    context = get_context("spawn")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder)
        for step in (imported, decide, measure):
            with ProcessPoolExecutor(1, mp_context=context) as pool:
                pool.submit(step, folder, count).result()
        sys.stdout.write(f"Catalogue de {count} analyses et {count // 3 + 1} examens, toutes les listes pleines\n")
        sys.stdout.write(f"{'Format':<8}{'secondes CPU':>14}{'Mo':>8}{'Mo à côté':>12}{'octets':>12}{'pages':>8}\n")
        over: list[str] = []
        for asked in ReportFormat:
            with ProcessPoolExecutor(1, mp_context=context) as pool:
                found = pool.submit(measured, asked, folder).result()
            sys.stdout.write(
                f"{asked.value:<8}{found.seconds:>14.2f}{found.here:>8.0f}{found.beside:>12.0f}{found.size:>12}"
                f"{found.pages:>8}\n"
            )
            sys.stdout.flush()
            figures.keep({f"report_{asked.value}_s": found.seconds, f"report_{asked.value}_pages": found.pages})
            over += found.over(asked)
    if over:
        sys.exit(" ; ".join(over))


if __name__ == "__main__":
    main()
