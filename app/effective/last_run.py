"""The last run that stood at a moment, as a report of that moment says it."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from sqlmodel import Session

from app.coverage.report import CoverageReport
from app.effective import lists_sql, repository
from app.effective.catalogue_index import approved_codes
from app.effective.lines import Figures
from app.effective.reported import NO_INTERVAL, EffectiveSection, Interval, RunTold, SectionMaker, to_repair
from app.effective.repository import KeptRun
from app.effective.sampling import Sample, sample_of, samples
from app.emitted.observed import Cluster
from app.models import EffectiveRun, Level, LoincRelease, ValueSetKind
from app.terminology.value_sets import current_value_set
from app.transcoding.standing import StandingRow

AT_ONCE = 30
"""Runs read at a time: the last one mostly stands."""


def standing_run(session: Session, catalogue_id: int, clock: datetime | None = None) -> KeptRun | None:
    """The last run that was kept by this moment (by now, without) and that nobody had taken back then; None for none.

    A run is of the moment when it was kept, not of that when its reports began to be read.
    """
    kept_at = repository.kept_moments(session, catalogue_id) if clock is not None else {}
    for kept in _newest_first(session, catalogue_id):
        moment = kept_at.get(kept.run.public_id, kept.run.created_at)
        taken_back = kept.withdrawal.created_at if kept.withdrawal is not None else None
        if clock is None and taken_back is None:
            return kept
        if clock is not None and moment <= clock and (taken_back is None or taken_back > clock):
            return kept
    return None


def _newest_first(session: Session, catalogue_id: int) -> Iterator[KeptRun]:
    start = 0
    while found := repository.runs_of(session, catalogue_id, start, AT_ONCE):
        yield from found
        start += AT_ONCE


def reported_section(
    session: Session,
    coverage: CoverageReport,
    rows: Iterable[StandingRow],
    blind_to: int | None,
) -> EffectiveSection | None:
    """What the report of now says whose coverage this is, for who asks (a `blind_person`); None where no run stands.

    `rows` are those of the catalogue in use, as the report has them.
    """
    catalogue_id = coverage.context.catalogue_id
    kept = standing_run(session, catalogue_id)
    if kept is None:
        return None
    run = run_told(session, kept, session.get_one(LoincRelease, coverage.context.release_id))
    analyses = [row for row in rows if row.level is Level.ANALYSIS]
    named = lists_sql.rows_of_codes(session, catalogue_id, {line.local for line in to_repair(run)} - {""})
    return SectionMaker(
        run,
        coverage,
        approved_now=approved_codes(analyses),
        labels={code: row.label for code, row in named.items()},
        unread=lists_sql.hidden_codes(session, catalogue_id, blind_to),
    ).section()


def run_told(session: Session, kept: KeptRun, release: LoincRelease) -> RunTold:
    """A run with its lines and its interval, and whether what it was judged against is still in service."""
    run = kept.run
    assert run.id is not None
    figures = whole_figures(session, run)
    return RunTold(
        measured_at=run.created_at,
        author=kept.author,
        period_from=run.period_from,
        period_to=run.period_to,
        release_version=run.release_version,
        is_release_in_service=run.release_hash == release.content_hash,
        circuit=run.circuit_version,
        is_circuit_in_service=run.circuit_hash == circuit_hash(session),
        figures=figures,
        interval=interval_of(figures, repository.clusters_of(session, run.id)),
    )


def circuit_hash(session: Session) -> str:
    """SHA-256 of the list *Circuit de la biologie* in service; empty where none is."""
    circuit = current_value_set(session, ValueSetKind.CIRCUIT_BIOLOGIE)
    return circuit.content_hash if circuit else ""


def whole_figures(session: Session, run: EffectiveRun) -> Figures:
    """The figures of a run with each of its lines."""
    assert run.id is not None
    return repository.figures_with(run, repository.lines_of(session, run.id))


def samples_of_run(run: EffectiveRun, clusters: Mapping[Cluster, int]) -> dict[str, Sample]:
    """The samples of a kept run by domain; without that of all results where a name of a domain was erased, which
    left its reports among the whole ones."""
    found = samples(clusters)
    whole = found.get("")
    if whole is not None and (whole.effective, whole.results) != (run.effective, run.results):
        del found[""]
    return found


def interval_of(figures: Figures, clusters: Mapping[Cluster, int]) -> Interval:
    """The interval of the share of all results; none where the clusters do not add up to them, a name being erased."""
    sample = sample_of((item.results, item.effective, reports) for item, reports in clusters.items() if not item.domain)
    is_whole = (sample.effective, sample.results) == (figures.by_results.part, figures.by_results.total)
    return Interval.of(sample) if is_whole else NO_INTERVAL
