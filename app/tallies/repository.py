"""All SQL that keeps the entries and the counts of rows that change; that of whole catalogues is in `marks`."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, Select, and_, bindparam, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from app.models import (
    AssignedRow,
    Catalogue,
    CatalogueCount,
    ConsistencyFinding,
    CoverageDay,
    Decision,
    ExamAnalysis,
    LocalTest,
    LoincTerm,
    ProposalRun,
    ReadingRequest,
    ReviewState,
    SecondReading,
    WorklistEntry,
)
from app.platform.postgresql import is_postgresql
from app.tallies.counting import Counts
from app.transcoding.readings import status_in_force

BATCH = 400
"""Identifiers in one statement: well under what any database takes."""
_ENTRIES = WorklistEntry.__table__  # type: ignore[attr-defined]
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)


def in_batches(ids: Iterable[int]) -> Iterable[list[int]]:
    """These identifiers, sorted, some at a time."""
    wanted = sorted(set(ids))
    return (wanted[start : start + BATCH] for start in range(0, len(wanted), BATCH))


def chapters_of(session: Session, catalogue_id: int) -> Sequence[Any]:
    """(id, level, chapter, chapter_code) of every row, in the order of the files."""
    statement = select(col(LocalTest.id), col(LocalTest.level), col(LocalTest.chapter), col(LocalTest.chapter_code))
    return session.execute(statement.where(col(LocalTest.catalogue_id) == catalogue_id)).all()


@cache
def _standing_facts() -> Select[Any]:
    """Built once, as every statement that each decision runs: running it is ten times quicker than building it."""
    approval = aliased(Decision)
    return (
        select(
            *(col(getattr(LocalTest, name)) for name in _TEST_COLUMNS),
            status_in_force().label("status"),
            col(ReviewState.outcome),
            col(ReviewState.loinc_num),
            col(ReviewState.approved_by_id),
            col(approval.created_at).label("approved_at"),
            col(LoincTerm.loinc_num).label("term_num"),
            col(LoincTerm.status).label("term_status"),
            col(LoincTerm.official_french_name).label("french_name"),
            col(LoincTerm.french_producer),
        )
        .select_from(LocalTest)
        .outerjoin(ReviewState, col(ReviewState.local_test_id) == col(LocalTest.id))
        .outerjoin(approval, col(approval.id) == col(ReviewState.approval_id))
        .outerjoin(
            LoincTerm,
            and_(
                col(LoincTerm.release_id) == bindparam("release_id"),
                col(LoincTerm.loinc_num) == col(ReviewState.loinc_num),
            ),
        )
        .where(col(LocalTest.catalogue_id) == bindparam("catalogue_id"))
        .order_by(col(LocalTest.level), col(LocalTest.position), col(LocalTest.id))
    )


@cache
def _standing_facts_of() -> Select[Any]:
    return _standing_facts().where(col(LocalTest.id).in_(_IDS))


def standing_facts(
    session: Session, catalogue_id: int, release_id: int | None, ids: Collection[int] | None
) -> Sequence[Any]:
    """What tells where rows stand, those of a catalogue or these only."""
    values = {"catalogue_id": catalogue_id, "release_id": release_id}
    if ids is None:
        return session.execute(_standing_facts(), values).all()
    return [
        row for part in in_batches(ids) for row in session.execute(_standing_facts_of(), values | {"ids": part})
    ]


_TEST_COLUMNS = (
    "id", "level", "code", "label", "synonym", "chapter_code", "is_retired", "retired_at", "specimen",
    "specimen_code", "unit", "unit_code", "technique", "scale", "timing", "property_kind", "nabm", "chapter",
    "reference_range", "results", "exam",
)  # fmt: skip


def analyses_of_exams(session: Session, exam_ids: Iterable[int]) -> dict[int, list[int | None]]:
    """Exam -> its analyses, None for one that the catalogue does not hold."""
    found: dict[int, list[int | None]] = {}
    for part in in_batches(exam_ids):
        statement = select(col(ExamAnalysis.exam_id), col(ExamAnalysis.analysis_id))
        for exam_id, analysis_id in session.execute(statement.where(col(ExamAnalysis.exam_id).in_(part))):
            found.setdefault(exam_id, []).append(analysis_id)
    return found


def standings_of(session: Session, ids: Iterable[int]) -> dict[int, str]:
    """The stored standings of these rows."""
    found: dict[int, str] = {}
    for part in in_batches(ids):
        statement = select(_ENTRIES.c.local_test_id, _ENTRIES.c.standing)
        found.update((row[0], row[1]) for row in session.execute(statement.where(_ENTRIES.c.local_test_id.in_(part))))
    return found


def rows_read(session: Session, requests: Iterable[int], readings: Iterable[int]) -> set[int]:
    """The rows of these requests of a second reading, and of these second readings."""
    found: set[int] = set()
    asked = select(col(ReadingRequest.local_test_id))
    for part in in_batches(requests):
        found.update(session.scalars(asked.where(col(ReadingRequest.id).in_(part))))
    read = asked.join(SecondReading, col(SecondReading.request_id) == col(ReadingRequest.id))
    for part in in_batches(readings):
        found.update(session.scalars(read.where(col(SecondReading.id).in_(part))))
    return found


_PLACED = (
    select(col(LocalTest.catalogue_id), _ENTRIES.c.local_test_id)
    .outerjoin(_ENTRIES, _ENTRIES.c.local_test_id == col(LocalTest.id))
    .where(col(LocalTest.id).in_(_IDS))
)
_EXAMS = select(col(ExamAnalysis.exam_id)).where(col(ExamAnalysis.analysis_id).in_(_IDS)).distinct()
_MINE, _OTHER = _ENTRIES.alias("mine"), _ENTRIES.alias("other")
_SHARING = (
    select(_OTHER.c.local_test_id)
    .select_from(
        _MINE.join(
            _OTHER,
            and_(_MINE.c.catalogue_id == _OTHER.c.catalogue_id, _MINE.c.local_key == _OTHER.c.local_key),
        )
    )
    .where(_MINE.c.local_test_id.in_(_IDS))
)


def concerned(session: Session, ids: Collection[int]) -> dict[int, set[int]]:
    """Catalogue -> the rows to look at when these changed: those that share their local code, and their exams.

    A row that has no entry yet leaves its catalogue with the identifier 0 among the rows.
    """
    found: dict[int, set[int]] = {}
    for part in in_batches(ids):
        for catalogue_id, row_id in session.execute(_PLACED, {"ids": part}):
            found.setdefault(catalogue_id, set()).add(row_id or 0)
    for rows in found.values():
        known = rows - {0}
        sharing = _sharing_code(session, known)
        exams: set[int] = set()
        for part in in_batches(sharing):
            exams.update(session.scalars(_EXAMS, {"ids": part}))
        rows |= sharing | _sharing_code(session, exams)
    return found


def _sharing_code(session: Session, ids: Iterable[int]) -> set[int]:
    """These rows, and those of their catalogue that have the same local code."""
    found: set[int] = set()
    for part in in_batches(ids):
        found.update(session.scalars(_SHARING, {"ids": part}))
    return found


def stored(session: Session, catalogue_id: int, ids: Collection[int] | None = None) -> dict[int, dict[str, Any]]:
    """The entries of a catalogue, or these only, which are then locked in the order of their identifiers."""
    statement = select(_ENTRIES).where(_ENTRIES.c.catalogue_id == catalogue_id)
    if ids is None:
        return {row.local_test_id: dict(row._mapping) for row in session.execute(statement)}
    locked = statement.order_by(_ENTRIES.c.local_test_id).with_for_update()
    return {
        row.local_test_id: dict(row._mapping)
        for part in in_batches(ids)
        for row in session.execute(locked.where(_ENTRIES.c.local_test_id.in_(part)))
    }


def lock(session: Session, catalogue_id: int, alone: bool) -> None:
    """Keep the catalogue from being brought up meanwhile, or with `alone` from being counted by anybody else.

    SQLite has one writer at a time already.
    """
    statement = select(col(Catalogue.id)).where(col(Catalogue.id) == catalogue_id)
    session.execute(statement.with_for_update(key_share=True) if alone else statement.with_for_update(read=True))


def write(
    session: Session, fresh: Sequence[dict[str, Any]], changed: Sequence[dict[str, Any]], before: Mapping[int, Any]
) -> None:
    """Store new entries and change others, in the columns that differ only: each column costs its indexes."""
    if fresh:
        session.execute(insert(_ENTRIES), list(fresh))
    alike: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for entry in changed:
        old = before[entry["local_test_id"]]
        names = tuple(name for name, value in entry.items() if old[name] != value)
        values = {f"new_{name}": entry[name] for name in names} | {"wanted": entry["local_test_id"]}
        alike.setdefault(names, []).append(values)
    for names, lines in alike.items():
        statement = update(_ENTRIES).where(_ENTRIES.c.local_test_id == bindparam("wanted"))
        session.execute(statement.values({name: bindparam(f"new_{name}") for name in names}), lines)


def counts(session: Session, catalogue_id: int) -> Counts:
    """Every count of a catalogue; what counts nothing is left out."""
    statement = select(CatalogueCount.__table__).where(col(CatalogueCount.catalogue_id) == catalogue_id)  # type: ignore[attr-defined]
    return {
        (row.family, row.key): (row.rows, row.rows_with_volume, row.volume)
        for row in session.execute(statement)
        if row.rows or row.rows_with_volume or row.volume
    }


def add_counts(session: Session, catalogue_id: int, changes: Counts) -> None:
    """Add to the counts, always in the same order, so that two writers wait for each other and never cross."""
    table = CatalogueCount.__table__  # type: ignore[attr-defined]
    dialect = session.get_bind().dialect.name
    build = postgresql.insert if dialect == "postgresql" else sqlite.insert
    names = ("rows", "rows_with_volume", "volume")
    lines = [
        {"catalogue_id": catalogue_id, "family": family, "key": key, **dict(zip(names, amounts, strict=True))}
        for (family, key), amounts in sorted(changes.items())
    ]
    if not lines:
        return
    # One line a time, so that the statement is always the same and is prepared once.
    statement = build(table)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["catalogue_id", "family", "key"],
            set_={name: table.c[name] + statement.excluded[name] for name in names},
        ),
        lines,
    )


def rows_to_assign(session: Session, assignment_id: int, assignee: str) -> list[tuple[str, str, int]]:
    """(assignee, status, rows): those of an assignment whose entries give them to somebody else."""
    entry = _ENTRIES.c
    statement = (
        select(entry.assignee, entry.status, func.count())
        .join(AssignedRow, col(AssignedRow.local_test_id) == entry.local_test_id)
        .where(col(AssignedRow.assignment_id) == assignment_id, entry.assignee != assignee)
        .group_by(entry.assignee, entry.status)
    )
    return [(before, status, rows) for before, status, rows in session.execute(statement)]


def assign_rows(session: Session, assignment_id: int, assignee: str) -> None:
    """Give the rows of an assignment to this person in their entries."""
    rows = select(col(AssignedRow.local_test_id)).where(col(AssignedRow.assignment_id) == assignment_id)
    statement = update(_ENTRIES).where(_ENTRIES.c.local_test_id.in_(rows), _ENTRIES.c.assignee != assignee)
    session.execute(statement.values(assignee=assignee))


def catalogues_of_rows(session: Session, ids: Iterable[int]) -> set[int]:
    """The catalogues of these rows."""
    found: set[int] = set()
    for part in in_batches(ids):
        found.update(session.scalars(select(col(LocalTest.catalogue_id)).where(col(LocalTest.id).in_(part)).distinct()))
    return found


def shown_runs(session: Session, run_ids: Iterable[int]) -> set[int]:
    """Those of these runs whose proposals are shown."""
    statement = select(col(ProposalRun.id)).where(col(ProposalRun.id).in_(list(run_ids)), col(ProposalRun.is_current))
    return {run_id for run_id in session.scalars(statement) if run_id is not None}


def all_catalogues(session: Session) -> list[int]:
    """Every catalogue."""
    shown = select(col(Catalogue.id)).where(col(Catalogue.staged_for_job_id).is_(None))
    return [id_ for id_ in session.scalars(shown.order_by(col(Catalogue.id))) if id_ is not None]


_RULE = func.hashtextextended("rule of the tallies", 0)


def hold_rule(session: Session, alone: bool) -> None:
    """Keep the rule by which entries are computed as it is until the transaction ends, or change it `alone`.

    Taken before the marks of catalogues, by everybody. SQLite has one writer.
    """
    if is_postgresql(session.connection()):
        take = func.pg_advisory_xact_lock if alone else func.pg_advisory_xact_lock_shared
        session.execute(select(take(_RULE)))


def forget(session: Session, catalogue_id: int) -> None:
    """Delete the entries, counts, warnings and past days of a catalogue."""
    for model in (WorklistEntry, CatalogueCount, ConsistencyFinding, CoverageDay):
        session.execute(delete(model).where(col(model.catalogue_id) == catalogue_id))


def shown(session: Session, catalogue_ids: Iterable[int]) -> set[int]:
    """Those of these catalogues that people see: not those under which imports store what nobody sees yet."""
    statement = select(col(Catalogue.id)).where(
        col(Catalogue.id).in_(list(catalogue_ids)), col(Catalogue.staged_for_job_id).is_(None)
    )
    return {id_ for id_ in session.scalars(statement) if id_ is not None}


def split(
    before: Mapping[int, Any], entries: Iterable[dict[str, Any]]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """(new ones, changed ones)."""
    fresh: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    for entry in entries:
        (changed if entry["local_test_id"] in before else fresh).append(entry)
    return fresh, changed
