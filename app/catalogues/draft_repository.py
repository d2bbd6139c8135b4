"""All SQL of the imports being prepared."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlmodel import Session, col

from app.models import UploadDraft, UploadDraftFile


def drafts_of(
    session: Session, user_id: int, laboratory_id: int, *, is_earlier_work: bool = False
) -> Sequence[UploadDraft]:
    """The imports that this person prepares for a laboratory, the newest first: of catalogues, or of earlier work."""
    statement = select(UploadDraft).where(
        col(UploadDraft.user_id) == user_id,
        col(UploadDraft.laboratory_id) == laboratory_id,
        col(UploadDraft.is_confirmed).is_(False),
        col(UploadDraft.is_earlier_work).is_(is_earlier_work),
    )
    return session.scalars(statement.order_by(col(UploadDraft.id).desc())).all()


def files_of(session: Session, draft_id: int) -> Sequence[UploadDraftFile]:
    """The files of an import, in the order in which they were given."""
    statement = select(UploadDraftFile).where(col(UploadDraftFile.draft_id) == draft_id)
    return session.scalars(statement.order_by(col(UploadDraftFile.id))).all()


def file_names(session: Session, draft_ids: Sequence[int]) -> dict[int, list[str]]:
    """The names of the files of each import."""
    statement = select(col(UploadDraftFile.draft_id), col(UploadDraftFile.file_name)).where(
        col(UploadDraftFile.draft_id).in_(draft_ids)
    )
    names: dict[int, list[str]] = {}
    for draft_id, name in session.execute(statement.order_by(col(UploadDraftFile.id))):
        names.setdefault(draft_id, []).append(name)
    return names


def readings_of(session: Session, draft_id: int) -> dict[int | None, tuple[bool, dict[str, Any]]]:
    """File -> whether it is left out, and how it is read; without its content."""
    statement = select(col(UploadDraftFile.id), col(UploadDraftFile.is_ignored), col(UploadDraftFile.choices)).where(
        col(UploadDraftFile.draft_id) == draft_id
    )
    return {file_id: (is_ignored, choices) for file_id, is_ignored, choices in session.execute(statement)}


def settle_file(session: Session, file_id: int, is_ignored: bool, choices: dict[str, Any]) -> None:
    """Keep how a file is read, without reading its content again."""
    statement = update(UploadDraftFile).where(col(UploadDraftFile.id) == file_id)
    session.execute(statement.values(is_ignored=is_ignored, choices=choices))


def delete_files(session: Session, draft_ids: Sequence[int]) -> None:
    """Forget the files that imports hold."""
    session.execute(delete(UploadDraftFile).where(col(UploadDraftFile.draft_id).in_(draft_ids)))


def delete_drafts(session: Session, draft_ids: Sequence[int]) -> None:
    """Forget imports and the files they hold."""
    if draft_ids:
        delete_files(session, draft_ids)
        session.execute(delete(UploadDraft).where(col(UploadDraft.id).in_(draft_ids)))


def older_than(session: Session, prepared_before: datetime, confirmed_before: datetime) -> list[int]:
    """The imports left unconfirmed, or whose job never ended well, for too long."""
    unconfirmed = col(UploadDraft.is_confirmed).is_(False) & (col(UploadDraft.created_at) < prepared_before)
    confirmed = col(UploadDraft.is_confirmed) & (col(UploadDraft.created_at) < confirmed_before)
    return list(session.scalars(select(col(UploadDraft.id)).where(unconfirmed | confirmed)))
