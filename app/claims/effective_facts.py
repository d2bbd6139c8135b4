"""Writing the facts of the run that stood at the moment of a state; nothing is written where none did."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from sqlmodel import Session

from app.claims import repository
from app.claims.effective_tables import (
    BOOTSTRAP,
    EFFECTIVE_CLUSTERS,
    EFFECTIVE_COUNTS,
    EFFECTIVE_FILES,
    EFFECTIVE_RUN,
    WILSON,
)
from app.claims.tables import FILES, FactFile, csv_pieces
from app.effective.last_run import circuit_hash, run_told, standing_run
from app.effective.reported import Interval
from app.effective.repository import KeptRun
from app.effective.sampling import numpy_version
from app.models import EffectiveRun, LoincRelease

PERCENT = "\u00a0%"


def path_of(folder: Path, file: FactFile) -> Path:
    """Where a table of facts is written while a pack is being made."""
    return folder / file.name.rpartition("/")[2]


def files_in(folder: Path) -> tuple[FactFile, ...]:
    """The tables that were written: those of a run are there where one stood."""
    return (*FILES, *EFFECTIVE_FILES) if path_of(folder, EFFECTIVE_RUN).exists() else FILES


def write_run(session: Session, folder: Path, catalogue_id: int, release_id: int) -> EffectiveRun | None:
    """Write the facts of the last run that stands here; None where there is none, and nothing is written."""
    kept = standing_run(session, catalogue_id)
    if kept is None:
        return None
    assert kept.run.id is not None
    tables: tuple[tuple[FactFile, Iterator[Sequence[Any]]], ...] = (
        (EFFECTIVE_RUN, iter([_run_line(session, kept, session.get_one(LoincRelease, release_id))])),
        (EFFECTIVE_COUNTS, repository.run_counts(session, kept.run.id)),
        (EFFECTIVE_CLUSTERS, repository.run_clusters(session, kept.run.id)),
    )
    for file, rows in tables:
        with path_of(folder, file).open("wb") as target:
            target.writelines(csv_pieces(file.columns, rows))
    return kept.run


def _run_line(session: Session, kept: KeptRun, release: LoincRelease) -> Sequence[Any]:
    run = kept.run
    interval = run_told(session, kept, release).interval
    return (
        run.public_id, run.created_at, repository.person_of(session, run.author_id), run.period_from, run.period_to,
        run.release_version, run.release_hash, release.content_hash, run.has_circuit, run.circuit_version,
        run.circuit_hash, circuit_hash(session), run.files, run.reports, run.level1_reports, run.deleted_reports,
        run.damaged, run.results, run.effective, run.by_loinc_alone, run.local_codes,
        run.effective_local_codes, *bounds_of(interval), made_by(interval),
        numpy_version() if interval.is_drawn else "",
    )  # fmt: skip


def bounds_of(interval: Interval) -> tuple[str, str]:
    """The bounds as the facts write them, in percents: « 71,20 »; empty for none."""
    return interval.low.removesuffix(PERCENT), interval.high.removesuffix(PERCENT)


def made_by(interval: Interval) -> str:
    """What makes an interval, in the word of the facts; empty for none."""
    if not interval.low:
        return ""
    return BOOTSTRAP if interval.is_drawn else WILSON
