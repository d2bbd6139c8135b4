"""The mapping of a catalogue as it stands, read from its facts as canonical rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from app.coverage.repository import chapter_labels, inherited_chapters, links_of
from app.errors import ConflictError
from app.models import Action, Decision, Level, LocalTest, Outcome, ReviewState, Status, User
from app.transcoding.readings import status_in_force
from app.transcoding.standing import in_use
from app.versions.canonical import CanonicalRow, canonical_content, content_sha256


@dataclass(frozen=True, slots=True)
class _Row:
    """What says whether a row is in use; `code_exists` and the like are not asked here."""

    id: int
    level: Level
    code: str
    chapter_code: str
    status: Status
    outcome: Outcome
    loinc_num: str
    is_retired: bool
    retired_at: datetime | None
    canonical: CanonicalRow
    code_exists: bool = True
    code_is_left_out: bool = False


@dataclass(frozen=True, slots=True)
class ChapterContent:
    """The rows of a chapter, with the SHA-256 of their canonical content alone."""

    name: str
    rows: tuple[CanonicalRow, ...]
    approved: int
    sha256: str


def canonical_rows(session: Session, catalogue_id: int) -> list[CanonicalRow]:
    """Every row in use of a catalogue; a handful of statements, whatever its size.

    `chapter` is the one under which coverage counts the row; a chapter is in itself, a sub-chapter in its chapter.
    Raises ConflictError when the stored state of a row is not the one of its decision and its approval.
    """
    links, labels = links_of(session, catalogue_id), chapter_labels(session, catalogue_id)
    rows = session.execute(_rows_of(catalogue_id)).all()
    own = {row.id: _own_chapter(row, labels) for row in rows}
    inherited = inherited_chapters(links, own)
    return [row.canonical for row in in_use([_read(row, own[row.id] or inherited.get(row.id, "")) for row in rows])]


def mapping_content(session: Session, catalogue_id: int, release_version: str) -> bytes:
    """The canonical content of the whole mapping, as it stands."""
    return canonical_content(release_version, canonical_rows(session, catalogue_id))


def by_chapter(release_version: str, rows: Sequence[CanonicalRow]) -> dict[str, ChapterContent]:
    """The rows of each chapter, in the order of the names; slow for a large catalogue: no transaction should wait."""
    chapters: dict[str, list[CanonicalRow]] = {}
    for row in rows:
        chapters.setdefault(row.chapter, []).append(row)
    return {
        name: ChapterContent(
            name,
            tuple(found),
            sum(row.status == Status.APPROVED for row in found),
            content_sha256(canonical_content(release_version, found)),
        )
        for name, found in sorted(chapters.items())
    }


def _own_chapter(row: Any, labels: dict[str, str]) -> str:
    if row.level == Level.CHAPTER:
        return str(row.label)
    if row.level == Level.SUBCHAPTER:
        return str(row.chapter or row.chapter_code)
    return str(row.chapter or labels.get(row.chapter_code, row.chapter_code))


def _rows_of(catalogue_id: int) -> Any:
    choice, approval, approver = aliased(Decision), aliased(Decision), aliased(User)
    columns = (
        "id", "level", "code", "occurrence", "label", "chapter", "chapter_code", "specimen", "specimen_code", "unit",
        "unit_code", "technique", "is_retired", "retired_at",
    )  # fmt: skip
    return (
        select(
            *(col(getattr(LocalTest, name)) for name in columns),
            col(ReviewState.status).label("stored_status"),
            status_in_force().label("status"),
            col(ReviewState.outcome),
            col(ReviewState.loinc_num),
            col(ReviewState.approved_by_id),
            col(choice.action).label("choice_action"),
            col(choice.loinc_num).label("choice_loinc_num"),
            col(choice.relation),
            col(choice.reason),
            col(choice.justification),
            col(approval.action).label("approval_action"),
            col(approval.local_test_id).label("approval_test_id"),
            col(approval.author_id).label("approval_author_id"),
            col(approval.justification).label("approval_justification"),
            col(approval.created_at).label("approved_at"),
            col(approver.public_id).label("approver"),
        )
        .select_from(LocalTest)
        .outerjoin(ReviewState, col(ReviewState.local_test_id) == col(LocalTest.id))
        .outerjoin(choice, col(choice.id) == col(ReviewState.decision_id))
        .outerjoin(approval, col(approval.id) == col(ReviewState.approval_id))
        .outerjoin(approver, col(approver.id) == col(ReviewState.approved_by_id))
        .where(col(LocalTest.catalogue_id) == catalogue_id)
        .order_by(col(LocalTest.level), col(LocalTest.position), col(LocalTest.id))
    )


def _read(row: Any, chapter: str) -> _Row:
    status = Status(row.status or Status.TODO)
    if status is Status.APPROVED:
        _refuse_forged(row)
    justifications = (row.justification or "", row.approval_justification or "")
    canonical = CanonicalRow(
        level=row.level,
        code=row.code,
        occurrence=str(row.occurrence),
        label=row.label,
        chapter=chapter,
        specimen=row.specimen or row.specimen_code,
        unit=row.unit or row.unit_code,
        technique=row.technique,
        status=status.value,
        outcome=row.outcome or "",
        loinc_num=row.loinc_num or "",
        relation=row.relation or "",
        reason=row.reason or "",
        justification="\n".join(dict.fromkeys(text for text in justifications if text)),
        approved_by=row.approver or "",
        approved_at=row.approved_at.astimezone(UTC).isoformat(timespec="microseconds") if row.approved_at else "",
    )
    return _Row(
        row.id, Level(row.level), row.code, row.chapter_code, status, Outcome(row.outcome or Outcome.NONE),
        row.loinc_num or "", row.is_retired, row.retired_at, canonical,
    )  # fmt: skip


def _refuse_forged(row: Any) -> None:
    """Nobody signs an approval that no fact gave; what takes all the facts of a row is left to `verify-audit`."""
    is_coded = row.outcome == Outcome.CODE
    is_forged = (
        row.approval_action != Action.APPROVE
        or row.approval_test_id != row.id
        or row.approval_author_id != row.approved_by_id
        or (is_coded and (row.choice_action, row.choice_loinc_num) != (Action.CHOOSE, row.loinc_num))
    )
    if is_forged:
        raise ConflictError(
            f"L’état de la ligne « {row.code} » n’est pas celui que donnent ses décisions : rien n’a été signé. "
            "Prévenez l’administrateur : transcodeur verify-audit dit ce qui a été modifié."
        )
