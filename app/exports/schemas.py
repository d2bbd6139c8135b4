"""The words of the exports: formats, choices, and what is known of each local test."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class ExportKind(StrEnum):
    """The formats. The values are those of the command line."""

    LOINC_4 = "loinc_4"
    LOINC_5 = "loinc_5"
    LOINC_6 = "loinc_6"
    ORIGINAL = "original"
    XLSX = "xlsx"
    CONCEPT_MAP = "concept_map"
    CONCEPT_MAP_R5 = "concept_map_r5"
    FHIR_BUNDLE = "fhir_bundle"
    FHIR_CATALOGUE = "fhir_catalogue"
    SSSOM = "sssom"


READ_ROW_BY_ROW = frozenset({ExportKind.ORIGINAL, ExportKind.XLSX})
"""The formats that a person reads; in the others a machine looks codes up."""


class Packaging(StrEnum):
    """The bare file, or an archive with the LOINC notice and the report beside it."""

    FILE = "file"
    ZIP = "zip"


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """A received file, without its content."""

    id: int
    kind: str
    file_name: str
    imported_at: datetime
    row_count: int


@dataclass(frozen=True, slots=True)
class SourceDialect:
    """How a received file was read: what is kept of it beside its content (see `SourceFile`)."""

    id: int
    kind: str
    file_name: str
    dialect: dict[str, Any]
    columns: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ReceivedNote:
    """What a report says of a received file, or of a row of it, beside the state of the catalogue."""

    severity: str
    level: str
    code: str
    label: str
    message: str


@dataclass(frozen=True, slots=True)
class ExportFile:
    """A file ready to be sent."""

    name: str
    media_type: str
    content: bytes
    rows: int
    coded: int
    notes: tuple[str, ...] = field(default=())
    """French sentences about what had to be adapted."""
    business_version: str = ""
    """The version stated inside a FHIR export."""
    source_file_id: int | None = None
    """The received file that was completed, if one was."""
    received_codes: tuple[ReceivedNote, ...] = ()
    """The rows whose received LOINC code gave way to the approved one, or was removed where none is approved."""
