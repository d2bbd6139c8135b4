"""All SQL of the coverage of a past day: the rows, what newer exports changed in them, and the facts until then."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import literal
from sqlalchemy import select as select_columns
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from app.coverage.repository import COUNTED_LEVELS
from app.models import (
    CatalogueChange,
    Decision,
    ExamAnalysis,
    Level,
    LocalTest,
    LoincTerm,
    ReadingReconciliation,
    ReadingRequest,
    SecondReading,
    SourceFile,
    User,
    ValueSetMember,
)
from app.terminology.chunks import chunks

AT_ONCE = 500
"""Codes in one statement."""
ROW_FIELDS = (
    "id", "level", "code", "label", "chapter", "chapter_code", "is_subcontracted", "is_retired", "retired_at",
    "annual_volume",
)  # fmt: skip


def first_import(session: Session, catalogue_id: int) -> datetime | None:
    """When the first file of a catalogue was received."""
    statement = select(SourceFile.imported_at).where(SourceFile.catalogue_id == catalogue_id)
    return session.exec(statement.order_by(col(SourceFile.id)).limit(1)).first()


def rows_now(session: Session, catalogue_id: int) -> dict[int, dict[str, Any]]:
    """Every analysis, exam and chapter as it is now, in the order of the files."""
    statement = (
        select_columns(*(col(getattr(LocalTest, name)) for name in ROW_FIELDS))
        .where(col(LocalTest.catalogue_id) == catalogue_id, col(LocalTest.level).in_((*COUNTED_LEVELS, Level.CHAPTER)))
        .order_by(col(LocalTest.level), col(LocalTest.position), col(LocalTest.id))
    )
    return {row.id: dict(row._mapping) for row in session.execute(statement)}


def changes_after(session: Session, catalogue_id: int, moment: datetime) -> Sequence[Any]:
    """What newer exports changed after a moment, the newest first."""
    columns = (
        CatalogueChange.local_test_id, CatalogueChange.kind, CatalogueChange.field, CatalogueChange.old,
    )  # fmt: skip
    statement = (
        select_columns(*map(col, columns))
        .where(col(CatalogueChange.catalogue_id) == catalogue_id, col(CatalogueChange.created_at) > moment)
        .order_by(col(CatalogueChange.id).desc())
    )
    return session.execute(statement).all()


def contents_now(session: Session, catalogue_id: int) -> dict[int, list[tuple[str, int | None]]]:
    """Exam -> code and identifier of each analysis that it contains, in the order of the files."""
    statement = (
        select(ExamAnalysis.exam_id, ExamAnalysis.analysis_code, ExamAnalysis.analysis_id)
        .join(LocalTest, col(LocalTest.id) == col(ExamAnalysis.exam_id))
        .where(LocalTest.catalogue_id == catalogue_id)
        .order_by(col(LocalTest.position), col(ExamAnalysis.id))
    )
    found: dict[int, list[tuple[str, int | None]]] = defaultdict(list)
    for exam_id, code, analysis_id in session.exec(statement):
        found[exam_id].append((code, analysis_id))
    return dict(found)


def facts_until(session: Session, catalogue_id: int, moment: datetime) -> dict[int, list[Any]]:
    """Local test -> its facts until a moment, oldest first; what was written in them is left out but for the reason."""
    statement = (
        select_columns(
            col(Decision.local_test_id), col(Decision.id), col(Decision.action), col(Decision.loinc_num),
            col(Decision.reason), col(Decision.author_id), col(Decision.undoes_id), col(Decision.created_at),
            col(Decision.release_id),
            literal("").label("comment"),
        )
        .join(LocalTest, col(LocalTest.id) == col(Decision.local_test_id))
        .where(col(LocalTest.catalogue_id) == catalogue_id, col(Decision.created_at) <= moment)
        .order_by(col(Decision.id))
    )  # fmt: skip
    found: dict[int, list[Any]] = defaultdict(list)
    for row in session.execute(statement):
        found[row.local_test_id].append(row)
    return found


def suspended_at(session: Session, catalogue_id: int, moment: datetime) -> set[int]:
    """The rows of which two readings differed at a moment, nobody having reconciled them by then."""
    undoing = aliased(Decision)
    undone = select_columns(col(undoing.id)).where(
        col(undoing.undoes_id) == col(ReadingReconciliation.decision_id), col(undoing.created_at) <= moment
    )
    ended = select_columns(col(ReadingReconciliation.id)).where(
        col(ReadingReconciliation.reading_id) == col(SecondReading.id),
        col(ReadingReconciliation.created_at) <= moment,
        ~undone.correlate_except(undoing).exists(),
    )
    statement = (
        select(ReadingRequest.local_test_id)
        .join(SecondReading, col(SecondReading.request_id) == col(ReadingRequest.id))
        .where(
            col(ReadingRequest.catalogue_id) == catalogue_id,
            col(SecondReading.is_agreement).is_(False),
            col(SecondReading.created_at) <= moment,
            ~ended.correlate_except(ReadingReconciliation).exists(),
        )
    )
    return set(session.exec(statement))


def term_statuses(session: Session, release_id: int, numbers: Iterable[str]) -> dict[str, str]:
    """Code -> its status in a release, for those that it holds."""
    found: dict[str, str] = {}
    for part in chunks(sorted(set(numbers)), AT_ONCE):
        statement = select(LoincTerm.loinc_num, LoincTerm.status)
        found.update(
            session.exec(statement.where(LoincTerm.release_id == release_id, col(LoincTerm.loinc_num).in_(part))).all()
        )
    return found


def codes_of_list(session: Session, value_set_id: int, numbers: Iterable[str]) -> set[str]:
    """Those of these codes that are in a list."""
    found: set[str] = set()
    statement = select(ValueSetMember.loinc_num).where(ValueSetMember.value_set_id == value_set_id)
    for part in chunks(sorted(set(numbers)), AT_ONCE):
        found.update(session.exec(statement.where(col(ValueSetMember.loinc_num).in_(part))))
    return found


def names_of(session: Session, user_ids: Iterable[int]) -> dict[int, str]:
    """The names of these people."""
    statement = select(User.id, User.display_name).where(col(User.id).in_(sorted(set(user_ids))))
    return {user_id: name for user_id, name in session.exec(statement) if user_id is not None}
