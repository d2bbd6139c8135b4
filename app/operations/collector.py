"""What Prometheus learns from the database, read each time it asks: jobs, matching rate, size; never a name."""

import platform
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from pathlib import Path

import structlog
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from app.jobs.registry import find_kind
from app.models import JobStatus, utc_now
from app.operations import repository
from app.platform.database import reading
from app.platform.logs import error_code
from app.proposals.engines import engine_version
from app.proposals.service import JOB_KIND as MATCHING

DISTRIBUTION = "transcodeur"
OTHER_KIND = "other"
"""The kind shown for jobs of a version that this one does not know."""
LAST_RUNS = 5

log = structlog.get_logger(__name__)


class InstallationCollector(Collector):
    """The state of the installation, of whichever process does the work. Asking never writes."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def describe(self) -> Iterable[Metric]:
        """Nothing: the names are known without a query."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """The gauges; when the database does not answer, `transcodeur_database_up` is 0 and the others are absent."""
        yield _build_info()
        try:
            with reading(self._engine) as session:
                gauges = [_jobs(session), *_oldest_waiting(session), *_leases(session), *_matching(session)]
                gauges += self._size(session)
        except (SQLAlchemyError, OSError) as error:
            log.warning("metrics.no_database", error=type(error).__qualname__, error_code=error_code(error))
            gauges = []
        up = GaugeMetricFamily("transcodeur_database_up", "Whether the database answered.", value=float(bool(gauges)))
        yield from (up, *gauges)

    def _size(self, session: Session) -> Iterator[Metric]:
        gauge = GaugeMetricFamily(
            "transcodeur_database_size_bytes", "Size of the database and of its journal.", labels=("part",)
        )
        if self._engine.dialect.name == "sqlite":
            file = Path(self._engine.url.database or "")
            journal = file.with_name(f"{file.name}-wal")
            gauge.add_metric(("data",), file.stat().st_size)
            gauge.add_metric(("journal",), journal.stat().st_size if journal.exists() else 0)
        else:
            gauge.add_metric(("data",), repository.server_database_size(session))
        yield gauge


def _build_info() -> Metric:
    labels = {"version": version(DISTRIBUTION), "engine": engine_version(), "python": platform.python_version()}
    gauge = GaugeMetricFamily("transcodeur_build_info", "What is running.", labels=tuple(labels))
    gauge.add_metric(tuple(labels.values()), 1)
    return gauge


def _jobs(session: Session) -> Metric:
    gauge = GaugeMetricFamily(
        "transcodeur_jobs",
        "Background jobs on record; those `waiting` are the depth of the queue.",
        labels=("kind", "status"),
    )
    counts = {(MATCHING, str(status)): 0 for status in JobStatus}
    for kind, status, count in repository.jobs_by_kind_and_status(session):
        key = (kind if find_kind(kind) else OTHER_KIND, status)
        counts[key] = counts.get(key, 0) + count
    for key, count in sorted(counts.items()):
        gauge.add_metric(key, count)
    return gauge


def _oldest_waiting(session: Session) -> Iterator[Metric]:
    since = repository.oldest_waiting(session)
    seconds = (utc_now() - since).total_seconds() if since is not None else 0.0
    yield GaugeMetricFamily(
        "transcodeur_job_oldest_waiting_seconds", "For how long the oldest waiting job has waited.", value=seconds
    )


def _leases(session: Session) -> Iterator[Metric]:
    chunks = GaugeMetricFamily(
        "transcodeur_job_chunks", "Chunks of the jobs that are shared out between workers.", labels=("status",)
    )
    waiting, running = repository.pieces_of_work(session)
    chunks.add_metric((str(JobStatus.WAITING),), waiting)
    chunks.add_metric((str(JobStatus.RUNNING),), running)
    yield chunks
    yield GaugeMetricFamily(
        "transcodeur_job_lost_leases",
        "How often work was taken over from a process that no longer answered.",
        value=repository.lost_leases(session),
    )


def _matching(session: Session) -> Iterator[Metric]:
    runs = [(rows, seconds) for rows, seconds in repository.last_runs(session, MATCHING, LAST_RUNS) if seconds > 0]
    if runs:
        rate = sum(rows for rows, _ in runs) / sum(seconds for _, seconds in runs)
        yield GaugeMetricFamily(
            "transcodeur_matching_rows_per_second",
            f"Rows matched a second, from start to storage, over the last {LAST_RUNS} runs at most.",
            value=rate,
        )
