"""All SQL of the exports."""

from collections.abc import Collection

from sqlalchemy.orm import defer
from sqlmodel import Session, col, select

from app.exports.schemas import SourceDialect, SourceInfo
from app.models import (
    ExportRecord,
    SourceFile,
    SourceRow,
    User,
)

_ROWS_AT_ONCE = 500


def source_files(session: Session, catalogue_id: int) -> list[SourceInfo]:
    """The received files of a catalogue, newest first, without their content."""
    statement = (
        select(SourceFile)
        .options(defer(SourceFile.content))  # type: ignore[arg-type]
        .where(SourceFile.catalogue_id == catalogue_id)
        .order_by(col(SourceFile.id).desc())
    )
    return [
        SourceInfo(file.id or 0, file.kind, file.file_name, file.imported_at, file.row_count)
        for file in session.exec(statement)
    ]


def source_dialects(session: Session, catalogue_id: int) -> list[SourceDialect]:
    """How each received file of a catalogue was read, in the order in which they came."""
    statement = (
        select(SourceFile)
        .options(defer(SourceFile.content))  # type: ignore[arg-type]
        .where(SourceFile.catalogue_id == catalogue_id)
        .order_by(col(SourceFile.id))
    )
    return [
        SourceDialect(file.id or 0, file.kind, file.file_name, file.dialect, file.columns)
        for file in session.exec(statement)
    ]


def cells_of_rows(session: Session, source_file_id: int, numbers: Collection[int]) -> dict[int, list[str]]:
    """Row number -> cells, of these rows of a received file."""
    found: dict[int, list[str]] = {}
    wanted = sorted(numbers)
    for start in range(0, len(wanted), _ROWS_AT_ONCE):
        some = wanted[start : start + _ROWS_AT_ONCE]
        statement = select(SourceRow.row_number, SourceRow.cells).where(
            SourceRow.source_file_id == source_file_id, col(SourceRow.row_number).in_(some)
        )
        found |= {number: [str(cell) for cell in cells] for number, cells in session.exec(statement)}
    return found


def source_file(session: Session, catalogue_id: int, source_file_id: int) -> SourceFile | None:
    """A received file of this catalogue, with its content."""
    statement = select(SourceFile).where(SourceFile.id == source_file_id, SourceFile.catalogue_id == catalogue_id)
    return session.exec(statement).first()


def source_rows(session: Session, source_file_id: int) -> dict[int, int]:
    """Identifier of a stored row -> its row number in the received file."""
    statement = select(SourceRow.id, SourceRow.row_number).where(SourceRow.source_file_id == source_file_id)
    return {key: number for key, number in session.exec(statement) if key is not None}


def source_cells(session: Session, source_file_id: int) -> list[tuple[int, list[str]]]:
    """The stored rows of a received file: row number and cells."""
    statement = (
        select(SourceRow.row_number, SourceRow.cells)
        .where(SourceRow.source_file_id == source_file_id)
        .order_by(col(SourceRow.row_number))
    )
    return [(number, [str(cell) for cell in cells]) for number, cells in session.exec(statement)]


def past_exports(session: Session, catalogue_id: int, limit: int) -> list[tuple[ExportRecord, str | None]]:
    """The last exports of a catalogue, newest first, with the name of who made them."""
    statement = (
        select(ExportRecord, User.display_name)
        .outerjoin(User, col(User.id) == col(ExportRecord.created_by_id))
        .where(ExportRecord.catalogue_id == catalogue_id)
        .order_by(col(ExportRecord.id).desc())
        .limit(limit)
    )
    return [(record, name) for record, name in session.exec(statement)]
