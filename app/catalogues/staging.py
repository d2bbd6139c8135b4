"""Storing an import a short transaction at a time where nobody sees it, then showing all of it at once.

The rows go under a catalogue of the job that no page and no right opens (`Catalogue.staged_for_job_id`). The last
transaction of the job moves them into their catalogue, with its outcome. Received rows are facts and are never
deleted: the next attempt of the job goes on after the last one stored. Tests that were never shown are no facts: the
next attempt, or whoever cleans after the job, deletes them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Engine, delete, exists, func, insert, or_, select, update
from sqlmodel import Session, SQLModel, col
from sqlmodel import select as select_model

from app.catalogues import repository
from app.catalogues.linking import linking_changes
from app.catalogues.plan import ImportPlan
from app.catalogues.service import file_rows, link_values, received_file, side_changes, test_values
from app.files.reading import ReadFile
from app.jobs.work import Work
from app.models import Catalogue, ExamAnalysis, Level, LocalTest, ReviewState, SourceFile, SourceRow, Status, utc_now
from app.platform.database import give_way, reading, transaction
from app.platform.open_transactions import forbid_open_transaction

CHUNK = 400
"""Rows a transaction: some hundredths of a second on a slow machine."""


@dataclass(frozen=True, slots=True)
class Staged:
    """What an import stored so far; `rows` gives, for each file, the identifier of each row number."""

    catalogue_id: int
    file_ids: list[int]
    rows: list[dict[int, int]]
    is_linked: bool = False
    """What files say of each other is found: nothing is left to be computed once they are shown."""
    changes: tuple[list[dict[str, Any]], ...] = ()
    """What that changes in the tests that are shown already, by groups of the same columns."""
    basis: tuple[int, ...] = ()
    """What the catalogue held when that was found: once it moved, it must be found again."""

    def still_holds(self, session: Session, catalogue_id: int | None) -> bool:
        """Whether the catalogue is what it was when the changes were found."""
        if catalogue_id is None or not self.basis:
            return True
        return repository.newest(session, catalogue_id) == self.basis

    def show(self, session: Session, catalogue_id: int) -> None:
        """Move everything into its catalogue."""
        show_files(session, self, catalogue_id)
        statement = update(LocalTest).where(col(LocalTest.catalogue_id) == self.catalogue_id)
        # Named as a parameter, so that the counts of the catalogue are brought up to date.
        options = {"synchronize_session": False}
        session.execute(statement, {"catalogue_id": catalogue_id}, execution_options=options)
        if self.changes:
            repository.link_analyses(session, catalogue_id)
        for same in self.changes:
            repository.update_tests(session, same)
        left = exists().where(col(SourceFile.catalogue_id) == self.catalogue_id)
        session.execute(delete(Catalogue).where(col(Catalogue.id) == self.catalogue_id, ~left))


def show_files(session: Session, staged: Staged, catalogue_id: int) -> None:
    """Give the received files to their catalogue, as of now."""
    statement = update(SourceFile).where(
        col(SourceFile.id).in_(staged.file_ids), col(SourceFile.catalogue_id) == staged.catalogue_id
    )
    session.execute(statement.values(catalogue_id=catalogue_id, imported_at=utc_now()))
    session.expire_all()


@dataclass(frozen=True, slots=True)
class Stage:
    """The place of one import, written to only while its job is held."""

    engine: Engine
    work: Work
    catalogue_id: int

    def _store(self, model: type[SQLModel], rows: Sequence[dict[str, Any]], message: str = "") -> None:
        # Not through the session, which would count rows that are not shown.
        for start in range(0, len(rows), CHUNK):
            if message:
                self.work(start, len(rows), message)
            with self.work.writing() as session:
                session.connection().execute(insert(model), list(rows[start : start + CHUNK]))

    def _change(self, changes: Iterable[Sequence[dict[str, Any]]]) -> None:
        """Change tests that nobody sees; each group has the same columns."""
        for same in changes:
            for start in range(0, len(same), CHUNK):
                with self.work.writing() as session:
                    repository.change_tests(session.connection(), same[start : start + CHUNK])

    def store_files(self, files: Sequence[ReadFile], target_id: int | None, imported_by_id: int | None) -> Staged:
        """Store files and their rows; those that an earlier attempt stored are taken up."""
        file_ids, rows = [], []
        for file in files:
            file_id = self._file(file, target_id, imported_by_id)
            known = self._known_rows(file_id)
            missing = [
                {"source_file_id": file_id, "row_number": number, "cells": list(cells)}
                for number, cells in file_rows(file)
                if number not in known
            ]
            self._store(SourceRow, missing, f"Enregistrement de {file.name}")
            file_ids.append(file_id)
            rows.append(self._known_rows(file_id) if missing else known)
        return Staged(self.catalogue_id, file_ids, rows)

    def _known_rows(self, file_id: int) -> dict[int, int]:
        with reading(self.engine) as session:
            return repository.row_ids(session, file_id)

    def _file(self, file: ReadFile, target_id: int | None, imported_by_id: int | None) -> int:
        new = received_file(self.catalogue_id, file, imported_by_id)
        with self.work.writing() as session:
            # The newest file of a catalogue is the one of the highest number: an older one is stored again.
            shown = col(SourceFile.catalogue_id) == target_id
            newest = session.scalar(select(func.max(col(SourceFile.id))).where(shown))
            found = session.execute(
                select(col(SourceFile.id), col(SourceFile.dialect), col(SourceFile.columns)).where(
                    col(SourceFile.catalogue_id) == self.catalogue_id,
                    col(SourceFile.sha256) == new.sha256,
                    col(SourceFile.file_name) == new.file_name,
                    col(SourceFile.kind) == new.kind,
                    col(SourceFile.id) > (newest or 0),
                )
            )
            for file_id, dialect, columns in found:
                if (dialect, columns) == (new.dialect, new.columns):
                    return int(file_id)
            session.add(new)
            session.flush()
            assert new.id is not None
            return new.id

    def store_plan(self, plan: ImportPlan, staged: Staged, target_id: int | None, *, is_new: bool) -> Staged:
        """Store the tests of a plan, their links and their states; linked when the catalogue holds nothing yet."""
        forbid_open_transaction("store the tests of an import")
        tests = [test_values(self.catalogue_id, test, staged.rows) for test in plan.tests]
        self._store(LocalTest, tests, "Enregistrement des analyses et des examens")
        with reading(self.engine) as session:
            exams = repository.test_ids_by_code(session, self.catalogue_id, Level.EXAM) if plan.links else {}
            analyses = repository.linkable(session, [target_id or 0, self.catalogue_id]) if plan.links else {}
            ids = repository.ids_in(session, self.catalogue_id)
            states = [
                {
                    "local_test_id": test_id, "status": Status.TODO, "outcome": "", "loinc_num": "",
                    "has_comment": False, "version": 0,
                }
                for test_id in sorted(ids)
            ]  # fmt: skip
        links = [
            values | {"analysis_id": analyses.get(values["analysis_code"])} for values in link_values(plan, exams)
        ]
        self._store(ExamAnalysis, links, "Enregistrement du contenu des examens")
        self._store(ReviewState, states, "Préparation de la revue")
        if plan.side_data and not is_new:
            # It speaks of tests that are shown, and what they say of exams comes after it.
            return staged
        return self._linked(plan, staged, target_id)

    def _linked(self, plan: ImportPlan, staged: Staged, target_id: int | None) -> Staged:
        if plan.side_data:
            with reading(self.engine) as session:
                told = side_changes(session, self.catalogue_id, plan.side_data)
            self._change(told)
        places = [self.catalogue_id] if target_id is None else [target_id, self.catalogue_id]
        with reading(self.engine) as session:
            basis = () if target_id is None else repository.newest(session, target_id)
            analyses = repository.linkable(session, places)
            found = linking_changes(session, places, analyses)
            mine = repository.ids_in(session, self.catalogue_id)
        self._change([change for change in same if change["id"] in mine] for same in found)
        shown = tuple([change for change in same if change["id"] not in mine] for same in found)
        return replace(staged, is_linked=True, changes=shown, basis=basis)


def begin(engine: Engine, work: Work, laboratory_id: int) -> Stage:
    """The place of this job, emptied of the tests that an earlier attempt stored."""
    job_id = work.lease.job_id
    with work.writing() as session:
        stage = _of_job(session, job_id)
        if stage is None:
            stage = Catalogue(laboratory_id=laboratory_id, name=f"import {job_id}", staged_for_job_id=job_id)
            session.add(stage)
            session.flush()
        stage_id = stage.id
    assert stage_id is not None
    while True:
        with work.writing() as session:
            if not _delete_some(session, stage_id):
                return Stage(engine, work, stage_id)


def clean(engine: Engine, job_id: int) -> None:
    """Delete the tests that a job which ended badly stored and never showed. It may be called again."""
    with reading(engine) as session:
        stage = _of_job(session, job_id)
    if stage is None or stage.id is None:
        return
    is_left = True
    while is_left:
        with transaction(engine) as session:
            # A job that was started again is at work there, or will be.
            is_left = repository.job_is_over(session, job_id) and _delete_some(session, stage.id)
        give_way(engine)


def _of_job(session: Session, job_id: int) -> Catalogue | None:
    return session.exec(select_model(Catalogue).where(col(Catalogue.staged_for_job_id) == job_id)).first()


def _delete_some(session: Session, stage_id: int) -> bool:
    """Delete some of the tests that nobody saw, and what hangs on them; whether there were any."""
    connection = session.connection()
    found = select(col(LocalTest.id)).where(col(LocalTest.catalogue_id) == stage_id).limit(CHUNK)
    ids = list(connection.execute(found).scalars())
    if ids:
        links = or_(col(ExamAnalysis.exam_id).in_(ids), col(ExamAnalysis.analysis_id).in_(ids))
        connection.execute(delete(ExamAnalysis).where(links))
        connection.execute(delete(ReviewState).where(col(ReviewState.local_test_id).in_(ids)))
        connection.execute(delete(LocalTest).where(col(LocalTest.id).in_(ids)))
    return bool(ids)
