"""All SQL of the stored files."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, insert, update
from sqlmodel import Session, col, select

from app.models import StoredFile, StoredFileChunk


def published(session: Session, key: str) -> StoredFile | None:
    """The file published under this key."""
    return session.exec(select(StoredFile).where(StoredFile.published_key == key)).first()


def add_chunk(session: Session, file_id: int, position: int, content: bytes) -> None:
    """Store one piece; the database refuses it when the file is no longer there."""
    session.execute(insert(StoredFileChunk).values(file_id=file_id, position=position, content=content))


def chunk(session: Session, file_id: int, position: int) -> bytes | None:
    """One piece of a file."""
    statement = select(StoredFileChunk.content).where(
        StoredFileChunk.file_id == file_id, StoredFileChunk.position == position
    )
    return session.exec(statement).first()


def delete_drafts(session: Session, job_id: int) -> None:
    """Remove what earlier attempts of a job wrote and never published."""
    session.execute(delete(StoredFile).where(col(StoredFile.job_id) == job_id, col(StoredFile.published_key).is_(None)))


def delete_draft(session: Session, file_id: int) -> None:
    """Remove a file that was never published."""
    session.execute(delete(StoredFile).where(col(StoredFile.id) == file_id, col(StoredFile.published_key).is_(None)))


def delete_old_drafts(session: Session, before: datetime) -> None:
    """Remove what was begun long ago and never published."""
    session.execute(
        delete(StoredFile).where(col(StoredFile.published_key).is_(None), col(StoredFile.created_at) < before)
    )


def remove_content(session: Session, file_ids: Sequence[int], now: datetime) -> None:
    """Remove the pieces of files; their rows stay."""
    session.execute(delete(StoredFileChunk).where(col(StoredFileChunk.file_id).in_(file_ids)))
    session.execute(update(StoredFile).where(col(StoredFile.id).in_(file_ids)).values(removed_at=now))


def present(session: Session) -> Sequence[StoredFile]:
    """The published files whose content is there and expires one day, the newest first."""
    statement = select(StoredFile).where(
        col(StoredFile.published_key).is_not(None),
        col(StoredFile.removed_at).is_(None),
        col(StoredFile.expires_at).is_not(None),
    )
    return session.exec(statement.order_by(col(StoredFile.id).desc())).all()


def files_of(session: Session, catalogue_id: int, user_id: int, limit: int) -> Sequence[StoredFile]:
    """The last files that a person asked for on a catalogue, newest first."""
    statement = select(StoredFile).where(
        StoredFile.catalogue_id == catalogue_id,
        StoredFile.created_by_id == user_id,
        col(StoredFile.published_key).is_not(None),
    )
    return session.exec(statement.order_by(col(StoredFile.id).desc()).limit(limit)).all()
