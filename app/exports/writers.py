"""From a request to a file: which received file it completes, and who writes each format."""

import csv
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath

from sqlmodel import Session

from app.audit.erasing import refuse_erased
from app.errors import ConflictError, NotFoundError
from app.exports import repository
from app.exports.ans_files import ANS_EXPORTS, transcoded_file
from app.exports.completing import (
    XLSX_TYPE,
    ReceivedFile,
    complete_definitions,
    complete_packed,
    complete_text,
    csv_type,
    read_beside,
)
from app.exports.decision_sheet import decision_workbook
from app.exports.notes import left_out_notes, rows_note, writing_notes
from app.exports.original import OriginalRows
from app.exports.received_codes import change_notes
from app.exports.schemas import ExportFile, ExportKind, SourceInfo
from app.fhir_resources.naming import computable_name
from app.fhir_resources.values import MEDIA_TYPES, Syntax
from app.files.choices import Duplicates
from app.files.foreign import is_fhir_xml
from app.files.kinds import WITH_ANALYSES
from app.files.records import JSON, Dialect
from app.models import FileKind, Level, SourceFile
from app.platform.apart import Apart
from app.platform.open_transactions import forbid_open_transaction
from app.publication.assessment import Assessment
from app.publication.lookup import RowLookup
from app.publication.statement import Statement
from app.settings import Settings
from app.text import stamp_day

ALL_LEVELS = (Level.CHAPTER, Level.SUBCHAPTER, Level.EXAM, Level.ANALYSIS)
_LEVELS_OF_SOURCE = {
    FileKind.LOINC_1: (Level.CHAPTER, Level.SUBCHAPTER),
    FileKind.LOINC_2: (Level.EXAM,),
    FileKind.LOINC_3: (Level.ANALYSIS,),
    FileKind.TABULAR: (Level.ANALYSIS,),
    FileKind.FHIR: ALL_LEVELS,
}


def completable(files: list[SourceInfo]) -> list[SourceInfo]:
    """The received files that hold rows of the catalogue; side data hold none."""
    return [file for file in files if file.kind in _LEVELS_OF_SOURCE]


def usable_source(kind: ExportKind, files: list[SourceInfo]) -> SourceInfo | None:
    """The received file that this format completes by default: the newest of the right kind."""
    if kind in ANS_EXPORTS:
        wanted = [ANS_EXPORTS[kind].source_kind]
    elif kind is ExportKind.ORIGINAL:
        # A newer export may be of another kind than the first one: the newest that brings analyses is completed.
        analyses = next((FileKind(file.kind) for file in files if file.kind in WITH_ANALYSES), FileKind.LOINC_3)
        wanted = [analyses, FileKind.LOINC_2, FileKind.LOINC_1]
    else:
        return None
    for source_kind in wanted:
        for file in files:
            if file.kind == source_kind:
                return file
    return None


def levels_of(kind: ExportKind, source: SourceFile | None) -> tuple[Level, ...]:
    """The levels whose rows are in this export."""
    if kind in ANS_EXPORTS:
        return ANS_EXPORTS[kind].levels
    return _LEVELS_OF_SOURCE[FileKind(source.kind)] if source else ALL_LEVELS


@dataclass(frozen=True, slots=True)
class Received:
    """A received file to complete, with what is stored of its rows: read once, written without the database."""

    source: SourceFile
    row_numbers: Mapping[int, int]
    """Identifier of a stored row -> its row number in the file."""
    cells: list[tuple[int, list[str]]]
    """Row number and cells, for a workbook that is to be written as CSV; else empty."""


def read_received(
    session: Session, catalogue_id: int, kind: ExportKind, source_file_id: int | None
) -> Received | None:
    """The received file to complete, None for the formats that complete none."""
    if kind not in ANS_EXPORTS and kind is not ExportKind.ORIGINAL:
        return None
    if source_file_id is None:
        found = usable_source(kind, repository.source_files(session, catalogue_id))
        if found is None:
            raise ConflictError(missing_source(kind))
        source_file_id = found.id
    source = repository.source_file(session, catalogue_id, source_file_id)
    if source is None or source.kind not in _LEVELS_OF_SOURCE:
        raise NotFoundError("Ce fichier n'a pas été reçu pour ce catalogue.")
    refuse_erased(source)
    if kind in ANS_EXPORTS and source.kind != ANS_EXPORTS[kind].source_kind:
        raise ConflictError(missing_source(kind))
    is_converted = kind in ANS_EXPORTS and not Dialect.from_json(source.dialect).is_delimited
    cells = repository.source_cells(session, source_file_id) if is_converted else []
    return Received(source, repository.source_rows(session, source_file_id), cells)


def completed(
    kind: ExportKind,
    received: Received,
    settings: Settings,
    assessment: Assessment,
    statement: Statement,
    moment: datetime,
    apart: Apart,
) -> ExportFile:
    """The received file with the columns of this format; slow for a large one.

    What is no text in columns is read again `apart`, as when it came in.
    """
    if kind in ANS_EXPORTS:
        return completed_ans(kind, received, settings, assessment, moment)
    forbid_open_transaction("write an export")
    source = received.source
    lookup = _lookup(received, assessment, lambda number: number)
    if source.kind == FileKind.FHIR:
        return _fhir_original(source, lookup, assessment, statement, moment, apart)
    version = statement.release.version if statement.release else ""
    rows = OriginalRows(FileKind(source.kind), dict(source.columns), lookup, assessment, version)
    file = ReceivedFile(source.file_name, source.content, Dialect.from_json(source.dialect), rows.columns)
    return _original(source, file, rows, statement.made_at, moment, apart)


def completed_ans(
    kind: ExportKind, received: Received, settings: Settings, assessment: Assessment, moment: datetime
) -> ExportFile:
    """A file of the regulation: written from the text of the received one, or from its stored cells, never read."""
    forbid_open_transaction("write an export")
    source = received.source
    dialect = Dialect.from_json(source.dialect)
    lookup = _lookup(received, assessment, lambda number: number)
    content, notes = source.content, []
    if not dialect.is_delimited:
        what = _other_format(dialect)
        content, dialect = _as_csv(received.cells, dialect)
        # The rows of the new file are numbered anew.
        anew = {number: place for place, (number, _) in enumerate(received.cells, start=1)}
        lookup = _lookup(received, assessment, anew.__getitem__)
        notes.append(f"Le fichier reçu {what} : ses cellules sont écrites en CSV ({_encoding(dialect)}).")
    result = transcoded_file(kind, content, dialect, source.columns, lookup, assessment)
    notes += change_notes(result.changes)
    notes += writing_notes(result.appended, dialect)
    notes += left_out_notes(source)
    notes += rows_note("sans correspondance dans le catalogue, laissées sans code", result.unknown_rows)
    return ExportFile(
        name=ans_name(settings, kind, moment),
        media_type=csv_type(dialect),
        content=result.appended.content,
        rows=result.appended.rows,
        coded=result.coded,
        notes=tuple(notes),
        source_file_id=source.id,
        received_codes=tuple(change.note(source.file_name) for change in result.changes),
    )


def _lookup(received: Received, assessment: Assessment, place_of: Callable[[int], int]) -> RowLookup:
    """The tests of the received rows; `place_of` gives the number of a row in the file that is written."""
    said = received.source.dialect
    some_left_out = said.get("duplicates") in (Duplicates.FIRST, Duplicates.LEAVE) or bool(said.get("left_rows"))
    left_rows = (*said.get("left_rows", ()), *said.get("left_duplicates", ()), *said.get("left_shared", ()))
    return RowLookup.build(
        assessment.tests,
        {row_id: place_of(number) for row_id, number in received.row_numbers.items()},
        some_left_out=some_left_out,
        left_rows=map(place_of, left_rows),
    )


def ans_name(settings: Settings, kind: ExportKind, moment: datetime) -> str:
    """The name of a completed ANS file, dated by the transcoding."""
    patterns = {
        ExportKind.LOINC_4: settings.chapters_file_name,
        ExportKind.LOINC_5: settings.exams_file_name,
        ExportKind.LOINC_6: settings.results_file_name,
    }
    return patterns[kind].replace("{date}", stamp_day(moment))


def missing_source(kind: ExportKind) -> str:
    """Why a format cannot be made, in French."""
    if kind in ANS_EXPORTS:
        return f"Aucun fichier {ANS_EXPORTS[kind].source_kind} n'a été reçu pour ce catalogue."
    return "Aucun fichier de ce catalogue ne peut être complété."


def _encoding(dialect: Dialect) -> str:
    return dialect.encoding_name


def _other_format(dialect: Dialect) -> str:
    """Why a received file is not completed as it was written, where the regulation asks for a CSV."""
    if dialect.starts:
        return "a des colonnes de largeur fixe"
    if dialect.format == JSON:
        return "est en JSON"
    return "est un classeur" if dialect.is_workbook else "est un tableau dessiné avec des barres"


def _as_csv(rows: list[tuple[int, list[str]]], dialect: Dialect) -> tuple[bytes, Dialect]:
    """The cells of a workbook as CSV, and how that CSV is written."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=";", lineterminator="\r\n")
    header_rows = sum(number <= dialect.header_rows for number, _ in rows)
    writer.writerows(cells for _, cells in rows)
    written = Dialect(encoding="utf-8", bom=True, header_rows=header_rows)
    return buffer.getvalue().encode("utf-8-sig"), written


def _original(
    source: SourceFile, file: ReceivedFile, rows: OriginalRows, made_at: datetime, moment: datetime, apart: Apart
) -> ExportFile:
    # A text in columns is no larger once it is read; anything else is read beside.
    if file.dialect.format == "csv":
        done = complete_text(file, rows)
    else:
        done = read_beside(apart, source.file_name, complete_packed, file, rows, made_at)
    return ExportFile(
        name=f"{PurePath(source.file_name).stem}_LOINC_{stamp_day(moment)}{done.suffix}",
        media_type=done.media_type,
        content=done.content,
        rows=done.rows,
        coded=done.coded,
        notes=(*done.notes_before, *left_out_notes(source), *done.notes_after),
        source_file_id=source.id,
    )


def _fhir_original(
    source: SourceFile,
    lookup: RowLookup,
    assessment: Assessment,
    statement: Statement,
    moment: datetime,
    apart: Apart,
) -> ExportFile:
    syntax = Syntax.XML if is_fhir_xml(source.content) else Syntax.JSON
    done = read_beside(
        apart, source.file_name, complete_definitions, source.file_name, source.content, lookup, assessment, statement
    )
    notes = [f"Codes LOINC déjà reçus, remplacés par le code approuvé : {done.replaced}."] if done.replaced else []
    if done.removed:
        notes.append(f"Codes LOINC déjà reçus, retirés faute de code approuvé : {done.removed}.")
    return ExportFile(
        name=f"{PurePath(source.file_name).stem}_LOINC_{stamp_day(moment)}.{syntax}",
        media_type=MEDIA_TYPES[syntax],
        content=done.content,
        rows=done.rows,
        coded=done.coded,
        notes=tuple(notes),
        source_file_id=source.id,
    )


def decisions(assessment: Assessment, statement: Statement, moment: datetime) -> ExportFile:
    """The readable workbook of all decisions."""
    return ExportFile(
        name=f"Decisions_LOINC_{computable_name(statement.catalogue)}_{stamp_day(moment)}.xlsx",
        media_type=XLSX_TYPE,
        content=decision_workbook(assessment, statement),
        rows=len(assessment.tests),
        coded=len(assessment.names),
    )
