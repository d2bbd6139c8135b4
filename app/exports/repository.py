"""All SQL of the exports."""

from sqlalchemy.orm import defer
from sqlmodel import Session, col, select

from app.exports.schemas import SourceInfo
from app.models import (
    ExportRecord,
    SourceFile,
    SourceRow,
    User,
)


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
