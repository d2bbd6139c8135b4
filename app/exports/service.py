"""Making an export: gather the facts, check them, write the file, record what left."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import PurePath

from sqlmodel import Session

from app.audit.service import record
from app.errors import ConflictError
from app.exports import writers
from app.exports.archive import zip_of
from app.exports.companion import companion_csv
from app.exports.fhir_writers import Publication
from app.exports.left_at_import import left_at_import
from app.exports.report import ambiguous_note, report_csv, status_notes
from app.exports.schemas import READ_ROW_BY_ROW, ExportFile, ExportKind, Packaging, ReceivedNote
from app.fhir_resources.naming import Canonicals
from app.fhir_resources.values import Syntax
from app.files.archive import COMPANION_NAME
from app.models import Catalogue, ExportRecord, Laboratory, User, utc_now
from app.platform import locks
from app.platform.apart import Apart, Here
from app.platform.database import Transactions
from app.platform.open_transactions import forbid_open_transaction
from app.publication.assessment import Assessment
from app.publication.repository import exam_contents
from app.publication.schemas import ExamContent, Incomplete
from app.publication.service import CatalogueFacts, gather, statement_of, transcoding_date
from app.publication.statement import LICENCE_NAME, README_NAME, REPORT_NAME, Statement, readme
from app.settings import Settings
from app.transcoding.readers import approved_unread_by, blind_actor
from app.versions.service import version_of
from loinc_data.notice import LOINC_NOTICE

READ_FIRST = (
    "Des lignes approuvées de ce catalogue attendent une deuxième lecture, à l’aveugle, que vous pouvez faire : ce "
    "fichier vous montrerait leur code, et serait faux sans lui. Faites ces lectures (onglet « Double lecture »), ou "
    "demandez-le à un biologiste. Rien n’a été écrit."
)
"""Why a file that a system reads is not made for this person: it must hold every approved code."""


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """What the person asked for."""

    kind: ExportKind
    incomplete: Incomplete = Incomplete.BLANK
    packaging: Packaging = Packaging.FILE
    source_file_id: int | None = None
    syntax: Syntax = Syntax.JSON


@dataclass(frozen=True, slots=True)
class Material:
    """Everything that an export is made of, read at one moment; the file is written from it without the database."""

    facts: CatalogueFacts
    received: writers.Received | None
    contents: Mapping[int, Sequence[ExamContent]]
    left_at_import: tuple[ReceivedNote, ...]
    """Read for an archive, whose report names them."""


def read_material(
    session: Session, laboratory: Laboratory, catalogue: Catalogue, request: ExportRequest, actor: User | None = None
) -> Material:
    """Read what an export is made of, for who asks; raises ConflictError or NotFoundError when it cannot be made."""
    blind_to = blind_actor(session, laboratory, actor)
    if request.kind is not ExportKind.XLSX and approved_unread_by(session, blind_to, catalogue.id or 0):
        raise ConflictError(READ_FIRST)
    facts = gather(session, laboratory, catalogue, blind_to)
    facts = replace(facts, version_label=version_of(session, facts.catalogue_id).label)
    if not facts.tests:
        raise ConflictError("Ce catalogue ne contient aucune ligne : il n'y a rien à exporter.")
    return Material(
        facts,
        writers.read_received(session, facts.catalogue_id, request.kind, request.source_file_id),
        exam_contents(session, facts.catalogue_id) if request.kind is ExportKind.FHIR_CATALOGUE else {},
        left_at_import(session, facts.catalogue_id) if request.packaging is Packaging.ZIP else (),
    )


def build(
    material: Material,
    settings: Settings,
    request: ExportRequest,
    made_at: datetime,
    made_by: str,
    apart: Apart | None = None,
) -> tuple[ExportFile, Assessment]:
    """Write the file in memory, without recording anything; raises ConflictError when it must not leave.

    A received workbook, list in JSON or FHIR catalogue is read again `apart`.
    """
    facts, received = material.facts, material.received
    levels = writers.levels_of(request.kind, received.source if received else None)
    assessment = facts.assessment(request.kind in READ_ROW_BY_ROW).of_levels(levels)
    if request.kind is not ExportKind.XLSX:
        assessment.require_complete(request.incomplete)
    statement = statement_of(facts, assessment, made_at, made_by)
    moment = transcoding_date(assessment, made_at)
    if received is not None:
        beside = apart or Here()
        file = writers.completed(request.kind, received, settings, assessment, statement, moment, beside)
    elif request.kind is ExportKind.XLSX:
        file = writers.decisions(assessment, statement, moment)
    else:
        canonicals = Canonicals(facts.laboratory, facts.catalogue)
        version = canonicals.version(facts.state)
        publication = Publication(assessment, statement, canonicals, version, moment, material.contents)
        file = publication.file(request.kind, request.syntax)
    return replace(file, notes=(*file.notes, *ambiguous_note(assessment, request.kind))), assessment


def packed(file: ExportFile, assessment: Assessment, statement: Statement, material: Material) -> ExportFile:
    """The file in an archive, with the notice and the report beside it, and what a received file has no place for."""
    digest = hashlib.sha256(file.content).hexdigest()
    members = {
        file.name: file.content,
        README_NAME: readme(statement, [(file.name, digest)], file.notes),
        LICENCE_NAME: (LOINC_NOTICE + "\n").encode(),
        REPORT_NAME: report_csv(assessment, (*file.received_codes, *material.left_at_import), statement.version_label),
    }
    if material.received is not None:
        # The columns of a received file hold the code alone.
        members[COMPANION_NAME] = companion_csv(assessment)
    name = f"{PurePath(file.name).stem}.zip"
    content = zip_of(members, statement.made_at)
    return replace(file, name=name, media_type="application/zip", content=content)


def make_export(
    transactions: Transactions,
    settings: Settings,
    laboratory: Laboratory,
    catalogue: Catalogue,
    request: ExportRequest,
    actor: User | None = None,
    deliver: Callable[[ExportFile], object] | None = None,
    publish: Callable[[Session, ExportRecord, ExportFile], object] | None = None,
    apart: Apart | None = None,
) -> tuple[ExportFile, ExportRecord]:
    """Make an export and record it; `actor` is None on the command line.

    The facts are read in one snapshot, the file is written with no transaction, and a short one records it.
    `deliver` runs just before that: an export that cannot be delivered is not recorded. `publish` is part of that
    last transaction. A received file is read again `apart`.
    """
    made_by = actor.display_name if actor else "ligne de commande"
    with transactions.reading() as session:
        made_at = utc_now()
        material = read_material(session, laboratory, catalogue, request, actor)
    forbid_open_transaction("write a document")
    file, assessment = build(material, settings, request, made_at, made_by, apart)
    file = replace(file, notes=(*file.notes, *status_notes(assessment)))
    if request.packaging is Packaging.ZIP:
        statement = statement_of(material.facts, assessment, made_at, made_by)
        file = packed(file, assessment, statement, material)
    exported = _record_of(material, file, assessment, request, actor, made_at)
    if deliver is not None:
        deliver(file)
    with transactions.writing() as session:
        _record(session, laboratory, exported, actor, material.facts.version_label)
        if publish is not None:
            publish(session, exported, file)
    return file, exported


def _record_of(
    material: Material,
    file: ExportFile,
    assessment: Assessment,
    request: ExportRequest,
    actor: User | None,
    made_at: datetime,
) -> ExportRecord:
    release = material.facts.release
    return ExportRecord(
        catalogue_id=material.facts.catalogue_id,
        kind=request.kind,
        file_name=file.name,
        sha256=hashlib.sha256(file.content).hexdigest(),
        size_bytes=len(file.content),
        business_version=file.business_version,
        source_file_id=file.source_file_id,
        release_id=release.id if release else None,
        release_version=release.version if release else "",
        incomplete=request.incomplete,
        counts=_figures(file, assessment),
        created_by_id=actor.id if actor else None,
        created_at=made_at,
    )


def _record(
    session: Session, laboratory: Laboratory, exported: ExportRecord, actor: User | None, version_label: str
) -> None:
    """Store the trace of an export."""
    locks.lock_catalogue(session, exported.catalogue_id)
    session.add(exported)
    session.flush()
    record(
        session,
        "export.create",
        actor=actor,
        object_type="export_record",
        object_id=exported.id,
        laboratory_id=laboratory.id,
        catalogue_id=exported.catalogue_id,
        kind=exported.kind,
        file_name=exported.file_name,
        sha256=exported.sha256,
        release=exported.release_version,
        mapping_version=version_label,
        counts=exported.counts,
    )


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
