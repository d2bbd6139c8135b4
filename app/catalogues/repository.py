"""All SQL of the catalogues."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, literal, select, update
from sqlmodel import Session, col

from app.files.kinds import WITH_ANALYSES
from app.models import (
    Catalogue,
    ExamAnalysis,
    Job,
    JobStatus,
    Level,
    LocalTest,
    ReviewState,
    SourceFile,
    SourceRow,
    Status,
    User,
)

BATCH = 2_000


def find_catalogue(session: Session, laboratory_id: int, name: str) -> Catalogue | None:
    """The catalogue of this name in a laboratory."""
    statement = select(Catalogue).where(col(Catalogue.laboratory_id) == laboratory_id, col(Catalogue.name) == name)
    return session.scalars(statement).first()


def catalogues_of(session: Session, laboratory_id: int) -> Sequence[Catalogue]:
    """The catalogues of a laboratory, by name."""
    statement = select(Catalogue).where(
        col(Catalogue.laboratory_id) == laboratory_id, col(Catalogue.staged_for_job_id).is_(None)
    )
    return session.scalars(statement.order_by(col(Catalogue.name), col(Catalogue.id))).all()


def kinds_of(session: Session, catalogue_id: int) -> dict[str, str]:
    """The kinds of file that a catalogue holds, each with the name of its file."""
    statement = select(col(SourceFile.kind), col(SourceFile.file_name)).where(
        col(SourceFile.catalogue_id) == catalogue_id
    )
    return dict(session.execute(statement.order_by(col(SourceFile.id))).all())


def insert_all(session: Session, model: type[Any], rows: Iterable[dict[str, Any]]) -> None:
    """Store many rows, in batches."""
    batch: list[dict[str, Any]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == BATCH:
            session.execute(insert(model), batch)
            batch = []
    if batch:
        session.execute(insert(model), batch)


def insert_source_rows(
    session: Session, source_file_id: int, rows: Iterable[tuple[int, tuple[str, ...]]]
) -> dict[int, int]:
    """Store the rows of a file; returns the identifier of each row number."""
    insert_all(
        session,
        SourceRow,
        ({"source_file_id": source_file_id, "row_number": number, "cells": list(cells)} for number, cells in rows),
    )
    return row_ids(session, source_file_id)


def row_ids(session: Session, source_file_id: int) -> dict[int, int]:
    """The identifier of each stored row number of a file."""
    statement = select(col(SourceRow.row_number), col(SourceRow.id)).where(
        col(SourceRow.source_file_id) == source_file_id
    )
    return dict(session.execute(statement).all())


def job_is_over(session: Session, job_id: int) -> bool:
    """Whether a job ended, or is gone; it stays so until the transaction ends."""
    status = session.scalar(select(col(Job.status)).where(col(Job.id) == job_id).with_for_update())
    return status is None or JobStatus(status).is_over


def insert_tests(session: Session, tests: Iterable[dict[str, Any]]) -> None:
    """Store many local tests."""
    insert_all(session, LocalTest, tests)


def insert_links(session: Session, links: Iterable[dict[str, Any]]) -> None:
    """Store which exam contains which analysis."""
    insert_all(session, ExamAnalysis, links)


def add_missing_review_states(session: Session, catalogue_id: int) -> None:
    """Every local test of the catalogue that has no review state yet is to do."""
    missing = (
        select(
            col(LocalTest.id),
            literal(Status.TODO.value),
            literal(""),
            literal(""),
            literal(False),
            literal(0),
        )
        .join(ReviewState, col(ReviewState.local_test_id) == col(LocalTest.id), isouter=True)
        .where(col(LocalTest.catalogue_id) == catalogue_id, col(ReviewState.local_test_id).is_(None))
    )
    names = ["local_test_id", "status", "outcome", "loinc_num", "has_comment", "version"]
    session.execute(insert(ReviewState).from_select(names, missing))


def test_ids_by_code(session: Session, catalogue_id: int, level: Level) -> dict[str, list[int]]:
    """The local tests of each code at a level; several when a free catalogue repeats a code."""
    statement = (
        select(col(LocalTest.code), col(LocalTest.id))
        .where(col(LocalTest.catalogue_id) == catalogue_id, col(LocalTest.level) == level)
        .order_by(col(LocalTest.occurrence))
    )
    ids: dict[str, list[int]] = {}
    for code, test_id in session.execute(statement):
        ids.setdefault(code, []).append(test_id)
    return ids


def link_analyses(session: Session, catalogue_id: int) -> None:
    """Attach the links of exams to the analyses that the catalogue holds by now."""
    analysis = (
        select(col(LocalTest.id))
        .where(
            col(LocalTest.catalogue_id) == catalogue_id,
            col(LocalTest.level) == Level.ANALYSIS,
            col(LocalTest.code) == col(ExamAnalysis.analysis_code),
        )
        # The one in use; of several, the first of the file. A removed one only when there is no other.
        .order_by(col(LocalTest.retired_at).is_not(None), col(LocalTest.occurrence))
        .limit(1)
        .scalar_subquery()
    )
    exams = select(col(LocalTest.id)).where(
        col(LocalTest.catalogue_id) == catalogue_id, col(LocalTest.level) == Level.EXAM
    )
    statement = update(ExamAnalysis).where(
        col(ExamAnalysis.analysis_id).is_(None), col(ExamAnalysis.exam_id).in_(exams)
    )
    session.execute(statement.values(analysis_id=analysis), execution_options={"synchronize_session": False})


def chapter_labels(session: Session, catalogue_ids: Sequence[int]) -> dict[str, str]:
    """Code of chapter -> label."""
    statement = select(col(LocalTest.chapter_code), col(LocalTest.label)).where(
        col(LocalTest.catalogue_id).in_(catalogue_ids), col(LocalTest.level) == Level.CHAPTER
    )
    return dict(session.execute(statement).all())


def tests_for_linking(session: Session, catalogue_ids: Sequence[int]) -> Sequence[Any]:
    """What linking needs to know of each analysis and exam, in file order."""
    statement = (
        select(
            col(LocalTest.id),
            col(LocalTest.level),
            col(LocalTest.code),
            col(LocalTest.occurrence),
            col(LocalTest.chapter_code),
            col(LocalTest.subchapter_code),
            col(LocalTest.chapter),
            col(LocalTest.is_subcontracted),
            col(LocalTest.is_retired),
        )
        .where(
            col(LocalTest.catalogue_id).in_(catalogue_ids),
            col(LocalTest.level).in_([Level.ANALYSIS, Level.EXAM]),
        )
        .order_by(col(LocalTest.position), col(LocalTest.id))
    )
    return session.execute(statement).all()


def links_of(session: Session, catalogue_ids: Sequence[int]) -> Sequence[Any]:
    """(exam, code of analysis, analysis or None) of each link, in file order."""
    statement = (
        select(col(ExamAnalysis.exam_id), col(ExamAnalysis.analysis_code), col(ExamAnalysis.analysis_id))
        .join(LocalTest, col(LocalTest.id) == col(ExamAnalysis.exam_id))
        .where(col(LocalTest.catalogue_id).in_(catalogue_ids))
        .order_by(col(ExamAnalysis.id))
    )
    return session.execute(statement).all()


def newest(session: Session, catalogue_id: int) -> tuple[int, ...]:
    """What grows with every import into a catalogue: its newest file, its newest test, the number of its tests."""
    files = select(func.max(col(SourceFile.id))).where(col(SourceFile.catalogue_id) == catalogue_id)
    tests = select(func.coalesce(func.max(col(LocalTest.id)), 0), func.count()).where(
        col(LocalTest.catalogue_id) == catalogue_id
    )
    return (session.scalar(files) or 0, *session.execute(tests).one())


def ids_in(session: Session, catalogue_id: int) -> set[int]:
    """Every test of a catalogue."""
    found = session.scalars(select(col(LocalTest.id)).where(col(LocalTest.catalogue_id) == catalogue_id))
    return {test_id for test_id in found if test_id is not None}


def linkable(session: Session, catalogue_ids: Sequence[int]) -> dict[str, int]:
    """Code -> the analysis that links of exams mean, see `link_analyses`."""
    statement = (
        select(col(LocalTest.code), col(LocalTest.id))
        .where(col(LocalTest.catalogue_id).in_(catalogue_ids), col(LocalTest.level) == Level.ANALYSIS)
        .order_by(col(LocalTest.retired_at).is_not(None), col(LocalTest.occurrence))
    )
    found: dict[str, int] = {}
    for code, test_id in session.execute(statement):
        found.setdefault(code, test_id)
    return found


def update_tests(session: Session, changes: Sequence[dict[str, Any]]) -> None:
    """Change columns of many local tests; each change holds `id` and the same columns as the others."""
    if not changes:
        return
    # One through the session, which brings the counts of its catalogue up to date; the others as one statement, which
    # holds the database a third of the time that objects take.
    session.execute(update(LocalTest), list(changes[:1]))
    change_tests(session.connection(), changes[1:])


def change_tests(connection: Connection, changes: Sequence[dict[str, Any]]) -> None:
    """The same, told to no session: for rows that nobody counts."""
    table = LocalTest.__table__  # type: ignore[attr-defined]
    for start in range(0, len(changes), BATCH):
        part = [
            {"test_id": change["id"]} | {name: value for name, value in change.items() if name != "id"}
            for change in changes[start : start + BATCH]
        ]
        connection.execute(update(table).where(table.c.id == bindparam("test_id")), part)


def files_of(session: Session, catalogue_id: int) -> Sequence[Any]:
    """The files of a catalogue without their content, with who imported them."""
    statement = (
        select(
            col(SourceFile.id),
            col(SourceFile.kind),
            col(SourceFile.file_name),
            col(SourceFile.sha256),
            func.length(col(SourceFile.content)),
            col(SourceFile.dialect),
            col(SourceFile.row_count),
            col(SourceFile.imported_at),
            col(User.display_name),
        )
        .join(User, col(User.id) == col(SourceFile.imported_by_id), isouter=True)
        .where(col(SourceFile.catalogue_id) == catalogue_id)
        .order_by(col(SourceFile.id))
    )
    return session.execute(statement).all()


def newest_files(session: Session, catalogue_id: int) -> Sequence[Any]:
    """(kind, identifier) of the newest file of each kind."""
    statement = (
        select(col(SourceFile.kind), func.max(col(SourceFile.id)))
        .where(col(SourceFile.catalogue_id) == catalogue_id)
        .group_by(col(SourceFile.kind))
    )
    return session.execute(statement).all()


def find_file(session: Session, catalogue_id: int, file_id: int) -> SourceFile | None:
    """A file of this catalogue."""
    file = session.get(SourceFile, file_id)
    return file if file is not None and file.catalogue_id == catalogue_id else None














def has_analyses(kinds: Iterable[str]) -> bool:
    """Whether one of these kinds of file brings analyses."""
    return bool(WITH_ANALYSES & set(kinds))
