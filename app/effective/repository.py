"""All SQL of the effective transcoding."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from app.catalogues.repository import insert_all
from app.effective.judging import TermFacts
from app.effective.lines import Figures, Finding, Line, Share
from app.effective.repairs import repair_of
from app.emitted.observed import Cluster
from app.models import (
    AuditEvent,
    EffectiveCluster,
    EffectiveCount,
    EffectiveRun,
    EffectiveWithdrawal,
    Job,
    JobStatus,
    LoincTerm,
    StoredFile,
    User,
    WaitingCodeRule,
)
from app.terminology.chunks import chunks
from app.terminology.terms_hash import LABORATORY

AT_ONCE = 900
JOBS_LOOKED_AT = 20
KEPT = "effective.keep"
"""The event of a run that is kept."""


def terms_of(session: Session, release_id: int, numbers: Iterable[str]) -> dict[str, TermFacts]:
    """What a release says of those of these codes that it holds."""
    found: dict[str, TermFacts] = {}
    for some in chunks(sorted(set(numbers)), AT_ONCE):
        statement = select(col(LoincTerm.loinc_num), col(LoincTerm.status), col(LoincTerm.property)).where(
            col(LoincTerm.release_id) == release_id, col(LoincTerm.loinc_num).in_(some)
        )
        found.update((number, TermFacts(status, kind)) for number, status, kind in session.execute(statement))
    return found


def example_units(session: Session, release_id: int) -> list[tuple[str, str, int]]:
    """(example units, property, terms) of the laboratory terms of a release that give example units."""
    statement = (
        select(col(LoincTerm.example_ucum_units), col(LoincTerm.property), func.count())
        .where(
            col(LoincTerm.release_id) == release_id,
            col(LoincTerm.class_type) == LABORATORY,
            col(LoincTerm.example_ucum_units) != "",
        )
        .group_by(col(LoincTerm.example_ucum_units), col(LoincTerm.property))
    )
    return [(units, kind, terms) for units, kind, terms in session.execute(statement)]


# ---- files that wait to be read


def waiting_files(session: Session, prefix: str, before: datetime) -> list[int]:
    """The files published under keys of this prefix that were received before then."""
    statement = select(col(StoredFile.id)).where(
        # A range of the unique index: idle workers ask every few seconds.
        col(StoredFile.published_key) >= prefix,
        col(StoredFile.published_key) < f"{prefix}\U0010ffff",
        col(StoredFile.created_at) <= before,
    )
    return list(session.scalars(statement))


def publish_file(session: Session, file_id: int, key: str) -> None:
    """Let a file wait under this key."""
    session.execute(update(StoredFile).where(col(StoredFile.id) == file_id).values(published_key=key))


def delete_files(session: Session, file_ids: Sequence[int]) -> None:
    """Remove files with their pieces: nothing says that they were there."""
    session.execute(
        delete(StoredFile).where(col(StoredFile.id).in_(file_ids)), execution_options={"synchronize_session": False}
    )


def readings_under_way(session: Session, catalogue_id: int, kind: str) -> Sequence[Job]:
    """The jobs that wait or read for a catalogue, and its last one however it ended; the newest first."""
    asked = select(Job).where(col(Job.catalogue_id) == catalogue_id, col(Job.kind) == kind)
    jobs = session.scalars(asked.order_by(col(Job.id).desc()).limit(JOBS_LOOKED_AT)).all()
    return [job for number, job in enumerate(jobs) if number == 0 or not JobStatus(job.status).is_over]


# ---- runs that were kept


def insert_lines(session: Session, run_id: int, lines: Iterable[Line]) -> None:
    """Keep the lines of a run."""
    insert_all(
        session,
        EffectiveCount,
        (
            {
                "run_id": run_id,
                "local_code": line.local,
                "loinc_codes": " ".join(line.loinc),
                "unit": line.unit,
                "section": line.section,
                "chapter": line.chapter,
                "approved_codes": " ".join(line.approved),
                "findings": " ".join(sorted(line.findings)),
                "repair": repair_of(line.findings),
                "results": line.results,
                "reports": line.reports,
            }
            for line in lines
        ),
    )


def insert_clusters(session: Session, run_id: int, clusters: Mapping[Cluster, int]) -> None:
    """Keep how many reports were alike in each domain."""
    insert_all(
        session,
        EffectiveCluster,
        (
            {
                "run_id": run_id, "domain": cluster.domain, "results": cluster.results,
                "effective": cluster.effective, "reports": reports,
            }
            for cluster, reports in sorted(clusters.items(), key=lambda item: astuple(item[0]))
        ),
    )  # fmt: skip


def summed_lines(session: Session, run_id: int) -> list[Line]:
    """The lines of a run added up by chapter and by what is said of them: a few dozen, however many there are."""
    count = EffectiveCount
    statement = (
        select(col(count.chapter), col(count.findings), func.sum(count.results))
        .where(col(count.run_id) == run_id)
        .group_by(col(count.chapter), col(count.findings))
        .order_by(col(count.chapter), col(count.findings))
    )
    return [
        Line("", (), "", "", results, 0, _findings(findings), (), chapter)
        for chapter, findings, results in session.execute(statement)
    ]


def figures_with(run: EffectiveRun, lines: Sequence[Line]) -> Figures:
    """The figures of a kept run, of these lines of it."""
    return Figures(
        reports=run.reports,
        level1_reports=run.level1_reports,
        files=run.files,
        damaged=run.damaged,
        lines=lines,
        has_circuit=run.has_circuit,
        deleted_reports=run.deleted_reports,
        known_codes=Share(run.effective_local_codes, run.local_codes),
    )


def lines_of(session: Session, run_id: int) -> list[Line]:
    """The lines of a run, the most numerous first."""
    statement = select(*COUNT_COLUMNS).where(col(EffectiveCount.run_id) == run_id)
    return [line_of(row) for row in session.execute(statement.order_by(*_WORST_FIRST))]


def clusters_of(session: Session, run_id: int) -> dict[Cluster, int]:
    """How many reports of a run were alike in each domain."""
    cluster = EffectiveCluster
    statement = select(col(cluster.domain), col(cluster.results), col(cluster.effective), col(cluster.reports))
    statement = statement.where(col(cluster.run_id) == run_id).order_by(col(cluster.id))
    found: dict[Cluster, int] = {}
    for domain, results, effective, reports in session.execute(statement):
        key = Cluster(domain, results, effective)
        found[key] = found.get(key, 0) + reports
    return found


_WORST_FIRST = (col(EffectiveCount.results).desc(), col(EffectiveCount.id))
COUNT_COLUMNS = (
    col(EffectiveCount.local_code),
    col(EffectiveCount.loinc_codes),
    col(EffectiveCount.unit),
    col(EffectiveCount.section),
    col(EffectiveCount.results),
    col(EffectiveCount.reports),
    col(EffectiveCount.findings),
    col(EffectiveCount.approved_codes),
    col(EffectiveCount.chapter),
)
"""What `line_of` reads."""


def line_of(row: Any) -> Line:
    """A line from its columns."""
    local, loinc, unit, section, results, reports, findings, approved, chapter = row
    return Line(
        local, tuple(loinc.split()), unit, section, results, reports,
        _findings(findings), tuple(approved.split()), chapter,
    )  # fmt: skip


def _findings(words: str) -> frozenset[Finding]:
    return frozenset(Finding(word) for word in words.split())


class KeptRun(NamedTuple):
    """A run with who kept it, and its withdrawal if any."""

    run: EffectiveRun
    author: str
    """Empty for the command line."""
    withdrawal: EffectiveWithdrawal | None
    withdrawn_by: str


def runs_of(session: Session, catalogue_id: int, offset: int = 0, limit: int | None = None) -> list[KeptRun]:
    """The runs of a catalogue, the newest first."""
    statement = _RUNS.where(col(EffectiveRun.catalogue_id) == catalogue_id)
    statement = statement.order_by(col(EffectiveRun.id).desc()).offset(offset)
    found = session.execute(statement.limit(limit) if limit is not None else statement)
    return [KeptRun(run, author or "", withdrawal, by or "") for run, author, withdrawal, by in found]


def one_run(session: Session, catalogue_id: int, public_id: str) -> KeptRun | None:
    """A run of a catalogue, None where it has none of this identifier."""
    statement = _RUNS.where(
        col(EffectiveRun.catalogue_id) == catalogue_id, col(EffectiveRun.public_id) == public_id
    )
    row = session.execute(statement).first()
    return KeptRun(row[0], row[1] or "", row[2], row[3] or "") if row else None


def kept_moments(session: Session, catalogue_id: int) -> dict[str, datetime]:
    """Public identifier of a run -> when it was kept, for the runs of a catalogue of which the trail says so."""
    statement = (
        select(col(EffectiveRun.public_id), col(AuditEvent.at))
        .join(AuditEvent, col(AuditEvent.details)["run"].as_string() == col(EffectiveRun.public_id))
        .where(col(EffectiveRun.catalogue_id) == catalogue_id, col(AuditEvent.action) == KEPT)
    )
    return {row[0]: row[1] for row in session.execute(statement)}


def count_runs(session: Session, catalogue_id: int) -> int:
    """How many runs of a catalogue were kept, those taken back included."""
    statement = select(func.count()).select_from(EffectiveRun).where(col(EffectiveRun.catalogue_id) == catalogue_id)
    return session.scalar(statement) or 0


_AUTHOR, _WITHDRAWER = aliased(User), aliased(User)
_RUNS = (
    select(EffectiveRun, col(_AUTHOR.display_name), EffectiveWithdrawal, col(_WITHDRAWER.display_name))
    .outerjoin(_AUTHOR, col(_AUTHOR.id) == col(EffectiveRun.author_id))
    .outerjoin(EffectiveWithdrawal, col(EffectiveWithdrawal.run_id) == col(EffectiveRun.id))
    .outerjoin(_WITHDRAWER, col(_WITHDRAWER.id) == col(EffectiveWithdrawal.author_id))
)


def waiting_system_of(session: Session, laboratory_id: int) -> str:
    """The system of codes d'attente that a laboratory wrote last; empty where it follows the installation."""
    rules = select(col(WaitingCodeRule.system)).where(col(WaitingCodeRule.laboratory_id) == laboratory_id)
    return session.scalar(rules.order_by(col(WaitingCodeRule.id).desc()).limit(1)) or ""
