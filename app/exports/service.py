"""Making an export: gather the facts, check them, write the file, record what left."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import PurePath

from sqlmodel import Session

from app.audit.service import record
from app.errors import ConflictError, NotFoundError
from app.exports import repository, writers
from app.exports.archive import zip_of
from app.exports.assessment import Assessment, assess
from app.exports.fhir_local import Canonicals
from app.exports.fhir_writers import Publication
from app.exports.report import report_csv
from app.exports.schemas import (
    ExportFile,
    ExportKind,
    ExportTest,
    Incomplete,
    Packaging,
    Release,
    Syntax,
    TermName,
)
from app.exports.statement import LICENCE_NAME, README_NAME, REPORT_NAME, Statement, readme
from app.models import (
    Catalogue,
    ExportRecord,
    Laboratory,
    Level,
    User,
    ValueSetKind,
    utc_now,
)
from app.settings import Settings
from loinc_data.notice import LOINC_NOTICE

SECTION_LEVELS = (Level.CHAPTER, Level.SUBCHAPTER)
CIRCUIT_PRODUCER = "ANS, Circuit de la biologie"
CHAPTERS_PRODUCER = "ANS, chapitres LOINC"


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """What the person asked for."""

    kind: ExportKind
    incomplete: Incomplete = Incomplete.BLANK
    packaging: Packaging = Packaging.FILE
    source_file_id: int | None = None
    syntax: Syntax = Syntax.JSON


@dataclass(frozen=True, slots=True)
class CatalogueFacts:
    """Everything an export of a catalogue is made of, read once."""

    laboratory: Laboratory
    catalogue: Catalogue
    release: Release | None
    tests: tuple[ExportTest, ...]
    circuit: frozenset[str] | None

    @property
    def catalogue_id(self) -> int:
        """Identifier of the catalogue."""
        assert self.catalogue.id is not None
        return self.catalogue.id

    def assessment(self, kind: ExportKind) -> Assessment:
        """What leaves, and what the reader of this format will say."""
        row_by_row = kind in (ExportKind.ORIGINAL, ExportKind.XLSX)
        return assess(self.tests, self.release, self.circuit, row_by_row)


def _named(test: ExportTest, circuit: dict[str, str], sections: dict[str, str]) -> ExportTest:
    """The test with the names that the ANS value sets give to its code, when the release gives none."""
    term = test.term
    if term is None and test.level in SECTION_LEVELS and test.loinc_num in sections:
        label = sections[test.loinc_num]
        return replace(test, term=TermName(test.loinc_num, label, label, CHAPTERS_PRODUCER))
    if term is not None and not term.french_name and circuit.get(term.loinc_num):
        named = replace(term, french_name=circuit[term.loinc_num], french_producer=CIRCUIT_PRODUCER)
        return replace(test, term=named)
    return test


def gather(session: Session, laboratory: Laboratory, catalogue: Catalogue) -> CatalogueFacts:
    """Read everything that the exports of a catalogue need."""
    assert catalogue.id is not None
    release = repository.current_release(session)
    circuit = repository.value_set_labels(session, ValueSetKind.CIRCUIT_BIOLOGIE)
    sections = repository.value_set_labels(session, ValueSetKind.CHAPTERS)
    tests = repository.export_tests(session, catalogue.id, release)
    named = tuple(_named(test, circuit or {}, sections or {}) for test in tests)
    allowed = None if circuit is None else frozenset(circuit) | frozenset(sections or {})
    return CatalogueFacts(laboratory, catalogue, release, named, allowed)


def statement_of(facts: CatalogueFacts, assessment: Assessment, made_at: datetime, made_by: str) -> Statement:
    """What an export with these rows states."""
    return Statement.of(
        assessment,
        laboratory=facts.laboratory.name,
        catalogue=facts.catalogue.name,
        release=facts.release,
        made_at=made_at,
        made_by=made_by,
    )


def transcoding_date(assessment: Assessment, fallback: datetime) -> datetime:
    """The date of the transcoding: that of the last approval among the rows that leave with a code."""
    moments = [test.approved_at for test in assessment.tests if test.id in assessment.names]
    return max((moment for moment in moments if moment is not None), default=fallback)


def build(
    session: Session,
    settings: Settings,
    facts: CatalogueFacts,
    request: ExportRequest,
    made_at: datetime,
    made_by: str,
) -> tuple[ExportFile, Assessment]:
    """Write the file in memory, without recording anything; raises ConflictError when it must not leave."""
    if not facts.tests:
        raise ConflictError("Ce catalogue ne contient aucune ligne : il n'y a rien à exporter.")
    writer = writers.Writer(session, settings, facts.catalogue_id)
    source = writer.source(request.kind, request.source_file_id)
    assessment = facts.assessment(request.kind).of_levels(writers.levels_of(request.kind, source))
    if request.kind is not ExportKind.XLSX:
        assessment.require_complete(request.incomplete)
    statement = statement_of(facts, assessment, made_at, made_by)
    moment = transcoding_date(assessment, made_at)
    if source is not None:
        return writer.completed(request.kind, source, assessment, statement, moment), assessment
    if request.kind is ExportKind.XLSX:
        return writers.decisions(assessment, statement, moment), assessment
    number = repository.count_of_versions(session, facts.catalogue_id) + 1
    canonicals = Canonicals(facts.laboratory, facts.catalogue)
    publication = Publication(
        assessment,
        statement,
        canonicals,
        canonicals.version(made_at, number),
        moment,
        repository.exam_contents(session, facts.catalogue_id) if request.kind is ExportKind.FHIR_CATALOGUE else {},
    )
    return publication.file(request.kind, request.syntax), assessment


def packed(file: ExportFile, assessment: Assessment, statement: Statement) -> ExportFile:
    """The file in an archive, with the notice and the report beside it."""
    digest = hashlib.sha256(file.content).hexdigest()
    members = {
        file.name: file.content,
        README_NAME: readme(statement, [(file.name, digest)], file.notes),
        LICENCE_NAME: (LOINC_NOTICE + "\n").encode(),
        REPORT_NAME: report_csv(assessment),
    }
    name = f"{PurePath(file.name).stem}.zip"
    content = zip_of(members, statement.made_at)
    return replace(file, name=name, media_type="application/zip", content=content)


def make_export(
    session: Session,
    settings: Settings,
    laboratory: Laboratory,
    catalogue: Catalogue,
    request: ExportRequest,
    actor: User | None = None,
) -> tuple[ExportFile, ExportRecord]:
    """Make an export and record it in the same transaction; `actor` is None on the command line."""
    made_at = utc_now()
    made_by = actor.display_name if actor else "ligne de commande"
    facts = gather(session, laboratory, catalogue)
    file, assessment = build(session, settings, facts, request, made_at, made_by)
    if request.packaging is Packaging.ZIP:
        file = packed(file, assessment, statement_of(facts, assessment, made_at, made_by))
    exported = ExportRecord(
        catalogue_id=facts.catalogue_id,
        kind=request.kind,
        file_name=file.name,
        sha256=hashlib.sha256(file.content).hexdigest(),
        size_bytes=len(file.content),
        business_version=file.business_version,
        source_file_id=file.source_file_id,
        release_id=facts.release.id if facts.release else None,
        release_version=facts.release.version if facts.release else "",
        incomplete=request.incomplete,
        counts=_figures(file, assessment),
        created_by_id=actor.id if actor else None,
        created_at=made_at,
    )
    session.add(exported)
    session.flush()
    record(
        session,
        "export.create",
        actor=actor,
        object_type="export_record",
        object_id=exported.id,
        laboratory_id=laboratory.id,
        catalogue_id=facts.catalogue_id,
        kind=exported.kind,
        file_name=exported.file_name,
        sha256=exported.sha256,
        release=exported.release_version,
        counts=exported.counts,
    )
    return file, exported


def _figures(file: ExportFile, assessment: Assessment) -> dict[str, object]:
    without = {
        reason.value: sum(found is reason for found in assessment.reasons.values())
        for reason in dict.fromkeys(assessment.reasons.values())
    }
    return {
        "rows": file.rows,
        "coded": file.coded,
        "blocking": len(assessment.blocking),
        "warnings": len(assessment.warnings),
        "notes": len(file.notes),
        "tests": len(assessment.tests),
        "tests_coded": len(assessment.names),
        "without": without,
    }


def find_catalogue(session: Session, catalogue_id: int) -> tuple[Laboratory, Catalogue]:
    """A catalogue and its laboratory, for the command line; raises NotFoundError."""
    catalogue = session.get(Catalogue, catalogue_id)
    laboratory = session.get(Laboratory, catalogue.laboratory_id) if catalogue else None
    if catalogue is None or laboratory is None:
        raise NotFoundError(f"Le catalogue {catalogue_id} n'existe pas.")
    return laboratory, catalogue
