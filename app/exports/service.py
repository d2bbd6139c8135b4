"""Making an export: gather the facts, check them, write the file, record what left."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import PurePath

from sqlmodel import Session

from app.audit.service import record
from app.errors import ConflictError
from app.exports import repository, writers
from app.exports.archive import zip_of
from app.exports.fhir_writers import Publication
from app.exports.report import report_csv
from app.exports.schemas import READ_ROW_BY_ROW, ExportFile, ExportKind, Packaging
from app.fhir_resources.naming import Canonicals
from app.fhir_resources.values import Syntax
from app.models import (
    Catalogue,
    ExportRecord,
    Laboratory,
    User,
    utc_now,
)
from app.publication.assessment import Assessment
from app.publication.repository import exam_contents
from app.publication.schemas import Incomplete
from app.publication.service import CatalogueFacts, gather, statement_of, transcoding_date
from app.publication.statement import LICENCE_NAME, README_NAME, REPORT_NAME, Statement, readme
from app.settings import Settings
from loinc_data.notice import LOINC_NOTICE


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """What the person asked for."""

    kind: ExportKind
    incomplete: Incomplete = Incomplete.BLANK
    packaging: Packaging = Packaging.FILE
    source_file_id: int | None = None
    syntax: Syntax = Syntax.JSON


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
    assessment = facts.assessment(request.kind in READ_ROW_BY_ROW).of_levels(writers.levels_of(request.kind, source))
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
        exam_contents(session, facts.catalogue_id) if request.kind is ExportKind.FHIR_CATALOGUE else {},
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
