"""All SQL of the re-imports."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, null, select, update
from sqlmodel import Session, col

from app.catalogues.repository import BATCH, insert_all, update_tests
from app.models import (
    CatalogueChange,
    Decision,
    ExamAnalysis,
    FileKind,
    Level,
    LocalTest,
    ReviewState,
    SourceFile,
    SourceRow,
)
from app.models import Status as ReviewStatus

_COLUMNS = (
    "id", "level", "code", "occurrence", "label", "synonym", "property_kind", "unit_code", "unit", "timing",
    "specimen_code", "specimen", "scale", "technique", "nabm", "chapter_code", "subchapter_code", "chapter",
    "executing_laboratory", "is_subcontracted", "is_retired", "annual_volume", "retired_at", "reference_range",
    "results", "exam",
)  # fmt: skip


def stored_tests(session: Session, catalogue_id: int) -> Sequence[Any]:
    """Every test of a catalogue with its review status, removed ones included, in file order."""
    status = func.coalesce(col(ReviewState.status), ReviewStatus.TODO.value).label("status")
    statement = (
        select(*(col(getattr(LocalTest, name)) for name in _COLUMNS), status)
        .join(ReviewState, col(ReviewState.local_test_id) == col(LocalTest.id), isouter=True)
        .where(col(LocalTest.catalogue_id) == catalogue_id)
        .order_by(col(LocalTest.position), col(LocalTest.id))
    )
    return session.execute(statement).all()


def stored_links(session: Session, catalogue_id: int) -> dict[int, list[str]]:
    """Exam -> codes of its analyses, in file order."""
    statement = (
        select(col(ExamAnalysis.exam_id), col(ExamAnalysis.analysis_code))
        .join(LocalTest, col(LocalTest.id) == col(ExamAnalysis.exam_id))
        .where(col(LocalTest.catalogue_id) == catalogue_id)
        .order_by(col(ExamAnalysis.id))
    )
    found: dict[int, list[str]] = {}
    for exam_id, code in session.execute(statement):
        found.setdefault(exam_id, []).append(code)
    return found


def newest_facts(session: Session, catalogue_id: int) -> tuple[int, ...]:
    """What grows with every write that a comparison depends on: files, tests, changes and decisions of a catalogue."""
    here = col(LocalTest.catalogue_id) == catalogue_id
    of_tests = select(func.count(), func.coalesce(func.max(col(LocalTest.id)), 0)).where(here)
    of_files = select(func.max(col(SourceFile.id))).where(col(SourceFile.catalogue_id) == catalogue_id)
    of_changes = select(func.max(col(CatalogueChange.id))).where(col(CatalogueChange.catalogue_id) == catalogue_id)
    of_decisions = (
        select(func.max(col(Decision.id))).join(LocalTest, col(LocalTest.id) == col(Decision.local_test_id)).where(here)
    )
    newest = [session.scalar(statement) or 0 for statement in (of_files, of_changes, of_decisions)]
    return (*session.execute(of_tests).one(), *newest)


def update_by_columns(session: Session, changes: Iterable[dict[str, Any]]) -> None:
    """Change many tests; each change holds `id` and any columns."""
    grouped: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for change in changes:
        grouped.setdefault(tuple(sorted(change)), []).append(change)
    for same in grouped.values():
        update_tests(session, same)


def next_occurrences(session: Session, catalogue_id: int) -> dict[tuple[str, str], int]:
    """(level, code) -> the next free occurrence."""
    statement = (
        select(col(LocalTest.level), col(LocalTest.code), func.max(col(LocalTest.occurrence)) + 1)
        .where(col(LocalTest.catalogue_id) == catalogue_id)
        .group_by(col(LocalTest.level), col(LocalTest.code))
    )
    return {(level, code): number for level, code, number in session.execute(statement)}


def retire(session: Session, test_ids: Sequence[int], moment: datetime) -> None:
    """Mark tests as no longer in the newest export; they keep all their facts."""
    for start in range(0, len(test_ids), BATCH):
        ids = test_ids[start : start + BATCH]
        statement = update(LocalTest).where(col(LocalTest.id).in_(ids))
        values = statement.values(is_retired=True, retired_at=moment)
        session.execute(values, execution_options={"synchronize_session": False})


def replace_links(session: Session, exam_ids: Sequence[int], rows: Iterable[dict[str, Any]]) -> None:
    """Store again what these exams contain."""
    for start in range(0, len(exam_ids), BATCH):
        session.execute(delete(ExamAnalysis).where(col(ExamAnalysis.exam_id).in_(exam_ids[start : start + BATCH])))
    insert_all(session, ExamAnalysis, rows)


def forget_inherited(session: Session, catalogue_id: int) -> None:
    """Before linking again: the chapters that analyses have from their exams, the labels that exams have from the
    chapters, the flags that exams have from their analyses, and links to removed analyses."""
    received = (
        select(col(SourceRow.id))
        .join(SourceFile, col(SourceFile.id) == col(SourceRow.source_file_id))
        .where(col(SourceFile.catalogue_id) == catalogue_id)
    )
    here = col(LocalTest.catalogue_id) == catalogue_id
    analyses = received.where(col(SourceFile.kind) == FileKind.LOINC_3)
    exams = received.where(col(SourceFile.kind) == FileKind.LOINC_2)
    options = {"synchronize_session": False}
    session.execute(
        update(LocalTest)
        .where(here, col(LocalTest.level) == Level.ANALYSIS, col(LocalTest.source_row_id).in_(analyses))
        .values(chapter_code="", subchapter_code="", chapter=""),
        execution_options=options,
    )
    session.execute(
        update(LocalTest)
        .where(here, col(LocalTest.level) == Level.EXAM, col(LocalTest.source_row_id).in_(exams))
        .values(chapter="", is_subcontracted=False, is_retired=col(LocalTest.retired_at).is_not(null())),
        execution_options=options,
    )
    exam_ids = select(col(LocalTest.id)).where(here, col(LocalTest.level) == Level.EXAM)
    removed = select(col(LocalTest.id)).where(here, col(LocalTest.retired_at).is_not(null()))
    session.execute(
        update(ExamAnalysis)
        .where(col(ExamAnalysis.exam_id).in_(exam_ids), col(ExamAnalysis.analysis_id).in_(removed))
        .values(analysis_id=None),
        execution_options=options,
    )


def insert_changes(session: Session, rows: Iterable[dict[str, Any]]) -> None:
    """Store what a newer export changed."""
    insert_all(session, CatalogueChange, rows)


def ids_of(session: Session, catalogue_id: int, level: Level) -> dict[str, int]:
    """Code -> the test in use of this code; a removed one only when there is no other."""
    statement = (
        select(col(LocalTest.code), col(LocalTest.id))
        .where(col(LocalTest.catalogue_id) == catalogue_id, col(LocalTest.level) == level)
        .order_by(col(LocalTest.retired_at).is_(null()), col(LocalTest.occurrence).desc())
    )
    return dict(session.execute(statement).all())


def exams_of(session: Session, analysis_ids: Iterable[int]) -> set[int]:
    """The exams that contain these analyses."""
    ids = sorted(analysis_ids)
    found: set[int] = set()
    for start in range(0, len(ids), BATCH):
        part = ids[start : start + BATCH]
        statement = select(col(ExamAnalysis.exam_id)).where(col(ExamAnalysis.analysis_id).in_(part))
        found.update(session.scalars(statement))
    return found


def insert_tests(session: Session, tests: Sequence[dict[str, Any]]) -> list[int]:
    """Store tests; returns their identifiers, in the same order."""
    if not tests:
        return []
    found: list[int] = []
    for start in range(0, len(tests), BATCH):
        statement = insert(LocalTest).returning(col(LocalTest.id), sort_by_parameter_order=True)
        ids = session.scalars(statement, list(tests[start : start + BATCH]))
        found += [test_id for test_id in ids if test_id is not None]
    return found
