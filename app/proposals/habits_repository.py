"""All SQL of the habits of catalogues: what changed since they were learned, from what they are, whom they concern."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, and_, func, literal_column, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from app.models import (
    CatalogueHabits,
    EarlierStatement,
    EarlierUse,
    Job,
    JobStatus,
    Level,
    LocalTest,
    LoincTerm,
    Outcome,
    Proposal,
    ReviewState,
    Status,
)

LEAST_CHANGES = 10
"""So many codes decided, or taken back, before anything is learned."""
SHARE_OF_CHANGES = 5
"""And one for so many that it was learned from: what learning costs grows with the catalogue, not with its square."""
DECIDED = (Status.DECIDED, Status.APPROVED)
UNDER_WAY = (JobStatus.WAITING, JobStatus.RUNNING)
_HABITS = CatalogueHabits.__table__  # type: ignore[attr-defined]


@cache
def _noting(dialect: str) -> Any:
    """Built once: every choice of a code runs it."""
    build = postgresql.insert if dialect == "postgresql" else sqlite.insert
    statement = build(_HABITS)
    return statement.on_conflict_do_update(
        index_elements=["catalogue_id"], set_={"changes": _HABITS.c.changes + statement.excluded.changes}
    )


def note_changes(session: Session, catalogue_id: int, changes: int) -> None:
    """Count rows whose code to learn from came, went or changed."""
    values = {
        "catalogue_id": catalogue_id, "changes": changes, "is_due": False, "is_used": True, "habits": [],
        "decisions": 0,
    }  # fmt: skip
    session.execute(_noting(session.get_bind().dialect.name), [values])


def habits_of(session: Session, catalogue_id: int) -> CatalogueHabits | None:
    """What is known of the habits of a catalogue, as the database has it now."""
    return session.get(CatalogueHabits, catalogue_id, populate_existing=True)


def for_writing(session: Session, catalogue_id: int) -> CatalogueHabits:
    """The same line to be changed, a new one when there is none; the catalogue is locked already."""
    return habits_of(session, catalogue_id) or CatalogueHabits(catalogue_id=catalogue_id)


def _is_due() -> ColumnElement[bool]:
    grown = and_(
        col(CatalogueHabits.is_used),
        col(CatalogueHabits.changes) >= LEAST_CHANGES,
        col(CatalogueHabits.changes) * SHARE_OF_CHANGES >= col(CatalogueHabits.decisions),
    )
    return or_(col(CatalogueHabits.is_due), grown)


def due(session: Session, kinds: Collection[str]) -> list[int]:
    """The catalogues whose decisions are to be learned from, but for those that have work of these kinds."""
    busy = select(col(Job.id)).where(
        col(Job.catalogue_id) == col(CatalogueHabits.catalogue_id),
        col(Job.kind).in_(kinds),
        col(Job.status).in_(UNDER_WAY),
    )
    statement = select(col(CatalogueHabits.catalogue_id)).where(_is_due(), ~busy.exists())
    return list(session.scalars(statement.order_by(col(CatalogueHabits.catalogue_id))))


def take_up(session: Session, catalogue_id: int) -> bool:
    """Begin to count anew, when it is due; False when another process was quicker."""
    statement = update(CatalogueHabits).where(col(CatalogueHabits.catalogue_id) == catalogue_id, _is_due())
    taken: Any = session.execute(
        statement.values(changes=0, is_due=False), execution_options={"synchronize_session": False}
    )
    return bool(taken.rowcount)


def is_busy(session: Session, catalogue_id: int, kind: str) -> bool:
    """Whether a catalogue has work of this kind that is not over."""
    statement = select(col(Job.id)).where(
        col(Job.catalogue_id) == catalogue_id, col(Job.kind) == kind, col(Job.status).in_(UNDER_WAY)
    )
    return session.execute(statement.limit(1)).first() is not None


@dataclass(frozen=True, slots=True)
class Decided:
    """A row and the code that is decided for it."""

    local_test_id: int
    loinc_num: str


def decided_codes(session: Session, catalogue_id: int) -> list[Decided]:
    """The codes that people of this catalogue chose for its analyses and exams, in the order of its files.

    A code of an earlier transcoding that was taken over shows a habit once it is approved, and not before.
    """
    taken_over = select(col(EarlierStatement.id)).where(
        col(EarlierStatement.local_test_id) == col(LocalTest.id),
        col(EarlierStatement.loinc_num) == col(ReviewState.loinc_num),
        col(EarlierStatement.taken_as) == EarlierUse.TO_CONFIRM,
    )
    statement = (
        select(col(LocalTest.id), col(ReviewState.loinc_num))
        .join(ReviewState, col(ReviewState.local_test_id) == col(LocalTest.id))
        .where(
            col(LocalTest.catalogue_id) == catalogue_id,
            col(LocalTest.level).in_([Level.ANALYSIS, Level.EXAM]),
            col(ReviewState.outcome) == Outcome.CODE,
            col(ReviewState.status).in_(DECIDED),
            or_(col(ReviewState.status) == Status.APPROVED, ~taken_over.exists()),
        )
        .order_by(col(LocalTest.level), col(LocalTest.position), col(LocalTest.id))
    )
    return [Decided(row_id, loinc_num) for row_id, loinc_num in session.execute(statement) if row_id is not None]


def received_codes(session: Session, local_test_ids: Collection[int]) -> dict[int, frozenset[str]]:
    """Row -> the codes of earlier transcodings that were taken over for it, of these rows."""
    if not local_test_ids:
        return {}
    statement = select(col(EarlierStatement.local_test_id), col(EarlierStatement.loinc_num)).where(
        col(EarlierStatement.local_test_id).in_(list(local_test_ids)),
        col(EarlierStatement.taken_as) == EarlierUse.TO_CONFIRM,
    )
    found: dict[int, set[str]] = defaultdict(set)
    for row_id, loinc_num in session.execute(statement):
        found[row_id].add(loinc_num)
    return {row_id: frozenset(codes) for row_id, codes in found.items()}


def classes_of_release(session: Session, release_id: int) -> list[str]:
    """The classes of a release."""
    statement = select(col(LoincTerm.class_name)).where(col(LoincTerm.release_id) == release_id)
    return sorted(session.scalars(statement.distinct()))


def undecided_rows(session: Session, run_id: int, release_id: int, classes: Sequence[str]) -> list[int]:
    """The rows that nobody decided and to which this run proposes a code of one of these classes."""
    statement = (
        select(col(Proposal.local_test_id))
        .join(
            LoincTerm,
            and_(
                col(LoincTerm.release_id) == release_id, col(LoincTerm.loinc_num) == col(Proposal.loinc_num)
            ),
        )
        .outerjoin(ReviewState, col(ReviewState.local_test_id) == col(Proposal.local_test_id))
        .where(
            col(Proposal.run_id) == run_id,
            func.coalesce(col(ReviewState.status), literal_column("'todo'")).not_in(DECIDED),
            col(LoincTerm.class_name).in_(classes),
        )
        .distinct()
    )
    return sorted(session.scalars(statement))
