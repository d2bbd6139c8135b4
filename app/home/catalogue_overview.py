"""Building the overview of a catalogue."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from sqlmodel import Session

from app.assignments.panel import team_panel
from app.catalogues import repository
from app.catalogues.service import KIND_LABELS, MAY_IMPORT
from app.earlier import repository as earlier_repository
from app.files.description import written_as
from app.files.records import Dialect
from app.home import repository as home_repository
from app.home.catalogue_lines import line_of
from app.home.catalogue_pages import ChapterLine, FileLine, LevelLine, OverviewPage, RunLine
from app.home.habits_panel import habits_panel
from app.home.progress import CatalogueLine, StatusCounts
from app.jobs.pages import JobLine, job_line
from app.models import FileKind, Job, JobStatus, Level, LoincRelease, ProposalRun, RunStatus
from app.platform.identity import CatalogueAccess
from app.proposals.method_rules import differing, rules_of
from app.proposals.service import JOB_KIND, current_run, latest_run
from app.reimport.changes import count_changes
from app.terminology.carried import refusal_of
from app.text import counted, release_title

LEVELS = (
    (Level.ANALYSIS, "Analyses", "analyse"),
    (Level.EXAM, "Examens", "examen"),
    (Level.CHAPTER, "Chapitres", "chapitre"),
    (Level.SUBCHAPTER, "Sous-chapitres", "sous-chapitre"),
)
UNDER_WAY = (JobStatus.WAITING, JobStatus.RUNNING)
_RUN_LABELS = {
    RunStatus.RUNNING: ("En cours", "chip-info"),
    RunStatus.DONE: ("Terminée", "chip-ok"),
    RunStatus.FAILED: ("Échec", "chip-bad"),
    RunStatus.CANCELLED: ("Annulée", "chip-mute"),
}


def overview_page(session: Session, access: CatalogueAccess) -> OverviewPage:
    """The page of one catalogue."""
    catalogue_id = access.catalogue_id
    jobs = home_repository.latest_jobs(session, catalogue_id)
    last = latest_run(session, catalogue_id)
    shown = current_run(session, catalogue_id)
    newest = {file_id for _, file_id in repository.newest_files(session, catalogue_id)}
    line = line_of(session, access)
    other = shown if shown is not None and last is not None and shown.id != last.id else None
    levels = _levels(line)
    return OverviewPage(
        title=access.catalogue.name,
        catalogue=access.catalogue,
        active="apercu",
        laboratory_name=access.laboratory.name,
        may_act=access.role in MAY_IMPORT,
        step=line.step,
        coverage=line.coverage,
        refusal=refusal_of(session, access.laboratory.awaits),
        levels=levels,
        team=team_panel(session, access) if levels else None,
        chapters=_chapters(session, catalogue_id),
        files=[_file_line(row, newest) for row in repository.files_of(session, catalogue_id)],
        change_count=count_changes(session, catalogue_id),
        findings=_findings(session, catalogue_id),
        earlier_count=earlier_repository.count_unseen(session, catalogue_id),
        running=[job_line(job) for job in reversed(jobs) if job.status in UNDER_WAY],
        is_searching=any(job.kind == JOB_KIND and job.status in UNDER_WAY for job in jobs),
        failed_job=_failed_job(jobs, last),
        run=_run_line(session, last) if last else None,
        shown_run=_run_line(session, other) if other else None,
        other_rule=", ".join(differing(shown.method_rules, rules_of(session, access.laboratory_id))) if shown else "",
        habits=habits_panel(session, access, shown),
    )


def _levels(line: CatalogueLine) -> list[LevelLine]:
    return [
        LevelLine(label=label, word=word, progress=line.levels[level])
        for level, label, word in LEVELS
        if level in line.levels
    ]


def _chapters(session: Session, catalogue_id: int) -> list[ChapterLine]:
    counts: dict[str, dict[str, int]] = {}
    for chapter, status, count in home_repository.chapter_status_counts(session, catalogue_id, Level.ANALYSIS):
        counts.setdefault(chapter, {})[status] = count
    return [
        ChapterLine(
            name=name or "Sans chapitre",
            href=f"/catalogues/{catalogue_id}/revue?" + urlencode([("niveau", "analyse"), ("chapitre", name)]),
            progress=StatusCounts(**statuses),
        )
        for name, statuses in counts.items()
    ]


def _file_line(row: Any, newest: set[int]) -> FileLine:
    file_id, kind, name, sha256, size, dialect_json, rows, imported_at, imported_by = row
    return FileLine(
        id=file_id,
        name=name,
        kind_label=KIND_LABELS[FileKind(kind)],
        written=written_as(Dialect.from_json(dialect_json)),
        is_replaced=file_id not in newest,
        rows=rows,
        size=size,
        sha256=sha256,
        imported_by=imported_by or "ligne de commande",
        imported_at=imported_at,
    )


def _findings(session: Session, catalogue_id: int) -> list[str]:
    """What the user should know of the catalogue as a whole, computed from what it holds now."""
    unknown = home_repository.count_unknown_analyses(session, catalogue_id)
    alone = home_repository.count_analyses_without_exam(session, catalogue_id)
    subcontracted, retired, with_volume, volume = home_repository.side_data_counts(session, catalogue_id)
    kinds = repository.kinds_of(session, catalogue_id)
    findings: list[str] = []

    def note(count: int, one: str, many: str) -> None:
        if count:
            findings.append(counted(count, one, many))

    if repository.has_analyses(kinds):
        absent = "du fichier des analyses"
        note(
            unknown,
            f"analyse citée par un examen est absente {absent}.",
            f"analyses citées par des examens sont absentes {absent}.",
        )
    elif unknown:
        cited = counted(unknown, "analyse", "analyses")
        findings.append(f"Les examens citent {cited} : importez LOINC_3 pour les transcoder.")
    if FileKind.LOINC_2 in kinds or FileKind.FHIR in kinds:
        note(alone, "analyse n'appartient à aucun examen.", "analyses n'appartiennent à aucun examen.")
    note(subcontracted, "analyse est sous-traitée.", "analyses sont sous-traitées.")
    note(retired, "analyse est retirée par le laboratoire.", "analyses sont retirées par le laboratoire.")
    if with_volume:
        known = counted(with_volume, "analyse", "analyses")
        findings.append(f"Volume annuel connu pour {known} : {counted(volume, 'acte', 'actes')}.")
    return findings


def _failed_job(jobs: Sequence[Job], run: ProposalRun | None) -> JobLine | None:
    """The last job, when it failed; the failure of a run of proposals is told with the run."""
    newest = jobs[0] if jobs else None
    if newest is None or newest.status != JobStatus.FAILED:
        return None
    told_by_run = newest.kind == JOB_KIND and run is not None and run.status == RunStatus.FAILED
    return None if told_by_run else job_line(newest)


def _run_line(session: Session, run: ProposalRun) -> RunLine:
    release = session.get(LoincRelease, run.release_id)
    label, chip = _RUN_LABELS[RunStatus(run.status)]
    return RunLine(
        status=run.status,
        status_label=label,
        chip=chip,
        message=run.message,
        release=release_title(release.version) if release else "",
        engine_version=run.engine_version,
        started_at=run.started_at,
        finished_at=run.finished_at,
    )
