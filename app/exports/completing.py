"""Reading a received file again to complete it: a workbook, a list in JSON or a FHIR catalogue is many times its size
once it is read, and somebody else wrote it.

So these functions are asked of the process beside (`app/platform/apart.py`), whose memory and time are limited; they
read no database, and give back the completed file with what is to be said of it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import PurePath
from typing import TypeVar

from sqlalchemy import Engine

from app.errors import ConflictError
from app.exports.notes import codes_kept_note, writing_notes
from app.exports.original import OriginalRows, completed_csv, completed_json, completed_workbook
from app.exports.received_codes import code_columns, table_of
from app.exports.workbook_conversion import as_xlsx
from app.fhir_resources.received_catalogue import CompletedFhir, completed_fhir
from app.files.completed_columns import added_headings
from app.files.encodings import MIXED, WITH_UTF_8
from app.files.fhir_json import FhirReadError
from app.files.records import JSON, Dialect, records_of
from app.files.tabular import Table, read_table
from app.platform.apart import BEYOND_BOUNDS, Apart
from app.publication.assessment import Assessment
from app.publication.lookup import RowLookup
from app.publication.statement import Statement

XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
BEYOND = (
    "« {} » demande plus de mémoire ou de temps que l'atelier n'en accorde pour relire un fichier reçu : il n'a pas "
    "été complété, et rien n'est inscrit. Prenez un autre format, qui ne relit pas ce fichier."
)
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class ReceivedFile:
    """A file as it came in, and how it is read."""

    name: str
    content: bytes
    dialect: Dialect
    columns: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class CompletedFile:
    """The same file with the new columns."""

    content: bytes
    media_type: str
    rows: int
    coded: int
    suffix: str
    """How its name ends."""
    notes_before: tuple[str, ...] = ()
    """What is said before what was left out as the file came in."""
    notes_after: tuple[str, ...] = ()


def read_beside(apart: Apart, name: str, function: Callable[..., Result], *arguments: object) -> Result:
    """What this function gives beside; raises ConflictError where the file of this name asks for too much there."""
    try:
        return apart.run(function, *arguments)
    except BEYOND_BOUNDS as error:
        raise ConflictError(BEYOND.format(name)) from error


def complete_text(file: ReceivedFile, rows: OriginalRows) -> CompletedFile:
    """A text in columns, read when it came in: its rows alone are wanted, and nothing is said of them again."""
    table = table_of(records_of(file.content, file.dialect), file.dialect)
    notes = _begin(file, rows, table)
    appended = completed_csv(file.content, file.dialect, rows)
    return CompletedFile(
        appended.content, csv_type(file.dialect), rows.rows, rows.coded, _suffix(file) or ".csv", notes,
        tuple(writing_notes(appended, file.dialect)),
    )  # fmt: skip


def complete_packed(
    _engine: Engine | None, file: ReceivedFile, rows: OriginalRows, made_at: datetime
) -> CompletedFile:
    """A workbook, or a list of objects in JSON."""
    table = read_table(file.name, file.content, file.dialect)
    notes = _begin(file, rows, table)
    if file.dialect.format == JSON:
        appended = completed_json(file.content, file.dialect, rows)
        return CompletedFile(
            appended.content, "application/json", rows.rows, rows.coded, _suffix(file) or ".json", notes
        )
    workbook, dialect = file.content, file.dialect
    said: tuple[str, ...] = ()
    if dialect.format != "xlsx":
        said = (f"Le fichier reçu est un classeur {dialect.format.upper()} : il est rendu en XLSX.",)
        workbook, sheet = as_xlsx(file.content, dialect.sheet, made_at)
        dialect = replace(dialect, format="xlsx", sheet=sheet)
    content = completed_workbook(workbook, dialect, table.rows, rows, made_at, rows.headings)
    return CompletedFile(content, XLSX_TYPE, rows.rows, rows.coded, ".xlsx", notes, said)


def complete_definitions(
    _engine: Engine | None,
    name: str,
    content: bytes,
    lookup: RowLookup,
    assessment: Assessment,
    statement: Statement,
) -> CompletedFhir:
    """A FHIR catalogue; raises ConflictError where it cannot be completed in place."""
    try:
        return completed_fhir(content, lookup, assessment, statement)
    except FhirReadError as error:
        raise ConflictError(
            f"{name} ne peut pas être complété en place : {error}. Prenez le format « Catalogue FHIR » en "
            "XML : il porte les mêmes définitions avec leurs codes LOINC."
        ) from error


def csv_type(dialect: Dialect) -> str:
    """The media type of a text in columns, with its encoding."""
    names = {
        "cp1252": "windows-1252",
        "iso8859-15": "iso-8859-15",
        "mac-roman": "macintosh",
        "cp850": "ibm850",
        MIXED: "utf-8",
    }
    names |= {mixture: names[encoding] for encoding, mixture in WITH_UTF_8.items()}
    return f"text/csv; charset={names.get(dialect.encoding, dialect.encoding)}"


def _suffix(file: ReceivedFile) -> str:
    return PurePath(file.name).suffix


def _begin(file: ReceivedFile, rows: OriginalRows, table: Table) -> tuple[str, ...]:
    """Settle the headings of the new columns; what is to be said of codes that the file has already."""
    codes = sorted(code_columns(table, file.columns))
    rows.headings = added_headings(table.bare_headings, has_codes=bool(codes))
    return tuple(codes_kept_note(table, codes, rows.headings))
