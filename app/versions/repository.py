"""All SQL of signatures, and the marks by which a change of what was signed is noticed."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from app.models import (
    MARKS,
    AuditEvent,
    Catalogue,
    CatalogueChange,
    ChangeKind,
    Decision,
    Level,
    LocalTest,
    ProviderIdentity,
    ReviewState,
    SignOff,
    SignOffWithdrawal,
    Status,
    User,
    UserSession,
    WorklistEntry,
)
from app.platform.scoped import ACROSS
from app.transcoding.readings import status_in_force
from app.versions.schemas import ChapterMark, Signature, SignedChapter
from app.versions.whole import WholeVersion

_SIGNED_FIELDS = (
    "level", "code", "label", "chapter", "chapter_code", "subchapter_code", "specimen", "specimen_code", "unit",
    "unit_code", "technique",
)  # fmt: skip
"""Of a row, what a newer export may change and a signed content holds."""
_NAME = "signed_chapter"
"""A server groups by the name: the same expression with other parameters would be another one to it."""
_PLAIN = (
    "id", "public_id", "version", "completes", "signer_id", "signer_name", "rpps", "is_rpps_of_provider", "title",
    "finess_ej", "finess_et", "proof", "proved_at", "release_version", "sentence", "content_sha256",
    "mapping_sha256", "signed_at",
)  # fmt: skip


def signatures_of(session: Session, catalogue_id: int) -> list[Signature]:
    """Every signature of a catalogue without its content, the oldest first, withdrawn ones too; one statement."""
    author = aliased(User)
    statement = (
        select(
            *(col(getattr(SignOff, name)) for name in (*_PLAIN, "chapters", "carried", "coverage")),
            col(SignOffWithdrawal.created_at).label("withdrawn_at"),
            col(SignOffWithdrawal.reason).label("withdrawal_reason"),
            col(author.display_name).label("withdrawn_by"),
        )
        .select_from(SignOff)
        .outerjoin(SignOffWithdrawal, col(SignOffWithdrawal.sign_off_id) == col(SignOff.id))
        .outerjoin(author, col(author.id) == col(SignOffWithdrawal.author_id))
        .where(col(SignOff.catalogue_id) == catalogue_id)
        .order_by(col(SignOff.id))
    )
    return [_signature(row) for row in session.execute(statement)]


def _signature(row: Any) -> Signature:
    values = {name: getattr(row, name) for name in _PLAIN}
    return Signature(
        **values,
        chapters=tuple(map(SignedChapter.from_json, row.chapters)),
        carried=tuple(map(SignedChapter.from_json, row.carried)),
        coverage=tuple(row.coverage),
        withdrawn_at=row.withdrawn_at,
        withdrawn_by=row.withdrawn_by or "",
        withdrawal_reason=row.withdrawal_reason or "",
    )


def contents_of(session: Session, ids: list[int]) -> dict[int, bytes]:
    """Signature -> its compressed content; empty when an administrator erased it."""
    statement = select(col(SignOff.id), col(SignOff.content)).where(col(SignOff.id).in_(ids))
    return {number: bytes(content) for number, content in session.execute(statement)}


def last_acts(session: Session, catalogue_id: int) -> tuple[int, int]:
    """The last signature of a catalogue and its last withdrawal: what changes when either is added."""
    last = select(func.max(col(SignOff.id))).where(col(SignOff.catalogue_id) == catalogue_id)
    withdrawn = select(func.max(col(SignOffWithdrawal.id))).where(col(SignOffWithdrawal.catalogue_id) == catalogue_id)
    row = session.execute(select(last.scalar_subquery(), withdrawn.scalar_subquery())).one()
    return row[0] or 0, row[1] or 0


MOST_COUNTED = 10_000
"""Changes since a sign-off that are counted: a page waits for no more."""


def changes_since(session: Session, catalogue_id: int, version: WholeVersion) -> int:
    """How many decisions were made and values changed by newer exports since a sign-off: at most `MOST_COUNTED`.

    Identifiers grow: only what came after the last approval and the last change that were signed is looked at.
    """
    marks = [chapter.mark for chapter in (*version.signature.carried, *version.signature.chapters)]
    moved = session.get_one(Catalogue, catalogue_id)
    decided = (
        select(col(Decision.id))
        .join(LocalTest, col(LocalTest.id) == col(Decision.local_test_id))
        .where(
            col(Decision.id) > max((mark[3] for mark in marks), default=0) + moved.moved_decisions,
            col(LocalTest.catalogue_id) == catalogue_id,
            col(Decision.created_at) > version.signed_at,
            col(Decision.action).not_in(MARKS),
        )
        .limit(MOST_COUNTED)
    )
    changed = (
        select(col(CatalogueChange.id))
        .where(
            col(CatalogueChange.id) > max((mark[5] for mark in marks), default=0) + moved.moved_changes,
            col(CatalogueChange.catalogue_id) == catalogue_id,
            col(CatalogueChange.created_at) > version.signed_at,
        )
        .limit(MOST_COUNTED)
    )
    found = sum(len(session.execute(statement).all()) for statement in (decided, changed))
    return min(MOST_COUNTED, found)


def chapter_marks(session: Session, catalogue_id: int) -> dict[str, ChapterMark]:
    """The mark of each chapter as it stands: two statements, one line a chapter.

    Numbers are those of the installation where the catalogue began: what was signed there still holds here.
    """
    status = status_in_force()
    is_approved = and_(col(ReviewState.approval_id).is_not(None), status == Status.APPROVED.value)
    is_held = col(LocalTest.retired_at).is_(None)
    approval = case((is_approved, col(ReviewState.approval_id)))
    rows = session.execute(
        _by_chapter(
            catalogue_id,
            func.count(case((is_held, 1))),
            func.count(case((and_(is_approved, is_held), 1))),
            func.coalesce(func.sum(approval - col(Catalogue.moved_decisions)), 0),
            func.coalesce(func.max(approval - col(Catalogue.moved_decisions)), 0),
            func.max(col(LocalTest.id) - col(Catalogue.moved_rows)),
        )
        .outerjoin(ReviewState, col(ReviewState.local_test_id) == col(LocalTest.id))
        .group_by(_NAME)
    ).all()
    changed = session.execute(
        _by_chapter(catalogue_id, func.max(col(CatalogueChange.id) - col(Catalogue.moved_changes)))
        .join(CatalogueChange, col(CatalogueChange.local_test_id) == col(LocalTest.id))
        .where(
            col(CatalogueChange.catalogue_id) == catalogue_id,
            (col(CatalogueChange.kind) != ChangeKind.CHANGED) | col(CatalogueChange.field).in_(_SIGNED_FIELDS),
        )
        .group_by(_NAME)
    )
    changes = {row[0]: row[1] for row in changed}
    return {
        name: (count, approved, int(total), last, row_id, changes.get(name, 0))
        for name, count, approved, total, last, row_id in rows
    }


def _by_chapter(catalogue_id: int, *values: ColumnElement[Any]) -> Select[Any]:
    entry = WorklistEntry
    return (
        select(_chapter().label(_NAME), *values)
        .select_from(LocalTest)
        .join(Catalogue, col(Catalogue.id) == col(LocalTest.catalogue_id))
        .outerjoin(entry, col(entry.local_test_id) == col(LocalTest.id))
        .where(col(LocalTest.catalogue_id) == catalogue_id)
    )


def _chapter() -> ColumnElement[Any]:
    """SQL: the chapter of a row, as `app.versions.reading` finds it from the facts."""
    level = col(LocalTest.level)
    of_a_subchapter = case((col(LocalTest.chapter) != "", col(LocalTest.chapter)), else_=col(LocalTest.chapter_code))
    return case(
        (level == Level.CHAPTER.value, col(LocalTest.label)),
        (level == Level.SUBCHAPTER.value, of_a_subchapter),
        else_=func.coalesce(col(WorklistEntry.counted_chapter), ""),
    )


def rpps_of_provider(session: Session, user_id: int) -> str:
    """What the provider of identities knows her by, once she confirmed it; empty without that."""
    identity = session.get(ProviderIdentity, user_id)
    return identity.identifier if identity is not None and identity.confirmed_at is not None else ""


def last_proof(session: Session, user_id: int, since: datetime) -> str:
    """By what this person last proved who she is, from a moment on (`password`, `key`…); empty when not told."""
    statement = (
        select(col(AuditEvent.details))
        .where(
            col(AuditEvent.action).in_(("session.confirm", "session.prove")),
            col(AuditEvent.actor_id) == user_id,
            col(AuditEvent.laboratory_id).is_(None),
            col(AuditEvent.at) >= since,
        )
        .order_by(col(AuditEvent.id).desc())
        .limit(1)
    )
    details = session.execute(statement, execution_options=ACROSS).scalar()
    return str(details.get("kind", "")) if details else ""


def opened_session(session: Session, token_hash: str) -> UserSession | None:
    """The session of the browser that signs."""
    return session.get(UserSession, token_hash)


def last_typed(session: Session, user_id: int, laboratory_id: int) -> tuple[str, str, str, str]:
    """(RPPS, title, FINESS EJ, FINESS ET) to offer again: hers as she last signed here, else those of the laboratory.

    Texts are empty where nobody signed before.
    """
    columns = tuple(col(getattr(SignOff, name)) for name in ("rpps", "title", "finess_ej", "finess_et"))
    statement = select(*columns).where(col(SignOff.laboratory_id) == laboratory_id).order_by(col(SignOff.id).desc())
    hers = session.execute(statement.where(col(SignOff.signer_id) == user_id).limit(1)).first()
    if hers is not None:
        return hers[0], hers[1], hers[2], hers[3]
    last = session.execute(statement.limit(1)).first()
    return ("", "", last[2], last[3]) if last is not None else ("", "", "", "")
