"""Reading, at one moment, everything that an evidence pack is made of; what may be long goes to files as it is read."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlmodel import Session

from app.audit.heads import Head
from app.audit.labels import action_label, detail_text, object_label
from app.claims import repository
from app.claims.chain_files import write_chain
from app.claims.effective_facts import path_of, write_run
from app.claims.recompute import JUDGING
from app.claims.tables import (
    CHANGES,
    CODES,
    DECISIONS,
    DEFINITIONS,
    EXAMS,
    GRACE,
    PEOPLE,
    READINGS,
    RECONCILIATIONS,
    RELEASES,
    ROWS,
    SIGNATURES,
    FactFile,
    csv_pieces,
)
from app.coverage.definitions import Definition
from app.coverage.report import CoverageReport
from app.coverage.service import coverage_report
from app.coverage.wording import name_of, scope_of, sentence_of
from app.errors import ConflictError
from app.exports.schemas import ExportKind
from app.exports.service import ExportRequest, Material, read_material
from app.models import Catalogue, Laboratory, LoincRelease, User
from app.reports.content import ReportContent, read_report
from app.transcoding.readers import any_hidden, blind_actor
from app.versions.repository import signatures_of
from app.versions.schemas import VersionState
from app.versions.service import version_of
from app.versions.wording import chapter_title

JOURNAL = "journal/journal.csv"
EXPORTED = (
    ExportKind.LOINC_4, ExportKind.LOINC_5, ExportKind.LOINC_6, ExportKind.CONCEPT_MAP, ExportKind.CONCEPT_MAP_R5,
)  # fmt: skip
READ_FIRST = (
    "Des lignes de ce catalogue attendent une deuxième lecture, à l’aveugle, que vous pouvez faire : le dossier de "
    "preuve vous montrerait leur décision. Faites ces lectures (onglet « Double lecture »), ou demandez le dossier à "
    "un biologiste. Rien n’a été écrit."
)
"""Why a pack, which holds every decision, is not made for this person."""
_HIDDEN_DETAILS = frozenset({"address", "email", "identifier", "numbers"})
"""What says who people are, and not what they did to the catalogue."""
_COUNTING = {"level", "measure", "with_subcontracted", "exam_rule", "judging", "title", "public_id"}
"""What a definition may say and a pack recomputes."""


@dataclass(slots=True)
class Collected:
    """What was read. The facts are in files of `folder`, under the names of `app.claims.tables`."""

    folder: Path
    laboratory: Laboratory
    catalogue: Catalogue
    version: VersionState
    report: CoverageReport
    stated_at: datetime
    first_received_at: datetime
    circuit_version: str
    head: Head | None
    document: ReportContent
    """What the report to read says, as of the same moment."""
    materials: dict[ExportKind, Material] = field(default_factory=dict)
    absent: dict[ExportKind, str] = field(default_factory=dict)
    """Exports that cannot be made, and why."""


def refuse_hidden(session: Session, laboratory: Laboratory, catalogue: Catalogue, actor: User | None) -> None:
    """Raise ConflictError for who may still read rows of this catalogue without seeing their decision."""
    if any_hidden(session, blind_actor(session, laboratory, actor), catalogue.id or 0):
        raise ConflictError(READ_FIRST)


@dataclass(slots=True)
class _Watch:
    """What the facts name as they pass: people, and the last moment."""

    people: set[str] = field(default_factory=set)
    last: datetime | None = None

    def see(self, moment: datetime | None) -> None:
        if moment is not None and (self.last is None or moment > self.last):
            self.last = moment

    def passing(self, rows: Iterable[Sequence[Any]], file: FactFile) -> Iterator[Sequence[Any]]:
        places = [place for place, name in enumerate(file.columns) if name in ("author", "reader")]
        for row in rows:
            for value in row:
                if isinstance(value, datetime):
                    self.see(value)
            self.people.update(row[place] for place in places if row[place])
            yield row


def write_table(folder: Path, file: FactFile, rows: Iterable[Sequence[Any]]) -> None:
    """Write a table of facts as it is read."""
    with path_of(folder, file).open("wb") as target:
        target.writelines(csv_pieces(file.columns, rows))


def collect(
    session: Session,
    folder: Path,
    laboratory: Laboratory,
    catalogue: Catalogue,
    clock: datetime | None = None,
) -> Collected:
    """Read everything, in one snapshot; raises ConflictError when no pack can be made.

    `clock` is that of the state, when it is not the moment of the last fact.
    """
    assert catalogue.id is not None
    number = catalogue.id
    version = version_of(session, number)
    report = coverage_report(session, laboratory, catalogue)
    told = collect_facts(session, folder, laboratory, catalogue, report, clock)
    head = write_chain(session, laboratory, number, folder, told.run_id)
    report = _as_of(report, told.last, head)
    # Made by nobody: it is the same whoever asks.
    document = read_report(session, laboratory, catalogue, "", None, is_claim=True)
    document = replace(document, coverage=report, version=version.label)
    collected = Collected(
        folder, laboratory, catalogue, version, report, told.last, told.first_received_at, told.circuit_version, head,
        document,
    )  # fmt: skip
    for kind in EXPORTED:
        try:
            collected.materials[kind] = read_material(session, laboratory, catalogue, ExportRequest(kind))
        except ConflictError as error:
            collected.absent[kind] = error.message
    return collected


@dataclass(frozen=True, slots=True)
class FactsTold:
    """What the written facts do not say in a table of their own."""

    last: datetime
    """The last moment that any of them names: the clock of the pack."""
    first_received_at: datetime
    circuit_version: str
    run_id: int | None
    """The run of emitted reports whose facts are written; None where none stood."""


def collect_facts(
    session: Session,
    folder: Path,
    laboratory: Laboratory,
    catalogue: Catalogue,
    report: CoverageReport,
    clock: datetime | None = None,
) -> FactsTold:
    """Write every table of facts but the state; nothing is held in memory that grows with the catalogue but names."""
    assert catalogue.id is not None
    number = catalogue.id
    watch = _Watch()
    for file, rows in (
        (ROWS, repository.rows(session, number)),
        (DECISIONS, repository.decisions(session, number)),
        (CHANGES, repository.changes(session, number)),
        (EXAMS, repository.exams(session, number)),
        (READINGS, repository.readings(session, number)),
        (RECONCILIATIONS, repository.reconciliations(session, number)),
        (GRACE, repository.grace(session)),
    ):
        write_table(folder, file, watch.passing(rows, file))
    first, last = repository.received(session, number)
    watch.see(last)
    watch.see(catalogue.created_at)
    watch.see(report.context.grace.since)
    _write_journal(session, laboratory, catalogue, folder, watch)
    run = write_run(session, folder, number, report.context.release_id)
    if run is not None:
        watch.people.update(filter(None, [repository.person_of(session, run.author_id)]))
        watch.see(run.created_at)
    # The event of a signature is written just after the signature itself.
    watch.last = clock or watch.last
    circuit_version = _write_terminology(session, number, folder, watch)
    write_table(folder, DEFINITIONS, _definition_lines(report))
    write_table(folder, SIGNATURES, watch.passing(_signature_lines(session, number), SIGNATURES))
    write_table(folder, PEOPLE, sorted(repository.names(session, watch.people).items()))
    last = clock or watch.last
    assert last is not None
    return FactsTold(last, first or catalogue.created_at, circuit_version, run.id if run is not None else None)


def _as_of(report: CoverageReport, moment: datetime, head: Head | None) -> CoverageReport:
    """The report as of the state that it tells, whatever the hour of the run."""
    context = replace(report.context, computed_at=moment, audit_head=head.sentence if head else "")
    return replace(report, context=context)


def _write_terminology(session: Session, catalogue_id: int, folder: Path, watch: _Watch) -> str:
    """The releases in service and what they say of the codes chosen; the version of the list of codes in use."""
    assert watch.last is not None
    numbers, deciding = repository.chosen(session, catalogue_id)
    periods = repository.service_periods(session, watch.last)
    for since, release in periods:
        watch.see(since)
        watch.see(release.loaded_at if release and (since is None or release is periods[-1][1]) else None)
    lines = [
        (since, *((release.public_id, release.version, release.kind, release.loaded_at) if release else ("",) * 4))
        for since, release in periods
    ]
    write_table(folder, RELEASES, lines)
    found: dict[int, LoincRelease] = {release.id or 0: release for _, release in periods if release}
    found |= {release.id or 0: release for release in repository.releases(session, deciding)}
    circuit, version = repository.circuit(session)
    write_table(folder, CODES, repository.codes(session, numbers, list(found.values()), circuit))
    return version


def _definition_lines(report: CoverageReport) -> Iterator[Sequence[Any]]:
    for number, (definition, _) in enumerate(report.figures, start=1):
        yield (
            number, definition.level.value, definition.measure.value, definition.with_subcontracted,
            definition.exam_rule.value, name_of(definition), scope_of(definition), sentence_of(definition),
            *(judging_of(definition)[name] for name in JUDGING),
        )  # fmt: skip


def _signature_lines(session: Session, catalogue_id: int) -> Iterator[Sequence[Any]]:
    for item in signatures_of(session, catalogue_id):
        chapters = " ; ".join(chapter_title(chapter.name) for chapter in item.chapters)
        yield (
            item.public_id, item.version, item.signed_at, item.signer_name, item.title, item.rpps, item.finess_ej,
            item.finess_et, item.proof, chapters, item.sentence, item.release_version, item.content_sha256,
            item.mapping_sha256, item.withdrawn_at, item.withdrawal_reason,
        )  # fmt: skip


def judging_of(definition: Definition) -> dict[str, Any]:
    """What a definition says a row is worth, in the words of the pack."""
    unknown = {item.name for item in fields(definition)} - _COUNTING
    judging = getattr(definition, "judging", None)
    said = {item.name: getattr(judging, item.name) for item in fields(judging)} if judging is not None else {}
    if unknown or set(said) - set(JUDGING):
        raise RuntimeError(f"a pack does not know how to recompute {sorted(unknown | (set(said) - set(JUDGING)))}")
    return {name: getattr(said.get(name), "value", said.get(name, default)) for name, default in JUDGING.items()}


def _write_journal(
    session: Session, laboratory: Laboratory, catalogue: Catalogue, folder: Path, watch: _Watch
) -> None:
    assert laboratory.id is not None
    assert catalogue.id is not None
    heads = ("evenement", "moment", "auteur", "action", "en_clair", "objet", "details")

    def lines() -> Iterator[Sequence[Any]]:
        for event in repository.events(session, laboratory.id or 0, catalogue.id or 0):
            watch.see(event.at)
            details = {name: value for name, value in event.details.items() if name not in _HIDDEN_DETAILS}
            yield (event.public_id, event.at, event.actor_label, event.action, action_label(event.action),
                   object_label(event.object_type, event.object_id), detail_text(details))  # fmt: skip

    with (folder / "journal").open("wb") as target:
        target.writelines(csv_pieces(heads, lines()))
