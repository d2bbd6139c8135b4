"""Readings saved for a laboratory's system, and proposed again when a file has the same headings."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Any

from sqlmodel import Session

from app.audit.service import record
from app.catalogues import profile_repository
from app.errors import ConflictError, ImportRefusedError, InvalidInputError, NotFoundError
from app.files.choices import Choices
from app.files.dialects import with_own_starts
from app.files.encodings import MIXTURES, detect
from app.files.headings import headings_of
from app.files.reading import ReadFile
from app.files.records import Dialect, UndecodableError, complete_dialect, records_of
from app.files.tabular import Table, read_table
from app.files.workbook import workbook_format
from app.models import ImportProfile
from app.platform.identity import LaboratoryAccess

MAX_NAME = 120
NO_PROFILE = "Ce profil n'existe pas dans ce laboratoire."
_HEAD_BYTES = 65_536
_NAME, _WIDTH = "file_name", "width"


def _stem(file_name: str) -> str:
    """The letters of a name: `export_20261101.csv` and `export_20261201.csv` are the same export."""
    return re.sub(r"[^a-z]+", "", PurePath(file_name).stem.lower())


def find(session: Session, laboratory_id: int, profile_id: int) -> ImportProfile:
    """A profile of this laboratory; raises NotFoundError."""
    profile = session.get(ImportProfile, profile_id)
    if profile is None or profile.laboratory_id != laboratory_id:
        raise NotFoundError(NO_PROFILE)
    return profile


def proposed(profiles: Sequence[ImportProfile], file_name: str, content: bytes) -> Choices | None:
    """The saved reading, among those of the laboratory, that fits a file, the newest first; None when none does."""
    table: Table | None = None
    for profile in sorted(profiles, key=lambda item: item.id or 0, reverse=True):
        dialect = Choices.from_json(profile.choices).dialect
        if dialect is None or dialect.is_workbook != bool(workbook_format(content)):
            continue
        if dialect.is_workbook and table is None:
            try:
                table = read_table(file_name, content)
            except ImportRefusedError:
                return None
        if dialect.starts:
            dialect = with_own_starts(content, dialect)
        headings, width = _headings(content, dialect, table)
        if headings is not None and _fits(profile, file_name, headings, width):
            return applied(profile, file_name, content, headings)
    return None


def _fits(profile: ImportProfile, file_name: str, headings: Sequence[str], width: int) -> bool:
    if profile.headings:
        return sorted(headings) == sorted(profile.headings)
    said = profile.choices
    return not headings and said.get(_NAME) == _stem(file_name) and said.get(_WIDTH) == width


def _headings(content: bytes, dialect: Dialect, table: Table | None) -> tuple[tuple[str, ...] | None, int]:
    """The headings of a file when it is read in this way, and its width; None when it cannot be."""
    if dialect.is_workbook:
        if table is None or (dialect.sheet not in table.sheet_names and len(table.sheet_names) > 1):
            return None, 0
        rows = [row.cells for row in table.rows]
        if table.dialect.sheet != dialect.sheet:
            other = next((sheet for sheet in table.other_sheets if sheet.name == dialect.sheet), None)
            rows = list(other.rows) if other else rows
    else:
        head = content[:_HEAD_BYTES]
        if len(content) > _HEAD_BYTES:
            end = max(head.rfind(b"\n"), head.rfind(b"\r"))
            # An odd cut in the middle of two-byte text is repaired by the last line end.
            head = head[: end + 1 + dialect.encoding.startswith("utf-16-le")] if end > 0 else head
        try:
            records = records_of(head, dialect)
        except (UndecodableError, UnicodeDecodeError):
            return None, 0
        rows = [record.cells for record in records]
    width = len(rows[dialect.header_rows]) if len(rows) > dialect.header_rows else 0
    return headings_of(tuple(rows[: dialect.header_rows])), width


def applied(
    profile: ImportProfile, file_name: str, content: bytes, headings: Sequence[str] | None = None
) -> Choices:
    """The choices that this profile makes for a file; columns follow their headings when they moved."""
    choices = Choices.from_json(profile.choices)
    dialect = choices.dialect or Dialect()
    if dialect.is_workbook:
        dialect = replace(dialect, format=workbook_format(content) or dialect.format)
    else:
        dialect = complete_dialect(content, _in_its_encoding(content, dialect))
        if dialect.starts:
            dialect = with_own_starts(content, dialect)
    columns = choices.columns
    if columns is not None and headings and profile.headings and list(headings) != profile.headings:
        places = {name: column for column, name in enumerate(headings)}
        columns = {
            field: places[profile.headings[column]]
            for field, column in columns.items()
            if column < len(profile.headings) and profile.headings[column] in places
        }
    return replace(choices, dialect=dialect, columns=columns, profile=profile.id)


def _in_its_encoding(content: bytes, dialect: Dialect) -> Dialect:
    """A profile says how a system writes, until a file says by itself that it is written otherwise."""
    found = detect(content)
    is_certain = found.encoding in MIXTURES or (not found.is_guessed and not content.isascii())
    return replace(dialect, encoding=found.encoding, bom=found.bom) if is_certain else dialect


def chosen(profiles: Sequence[ImportProfile], value: str, file_name: str, content: bytes) -> Choices:
    """The choices of the profile that the user picked in the preview; those of no profile for an empty value."""
    if not value.isdecimal() or len(value) > 17:
        return Choices()
    profile = next((item for item in profiles if item.id == int(value)), None)
    if profile is None:
        raise NotFoundError(NO_PROFILE)
    dialect = Choices.from_json(profile.choices).dialect
    if dialect is None or dialect.is_workbook != bool(workbook_format(content)):
        raise InvalidInputError(f"Le profil « {profile.name} » est fait pour un autre format de fichier.")
    table = read_table(file_name, content) if dialect.is_workbook else None
    return applied(profile, file_name, content, _headings(content, dialect, table)[0])


def checked_name(name: str) -> str:
    """The name of a profile, on one line; raises InvalidInputError."""
    name = " ".join(name.split())
    if not 1 <= len(name) <= MAX_NAME:
        raise InvalidInputError(f"Le nom du profil doit compter de 1 à {MAX_NAME} caractères.")
    return name


@dataclass(frozen=True, slots=True)
class Reading:
    """How a file is read, without the file."""

    file_name: str
    choices: Choices
    headings: tuple[str, ...]
    width: int


def reading_of(file: ReadFile) -> Reading:
    """How this file is read."""
    table = file.table
    choices = Choices(file.kind, table.dialect, columns=file.columns, takes_units=file.incoming.choices.takes_units)
    return Reading(file.name, choices, table.headings, table.width)


def save(session: Session, access: LaboratoryAccess, name: str, reading: Reading) -> ImportProfile:
    """Keep how a file is read under a name; a profile of that name is replaced."""
    name = checked_name(name)
    settled = replace(reading.choices, cleared=frozenset())
    choices: dict[str, Any] = settled.to_json() | {_NAME: _stem(reading.file_name), _WIDTH: reading.width}
    profile = profile_repository.named(session, access.laboratory_id, name)
    verb = "create" if profile is None else "change"
    profile = profile or ImportProfile(laboratory_id=access.laboratory_id, name=name, created_by_id=access.user_id)
    profile.choices, profile.headings = choices, list(reading.headings)
    session.add(profile)
    session.flush()
    _record(session, access, verb, profile, file_name=reading.file_name)
    return profile


def rename(session: Session, access: LaboratoryAccess, profile: ImportProfile, name: str) -> None:
    """Give a profile another name, which no other of the laboratory has."""
    name = checked_name(name)
    other = profile_repository.named(session, access.laboratory_id, name)
    if other is not None and other.id != profile.id:
        raise ConflictError(f"Ce laboratoire a déjà un profil nommé « {name} ».")
    before = profile.name
    profile.name = name
    session.add(profile)
    _record(session, access, "rename", profile, before=before)


def delete(session: Session, access: LaboratoryAccess, profile: ImportProfile) -> None:
    """Forget a profile; catalogues imported with it do not change."""
    _record(session, access, "delete", profile)
    session.delete(profile)


def _record(session: Session, access: LaboratoryAccess, verb: str, profile: ImportProfile, **details: str) -> None:
    record(
        session,
        f"profile.{verb}",
        actor=access.user,
        object_type="import_profile",
        object_id=profile.id,
        laboratory_id=access.laboratory_id,
        name=profile.name,
        **details,
    )
